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
// lint a whole collection at once. No placeholder has values: see LintWith.
func Lint(documents *Documents) []Flaw { return LintWith(documents, Options{}) }

// LintWith is Lint for a rule set that is made with options. What NewRuleSet and
// NewCorrelator refuse is unusable.
func LintWith(documents *Documents, options Options) []Flaw {
	l := linter{known: make(map[string]Position), documents: make(map[string]int), logSources: make(map[int]LogSource), reported: make(map[Position]bool)}
	for _, source := range documents.sources {
		l.source(source)
	}
	l.references()
	l.strayAliases()
	set := NewRuleSet(documents, options)
	_, refused := NewCorrelator(set.Correlations, set.Rules, CorrelatorOptions{})
	for _, problem := range slices.Concat(set.Problems, refused) {
		if !l.isReported(problem) {
			l.flaws = append(l.flaws, Flaw{problem.At, problem.ID, problem.Title, Unusable, "not-loaded", problem.Message})
		}
	}
	slices.SortStableFunc(l.flaws, func(a, b Flaw) int {
		return cmp.Or(comparePlaces(a.At, b.At), strings.Compare(a.Check, b.Check))
	})
	return l.flaws
}

// A linter collects the flaws of many documents.
type linter struct {
	flaws []Flaw
	known map[string]Position // ids, names and titles, each with its key before it
	// documents are the numbers of documents by id and name, each with its
	// key before it, and logSources what they are about.
	documents  map[string]int
	logSources map[int]LogSource
	// mentions are the references of filters and correlations, aliased those
	// of aliases.
	mentions []mention
	aliased  []aliasMention
	reported map[Position]bool // where a reference is wrong

	// Of the document being looked at:
	file      string
	id, title string
	number    int // from 1
}

type mention struct {
	at        Position
	id, title string
	reference string
	filtered  *LogSource // of a filter; nil for a correlation
}

// isReported says that a problem of the rule set is among the flaws already.
func (l *linter) isReported(p Problem) bool {
	return p.Kind == Duplicate || l.reported[p.At]
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
	l.number++
	l.metadata(root, filter != nil)
	if correlation != nil {
		l.correlation(correlation)
		return
	}
	l.logSource(root)
	if filter != nil {
		source := logSourceOf(root)
		l.mention(filter.get("rules"), &source)
		l.detection(filter, true)
		return
	}
	l.logSources[l.number] = logSourceOf(root)
	l.detection(detection, false)
}

func logSourceOf(root *node) LogSource {
	source := root.get("logsource")
	if source == nil {
		return LogSource{}
	}
	return LogSource{
		Category: scalarText(source.get("category")), Product: scalarText(source.get("product")), Service: scalarText(source.get("service")),
	}
}

// mention notes what a filter, which has a log source, or a correlation refers
// to.
func (l *linter) mention(rules *node, filtered *LogSource) {
	if rules == nil || rules.kind == scalarNode && strings.EqualFold(rules.value, "any") {
		return
	}
	for _, reference := range referenceNodes(rules) {
		l.mentions = append(l.mentions, l.mentionOf(reference, filtered))
	}
}

func (l *linter) mentionOf(reference *node, filtered *LogSource) mention {
	return mention{Position{l.file, reference.line, reference.column}, l.id, l.title, reference.value, filtered}
}

// referenceNodes are the elements of a list, or a single value.
func referenceNodes(rules *node) []*node {
	if rules.kind == scalarNode {
		return []*node{rules}
	}
	return rules.children
}

// references checks that what is referred to is there, and that a filter can
// narrow it. A correlation without one of its rules is not loaded.
func (l *linter) references() {
	for _, m := range l.mentions {
		severity := Unusable
		if m.filtered != nil {
			severity = Doubtful
		}
		document := l.documentOf(m.reference)
		if document == 0 {
			l.flaw(m, severity, "reference-unknown", "no rule here has the id or name %q", m.reference)
			continue
		}
		source, isRule := l.logSources[document]
		if m.filtered != nil && isRule && !m.filtered.covers(source) {
			l.flaw(m, Doubtful, "filter-elsewhere", "the filter is about %q, but its log source %q does not cover that of the rule, %q: it does nothing for it",
				m.reference, m.filtered, source)
		}
	}
}

// documentOf is the number of the document that a reference means, or 0.
func (l *linter) documentOf(reference string) int {
	return cmp.Or(l.documents["name "+reference], l.documents["id "+strings.ToLower(reference)])
}

func (l *linter) flaw(m mention, severity Severity, check, format string, args ...any) {
	l.reported[m.at] = true
	l.flaws = append(l.flaws, Flaw{m.at, m.id, m.title, severity, check, fmt.Sprintf(format, args...)})
}

// once reports an id, a name or a title that another document has too.
func (l *linter) once(key string, value *node, text string, severity Severity) {
	at := Position{l.file, value.line, value.column}
	if first, taken := l.known[key+" "+text]; taken {
		l.report(value, severity, key+"-duplicate", "%v has the same %s", first, key)
		return
	}
	l.known[key+" "+text] = at
	if key != "title" {
		l.documents[key+" "+text] = l.number
	}
}
