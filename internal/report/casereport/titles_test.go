package casereport

import (
	"strings"
	"testing"

	"github.com/kulla-defence/kulla/internal/incident"
	"github.com/kulla-defence/kulla/internal/incident/entity"
	"github.com/kulla-defence/kulla/internal/knowledge"
	"github.com/kulla-defence/kulla/internal/language"
	"github.com/kulla-defence/kulla/rules"
	"github.com/kulla-defence/kulla/sigma"
)

// The catalogue's English titles are those of the rules: a rule with another
// title keeps that in every language.
func TestTitlesAreThoseOfTheRules(t *testing.T) {
	t.Parallel()
	set, err := sigma.LoadFS(rules.FS, sigma.Options{})
	if err != nil {
		t.Fatal(err)
	}
	titles := map[string]string{}
	for _, r := range set.Rules {
		titles[ruleKey(r.ID)] = r.Title
	}
	for _, r := range set.Correlations {
		titles[ruleKey(r.ID)] = r.Title
	}
	c := catalogue(t)
	for _, key := range c.Keys(language.English) {
		if strings.HasPrefix(key, "rule.") && !c.Says(key, titles[key]) {
			t.Errorf("%s says %q, the rule %q", key, language.Plain(c.Text("en", key)), titles[key])
		}
	}
}

func catalogue(t *testing.T) *language.Catalogue {
	t.Helper()
	c, err := language.Load()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// All that our knowledge says is to be done has words, and in English its own.
func TestMeasuresAreThoseOfTheKnowledge(t *testing.T) {
	t.Parallel()
	c := catalogue(t)
	base, err := knowledge.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, technique := range base.Techniques {
		for _, m := range technique.Mitigations {
			if seen[m.ID] = true; !c.Says(measureKey(m.ID), m.Name) {
				t.Errorf("%s is %q", m.ID, m.Name)
			}
		}
	}
	if len(seen) < 40 {
		t.Errorf("only %d measures", len(seen))
	}
}

// Titles and levels in sentences are in the language of the sentence; titles
// of other rules stay.
func TestTitlesInSentences(t *testing.T) {
	t.Parallel()
	d := &Document{Incidents: []*incident.Incident{{Rules: []incident.RuleUse{
		{ID: "d68a03ea-a72b-42b5-9065-7f722878cbf9", Title: "Security log cleared"}, {ID: "3c2d470a-2bcf-4865-92e9-28c47a55ad0f", Title: "another title of it"}}}}}
	text, err := sentencesOf(d, "sq")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ rule, want string }{
		{"Security log cleared", "Gjetja më e rëndë është e nivelit i lartë: Regjistri Security u fshi."},
		{"another title of it; Security log cleared", "Gjetja më e rëndë është e nivelit i lartë: another title of it; Regjistri Security u fshi."},
		{"another title of it; and one more", "Gjetja më e rëndë është e nivelit i lartë: another title of it; and one more."},
	} {
		if got := text(incident.Sentence{Message: "score.level", Values: []incident.Value{textValue("level", "high"), textValue("rule", test.rule)}}); got != test.want {
			t.Errorf("%s: %s", test.rule, got)
		}
	}
}

// A list of hosts that was cut says so in words, and ends with one full stop.
func TestCutLists(t *testing.T) {
	t.Parallel()
	english, err := English()
	if err != nil {
		t.Fatal(err)
	}
	got := english(incident.Sentence{Message: "story.opening", Values: []incident.Value{countValue("count", 9), countValue("hosts", 8), textValue("first", "a"), textValue("last", "b"),
		{Name: "names", Text: "VPN01, WS01, …", Kind: entity.Host}}})
	if !strings.HasSuffix(got, "8 hosts belong together: VPN01, WS01 and others.") {
		t.Error(got)
	}
}

// Why something could not be seen is kept in English, and said in any language.
func TestReasonsAreUnderstood(t *testing.T) {
	t.Parallel()
	english, err := English()
	if err != nil {
		t.Fatal(err)
	}
	for why, want := range map[string]string{
		"no events of dns, or zeek/dns":                                    "no events of dns / zeek/dns",
		"no event it looks at has the field Protocol":                      "no event it looks at has the field Protocol",
		"Bytes: many: 1,068 of 2,068 matches lack the value to measure":    "Bytes: many: 1,068 of 2,068 matches lack the value to measure",
		"times of 2 sources state no zone: taken as UTC; give --source-tz": "times without a zone were taken as UTC (sources: 2); --source-tz gives one",
		"a.zip!P/S.evtx on P.example.test, 2022-07-15 05:10:31Z":           "a.zip!P/S.evtx on P.example.test was cleared at 2022-07-15 05:10:31Z",
		"a.zip!D/S.evtx: 1 gap, the first after record 28361":              "a.zip!D/S.evtx has gaps (1), the first after record 28361",
		"a.evtx: chunk 3 has a wrong checksum, offset 69632":               "a.evtx: chunk 3 has a wrong checksum, offset 69632",
	} {
		if got := english(reasonOf(Unseen{Why: why})); got != want {
			t.Errorf("%s: %s", why, got)
		}
	}
}
