package ruletest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/kulla-defence/kulla/sigma"
)

// Parse reads a script; docs/rules-test.md has its language. The error joins a
// *SyntaxError for each place that is wrong.
func Parse(file string, data []byte) (*Script, error) {
	p := parser{file: file}
	script := &Script{File: file}
	if root := p.document(data); root != nil {
		p.tests(script, root)
	}
	if len(p.faults) > 0 {
		return nil, errors.Join(p.faults...)
	}
	return script, nil
}

type parser struct {
	file   string
	faults []error
}

func (p *parser) at(n *yaml.Node) sigma.Position {
	return sigma.Position{File: p.file, Line: n.Line, Column: n.Column}
}

func (p *parser) fail(n *yaml.Node, format string, arguments ...any) {
	p.faults = append(p.faults, &SyntaxError{p.at(n), fmt.Sprintf(format, arguments...)})
}

// document reads the YAML; nil when there is nothing to go on with.
func (p *parser) document(data []byte) *yaml.Node {
	if len(data) > maxScript {
		p.fail(&yaml.Node{}, "larger than %d bytes", maxScript)
		return nil
	}
	if !utf8.Valid(data) {
		p.fail(&yaml.Node{}, "not UTF-8")
		return nil
	}
	loader, err := yaml.NewLoader(bytes.NewReader(data), yaml.WithUniqueKeys(false))
	if err != nil {
		p.fail(&yaml.Node{}, "%v", err)
		return nil
	}
	var document, another yaml.Node
	if err := loader.Load(&document); err != nil {
		p.notYAML(err)
		return nil
	}
	if err := loader.Load(&another); !errors.Is(err, io.EOF) {
		p.fail(&another, "want one YAML document, without ---")
		return nil
	}
	if len(document.Content) != 1 {
		p.fail(&yaml.Node{}, "holds no tests")
		return nil
	}
	return document.Content[0]
}

func (p *parser) notYAML(err error) {
	var fault *yaml.LoadError
	switch {
	case errors.Is(err, io.EOF):
		p.fail(&yaml.Node{}, "holds no tests")
	case errors.As(err, &fault) && fault.Mark.Line > 0:
		p.fail(&yaml.Node{Line: fault.Mark.Line, Column: fault.Mark.Column}, "not valid YAML: %s", fault.Message)
	default:
		p.fail(&yaml.Node{}, "not valid YAML: %v", err)
	}
}

func (p *parser) tests(script *Script, root *yaml.Node) {
	p.entries(root, "rules and their tests", func(key, value *yaml.Node) {
		test := Test{Rule: key.Value, At: p.at(key)}
		p.entries(value, "find and leave", func(key, value *yaml.Node) {
			switch key.Value {
			case "find":
				test.Find = p.items(value, key.Value)
			case "leave":
				test.Leave = p.items(value, key.Value)
			default:
				p.fail(key, "unknown key %q, want find or leave", key.Value)
			}
		})
		script.Tests = append(script.Tests, test)
	})
}

// entries passes the entries of a map on, whose keys are texts and stand once.
func (p *parser) entries(n *yaml.Node, what string, entry func(key, value *yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		p.fail(n, "want a map of %s, not %s", what, describe(n))
		return
	}
	if len(n.Content) == 0 {
		p.fail(n, "there are no %s", what)
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch {
		case key.Kind != yaml.ScalarNode || key.Value == "":
			p.fail(key, "want a name, not %s", describe(key))
		case key.Value == "<<":
			p.fail(key, "merge keys are not part of the language")
		case seen[key.Value] != 0:
			p.fail(key, "%q stands in line %d already", key.Value, seen[key.Value])
		default:
			seen[key.Value] = key.Line
			entry(key, value)
		}
	}
}

func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a map"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias, which is not part of the language"
	}
	if n.Value == "" {
		return "nothing"
	}
	return strconv.Quote(n.Value)
}

func (p *parser) items(n *yaml.Node, what string) []Item {
	var items []Item
	for _, node := range p.list(n, what) {
		if item := (Item{At: p.at(node)}); p.item(&item, node) {
			items = append(items, item)
		}
	}
	return items
}

// list returns the elements of a list that has some.
func (p *parser) list(n *yaml.Node, what string) []*yaml.Node {
	switch {
	case n.Kind != yaml.SequenceNode:
		p.fail(n, "%s wants a list, not %s", what, describe(n))
		return nil
	case len(n.Content) == 0:
		p.fail(n, "%s is empty: it would prove nothing", what)
	}
	return n.Content
}

// item reads an item in either of its forms: the fields of one event, or a
// map with events or lines.
func (p *parser) item(item *Item, n *yaml.Node) bool {
	if n.Kind != yaml.MappingNode {
		p.fail(n, "want the fields of an event, or a map with events or lines, not %s", describe(n))
		return false
	}
	events, lines := hasKey(n, "events"), hasKey(n, "lines")
	switch {
	case events && lines:
		p.fail(n, "an item has events or lines, not both")
	case !events && !lines:
		item.Events = []Events{{Repeat: 1, Fields: p.fields(n), At: item.At}}
	default:
		p.longItem(item, n, lines)
	}
	return true
}

func hasKey(n *yaml.Node, name string) bool {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == name {
			return true
		}
	}
	return false
}

func (p *parser) longItem(item *Item, n *yaml.Node, lines bool) {
	p.entries(n, "events or lines", func(key, value *yaml.Node) {
		switch {
		case key.Value == "events":
			for _, node := range p.list(value, "events") {
				item.Events = append(item.Events, p.events(node))
			}
		case key.Value == "count":
			item.Count = p.number(value, "count", 1, maxRepeat)
		case key.Value == "lines":
			item.Lines = p.text(value, "lines")
		case key.Value == "as" && lines:
			item.As = p.text(value, "as")
		case key.Value == "year" && lines:
			item.Year = p.number(value, "year", 1970, 9999)
		case lines:
			p.fail(key, "unknown key %q, want lines, as, year or count", key.Value)
		default:
			p.fail(key, "unknown key %q, want events or count", key.Value)
		}
	})
}

func (p *parser) events(n *yaml.Node) Events {
	e := Events{Repeat: 1, At: p.at(n)}
	source := false
	p.entries(n, "source, rule, host, at, every, repeat and fields", func(key, value *yaml.Node) {
		switch key.Value {
		case "source":
			e.LogSource, source = p.logSource(value), true
		case "rule":
			e.Rule = p.text(value, key.Value)
		case "host":
			e.Host = p.text(value, key.Value)
		case "at":
			e.Begin = p.duration(value, key.Value)
		case "every":
			e.Every = p.duration(value, key.Value)
		case "repeat":
			e.Repeat = p.number(value, key.Value, 1, maxRepeat)
		case "fields":
			e.Fields = p.fields(value)
		default:
			p.fail(key, "unknown key %q, want source, rule, host, at, every, repeat or fields", key.Value)
		}
	})
	switch {
	case n.Kind == yaml.MappingNode && !hasKey(n, "fields"):
		p.fail(n, "the event has no fields")
	case source && e.Rule != "":
		p.fail(n, "an event has a source or a rule whose source it takes, not both")
	}
	return e
}

func (p *parser) logSource(n *yaml.Node) sigma.LogSource {
	var source sigma.LogSource
	p.entries(n, "product, category and service", func(key, value *yaml.Node) {
		switch key.Value {
		case "product":
			source.Product = p.text(value, key.Value)
		case "category":
			source.Category = p.text(value, key.Value)
		case "service":
			source.Service = p.text(value, key.Value)
		default:
			p.fail(key, "unknown key %q, want product, category or service", key.Value)
		}
	})
	return source
}

// fields reads the columns of an event: text, number or null, or a list of
// them. Numbers stay as they are written.
func (p *parser) fields(n *yaml.Node) []Field {
	var fields []Field
	p.entries(n, "fields", func(key, value *yaml.Node) {
		values := []*yaml.Node{value}
		if value.Kind == yaml.SequenceNode {
			values = p.list(value, key.Value)
		}
		for _, node := range values {
			if node.Kind != yaml.ScalarNode {
				p.fail(node, "the value of a field is a text, a number or a list of them, not %s", describe(node))
				continue
			}
			field := Field{Name: key.Value, Text: node.Value}
			if node.ShortTag() == "!!null" {
				field = Field{Name: key.Value, Null: true}
			}
			fields = append(fields, field)
		}
	})
	return fields
}

func (p *parser) text(n *yaml.Node, what string) string {
	if n.Kind != yaml.ScalarNode || n.Value == "" {
		p.fail(n, "%s wants a text, not %s", what, describe(n))
	}
	return n.Value
}

func (p *parser) number(n *yaml.Node, what string, least, most int) int {
	number, err := strconv.Atoi(n.Value)
	if n.Kind != yaml.ScalarNode || err != nil || number < least || number > most {
		p.fail(n, "%s wants a number from %d to %d, not %s", what, least, most, describe(n))
		return least
	}
	return number
}

// duration reads 90s, 5m, 1h30m or 2d.
func (p *parser) duration(n *yaml.Node, what string) time.Duration {
	days, rest, hasDays := strings.Cut(n.Value, "d")
	if !hasDays {
		days, rest = "0", n.Value
	}
	number, err := strconv.ParseUint(days, 10, 12)
	var part time.Duration
	if err == nil && rest != "" {
		part, err = time.ParseDuration(rest)
	}
	whole := time.Duration(number)*24*time.Hour + part
	if n.Kind != yaml.ScalarNode || n.Value == "" || err != nil || part < 0 || part > maxAfter || whole > maxAfter {
		p.fail(n, "%s wants a duration such as 90s, 5m or 2d, not %s", what, describe(n))
		return 0
	}
	return whole
}
