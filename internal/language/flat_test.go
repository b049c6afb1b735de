package language

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var unexported = cmp.AllowUnexported(message{}, part{})

// All catalogues are in the part of YAML that is read fast, and come out of it
// as they do of YAML.
func TestCataloguesAreFlat(t *testing.T) {
	t.Parallel()
	names, err := fs.Glob(embedded, "messages/*.yml")
	if err != nil || len(names) == 0 {
		t.Fatalf("%d catalogues, %v", len(names), err)
	}
	for _, name := range names {
		data, err := embedded.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := readFlat(string(data))
		if !ok {
			t.Errorf("%s is written in more than a catalogue needs (see readFlat), and takes long to read", name)
			continue
		}
		want, err := readYAML(data)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, unexported); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// flatSeeds are texts near the edge of what is read fast.
var flatSeeds = []string{
	"a: \"{b} c\"\nd: {plural: n, one: \"x\", other: \"{n}\"}\n# c\n\ne.f_1: plain words, it's {g}\n",
	"a: \"\"", "a: x ", "a: null", "null: x", "a: NULL", "a: true", "a:  x", "a: x # y", "a: x:y", "a: - x", "a: 'x'", "a: x\n b", "a: \"x\\n\"",
	"a: \"x\n y\"", "a: x\na: y", "a: {plural: null, other: \"x\"}", "a: {plural: 1, other: \"x\"}", "a: {other: \"x\", plural: n}", "a: {plural: n, other: \"x\"} ",
	"a: {plural: n, other: \"x\", other: \"y\"}", "a: {plural: n,other: \"x\"}", "a: x\n---\nb: y", "a: x\n...\n", "a: (x)", "a: é", "a: \u00a0x", "a: x\u00a0", "a: &b c",
	"y: yes", "a: \"x\" \"y\"", "a: x\r\n", "\ufeffa: x", "a: x\u2028", "a: {", "A.b: x", "a: ~", "a: \x85", "a: x\x00", "a:\tx", "a: x\ty", "a: {null: \"x\", other: \"y\", plural: n}",
}

// What readFlat reads, it reads as YAML does.
func FuzzFlat(f *testing.F) {
	for _, seed := range flatSeeds {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, ok := readFlat(text)
		if !ok {
			return
		}
		want, err := readYAML([]byte(text))
		if err != nil {
			t.Fatalf("%q is read, although it is no catalogue: %v", text, err)
		}
		if diff := cmp.Diff(want, got, unexported); diff != "" {
			t.Error(diff)
		}
	})
}

// Most seeds are left to YAML: the fast way is not taken because it is lax.
func TestFlatGivesUp(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"a: x:y", "a: 'x'", "a: x\n b", "a: x\na: y", "a: null", "a: \"x\\n\"", "a:\tx", "a: x\r\n", "- a", "a: {x}", "a: {plural: n}"} {
		if _, ok := readFlat(text); ok {
			t.Errorf("%q is taken", strings.TrimSpace(text))
		}
	}
}

func BenchmarkLoad(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		load(b)
	}
}
