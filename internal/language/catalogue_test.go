package language

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
)

func load(t testing.TB) *Catalogue {
	t.Helper()
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// All languages have the same messages, with the same values.
func TestLanguagesAreWhole(t *testing.T) {
	t.Parallel()
	c := load(t)
	if n := len(c.Keys(English)); n < 200 {
		t.Fatalf("only %d messages", n)
	}
	for _, tag := range Tags()[1:] {
		for _, key := range c.Keys(English) {
			if !c.Has(tag, key) {
				t.Errorf("%s: %s is not translated", tag, key)
				continue
			}
			if want, got := spokenOf(c, English, key), spokenOf(c, tag, key); !slices.Equal(want, got) {
				t.Errorf("%s: %s speaks of %q, in English of %q", tag, key, got, want)
			}
		}
		for _, key := range c.Keys(tag) {
			if !c.Has(English, key) {
				t.Errorf("%s: %s is not in English", tag, key)
			}
		}
	}
}

// spokenOf are the names of all values that a message speaks of, sorted, but
// for the one that decides the form in English: a form may leave it out.
func spokenOf(c *Catalogue, tag, key string) []string {
	m := c.messages[tag][key]
	names := map[string]bool{}
	for _, form := range append(m.forms[:], m.other) {
		for _, p := range form {
			if p.value != "" {
				names[p.value] = true
			}
		}
	}
	delete(names, c.messages[English][key].plural)
	return slices.Sorted(maps.Keys(names))
}

// What counts in Arabic has the forms that Arabic has, but where the number
// stands behind a colon.
func TestArabicForms(t *testing.T) {
	t.Parallel()
	c := load(t)
	for key, m := range c.messages["ar"] {
		for _, name := range []string{"one", "two", "few", "many"} {
			if m.plural != "" && !strings.HasPrefix(key, "story.") && m.forms[slices.Index(formNames, name)] == nil {
				t.Errorf("%s has no form %q", key, name)
			}
		}
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`a: "{"`:                    "brace",
		`a: "}"`:                    "brace",
		`a: "{A b}"`:                "brace",
		`a: {one: "x", other: "y"}`: "plural forms need",
		`a: {plural: n, one: "x"}`:  "plural forms need",
		`a: {plural: n, lots: "x"}`: "unknown plural form",
		`a: [x]`:                    "neither a text nor",
		"a: x\na: y":                "already",
	} {
		_, err := Read(fstest.MapFS{"room.en.yml": {Data: []byte(text)}})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want an error with %q", text, err, want)
		}
	}
	if _, err := Read(fstest.MapFS{"room.tlh.yml": {Data: []byte("a: b")}}); err == nil {
		t.Error("an unknown language is read")
	}
	if _, err := Read(fstest.MapFS{"a.en.yml": {Data: []byte("a: b")}, "b.en.yml": {Data: []byte("a: c")}}); err == nil {
		t.Error("a key in two files is read")
	}
}

func small(t testing.TB) *Catalogue {
	t.Helper()
	c, err := Read(fstest.MapFS{
		"room.en.yml": {Data: []byte("hello: \"{who} said {{hello}} to {{{whom}}}\"\ncount: {plural: n, one: \"{n} day\", other: \"{n} days\"}\nnested: \"it took {time}\"\nonly: English\nround: \"{round}\"\n")},
		"room.ar.yml": {Data: []byte("hello: \"{whom} {who}\"\ncount: {plural: n, zero: z, one: one, two: two, few: few, many: many, other: other}\n")},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestText(t *testing.T) {
	t.Parallel()
	c := small(t)
	who := []Value{{Name: "who", Text: "WEB01"}, {Name: "whom", Text: "{x}"}}
	for _, one := range []struct {
		tag, key string
		values   []Value
		want     string
	}{
		{"en", "hello", who, "WEB01 said {hello} to {{x}}"},
		{"ar", "hello", who, "{x} WEB01"},
		{"en", "hello", nil, "⟦who⟧ said {hello} to {⟦whom⟧}"},
		{"en", "count", []Value{{Name: "n", Number: 1}}, "1 day"},
		{"en", "count", []Value{{Name: "n", Number: 1_000_001}}, "1,000,001 days"},
		{"en", "count", []Value{{Name: "n", Number: math.MinInt64}}, "−9,223,372,036,854,775,808 days"},
		{"en", "nested", []Value{{Name: "time", Message: "count"}, {Name: "n", Number: 2}}, "it took 2 days"},
		{"ar", "only", nil, "English"},
		{"tlh", "only", nil, "English"},
		{"en", "no.such", nil, "⟦no.such⟧"},
		{"en", "round", []Value{{Name: "round", Message: "round"}}, "⟦round⟧"},
	} {
		if got := Plain(c.Text(one.tag, one.key, one.values...)); got != one.want {
			t.Errorf("%s %s: %q, want %q", one.tag, one.key, got, one.want)
		}
	}
	segments := c.Text("en", "hello", Value{Name: "who", Text: "WEB01", Kind: "host"}, who[1])
	if s := segments[0]; !s.Evidence || s.Kind != "host" || s.Name != "who" || segments[1].Evidence {
		t.Errorf("segments are %+v", segments)
	}
}

// The categories are CLDR's: https://www.unicode.org/cldr/charts/latest/supplemental/language_plural_rules.html
// What begins a sentence has a capital, though it has none within one.
func TestSentencesBeginWithACapital(t *testing.T) {
	t.Parallel()
	c, err := Read(fstest.MapFS{"x.en.yml": {Data: []byte("a.b: \"{phase} looks like {group}\"\nphase.x: \"élan within\"\ntitle.rule: \"{rule}\"\n")}})
	if err != nil {
		t.Fatal(err)
	}
	if got := Plain(c.Text("en", "a.b", Value{Name: "phase", Message: "phase.x"}, Value{Name: "group", Text: "x"})); got != "Élan within looks like x" {
		t.Error(got)
	}
	if got := Plain(c.Text("en", "title.rule", Value{Name: "rule", Text: "evidence"})); got != "evidence" {
		t.Errorf("evidence is changed: %s", got)
	}
}

func TestPluralForms(t *testing.T) {
	t.Parallel()
	c := small(t)
	for n, want := range map[int64]string{0: "z", 1: "one", 2: "two", 3: "few", 10: "few", 11: "many", 99: "many", 100: "other", 103: "few", 111: "many", 1_000_002: "other", -1: "one"} {
		if got := Plain(c.Text("ar", "count", Value{Name: "n", Number: n})); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	for _, one := range [][2]string{
		{Number("en", 1234567), "1,234,567"}, {Number("sq", 1234), "1\u00a0234"}, {Number("ar", -999), "−999"}, {Number("en", 0), "0"},
		{Decimal("sq", 1.256, 2), "1,26"}, {Decimal("en", -0.001, 2), "0.00"}, {Decimal("en", -1.5, 1), "−1.5"},
	} {
		if one[0] != one[1] {
			t.Errorf("%q, want %q", one[0], one[1])
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add("a: \"{b} c\"\nd: {plural: n, one: x, other: \"{n}\"}")
	f.Add("a: {plural: n, other: ''}")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := Read(fstest.MapFS{"room.en.yml": {Data: []byte(text)}})
		if err != nil {
			return
		}
		for _, key := range c.Keys("en") {
			c.Text("ar", key, Value{Name: "n", Number: 3})
		}
	})
}

// rooms are the folders whose sentences are in the catalogue.
var rooms = []string{"../incident", "../attribution", "../report/casereport"}

// keyPattern is what the key of a message looks like in code; the beginnings
// are those of the catalogue itself.
var keyPattern = regexp.MustCompile(`^[a-z_]+(\.[a-zA-Z0-9_]+)+$`)

// Every key that stands in the code of a room is in the catalogue. Keys that
// code puts together are checked by the rooms themselves.
func TestKeysInCodeAreInTheCatalogue(t *testing.T) {
	t.Parallel()
	c := load(t)
	beginnings := map[string]bool{}
	for _, key := range c.Keys(English) {
		beginnings[key[:strings.Index(key, ".")+1]] = true
	}
	seen := 0
	for _, room := range rooms {
		for _, literal := range literals(t, room) {
			beginning := literal[:strings.Index(literal, ".")+1]
			if beginning == "" || !beginnings[beginning] || !keyPattern.MatchString(literal) || strings.HasSuffix(literal, ".tmpl") {
				continue
			}
			key := literal
			if strings.HasSuffix(room, "casereport") && !c.Has(English, key) {
				key = "report." + literal
			}
			if seen++; !c.Has(English, key) {
				t.Errorf("%s: %s is not in the catalogue", room, literal)
			}
		}
	}
	if seen < 60 {
		t.Errorf("only %d keys are seen in code", seen)
	}
}

// literals are the strings in the code of a folder, tests left out.
func literals(t *testing.T, folder string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %d files, %v", folder, len(files), err)
	}
	var found []string
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
				if text, err := strconv.Unquote(literal.Value); err == nil {
					found = append(found, text)
				}
			}
			return true
		})
	}
	return found
}

// templateKey is a message in a template of the report.
var templateKey = regexp.MustCompile(`say "([a-z_.]+)"`)

func TestKeysInTemplatesAreInTheCatalogue(t *testing.T) {
	t.Parallel()
	c := load(t)
	files, err := filepath.Glob("../report/casereport/*.tmpl")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d templates, %v", len(files), err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range templateKey.FindAllStringSubmatch(string(data), -1) {
			if !c.Has(English, "report."+m[1]) {
				t.Errorf("%s: report.%s is not in the catalogue", file, m[1])
			}
		}
	}
}
