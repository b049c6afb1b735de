package sigma

import (
	"bytes"
	"io/fs"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// sameYAML fails when parseBlockYAML reads a document otherwise than the YAML
// library. It reports whether parseBlockYAML read it.
func sameYAML(t *testing.T, chunk yamlChunk) bool {
	t.Helper()
	fast := parseBlockYAML(chunk)
	if fast == nil {
		return false
	}
	slow, err := parseAnyYAML(chunk)
	if err != nil {
		t.Fatalf("read, but %d:%d: %s\n%s", err.line, err.column, err.message, chunk.data)
	}
	if !reflect.DeepEqual(slow, fast) {
		t.Fatalf("%s\n(-library +own)\n%s", chunk.data, cmp.Diff(slow, fast, cmp.AllowUnexported(node{})))
	}
	return true
}

func TestBlockYAML(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text string
		read bool
	}{
		{"a: b", true},
		{"a: b\n", true},
		{"--- # comment\na: b # comment\n# comment\n\nc:   d\n", true},
		{"a:\n  b: c\n  d:\n    - e\n    - f\ng:\n- h\n- i: j\n  k: l\n-   m: n\n    o: p\n- - q\n  - r\n", true},
		{"'|all':\n  - 'it''s'\n  - \"C:\\\\x\"\n  - \"say \\\"x\\\"\" # yes\n\"k\": v\n", true},
		{"a:\nb: ~\nc: # comment\nd: null\n", true},
		{"a:\n  -\n  - # x\n  - b\n", true},
		{"a: |\n  one\n    two\n\n  three\n\n\nb: |-\n  x\n\nc: d\n", true},
		{"a: |\n  one", true},
		{"a: >\n  one\n  two\nb: c\n", true},
		{"a: >-\n    one\n    two\n", true},
		{"a:\n  - |\n    x\n  - y\n", true},
		{"a: b\r\nc:\r\n  - d\r\n", true},
		{"http://x: y\na: b:c\nd: e#f\ng: -h\ni: ?j\nk: :l\n", true},
		{"é: ë\n'é': 'ë'\n", true},
		{"a b: c d\n", true},
		{"a : b\n", true},
		{"- a\n- b: c\n", true},
		// What is left to the library:
		{"a: [b]\n", false}, {"a: {b: c}\n", false}, {"a: &b c\n", false}, {"a: *b\n", false},
		{"a: b\n  c\n", false}, {"a: 'b\n  c'\n", false}, {"a: b: c\n", false}, {"a:\tb\n", false},
		{"a: \"\\x41\"\n", false}, {"? a\n", false}, {"<<: a\n", false}, {"a: !!str b\n", false},
		{"a: >\n  one\n\n  two\n", false}, {"a: |2\n   x\n", false}, {"a: |+\n  x\n", false},
		{"a: %b%\n", false}, {"a: @b\n", false}, {"a: 'b' c\n", false}, {"a: 'b'#c\n", false},
		{"a: b\n c: d\n", false}, {"  a: b\nc: d\n", false}, {"a\n", false}, {"", false}, {"a: b\n- c\n", false},
		{"a: |\n", false}, {"a: \ufeffb\n", false}, {"a: b\u2028c\n", false}, {"a: b\rc\n", false}, {"a: \xff\n", false},
		{"a: - b\n", false}, {"--- a\n", false}, {"%YAML 1.2\n---\na: b\n", false},
	}
	for _, test := range tests {
		if read := sameYAML(t, yamlChunk{[]byte(test.text), 5}); read != test.read {
			t.Errorf("%q: read %v, want %v", test.text, read, test.read)
		}
	}
}

func TestBlockYAMLReadsPublicRules(t *testing.T) {
	t.Parallel()
	fsys := sharedRules(t)
	documents, read := 0, 0
	for name := range walkFiles(t, fsys) {
		if !isRuleFile(name) {
			continue
		}
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			t.Fatal(err)
		}
		for _, chunk := range splitDocuments(data) {
			documents++
			if sameYAML(t, chunk) {
				read++
			}
		}
	}
	t.Logf("%d of %d documents are block YAML", read, documents)
	if read < documents*9/10 {
		t.Error("less than nine in ten: the fast way is no longer worth its lines")
	}
}

func FuzzBlockYAML(f *testing.F) {
	f.Add([]byte(setFiles))
	f.Add([]byte(cleanRule))
	f.Add([]byte("a:\n- b: 'c'\n  d: |-\n    e\n\n    f\n- >\n  g\n  h\n#\ni:\n"))
	f.Add([]byte("- - a\n  -  b: c\n     d: \"\\\\\"\n-\n- ''\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, chunk := range splitDocuments(data) {
			sameYAML(t, chunk)
		}
	})
}

func BenchmarkParseYAML(b *testing.B) {
	fsys := sharedRules(b)
	var chunks []yamlChunk
	size := 0
	for name := range walkFiles(b, fsys) {
		if data, err := fs.ReadFile(fsys, name); err == nil && isRuleFile(name) {
			chunks = append(chunks, splitDocuments(data)...)
			size += len(data)
		}
	}
	var reader blockYAML
	for name, parse := range map[string]func(yamlChunk) (*node, *yamlError){
		"own": func(chunk yamlChunk) (*node, *yamlError) {
			reader.reuse()
			return reader.parseYAML(chunk)
		},
		"library": parseAnyYAML,
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				for _, chunk := range chunks {
					if root, err := parse(chunk); root == nil {
						b.Fatal(err.message)
					}
				}
			}
		})
	}
}

// Eight bytes are looked at together, wherever in them the odd one stands.
func TestBlockTextByEightBytes(t *testing.T) {
	t.Parallel()
	for c := range 256 {
		for at := range 24 {
			text := bytes.Repeat([]byte("a~ "), 8)
			text[at] = byte(c)
			want := c == '\n' || c >= ' ' && c < 0x7f
			if got := isBlockText(text); got != want {
				t.Fatalf("byte %#x at %d: %v, want %v", c, at, got, want)
			}
		}
	}
}
