package sigma

import (
	"testing"
	"testing/fstest"
)

func TestTextOfDocument(t *testing.T) {
	t.Parallel()
	rule := func(title string) string {
		return "title: " + title + "\nlogsource: {category: webserver}\ndetection: {a: {b: c}, condition: a}\n"
	}
	documents, err := ParseFS(fstest.MapFS{
		"two.yml": {Data: []byte(rule("One") + "---\n" + rule("Two"))},
		"led.yml": {Data: []byte("---\n" + rule("Led"))},
	}, "x/")
	if err != nil || len(documents.Rules) != 3 {
		t.Fatalf("%d rules, %v", len(documents.Rules), err)
	}
	for _, r := range documents.Rules {
		if got := string(documents.Text(r.At)); got != rule(r.Title) {
			t.Errorf("%s at %v is\n%s", r.Title, r.At, got)
		}
	}
	for _, at := range []Position{{File: "x/none.yml", Line: 1}, {File: "x/two.yml", Line: 99}} {
		if text := documents.Text(at); text != nil {
			t.Errorf("%v is\n%s", at, text)
		}
	}
}

// The digest is that of contents: neither names nor order count, every byte
// does.
func TestDigestOfDocuments(t *testing.T) {
	t.Parallel()
	digest := func(files ...string) [32]byte {
		all := &Documents{}
		for i, text := range files {
			documents, _ := Parse(string(rune('a'+i)), []byte(text))
			all.Add(documents)
		}
		return all.Digest()
	}
	if digest("title: a\n", "title: b\n") != digest("title: b\n", "title: a\n") {
		t.Error("the order counts")
	}
	if digest("title: a\n") == digest("title: a \n") || digest("title: a\n") == digest("title: a\n", "title: a\n") {
		t.Error("the content does not count")
	}
}
