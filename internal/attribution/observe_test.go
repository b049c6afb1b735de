package attribution

import (
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kulla-defence/kulla/internal/detect"
	"github.com/kulla-defence/kulla/internal/incident"
	"github.com/kulla-defence/kulla/internal/incident/entity"
	"github.com/kulla-defence/kulla/internal/knowledge"
)

// findings are those of the test's case, by number.
func findings() map[int64]*detect.Finding {
	finding := func(at, technique string, fields ...string) *detect.Finding {
		f := &detect.Finding{Rule: &detect.Rule{ID: "rule", Techniques: []string{technique}, Tactics: []string{"execution"}}, Time: date(at)}
		for i := 0; i < len(fields); i += 2 {
			f.Fields = append(f.Fields, detect.Field{Name: fields[i], Value: fields[i+1]})
		}
		return f
	}
	correlated := finding("2022-07-16", "T1561.002")
	correlated.Correlation = &detect.Correlation{Events: []detect.Member{{Time: date("2022-07-14"), Fields: []detect.Field{{Name: "ServiceName", Value: "RawDisk3"}}}}}
	return map[int64]*detect.Finding{
		10: finding("2021-05-11", "T1505.003", "cs-uri-stem", "/_layouts/15/error4.aspx", "c-ip", "203.0.113.9"),
		11: finding("2021-06-11", "T1505.003", "TargetFilename", `C:\web\ERROR4.ASPX`),
		12: finding("2021-10-12", "T1114.002", "cs-username", `CORP\healthmailbox55x2yq`, "c-ip", "192.0.2.34"),
		13: finding("2022-07-15", "T1486", "Hashes", "SHA1=00,SHA256="+strings.ToUpper(strings.Repeat("ab", 32)), "Image", `C:\ProgramData\x.exe`),
		14: correlated,
		15: finding("2022-07-15", "T1486", "Company", "-"),
	}
}

func testInput() Input {
	all := findings()
	return Input{
		Base: testBase(),
		Incidents: []*incident.Incident{{
			ID:         "I-TEST1",
			Techniques: []incident.TechniqueUse{{ID: "T1562.001", Tactics: []string{"defense-evasion"}, Count: 2, First: july, Last: july, Findings: []int64{13, 15}}},
			Entities: []incident.EntityUse{{Entity: entity.Entity{Kind: entity.File, Name: "x.exe", Aliases: []string{"sha256=" + strings.Repeat("ab", 32)}}, Example: 13, First: july, Last: july},
				{Entity: entity.Entity{Kind: entity.File, Name: `C:\tmp\foreign0`}, Example: 15, First: july, Last: july}},
		}},
		Finding: func(number int64) (*detect.Finding, error) {
			if f := all[number]; f != nil {
				return f, nil
			}
			return nil, errors.New("gone")
		},
		Members: func(string) iter.Seq[int64] {
			return slices.Values([]int64{10, 11, 12, 13, 14, 15})
		},
		Victim: Victim{Country: "al", Sectors: []string{"Government"}},
	}
}

func itemOf(t *testing.T, items []Item, artefact string) Item {
	t.Helper()
	for _, item := range items {
		if item.Artefact == artefact {
			return item
		}
	}
	t.Fatalf("no item of %s", artefact)
	return Item{}
}

func TestObserve(t *testing.T) {
	t.Parallel()
	items, err := Observe(testInput())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		artefact, value, phase, at string
		proof                      []int64
		spoof                      int
	}{
		{"KF-0003", "file_name=error4.aspx", "persistence", "2021-05-11", []int64{10, 11}, knownSpoof},
		{"KF-0004", "account=healthmailbox55x2yq", "mail", "2021-10-12", []int64{12}, knownSpoof},
		{"KF-0007", "address=192.0.2.34", "mail", "2021-10-12", []int64{12}, knownSpoof},
		{"KF-0005", "sha256=" + strings.ToUpper(strings.Repeat("ab", 32)), "destruction", "2022-07-15", []int64{13}, knownSpoof},
		{"KF-0006", "service=RawDisk3", "destruction", "2022-07-14", []int64{14}, 1},
		{"KF-0100", "file_name=foreign0", "destruction", "2022-07-15", []int64{15}, 0},
	} {
		item := itemOf(t, items, c.artefact)
		if item.Value != c.value || item.Phase != c.phase || !item.ObservedAt.Equal(date(c.at)) || !slices.Equal(item.Claim.Proof, c.proof) || item.Spoof != c.spoof {
			t.Errorf("%s: %+v", c.artefact, item)
		}
		if item.Extraction == "" || item.Dependency == "" || item.CollectedBy != collector || item.Rarity <= 0 || !strings.HasSuffix(item.Claim.Message, "_known") {
			t.Errorf("%s is incomplete: %+v", c.artefact, item)
		}
	}
	var values []string
	for _, item := range items {
		if item.Artefact == "" {
			values = append(values, string(item.Kind)+" "+item.Value+" "+item.Phase)
		}
	}
	if want := []string{"victimology country=AL ", "victimology sector=government ", "technique T1685 impairment"}; !slices.Equal(values, want) {
		t.Errorf("others: %q, want %q", values, want)
	}
}

// The order of incidents and findings does not matter.
func TestObserveIsDeterministic(t *testing.T) {
	t.Parallel()
	in := testInput()
	second := *in.Incidents[0]
	second.ID, second.Techniques = "I-TEST2", []incident.TechniqueUse{{ID: "T1685", Count: 1, First: july.Add(-time.Hour), Findings: []int64{14}}}
	in.Incidents = append(in.Incidents, &second)
	want, err := Observe(in)
	if err != nil {
		t.Fatal(err)
	}
	source := rand.New(rand.NewPCG(5, 6))
	for range 10 {
		numbers := []int64{10, 11, 12, 13, 14, 15}
		source.Shuffle(len(numbers), func(i, j int) { numbers[i], numbers[j] = numbers[j], numbers[i] })
		in.Members = func(string) iter.Seq[int64] { return slices.Values(numbers) }
		slices.Reverse(in.Incidents)
		got, err := Observe(in)
		if err != nil || fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
			t.Fatalf("%v\n%+v\n%+v", err, got, want)
		}
	}
}

func TestObserveGiven(t *testing.T) {
	t.Parallel()
	in := testInput()
	given, err := ParseArtefacts(strings.NewReader(givenFile + `
  - {kind: malware, field: code_overlap, value: Sweeper, source: laboratory, reliability: A, credibility: 2}
  - {kind: procedure, field: license_key, value: B4B6-15C2, source: somebody, reliability: D, credibility: 5, refers_to: finding=12}
  - {kind: leak, field: canary, value: row 17, source: registry, reliability: A, credibility: 1}
`))
	if err != nil {
		t.Fatal(err)
	}
	in.Given = given
	in.Base.Software = []*knowledge.Software{{ID: "S0001", Name: "Wipe", Aliases: []string{"Sweeper"}}}
	items, err := Observe(in)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, item := range items {
		if item.Extraction == "artefact file/1" {
			got = append(got, fmt.Sprint(item.Kind, " ", item.Value, " ", item.Phase, " ", item.Reliability, item.Credibility, " ", item.Spoof, " ", item.Artefact, " ", item.Claim.Proof, " ", item.Dependency))
		}
	}
	want := []string{
		"secret license_key=B4B6-15C2 mail D5 3 KF-0001 [12] report Vendor 2019",
		"secret license_key=b4b6-15c2 destruction A1 3 KF-0001 [13] report Vendor 2019",
		"malware code_overlap=S0001  A2 2  [] source laboratory",
		"victimology sighted_in=JO  B2 3  [] partner JO National CSIRT",
		"leak canary=row 17 leak A1 3  [] source registry",
		"claim Justice of the Homeland leak E6 0 KF-0008 [] report Advisory 2022",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// What only a partner saw binds nothing.
func TestSightingsAreOfWhatWasSeenHere(t *testing.T) {
	t.Parallel()
	in := testInput()
	for _, value := range []string{"192.0.2.34", "192.0.2.35"} {
		in.Given.Facts = append(in.Given.Facts, Fact{Kind: factSighting, Field: "address", Value: value, Country: "JO", Source: value, Reliability: "A", Credibility: 2})
	}
	items, err := Observe(in)
	must(t, err)
	got := map[string]int{}
	for _, item := range items {
		if item.Value == "sighted_in=JO" {
			got[item.CollectedBy+" "+item.Claim.Message] = item.Credibility
		}
	}
	if got["192.0.2.34 item.sighting"] != 2 || got["192.0.2.35 item.sighting_elsewhere"] != improbable || len(got) != 2 {
		t.Errorf("%v", got)
	}
}

// What cannot be read is told, and the rest is good.
func TestObserveTellsWhatItCannotRead(t *testing.T) {
	t.Parallel()
	in := testInput()
	in.Members = func(string) iter.Seq[int64] {
		return func(yield func(int64) bool) {
			for n := range int64(100) {
				if !yield(n) {
					return
				}
			}
		}
	}
	in.Base.Artefacts = append(in.Base.Artefacts, &knowledge.Artefact{ID: "KF-0900", Kind: "procedure", Field: "path", Value: "(", Pattern: true}, &knowledge.Artefact{ID: "KF-0901", Kind: "weather"})
	items, err := Observe(in)
	itemOf(t, items, "KF-0005")
	for _, part := range []string{"finding 0: gone", "KF-0900", `unknown kind "weather"`, "findings could not be read"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%q is not told: %v", part, err)
		}
	}
}

func TestObserveWithoutFindings(t *testing.T) {
	t.Parallel()
	in := testInput()
	in.Finding, in.Members = nil, nil
	items, err := Observe(in)
	if err != nil {
		t.Fatal(err)
	}
	if item := itemOf(t, items, "KF-0005"); item.Extraction != "entity file/1" {
		t.Errorf("%+v", item)
	}
	in = testInput()
	in.Members = nil
	if items, err = Observe(in); err != nil {
		t.Fatal(err)
	}
	itemOf(t, items, "KF-0005")
}

func TestPatternsAreOfTheWholeValue(t *testing.T) {
	t.Parallel()
	l, problems := newLookout(&knowledge.Base{Artefacts: []*knowledge.Artefact{
		{ID: "1", Kind: "procedure", Field: "account", Value: "healthmailbox[0-9a-z]{6}", Pattern: true}, {ID: "2", Kind: "procedure", Field: "account", Value: "Healthmailbox55x2yq"},
	}})
	if problems != nil {
		t.Fatal(problems)
	}
	for value, want := range map[string]int{"HealthMailbox55x2yq": 2, "healthmailboxaaaaaa": 1, "xhealthmailboxaaaaaa": 0, "healthmailboxaaaaaaa": 0} {
		for range 2 { // remembered answers are the same
			if got := l.find("account", value); len(got) != want {
				t.Errorf("%s: %d artefacts, want %d", value, len(got), want)
			}
		}
	}
	if got := l.find("path", "healthmailboxaaaaaa"); len(got) != 0 {
		t.Error("another field matches")
	}
}

func TestWorkingHours(t *testing.T) {
	t.Parallel()
	acts := func(count, days int, hour func(n int) int) []time.Time {
		var list []time.Time
		for n := range count {
			list = append(list, date("2022-05-01").AddDate(0, 0, n%days).Add(time.Duration(hour(n))*time.Hour))
		}
		return list
	}
	office := func(n int) int { return 5 + n%9 }
	for name, c := range map[string]struct {
		acts  []time.Time
		start int
		ok    bool
	}{
		"office":     {acts(90, 12, office), 4, true},
		"too few":    {acts(habitEvents-1, 12, office), 0, false},
		"two days":   {acts(90, 2, office), 0, false},
		"any hour":   {acts(96, 12, func(n int) int { return n % 24 }), 0, false},
		"over night": {acts(90, 12, func(n int) int { return (20 + n%9) % 24 }), 19, true},
	} {
		start, ok := workingHours(c.acts)
		if ok != c.ok || ok && start != c.start {
			t.Errorf("%s: %d, %v", name, start, ok)
		}
	}
	k := newKnownBase(&knowledge.Base{Actors: []*knowledge.Actor{{ID: "G1", State: "IR"}, {ID: "G2", State: "CN"}, {ID: "G3"}}})
	for value, want := range map[string][]int{"05:00": {0}, "00:00": {1}, "20:00": nil, "x": nil, "-5:00": nil} {
		if got := k.atWork(value); !slices.Equal(got, want) {
			t.Errorf("at work from %s: %v, want %v", value, got, want)
		}
	}
}

func TestPhaseOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		technique string
		tactics   []string
		want      string
	}{
		{"T1098.002", nil, "mail"}, {"T1098.005", nil, "persistence"}, {"T1114", nil, "mail"}, {"T1003.001", nil, "movement"}, {"T1685.001", nil, "impairment"},
		{"T9999", []string{"nothing", "impact"}, "destruction"}, {"T9999.001", []string{"discovery"}, "discovery"}, {"", nil, ""},
	} {
		if got := phaseOf(c.technique, c.tactics); got != c.want {
			t.Errorf("phaseOf(%q, %v) = %q, want %q", c.technique, c.tactics, got, c.want)
		}
	}
	for technique, phase := range techniquePhases {
		if !slices.Contains(Phases, phase) {
			t.Errorf("%s is of no phase: %s", technique, phase)
		}
	}
	for tactic, phase := range tacticPhases {
		if !slices.Contains(Phases, phase) {
			t.Errorf("%s is of no phase: %s", tactic, phase)
		}
	}
}
