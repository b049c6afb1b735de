package casereport

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/kulla-defence/kulla/internal/attribution"
)

func viewOf(a *attribution.Assessment) *assessmentView {
	v := &assessmentView{Assessment: a}
	v.hypotheses()
	v.waterfall()
	v.without()
	return v
}

// publishedState is the fixture with a state as its answer.
func publishedState() *attribution.Assessment {
	a := fixtureAssessment()
	a.Answer.Level, a.Answer.Hypothesis, a.Focus = "state", "state:ZZ", "state:ZZ"
	a.Items[0].Weights = append(a.Items[0].Weights, attribution.Weight{Hypothesis: "state:ZZ", Nats: 2})
	a.Items[1].Weights = append(a.Items[1].Weights, attribution.Weight{Hypothesis: "state:ZZ", Nats: -.5})
	return a
}

// The last line of the waterfall is the likelihood that the answer is given,
// at any temperature.
func TestWaterfallEndsAtTheLikelihood(t *testing.T) {
	t.Parallel()
	for _, temperature := range []float64{0, 1, 1.5} {
		a := publishedState()
		a.Temperature = temperature
		steps := viewOf(a).Waterfall
		last := steps[len(steps)-1]
		if steps[0].Kind != "prior" || math.Abs(steps[0].Share-.2) > 1e-9 {
			t.Errorf("it begins at %+v", steps[0])
		}
		if math.Abs(last.Share-.8) > 1e-9 {
			t.Errorf("temperature %v: it ends at %v, the likelihood is .8", temperature, last.Share)
		}
		var taken bool
		for _, s := range steps {
			taken = taken || s.Kind == "temperature"
		}
		if taken != (temperature == 1.5) {
			t.Errorf("temperature %v: its step is there: %v", temperature, taken)
		}
	}
}

// Where the answer stays as it is without an item, it is no other answer; the
// items that matter most come first.
func TestWithoutIsOfTheAnswer(t *testing.T) {
	t.Parallel()
	a := publishedState()
	a.Without = []attribution.Without{{Item: "E-02", Leading: "state:ZZ", Posterior: .79, Published: "state:ZZ"},
		{Item: "E-01", Leading: "unknown", Posterior: .5, Changes: true}}
	v := viewOf(a)
	if len(v.Without) != 2 || v.Without[0].Without.Item != "E-01" || !v.Without[0].Changes || v.Without[0].Published != nil {
		t.Errorf("%+v", v.Without)
	}
	if v.Without[1].Changes || v.Without[1].Published.ID != "state:ZZ" {
		t.Errorf("%+v", v.Without[1])
	}
}

// Who is likely and not published is marked so, with the gate that is closed.
func TestWithheldActorsAreMarked(t *testing.T) {
	t.Parallel()
	v := viewOf(publishedState())
	for _, h := range append(v.Leading, v.Wider...) {
		if want := h.Kind == "group"; h.Withheld != want {
			t.Errorf("%s is withheld: %v", h.ID, h.Withheld)
		}
		if h.ID == "group:G0001" && len(h.Closed) == 0 {
			t.Error("no gate is closed to the likeliest group")
		}
	}
}

// In Markdown, nobody is without a name, states have theirs, and the marking is
// at the head.
func TestMarkdownNamesHypotheses(t *testing.T) {
	t.Parallel()
	d := fixture(t)
	d.TLP = "green"
	d.Assessment = publishedState()
	d.Assessment.Hypotheses[0].Name = "AL"
	d.Assessment.Hypotheses = append(d.Assessment.Hypotheses, attribution.Hypothesis{ID: "false_flag", Kind: "false_flag", Prior: .1, Posterior: .01})
	for tag, wants := range map[string][]string{
		"en": {"| An actor not known here (unknown)", "| Albania (state)", "| False flag: made to look like another actor (false flag)", "(group), not published (not passed:"},
		"sq": {"| Një aktor që nuk njihet këtu", "| Shqipëria (shtet)"}, "ar": {"| فاعل غير معروف هنا", "| ألبانيا"},
	} {
		var out bytes.Buffer
		if err := writeMarkdown(&out, d, tag); err != nil {
			t.Fatal(err)
		}
		if head := out.String()[:200]; !strings.Contains(head, "TLP&#58;GREEN") {
			t.Errorf("%s: no marking at the head: %s", tag, head)
		}
		for _, want := range wants {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%s: no %q", tag, want)
			}
		}
	}
}

// Where nothing would change the answer by much, that is said.
func TestLittleWouldChangeIt(t *testing.T) {
	t.Parallel()
	d := fixture(t)
	d.Assessment.Change = nil
	for name, write := range map[string]func() (string, error){
		"html": func() (string, error) {
			var out bytes.Buffer
			err := writeHTML(&out, d, "en")
			return out.String(), err
		},
		"markdown": func() (string, error) {
			var out bytes.Buffer
			err := writeMarkdown(&out, d, "en")
			return out.String(), err
		},
	} {
		text, err := write()
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(text, "Little would change it") {
			t.Errorf("%s does not say that little would change it", name)
		}
	}
}
