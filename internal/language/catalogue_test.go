package language

import (
	"maps"
	"slices"
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
			if want, got := c.messages[English][key], c.messages[tag][key]; !slices.Equal(want.values(), got.values()) {
				t.Errorf("%s: %s speaks of %q, in English of %q", tag, key, got.values(), want.values())
			}
		}
		for _, key := range c.Keys(tag) {
			if !c.Has(English, key) {
				t.Errorf("%s: %s is not in English", tag, key)
			}
		}
	}
}

// values are the names of all values that a message speaks of, sorted. A form
// for one may leave the number out.
func (m *message) values() []string {
	names := map[string]bool{}
	for _, form := range append(m.forms[:], m.other) {
		for _, p := range form {
			if p.value != "" {
				names[p.value] = true
			}
		}
	}
	delete(names, m.plural)
	return slices.Sorted(maps.Keys(names))
}

// What counts in Arabic has the forms that Arabic has.
func TestArabicForms(t *testing.T) {
	t.Parallel()
	c := load(t)
	for key, m := range c.messages["ar"] {
		for _, name := range []string{"one", "two", "few", "many"} {
			if m.plural != "" && m.forms[slices.Index(formNames, name)] == nil {
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
		{Percent("en", .5), "50\u00a0%"}, {Percent("en", .001), "<1\u00a0%"}, {Percent("en", .999), ">99\u00a0%"}, {Percent("en", 1), "100\u00a0%"}, {Percent("en", 0), "0\u00a0%"},
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
