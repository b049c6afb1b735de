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
