package casereport

import (
	"bytes"
	"strings"
	"testing"

	"github.com/kulla-defence/kulla/internal/incident"
)

// The summary fits the screen, whatever its height, and keeps the commands that
// lead to the rest.
func TestSummaryFitsTheScreen(t *testing.T) {
	t.Parallel()
	text, err := English()
	if err != nil {
		t.Fatal(err)
	}
	d := fixture(t)
	long := *d.Incidents[0]
	for range 20 {
		long.Story = append(long.Story, long.Story...)[:min(2*len(long.Story), 40)]
	}
	d.Incidents = []*incident.Incident{&long, d.Incidents[0], d.Incidents[0], d.Incidents[0], d.Incidents[0]}
	for height, most := range map[int]int{0: 40, 10: 18, 24: 23, 30: 29, 60: 40} {
		for _, width := range []int{80, 100, 200} {
			var out bytes.Buffer
			last := []ScreenLine{{Heading: "Case", Text: "x.kulla"}, {Heading: "Check it", Text: "kulla verify x.kulla " + strings.Repeat("evidence/", 5), Whole: true}}
			if err := WriteScreen(&out, d, Screen{Text: text, Width: width, Height: height, Last: last}); err != nil {
				t.Fatal(err)
			}
			if lines := strings.Count(out.String(), "\n"); lines > most {
				t.Errorf("%d lines of %d at %d columns:\n%s", lines, most, width, out.String())
			}
			for _, want := range []string{"kulla case show CASE " + long.ID, "kulla verify x.kulla evidence/", "kulla case show\n"} {
				if !strings.Contains(out.String(), want) {
					t.Errorf("height %d: %q is missing:\n%s", height, want, out.String())
				}
			}
		}
	}
}
