package sigma

import (
	"errors"
	"fmt"
	"strings"
)

// Parse reads the rules, correlations and filters of a file, which may hold
// several YAML documents. The name of the file is only used for positions.
//
// A document that cannot be used does not lose the others: it is listed in
// Problems, and the error joins a *SyntaxError for each. The Documents are
// never nil.
func Parse(file string, data []byte) (*Documents, error) {
	documents := parseDocuments(file, data, new(blockYAML))
	var errs []error
	for _, problem := range documents.Problems {
		errs = append(errs, &SyntaxError{problem})
	}
	return documents, errors.Join(errs...)
}

// parseDocuments is Parse with a reader of YAML that may have read other files.
func parseDocuments(file string, data []byte, reader *blockYAML) *Documents {
	reader.reuse()
	documents := &Documents{sources: []source{{file, data}}}
	if text := decodeUTF16(data); text != nil {
		data = text
	}
	var actions actionState
	for i, chunk := range splitDocuments(data) {
		p := parser{file: file, into: documents}
		if i == maxDocuments {
			p.problem(Malformed, chunk.line, 0, fmt.Sprintf("more than %d documents in one file", maxDocuments))
			break
		}
		root, err := reader.parseYAML(chunk)
		if err != nil {
			p.problem(Malformed, err.line, err.column, err.message)
			continue
		}
		if root = actions.apply(&p, root); root != nil {
			p.document(root)
		}
	}
	if len(documents.Rules)+len(documents.Correlations)+len(documents.Filters)+len(documents.Problems) == 0 {
		p := parser{file: file, into: documents}
		p.problem(NotSigma, 1, 0, "the file holds no rule")
	}
	return documents
}

// maxDocuments bounds the documents of one file.
const maxDocuments = 10_000

// A parser turns the nodes of one document into a rule, a correlation or a
// filter. After the first problem of a document its result is not used.
type parser struct {
	file     string
	into     *Documents
	id       string
	title    string
	problems int
	regexps  int // parts so far, against maxRegexps
}

// fail notes why the document cannot be used.
func (p *parser) fail(at *node, format string, args ...any) {
	p.problem(Malformed, at.line, at.column, fmt.Sprintf(format, args...))
}

func (p *parser) unsupported(at *node, format string, args ...any) {
	p.problem(NotSupported, at.line, at.column, fmt.Sprintf(format, args...))
}

// maxProblems bounds what one document can say, so that a hostile file with a
// fault in each of its values does not fill the memory.
const maxProblems = 20

func (p *parser) problem(kind ProblemKind, line, column int, message string) {

	p.problems++
	if p.problems > maxProblems {
		return
	}
	p.into.Problems = append(p.into.Problems, Problem{
		At: Position{p.file, line, column}, ID: p.id, Title: p.title, Kind: kind, Message: message,
	})
}

// A placed is a word of a document, such as the name of a rule, and where it
// stands.
type placed struct {
	text string
	at   Position
}

// placed returns the texts of a list, or of a single value.
func (p *parser) placed(list *node) []placed {
	nodes := list.children
	if list.kind == scalarNode {
		nodes = []*node{list}
	}
	words := make([]placed, len(nodes))
	for i, n := range nodes {
		words[i] = placed{n.value, p.position(n)}
	}
	return words
}

func (p *parser) position(at *node) Position {
	return Position{p.file, at.line, at.column}
}

// document decides by its keys what a document is.
func (p *parser) document(root *node) {
	if root.kind != mappingNode {
		p.problem(NotSigma, root.line, root.column, "not a Sigma document: "+root.kind.String()+" instead of a map")
		return
	}
	p.id, p.title = scalarText(root.get("id")), scalarText(root.get("title"))
	switch {
	case root.get("correlation") != nil:
		p.correlation(root)
	case root.get("filter") != nil:
		p.filter(root)
	case root.get("detection") != nil:
		p.rule(root)
	case root.get("title") != nil && root.get("logsource") != nil:
		p.fail(root, "a rule needs a detection")
	default:
		p.problem(NotSigma, root.line, root.column,
			"not a Sigma document: it has no detection, correlation or filter")
	}
}

func scalarText(n *node) string {
	if n == nil || n.kind != scalarNode {
		return ""
	}
	return n.value
}

// unique reports keys that a mapping has twice: one of the two would be lost.
func (p *parser) unique(mapping *node) {
	const few = 16 // for so many, comparing each with each is faster than a map
	if len(mapping.children) <= 2*few && !hasKeyTwice(mapping.children) {
		return
	}
	seen := make(map[string]*node, len(mapping.children)/2)
	for i := 0; i+1 < len(mapping.children); i += 2 {
		key := mapping.children[i]
		if first := seen[key.value]; first != nil {
			p.fail(key, "%q is here twice, first in line %d", key.value, first.line)
			continue
		}
		seen[key.value] = key
	}
}

func hasKeyTwice(children []*node) bool {
	for i := 2; i < len(children); i += 2 {
		for j := 0; j < i; j += 2 {
			if children[i].value == children[j].value {
				return true
			}
		}
	}
	return false
}

// An actionState keeps what "action: global" and "action: repeat" documents
// hand on to the documents after them (rule collections of Sigma version 1).
type actionState struct {
	global   *node
	previous *node
	merged   int // keys, against maxNodes
}

// apply returns the document to parse, or nil when there is none.
func (s *actionState) apply(p *parser, root *node) *node {
	action := root.get("action")
	if action == nil || root.kind != mappingNode {
		if s.global != nil && root.kind == mappingNode {
			root = s.merge(p, s.global, root)
		}
		s.previous = root
		return root
	}
	root = without(root, "action")
	switch strings.ToLower(scalarText(action)) {
	case "global":
		s.global = root
		return nil
	case "reset":
		s.global = nil
		return nil
	case "repeat":
		if s.previous == nil {
			p.fail(action, "action repeat without a document before it")
			return nil
		}
		s.previous = s.merge(p, s.previous, root)
		return s.previous
	}
	p.fail(action, "unknown action %q, want global, repeat or reset", scalarText(action))
	return nil
}

// merge returns base with the entries of over; mappings are merged in depth.
// It returns nil when too much was merged in one file.
func (s *actionState) merge(p *parser, base, over *node) *node {
	if s.merged += len(base.children) + len(over.children); s.merged > 10*maxNodes {
		p.fail(over, "the actions of the file repeat more than %d keys", 10*maxNodes)
		return nil
	}
	replacements := make(map[string]*node, len(over.children)/2)
	for i := 0; i+1 < len(over.children); i += 2 {
		replacements[over.children[i].value] = over.children[i+1]
	}
	merged := &node{kind: mappingNode, line: over.line, column: over.column}
	for i := 0; i+1 < len(base.children); i += 2 {
		key, value := base.children[i], base.children[i+1]
		if replacement := replacements[key.value]; replacement != nil {
			if value.kind == mappingNode && replacement.kind == mappingNode {
				if replacement = s.merge(p, value, replacement); replacement == nil {
					return nil
				}
			}
			value = replacement
			delete(replacements, key.value)
		}
		merged.children = append(merged.children, key, value)
	}
	for i := 0; i+1 < len(over.children); i += 2 {
		if replacements[over.children[i].value] != nil {
			merged.children = append(merged.children, over.children[i], over.children[i+1])
		}
	}
	return merged
}

func without(mapping *node, key string) *node {
	rest := *mapping
	rest.children = nil
	for i := 0; i+1 < len(mapping.children); i += 2 {
		if mapping.children[i].value != key {
			rest.children = append(rest.children, mapping.children[i], mapping.children[i+1])
		}
	}
	return &rest
}
