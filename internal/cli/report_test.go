package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Every reference on the page of every case of the sample leads to one place,
// and the page says what was taken.
func TestReferencesOfReportsLeadSomewhere(t *testing.T) {
	t.Parallel()
	slow(t)
	examples := filepath.Join("..", "..", "examples")
	for name, arguments := range map[string][]string{
		"logs": {"evidence.zip"}, "artefacts": {"evidence.zip", "--artefacts", filepath.Join(examples, "artefacts.yml")},
		"false flag": {"false-flag.zip"}, "unknown": {"unknown.zip"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := investigating(t, append(arguments[1:], filepath.Join(examples, arguments[0]))...)
			page, err := os.ReadFile(strings.TrimSuffix(file, caseExtension) + ".html")
			if err != nil {
				t.Fatal(err)
			}
			ids := map[string]int{}
			for _, m := range regexp.MustCompile(`\sid="([^"]+)"`).FindAllSubmatch(page, -1) {
				ids[string(m[1])]++
			}
			if mail := strings.Contains(string(page), "at least 4.8 GB of mail"); mail != strings.HasPrefix(arguments[0], "evidence") {
				t.Errorf("it says that mail was taken: %v", mail)
			}
			references := regexp.MustCompile(`href="#([^"]*)"`).FindAllSubmatch(page, -1)
			if len(references) < 100 {
				t.Errorf("only %d references", len(references))
			}
			for _, m := range references {
				if n := ids[string(m[1])]; n != 1 {
					t.Errorf("#%s leads to %d places", m[1], n)
				}
			}
		})
	}
}
