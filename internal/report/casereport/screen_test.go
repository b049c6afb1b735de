package casereport

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/kulla-defence/kulla/internal/attribution"
	"github.com/kulla-defence/kulla/internal/incident"
	"github.com/kulla-defence/kulla/internal/incident/entity"
)

func screenOf(t testing.TB, d *Document) string {
	t.Helper()
	text, err := English()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := WriteScreen(&out, d, Screen{Text: text, Width: 1000}); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// The screen says who is likeliest to have done each part, and where another
// actor may have taken over.
func TestScreenTellsHandOffs(t *testing.T) {
	t.Parallel()
	d := fixture(t)
	reason := incident.Sentence{Message: "hand_off.other_profile", Values: []incident.Value{textValue("group", "One"), textValue("other", "Another"),
		{Name: "from", Message: "phase.mail"}, {Name: "to", Message: "phase.destruction"}}}
	d.Assessment.HandOffs = []attribution.HandOff{{From: "access", To: "mail", Probability: .3, Reason: reason}, {From: "mail", To: "destruction", Probability: .54, Reason: reason}}
	screen := screenOf(t, d)
	for _, want := range []string{
		"Phases     Destruction: Example Group 70 % (not published); Access: An actor not known here\n",
		"Hand-off   - Mail → Destruction: 54 % that another actor took over. What was done in mail theft looks most like One, in destruction most like Another.\n",
	} {
		if !strings.Contains(screen, want) {
			t.Errorf("the screen lacks\n%s\nit is\n%s", want, screen)
		}
	}
	if strings.Count(screen, "took over") != 1 {
		t.Errorf("a hand-off that is unlikely is shown beside one that is likely:\n%s", screen)
	}
	d.Assessment.HandOffs = d.Assessment.HandOffs[:1]
	if screen := screenOf(t, d); !strings.Contains(screen, "Access → Mail: 30 %") {
		t.Errorf("where none is likely, the likeliest is not shown:\n%s", screen)
	}
	d.Assessment.Phases = d.Assessment.Phases[:1] // by an actor who is not known
	if screen := screenOf(t, d); strings.Contains(screen, "took over") {
		t.Errorf("an unlikely hand-off is told although nobody is known who may have:\n%s", screen)
	}
}

// Clocks that are wrong are named, the others counted; none leave no line.
func TestScreenTellsClocks(t *testing.T) {
	t.Parallel()
	d := fixture(t)
	d.Clocks = []entity.Skew{{Source: "WS02", Offset: -252 * time.Second, Pairs: 9, Against: "DC01"}, {Source: "WS01", Pairs: 9, Against: "DC01"},
		{Source: "VPN01", Offset: 95 * time.Second, Pairs: 9, Against: "DC01"}}
	if screen := screenOf(t, d); !strings.Contains(screen, "Clocks     WS02 4m12s ahead of DC01, VPN01 1m35s behind DC01; 1 agree\n") {
		t.Errorf("the screen is\n%s", screen)
	}
	d.Clocks = nil
	if screen := screenOf(t, d); strings.Contains(screen, "Clocks") {
		t.Errorf("the screen is\n%s", screen)
	}
	if document := written(t, "json", d, "en"); !strings.Contains(document, `"clocks":[]`) {
		t.Error("no clocks are not an empty list")
	}
}

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
	for height, most := range map[int]int{0: 40, 10: 21, 24: 23, 30: 29, 60: 40} {
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
