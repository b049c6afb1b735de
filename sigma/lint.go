package sigma

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A Flaw is something in a document that keeps it from being used, weakens it,
// or will puzzle its next reader.
type Flaw struct {
	At        Position
	ID, Title string
	Severity  Severity
	// Check is the short name of what was checked, such as "id-invalid".
	Check   string
	Message string
}

// Severity is how bad a Flaw is.
type Severity uint8

const (
	// Style: the document works, and could be plainer.
	Style Severity = iota
	// Doubtful: it breaks the specification in a way that does not stop it,
	// or hardly means what it says.
	Doubtful
	// Unusable: it is not loaded.
	Unusable
)

// String is style, doubtful or unusable.
func (s Severity) String() string {
	return [...]string{"style", "doubtful", "unusable"}[min(s, Unusable)]
}

// String says where and what: "rules/a.yml:7:3: doubtful: ... (id-invalid)".
func (f Flaw) String() string {
	return fmt.Sprintf("%v: %v: %s (%s)", f.At, f.Severity, f.Message, f.Check)
}

// Lint looks for flaws in documents and in how they fit together, in the order
// of files and lines. References can only be checked against what is here, so
// lint a whole collection at once.
func Lint(documents *Documents) []Flaw {
	l := linter{known: make(map[string]Position)}
	for _, problem := range documents.Problems {
		l.flaws = append(l.flaws, Flaw{problem.At, problem.ID, problem.Title, Unusable, "not-loaded", problem.Message})
	}
	for _, source := range documents.sources {
		l.source(source)
	}
	l.references()
	slices.SortStableFunc(l.flaws, func(a, b Flaw) int {
		return cmp.Or(comparePlaces(a.At, b.At), strings.Compare(a.Check, b.Check))
	})
	return l.flaws
}

// A linter collects the flaws of many documents.
type linter struct {
	flaws []Flaw
	known map[string]Position // ids, names and titles, each with its key before it
	// mentions are the references of filters and correlations.
	mentions []mention

	// Of the document being looked at:
	file      string
	id, title string
}

type mention struct {
	at        Position
	id, title string
	reference string
}

func (l *linter) report(at *node, severity Severity, check, format string, args ...any) {
	l.flaws = append(l.flaws, Flaw{
		Position{l.file, at.line, at.column}, l.id, l.title, severity, check, fmt.Sprintf(format, args...),
	})
}

func (l *linter) source(s source) {
	var actions actionState
	data := s.data
	if text := decodeUTF16(data); text != nil {
		data = text
	}
	chunks := splitDocuments(data)
	for _, chunk := range chunks[:min(len(chunks), maxDocuments)] {
		root, err := parseYAML(chunk)
		if err != nil {
			continue // among the problems already
		}
		ignored := parser{file: s.file, into: &Documents{}}
		if root = actions.apply(&ignored, root); root != nil && root.kind == mappingNode {
			l.file = s.file
			l.document(root)
		}
	}
}

func (l *linter) document(root *node) {
	l.id, l.title = strings.ToLower(scalarText(root.get("id"))), scalarText(root.get("title"))
	detection, filter, correlation := root.get("detection"), root.get("filter"), root.get("correlation")
	if detection == nil && filter == nil && correlation == nil {
		return
	}
	l.metadata(root, filter != nil)
	if correlation != nil {
		l.mention(correlation.get("rules"))
		return
	}
	l.logSource(root)
	if filter != nil {
		l.mention(filter.get("rules"))
		l.detection(filter, true)
		return
	}
	l.detection(detection, false)
}

// mention notes what a filter or a correlation refers to.
func (l *linter) mention(rules *node) {
	if rules == nil {
		return
	}
	list := rules.children
	if rules.kind == scalarNode && !strings.EqualFold(rules.value, "any") {
		list = []*node{rules}
	}
	for _, reference := range list {
		l.mentions = append(l.mentions, mention{
			Position{l.file, reference.line, reference.column}, l.id, l.title, reference.value,
		})
	}
}

// references checks that what is referred to is there.
func (l *linter) references() {
	for _, m := range l.mentions {
		_, id := l.known["id "+strings.ToLower(m.reference)]
		_, name := l.known["name "+m.reference]
		if !id && !name {
			l.flaws = append(l.flaws, Flaw{m.at, m.id, m.title, Doubtful, "reference-unknown",
				fmt.Sprintf("no rule here has the id or name %q", m.reference)})
		}
	}
}

// once reports an id, a name or a title that another document has too.
func (l *linter) once(key string, value *node, text string, severity Severity) {
	at := Position{l.file, value.line, value.column}
	if first, taken := l.known[key+" "+text]; taken {
		l.report(value, severity, key+"-duplicate", "%v has the same %s", first, key)
		return
	}
	l.known[key+" "+text] = at
}
