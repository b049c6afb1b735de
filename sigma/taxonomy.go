package sigma

import (
	"embed"
	"fmt"
	"slices"
	"strings"
)

// A Taxonomy says where the events of a log source are found and what its
// fields are called there. It never changes once made, and is safe for
// concurrent use. docs/taxonomy.md describes its file format.
type Taxonomy struct {
	sources []mappedSource
	// bySource finds the index of a log source by its sourceKey.
	bySource map[sourceKey]int
}

// A mappedSource is one log source of a taxonomy and its routes.
type mappedSource struct {
	source LogSource
	note   string
	routes []mappedRoute
}

type mappedRoute struct {
	Route
	note string
}

//go:embed taxonomy/*.yml
var taxonomyFiles embed.FS

// DefaultTaxonomy returns the mapping that comes with the package.
func DefaultTaxonomy() (*Taxonomy, error) {
	names, err := taxonomyFiles.ReadDir("taxonomy")
	if err != nil {
		return nil, fmt.Errorf("sigma: default taxonomy: %w", err)
	}
	whole := new(Taxonomy)
	for _, entry := range names {
		name := "taxonomy/" + entry.Name()
		data, err := taxonomyFiles.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("sigma: default taxonomy: %w", err)
		}
		part, err := ParseTaxonomy(name, data)
		if err != nil {
			return nil, err
		}
		whole = whole.Override(part)
	}
	return whole, nil
}

// Override returns a taxonomy in which the log sources of other take the
// place of those with the same attributes. Neither of the two changes.
func (t *Taxonomy) Override(other *Taxonomy) *Taxonomy {
	sources := slices.Clone(t.sources)
	for _, mapped := range other.sources {
		if i, ok := t.bySource[mapped.source.key()]; ok {
			sources[i] = mapped
		} else {
			sources = append(sources, mapped)
		}
	}
	return newTaxonomy(sources)
}

// Knows reports whether the taxonomy says where a log source is found. Routes
// of one that it does not know only lead to events whose reader uses the very
// words of the rule.
func (t *Taxonomy) Knows(source LogSource) bool {
	routes, known := t.find(source)
	return known && len(routes) > 0
}

// Routes returns the ways in which the events of a rule's log source are
// recorded. The last is always that of events that state the log source
// itself, in the words of the rule; for a log source that the taxonomy does
// not know it is the only one.
func (t *Taxonomy) Routes(source LogSource) []Route {
	own := Route{LogSource: LogSource{Category: source.Category, Product: source.Product, Service: source.Service}}
	routes, _ := t.find(source)
	routes = slices.DeleteFunc(routes, func(r Route) bool { return r.isPlain() && sameSource(r.LogSource, own.LogSource) })
	return append(routes, own)
}

// isPlain reports whether the route is nothing but its log source.
func (r *Route) isPlain() bool {
	return len(r.Where) == 0 && len(r.Fields) == 0 && len(r.Values) == 0 && len(r.Hexadecimal) == 0
}

// A sourceKey is the same for all spellings of a log source.
type sourceKey [3]string

func (s LogSource) key() sourceKey {
	return sourceKey{foldString(s.Category), foldString(s.Product), foldString(s.Service)}
}

// newTaxonomy takes log sources none of which is there twice.
func newTaxonomy(sources []mappedSource) *Taxonomy {
	t := &Taxonomy{sources: sources, bySource: make(map[sourceKey]int, len(sources))}
	for i, mapped := range sources {
		t.bySource[mapped.source.key()] = i
	}
	return t
}

// find looks a log source up: as it is, else all that are more special (a rule
// may leave the product open), else what several more general ones have in
// common (category process_creation and service security). It reports whether
// every attribute of the source was found.
func (t *Taxonomy) find(source LogSource) ([]Route, bool) {
	if i, ok := t.bySource[source.key()]; ok {
		return t.sources[i].plainRoutes(), true
	}
	var special []Route
	var general []mappedSource
	for _, mapped := range t.sources {
		if covers(source, mapped.source) {
			special = append(special, mapped.plainRoutes()...)
		}
		if covers(mapped.source, source) {
			general = append(general, mapped)
		}
	}
	if len(special) > 0 && !statesNothing(source) {
		return special, true
	}
	return intersection(source, mostSpecial(general))
}

// covers reports whether every attribute that general states is the same in
// special.
func covers(general, special LogSource) bool {
	return agrees(general.Category, special.Category) &&
		agrees(general.Product, special.Product) &&
		agrees(general.Service, special.Service)
}

func sameSource(a, b LogSource) bool { return covers(a, b) && covers(b, a) }

// mostSpecial leaves out what covers another one: of {windows} and
// {windows, service security} only the second is about a security rule.
func mostSpecial(sources []mappedSource) []mappedSource {
	var kept []mappedSource
	for i, candidate := range sources {
		redundant := slices.ContainsFunc(sources, func(other mappedSource) bool {
			return covers(candidate.source, other.source) && !sameSource(candidate.source, other.source)
		})
		if !redundant {
			kept = append(kept, sources[i])
		}
	}
	return kept
}

// intersection returns the routes that all of the sources share, and whether
// the sources together state all that the given one does.
func intersection(source LogSource, sources []mappedSource) ([]Route, bool) {
	if len(sources) == 0 {
		return nil, false
	}
	stated := LogSource{}
	routes := []Route{{}}
	for _, mapped := range sources {
		stated = stated.filledFrom(mapped.source)
		routes = meetAll(routes, mapped.plainRoutes())
	}
	if !sameSource(stated, source) {
		return nil, false
	}
	return routes, true
}

func meetAll(a, b []Route) []Route {
	var met []Route
	for _, first := range a {
		for _, second := range b {
			if both, ok := first.meet(&second); ok {
				met = append(met, both)
			}
		}
	}
	return met
}

// filledFrom returns the source with its empty attributes taken from other.
func (s LogSource) filledFrom(other LogSource) LogSource {
	fill := func(to *string, from string) {
		if *to == "" {
			*to = from
		}
	}
	fill(&s.Category, other.Category)
	fill(&s.Product, other.Product)
	fill(&s.Service, other.Service)
	return s
}

func (m *mappedSource) plainRoutes() []Route {
	routes := make([]Route, len(m.routes))
	for i := range m.routes {
		routes[i] = m.routes[i].Route
	}
	return routes
}

// attributes is the log source as rules write it: "product: windows,
// service: security".
func (s LogSource) attributes() string {
	var parts []string
	for _, attribute := range [][2]string{{"category", s.Category}, {"product", s.Product}, {"service", s.Service}} {
		if attribute[1] != "" {
			parts = append(parts, attribute[0]+": "+attribute[1])
		}
	}
	return strings.Join(parts, ", ")
}
