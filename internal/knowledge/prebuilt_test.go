package knowledge

import (
	"flag"
	"os"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	embedded "github.com/kulla-defence/kulla/knowledge"
)

var update = flag.Bool("update", false, "write the prebuilt base anew")

// The prebuilt base is what its files say, to the last empty list.
func TestPrebuilt(t *testing.T) {
	want, err := readFolder(embedded.FS)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		data, err := prebuild(want)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile("builtin.gob", data, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := buildFrom(prebuilt, fstest.MapFS{}) // with no file to fall back on
	if got != nil || err == nil {
		t.Fatal("a prebuilt base is taken without its files")
	}
	if got, err = buildFrom(prebuilt, embedded.FS); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("builtin.gob is not current: go test ./internal/knowledge -run Prebuilt -update\n%s", diff)
	}
	if want.Identity() != got.Identity() {
		t.Error("the identities differ")
	}
	if !isPrebuilt(t) {
		t.Error("builtin.gob was made of other files: go test ./internal/knowledge -run Prebuilt -update")
	}
}

// isPrebuilt says whether the prebuilt base is the one that is taken: it is
// told from that of the files by a name that no file has.
func isPrebuilt(t *testing.T) bool {
	t.Helper()
	base, err := buildFrom(prebuilt, embedded.FS)
	if err != nil {
		t.Fatal(err)
	}
	base.Actors[0].Service = "marked"
	marked, err := prebuild(base)
	if err != nil {
		t.Fatal(err)
	}
	taken, err := buildFrom(marked, embedded.FS)
	if err != nil {
		t.Fatal(err)
	}
	return taken.Actors[0].Service == "marked"
}

// What was made of other files, or is nothing at all, is passed over.
func TestPrebuiltOfOtherFiles(t *testing.T) {
	t.Parallel()
	files := altered(t, "actors.yml", "name: VOID MANTICORE", "name: OTHER NAME")
	for name, prebuilt := range map[string][]byte{"other": prebuilt, "empty": nil, "cut off": prebuilt[:len(prebuilt)/2]} {
		want, err := readFolder(files)
		if err != nil {
			t.Fatal(err)
		}
		got, err := buildFrom(prebuilt, files)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// BenchmarkReadFolder is what BenchmarkBuiltin would be without the prebuilt base.
func BenchmarkReadFolder(b *testing.B) {
	for b.Loop() {
		if _, err := readFolder(embedded.FS); err != nil {
			b.Fatal(err)
		}
	}
}
