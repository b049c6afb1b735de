package casereport

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write golden files anew")

func TestGolden(t *testing.T) {
	t.Parallel()
	for name, of := range map[string][2]string{
		"report.en.md": {"markdown", "en"}, "report.sq.md": {"markdown", "sq"}, "report.json": {"json", "en"}, "report.csv": {"csv", "en"},
		"navigator.json": {"navigator", "en"}, "timesketch.jsonl": {"timesketch", "en"},
	} {
		got := written(t, of[0], fixture(t), of[1])
		path := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
