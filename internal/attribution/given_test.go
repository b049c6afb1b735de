package attribution

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

const givenFile = `# what the laboratory and partners said
artefacts:
  - kind: secret
    field: license_key
    value: b4b6-15c2
    refers_to: sha256=ABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABAB
    observed_at: 2022-07-20
    source: Malware laboratory
    reliability: A
    credibility: 1
    tlp: amber
    note: read from the driver
  - kind: sighting
    field: address
    value: 192.0.2.34
    country: jo
    observed_at: 2021-11-02T10:00:00+02:00
    source: National CSIRT
    reliability: B
    credibility: 2
  - {kind: claim, field: persona, value: Justice of the Homeland, source: public channel, reliability: E, credibility: 6}
`

func TestParseArtefacts(t *testing.T) {
	t.Parallel()
	given, err := ParseArtefacts(strings.NewReader(givenFile))
	if err != nil {
		t.Fatal(err)
	}
	want := []Fact{
		{Kind: "secret", Field: "license_key", Value: "b4b6-15c2", RefersTo: "sha256=" + strings.Repeat("ab", 32), ObservedAt: date("2022-07-20"), Source: "Malware laboratory",
			Reliability: "A", Credibility: 1, TLP: "amber", Note: "read from the driver", Line: 3},
		{Kind: "sighting", Field: "address", Value: "192.0.2.34", Country: "JO", ObservedAt: date("2021-11-02").Add(8 * 3600e9), Source: "National CSIRT", Reliability: "B", Credibility: 2, Line: 13},
		{Kind: "claim", Field: "persona", Value: "Justice of the Homeland", Source: "public channel", Reliability: "E", Credibility: 6, Line: 21},
	}
	if !slices.Equal(given.Facts, want) {
		t.Errorf("got  %+v\nwant %+v", given.Facts, want)
	}
}

func TestParseArtefactsSaysWhere(t *testing.T) {
	t.Parallel()
	entry := func(change string) string {
		return "artefacts:\n  - kind: secret\n    field: license_key\n    value: x\n    source: y\n    reliability: A\n    credibility: 1\n" + change
	}
	for name, c := range map[string]struct {
		text string
		line int
		says string
	}{
		"empty":              {"", 0, "no documents"},
		"no yaml":            {"artefacts: [", 0, "artefact file"},
		"a list":             {"- x", 1, "wanted a map"},
		"another key":        {"artefacts: []\nactors: []", 2, `unknown key "actors"`},
		"no list":            {"artefacts: yes", 1, "no list"},
		"no map":             {"artefacts:\n  - text", 2, "an artefact is a map"},
		"missing":            {"artefacts:\n  - kind: secret", 2, "value is missing"},
		"unknown":            {entry("    colour: red\n"), 8, `unknown key "colour"`},
		"twice":              {entry("    field: signer\n"), 8, "field stands twice"},
		"kind":               {strings.Replace(entry(""), "kind: secret", "kind: technique", 1), 2, "kind is one of"},
		"reliability":        {strings.Replace(entry(""), "reliability: A", "reliability: G", 1), 6, "reliability is one of"},
		"credibility":        {strings.Replace(entry(""), "credibility: 1", "credibility: 7", 1), 7, "credibility is 1 to 6"},
		"value empty":        {strings.Replace(entry(""), "value: x", "value: ''", 1), 4, "value is empty"},
		"nested":             {strings.Replace(entry(""), "value: x", "value: {a: b}", 1), 4, "no single value"},
		"time without zone":  {entry("    observed_at: 2022-07-15T06:00:00\n"), 8, "time with its zone"},
		"short digest":       {entry("    refers_to: sha256=ab\n"), 8, "refers_to is"},
		"unknown reference":  {entry("    refers_to: page=7\n"), 8, "refers_to is"},
		"country":            {entry("    country: Jordan\n"), 8, "two letters"},
		"phase":              {entry("    phase: lunch\n"), 8, "phase is one of"},
		"marking":            {entry("    tlp: white\n"), 8, "tlp is one of"},
		"sighting of no one": {strings.Replace(entry(""), "kind: secret", "kind: sighting", 1), 2, "country of the partner"},
		"too long":           {strings.Repeat("#", maxGivenBytes+1), 0, "longer than"},
		"too long a value":   {strings.Replace(entry(""), "value: x", "value: "+strings.Repeat("x", maxFactText+1), 1), 4, "longer than"},
		"too many":           {"artefacts:\n" + strings.Repeat("  - x\n", maxFacts+1), maxFacts + 2, "more than"},
		"alias":              {"artefacts:\n  - &a {kind: secret}\n  - *a", 2, "is missing"},
	} {
		given, err := ParseArtefacts(strings.NewReader(c.text))
		var problem *GivenError
		if !errors.As(err, &problem) || !strings.Contains(err.Error(), c.says) || problem.Line != c.line || len(given.Facts) != 0 {
			t.Errorf("%s: %+v, %v; want %q on line %d", name, given, err, c.says, c.line)
		}
	}
}

// What is read has all that an item needs, and can be observed.
func FuzzParseArtefacts(f *testing.F) {
	f.Add([]byte(givenFile))
	f.Add([]byte("artefacts: []"))
	f.Add([]byte("artefacts:\n- {kind: malware, field: code_overlap, value: S0001, source: s, reliability: F, credibility: 6, refers_to: finding=18446744073709551615}"))
	f.Add([]byte("artefacts: &a [*a]"))
	f.Add([]byte("? {}\n: []\n---\n..."))
	f.Fuzz(func(t *testing.T, data []byte) {
		given, err := ParseArtefacts(strings.NewReader(string(data)))
		if err != nil {
			if len(given.Facts) != 0 {
				t.Error("facts beside an error")
			}
			return
		}
		for _, fact := range given.Facts {
			if !slices.Contains(factKinds, fact.Kind) || fact.Value == "" || fact.Field == "" || fact.Source == "" || fact.Credibility < 1 || fact.Credibility > 6 || fact.Line < 1 {
				t.Errorf("incomplete: %+v", fact)
			}
		}
		items, err := Observe(Input{Base: testBase(), Given: given})
		if err != nil || len(items) != len(given.Facts) {
			t.Errorf("%d items of %d facts: %v", len(items), len(given.Facts), err)
		}
		encode(t, Assess(testBase(), items, cluster))
	})
}

func ExampleParseArtefacts() {
	given, err := ParseArtefacts(strings.NewReader(givenFile))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, fact := range given.Facts {
		fmt.Println(fact.Kind, fact.Field, fact.Value)
	}
	// Output:
	// secret license_key b4b6-15c2
	// sighting address 192.0.2.34
	// claim persona Justice of the Homeland
}
