package sigma

import (
	"fmt"
	"slices"
)

// ParseTaxonomy reads a taxonomy file (docs/taxonomy.md). The name of the file
// is only used for positions. It is strict: the error is a *SyntaxError with
// the first place that is wrong.
func ParseTaxonomy(file string, data []byte) (*Taxonomy, error) {
	chunks := splitDocuments(data)
	if len(chunks) > 1 {
		return nil, taxonomyError(file, chunks[1].line, 0, "a taxonomy is one document")
	}
	root, fault := parseYAML(append(chunks, yamlChunk{line: 1})[0])
	if fault != nil {
		return nil, taxonomyError(file, fault.line, fault.column, fault.message)
	}
	p := taxonomyParser{file: file}
	taxonomy := p.taxonomy(root)
	if p.err != nil {
		return nil, p.err
	}
	return taxonomy, nil
}

func taxonomyError(file string, line, column int, message string) *SyntaxError {
	return &SyntaxError{Problem{At: Position{file, line, column}, Message: "taxonomy: " + message}}
}

// A taxonomyParser turns nodes into a Taxonomy. After its first error what it
// returns is not used.
type taxonomyParser struct {
	file string
	err  error
	// events is what the events of this file say of themselves where a route
	// does not say it.
	events *LogSource
}

func (p *taxonomyParser) fail(at *node, format string, args ...any) {
	if p.err == nil {
		p.err = taxonomyError(p.file, at.line, at.column, fmt.Sprintf(format, args...))
	}
}

// A keyValue is one key of a mapping with its value.
type keyValue struct{ key, value *node }

// entries returns the keys and values of a mapping. Where allowed is given, no
// other keys may be there; none may be there twice.
func (p *taxonomyParser) entries(mapping *node, what string, allowed ...string) []keyValue {
	if mapping.kind != mappingNode {
		p.fail(mapping, "%s must be a map, not %v", what, mapping.kind)
		return nil
	}
	var list []keyValue
	seen := map[string]bool{}
	for i := 0; i+1 < len(mapping.children); i += 2 {
		key := mapping.children[i]
		switch {
		case key.kind != scalarNode || key.value == "":
			p.fail(key, "a key of %s must be a name", what)
		case len(allowed) > 0 && !slices.Contains(allowed, key.value):
			p.fail(key, "unknown key %q in %s%s", key.value, what, didYouMean(key.value, allowed))
		case seen[key.value]:
			p.fail(key, "key %q is there twice", key.value)
		}
		seen[key.value] = true
		list = append(list, keyValue{key, mapping.children[i+1]})
	}
	return list
}

func (p *taxonomyParser) taxonomy(root *node) *Taxonomy {
	var sources *node
	for _, e := range p.entries(root, "a taxonomy", "events", "logsources") {
		if e.key.value == "events" {
			source := p.logSource(e.value)
			p.events = &source
		} else {
			sources = e.value
		}
	}
	if sources == nil {
		p.fail(root, "a taxonomy needs logsources")
		return nil
	}
	var mapped []mappedSource
	seen := map[sourceKey]bool{}
	for _, item := range p.list(sources, "logsources") {
		source := p.mappedSource(item)
		if seen[source.source.key()] {
			p.fail(item, "the log source %q is there twice", source.source.attributes())
		}
		seen[source.source.key()] = true
		mapped = append(mapped, source)
	}
	return newTaxonomy(mapped)
}

func (p *taxonomyParser) list(value *node, what string) []*node {
	if value.kind != sequenceNode || len(value.children) == 0 {
		p.fail(value, "%s must be a list that is not empty", what)
		return nil
	}
	return value.children
}

func (p *taxonomyParser) text(value *node, what string) string {
	if value.kind != scalarNode || value.isNull() {
		p.fail(value, "%s must be a text", what)
		return ""
	}
	return value.text()
}

// texts reads one text or a list of them.
func (p *taxonomyParser) texts(value *node, what string) []string {
	if value.kind == scalarNode {
		return []string{p.text(value, what)}
	}
	var texts []string
	for _, item := range p.list(value, what) {
		texts = append(texts, p.text(item, what))
	}
	return texts
}

func (p *taxonomyParser) logSource(value *node) LogSource {
	var source LogSource
	for _, e := range p.entries(value, "a log source", "category", "product", "service") {
		text := p.text(e.value, e.key.value)
		switch e.key.value {
		case "category":
			source.Category = text
		case "product":
			source.Product = text
		case "service":
			source.Service = text
		}
	}
	if statesNothing(source) {
		p.fail(value, "a log source needs a category, a product or a service")
	}
	return source
}

func (p *taxonomyParser) mappedSource(item *node) mappedSource {
	var mapped mappedSource
	var routes *node
	for _, e := range p.entries(item, "a mapping", "logsource", "note", "routes") {
		switch e.key.value {
		case "logsource":
			mapped.source = p.logSource(e.value)
		case "note":
			mapped.note = p.text(e.value, "note")
		case "routes":
			routes = e.value
		}
	}
	if statesNothing(mapped.source) {
		p.fail(item, "a mapping needs a logsource")
	}
	if routes == nil {
		mapped.routes = []mappedRoute{{Route: Route{LogSource: mapped.source}}}
		return mapped
	}
	for _, route := range p.list(routes, "routes") {
		mapped.routes = append(mapped.routes, p.route(route, mapped.source))
	}
	return mapped
}

func (p *taxonomyParser) route(value *node, source LogSource) mappedRoute {
	route := mappedRoute{Route: Route{LogSource: source}}
	if p.events != nil {
		route.LogSource = *p.events
	}
	for _, e := range p.entries(value, "a route", "events", "where", "fields", "values", "hexadecimal", "note") {
		switch e.key.value {
		case "events":
			route.LogSource = p.logSource(e.value)
		case "where":
			route.Where = p.where(e.value)
		case "fields":
			route.Fields = p.fields(e.value)
		case "values":
			route.Values = p.values(e.value)
		case "hexadecimal":
			route.Hexadecimal = p.texts(e.value, "a field")
		case "note":
			route.note = p.text(e.value, "note")
		}
	}
	return route
}

func (p *taxonomyParser) where(value *node) []Constraint {
	var constraints []Constraint
	for _, e := range p.entries(value, "where") {
		constraints = append(constraints, Constraint{e.key.value, p.texts(e.value, "a value of "+e.key.value)})
	}
	return constraints
}

func (p *taxonomyParser) fields(value *node) map[string]FieldSource {
	fields := map[string]FieldSource{}
	for _, e := range p.entries(value, "fields") {
		if e.value.kind == scalarNode {
			fields[e.key.value] = FieldSource{Columns: []string{p.text(e.value, "a column")}}
		} else {
			fields[e.key.value] = p.field(e.value)
		}
	}
	return fields
}

func (p *taxonomyParser) field(value *node) FieldSource {
	var source FieldSource
	for _, e := range p.entries(value, "a field", "columns", "separator", "prefixes", "key", "between") {
		switch e.key.value {
		case "columns":
			source.Columns = p.texts(e.value, "a column")
		case "separator":
			source.Separator = p.text(e.value, "separator")
		case "prefixes":
			source.Prefixes = p.prefixes(e.value)
		case "key":
			source.Key = p.text(e.value, "key")
		case "between":
			source.Between = p.text(e.value, "between")
		}
	}
	if len(source.Columns) == 0 {
		p.fail(value, "a field needs columns")
	}
	return source
}

func (p *taxonomyParser) prefixes(value *node) []PrefixReplacement {
	var prefixes []PrefixReplacement
	for _, e := range p.entries(value, "prefixes") {
		prefixes = append(prefixes, PrefixReplacement{e.key.text(), p.text(e.value, "a prefix")})
	}
	return prefixes
}

// values reads field -> value -> equivalents.
func (p *taxonomyParser) values(value *node) map[string]map[string][]string {
	values := map[string]map[string][]string{}
	for _, field := range p.entries(value, "values") {
		equivalents := map[string][]string{}
		for _, e := range p.entries(field.value, "the values of "+field.key.value) {
			folded := foldString(e.key.text())
			if _, ok := equivalents[folded]; ok {
				p.fail(e.key, "value %q is there twice", e.key.value)
			}
			equivalents[folded] = p.texts(e.value, "an equivalent")
		}
		values[field.key.value] = equivalents
	}
	return values
}
