package sigma

import (
	"cmp"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	diff "github.com/google/go-cmp/cmp"
)

var updateTaxonomyDocument = flag.Bool("update", false, "write what is generated into the documents")

// The table in the documentation says what the data says.
func TestTaxonomyDocument(t *testing.T) {
	t.Parallel()
	const file, begin, end = "../docs/taxonomy.md", "<!-- begin of the table -->\n", "<!-- end of the table -->\n"
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(data), begin)
	table, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatal("the document has no place for the table")
	}
	want := taxonomyTable(defaultTaxonomy(t))
	if table == want {
		return
	}
	if !*updateTaxonomyDocument {
		t.Fatalf("%s is not what the data says; run this test with -update\n%s", file, diff.Diff(table, want))
	}
	if err := os.WriteFile(file, []byte(before+begin+want+end+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

func taxonomyTable(taxonomy *Taxonomy) string {
	var text strings.Builder
	text.WriteString("| log source | events | where | fields and values | note |\n| --- | --- | --- | --- | --- |\n")
	sources := slices.Clone(taxonomy.sources)
	slices.SortFunc(sources, func(a, b mappedSource) int {
		return cmp.Or(cmp.Compare(a.source.Product, b.source.Product), cmp.Compare(a.source.Category, b.source.Category), cmp.Compare(a.source.Service, b.source.Service))
	})
	for _, mapped := range sources {
		name := mapped.source.attributes()
		for i, route := range mapped.routes {
			events := route.LogSource.attributes()
			if events == mapped.source.attributes() {
				events = "the same"
			}
			note := strings.TrimSpace(mapped.note + " " + route.note)
			if i > 0 {
				name, note = "", route.note
			}
			fmt.Fprintf(&text, "| %s | %s | %s | %s | %s |\n", name, events, tableWhere(route.Where), tableFields(&route.Route), note)
		}
	}
	return text.String()
}

func tableWhere(where []Constraint) string {
	var parts []string
	for _, c := range where {
		parts = append(parts, c.Column+" = "+strings.Join(c.Values, " or "))
	}
	return strings.Join(parts, "; ")
}

func tableFields(route *Route) string {
	var parts []string
	for _, field := range slices.Sorted(maps.Keys(route.Fields)) {
		source := route.Fields[field]
		part := field + " ← " + strings.Join(source.Columns, source.Separator)
		if source.Key != "" {
			part += ", key " + source.Key
		}
		if len(source.Prefixes) > 0 {
			part += fmt.Sprintf(", %s → %s …", source.Prefixes[0].Old, source.Prefixes[0].New)
		}
		parts = append(parts, part)
	}
	for _, field := range slices.Sorted(maps.Keys(route.Values)) {
		parts = append(parts, fmt.Sprintf("%s: %d values", field, len(route.Values[field])))
	}
	for _, field := range route.Hexadecimal {
		parts = append(parts, field+" hexadecimal")
	}
	return strings.Join(parts, "; ")
}
