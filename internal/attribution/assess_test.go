package attribution

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kulla-defence/kulla/internal/incident"
	"github.com/kulla-defence/kulla/internal/knowledge"
)

// The base of the tests: two services of one state that share much, another
// state, and groups that are nobody's.
func testBase() *knowledge.Base {
	report := func(name, day string) []knowledge.Citation {
		return []knowledge.Citation{{Name: name, Published: date(day)}}
	}
	group := func(id, name, state, service string, roles []string, countries []string, features ...string) *knowledge.Actor {
		a := &knowledge.Actor{ID: id, Name: name, State: state, Service: service, Roles: roles}
		for _, c := range countries {
			a.Victims = append(a.Victims, knowledge.Victim{Country: c})
		}
		for _, f := range features {
			a.Features = append(a.Features, knowledge.Feature{Kind: map[bool]string{true: "technique", false: "software"}[f[0] == 'T'], ID: f})
		}
		return a
	}
	base := &knowledge.Base{Renamed: map[string]string{"T1562.001": "T1685"}}
	base.Actors = []*knowledge.Actor{
		group("G0001", "Amber Plough", "AA", "First", []string{"destruction", "leak"}, []string{"AL", "IL"}, "T1561.002", "T1486", "T1021.001", "T1685", "T1491.001", "S0001"),
		group("G0002", "Amber Sickle", "AA", "First", []string{"access", "mail"}, []string{"JO", "KW", "AL"}, "T1505.003", "T1190", "T1114.002", "T1021.001"),
		group("G0003", "Amber Rake", "AA", "First", nil, []string{"IL", "KW"}, "T1566", "T1059.001", "T1114.002"),
		group("G0004", "Amber Hoe", "AA", "Second", nil, []string{"IL", "US"}, "T1190", "T1505.003", "T1486", "T1003.001"),
		group("G0005", "Cobalt Anvil", "BB", "Third", nil, []string{"UA"}, "T1561.002", "T1021.002", "T1070.001", "S0005"),
		group("G0006", "Cobalt Tongs", "BB", "Fourth", nil, []string{"UA", "US"}, "T1566", "T1078"),
		group("G0007", "Jade Lantern", "CC", "", nil, []string{"VN"}, "T1190", "T1505.003", "T1003.001"),
		group("G0008", "Jade Bell", "CC", "", nil, []string{"TW"}, "T1566", "T1071.001"),
		group("G0009", "Ivory Coin", "DD", "", nil, []string{"US"}, "T1486", "T1657", "S0009"),
		group("G0010", "Grey Ferret", "", "", nil, nil, "T1486", "T1490"),
		group("G0011", "Grey Stoat", "", "", nil, nil, "T1566", "T1059.001"),
		group("G0012", "Grey Mink", "", "", nil, nil, "T1190", "T1496"),
	}
	artefact := func(id, kind, field, value string, spoof int, cited []knowledge.Citation, actors ...string) {
		base.Artefacts = append(base.Artefacts, &knowledge.Artefact{ID: id, Kind: kind, Field: field, Value: value, Spoof: spoof,
			Actors: actors, Reliability: "A", Credibility: 1, Citations: cited})
	}
	late, early, vendor := report("Advisory 2022", "2022-09-21"), report("Study 2018", "2018-02-12"), report("Vendor 2019", "2019-12-04")
	artefact("KF-0001", "secret", "license_key", "b4b6-15c2", 3, vendor, "G0001")
	artefact("KF-0002", "secret", "certificate_sha1", "55d90ec4", 3, report("Vendor 2022", "2022-09-08"), "G0001", "G0002")
	artefact("KF-0003", "procedure", "file_name", "error4.aspx", 0, late, "G0002")
	artefact("KF-0004", "procedure", "account", "HealthMailbox55x2yq", 0, late, "G0002")
	artefact("KF-0005", "malware", "sha256", strings.Repeat("ab", 32), 1, late, "G0001")
	artefact("KF-0006", "procedure", "service", "RawDisk3", 1, vendor, "G0001")
	artefact("KF-0007", "infrastructure", "address", "192.0.2.34", 1, late, "G0002")
	artefact("KF-0008", "claim", "persona", "Justice of the Homeland", 0, late, "G0001")
	base.Artefacts[6].SeenFirst, base.Artefacts[6].SeenLast = date("2021-10-01"), date("2022-05-31")
	for n := range 6 {
		artefact(fmt.Sprintf("KF-01%02d", n), []string{"procedure", "malware"}[n%2], []string{"file_name", "sha256"}[n%2], fmt.Sprintf("foreign%d", n), 0, early, "G0005")
	}
	return base
}

func date(day string) time.Time {
	at, err := time.Parse(time.DateOnly, day)
	if err != nil {
		panic(err)
	}
	return at
}

var july = date("2022-07-15")

func techniqueItem(id, phase string) Item {
	return Item{Kind: Technique, Value: id, Phase: phase, ObservedAt: july, Reliability: "A", Credibility: 1, Dependency: "technique " + id}
}

// artefactItem is an item of an artefact as Observe makes it.
func artefactItem(t testing.TB, base *knowledge.Base, id, phase string, at time.Time) Item {
	t.Helper()
	for _, a := range base.Artefacts {
		if a.ID == id {
			o := &observation{in: Input{Base: base}, known: newKnownBase(base)}
			item := Item{Kind: Kind(a.Kind), Value: a.Field + "=" + a.Value, Phase: phase, ObservedAt: at, Reliability: "A", Credibility: 1}
			o.match(&item, a)
			return item
		}
	}
	t.Fatalf("no artefact %s", id)
	return Item{}
}

func sightingItem(country string) Item {
	return Item{Kind: Victimology, Value: "sighted_in=" + country, ObservedAt: july, Reliability: "A", Credibility: 2, Spoof: 3, Dependency: "partner " + country}
}

func tiranaTechniques() []Item {
	return []Item{
		techniqueItem("T1190", "access"), techniqueItem("T1505.003", "persistence"), techniqueItem("T1021.001", "movement"), techniqueItem("T1114.002", "mail"),
		techniqueItem("T1685", "impairment"), techniqueItem("T1561.002", "destruction"), techniqueItem("T1486", "destruction"), techniqueItem("T1491.001", "destruction"),
	}
}

func tiranaLogs(t testing.TB, base *knowledge.Base) []Item {
	return append(tiranaTechniques(),
		artefactItem(t, base, "KF-0003", "persistence", date("2021-05-11")), artefactItem(t, base, "KF-0004", "mail", date("2021-10-12")),
		artefactItem(t, base, "KF-0007", "mail", date("2021-11-09")),
		artefactItem(t, base, "KF-0005", "destruction", july), artefactItem(t, base, "KF-0006", "destruction", july),
		Item{Kind: Victimology, Value: "country=AL", Reliability: "A", Credibility: 1, Spoof: 2, Dependency: "victim"})
}

func tiranaGiven(t testing.TB, base *knowledge.Base) []Item {
	return append(tiranaLogs(t, base), artefactItem(t, base, "KF-0001", "destruction", july), artefactItem(t, base, "KF-0002", "destruction", july),
		sightingItem("JO"), sightingItem("KW"), sightingItem("IL"))
}

func decoy(t testing.TB, base *knowledge.Base) []Item {
	items := tiranaTechniques()[:4]
	for n := range 6 {
		items = append(items, artefactItem(t, base, fmt.Sprintf("KF-01%02d", n), "destruction", july))
	}
	return items
}

func find(t testing.TB, list []Hypothesis, id string) Hypothesis {
	t.Helper()
	for _, h := range list {
		if h.ID == id {
			return h
		}
	}
	t.Fatalf("no hypothesis %s", id)
	return Hypothesis{}
}

var cluster = Options{Cluster: "KC-0001"}

func TestTechniquesAloneNameNobody(t *testing.T) {
	t.Parallel()
	a := Assess(testBase(), tiranaTechniques(), cluster)
	if a.Answer.Level != "cluster" || a.Answer.Hypothesis != "" {
		t.Errorf("published %s %s", a.Answer.Level, a.Answer.Hypothesis)
	}
	state := find(t, a.Hypotheses, "state:AA")
	if a.Hypotheses[0].ID != state.ID || state.Posterior <= state.Prior || state.Posterior >= .95 {
		t.Errorf("state %+v does not lead, or leads too well", state)
	}
	if a.Confidence.Level != "low" || a.Likelihood.Message != "likelihood.unknown" {
		t.Errorf("%s confidence, %s", a.Confidence.Level, a.Likelihood.Message)
	}
}

func TestLogsReachTheStateOnly(t *testing.T) {
	t.Parallel()
	base := testBase()
	a := Assess(base, tiranaLogs(t, base), cluster)
	if a.Answer.Level != "state" || a.Answer.Hypothesis != "state:AA" || a.Answer.FalseFlag {
		t.Errorf("published %+v", a.Answer)
	}
}

func TestArtefactsNameGroupsByPhase(t *testing.T) {
	t.Parallel()
	base := testBase()
	a := Assess(base, tiranaGiven(t, base), cluster)
	if a.Answer.Level != "service" || a.Answer.Hypothesis != "service:AA/First" {
		t.Errorf("the whole: published %s %s", a.Answer.Level, a.Answer.Hypothesis)
	}
	leads := map[string]string{"persistence": "group:G0002", "mail": "group:G0002", "destruction": "group:G0001"}
	for _, phase := range a.Phases {
		if want, ok := leads[phase.Name]; ok && likeliestGroup(&phase).ID != want {
			t.Errorf("%s: %s leads, want %s", phase.Name, likeliestGroup(&phase).ID, want)
		}
		if phase.Name == "destruction" && (phase.Answer.Level != "group" || phase.Answer.Hypothesis != "group:G0001") {
			t.Errorf("destruction: published %+v", phase.Answer)
		}
	}
	if len(a.HandOffs) != len(a.Phases)-1 {
		t.Errorf("%d hand-offs between %d phases", len(a.HandOffs), len(a.Phases))
	}
	for _, edge := range a.HandOffs {
		if edge.Probability <= 0 || edge.Probability >= 1 || edge.Reason.Message == "" {
			t.Errorf("hand-off %+v", edge)
		}
	}
}

func TestPlantedTracesAreAFalseFlag(t *testing.T) {
	t.Parallel()
	base := testBase()
	for name, items := range map[string][]Item{"alone": decoy(t, base), "over a real intrusion": append(tiranaLogs(t, base), decoy(t, base)[4:]...)} {
		a := Assess(base, items, cluster)
		flag, framed := find(t, a.Hypotheses, "false_flag:G0005"), find(t, a.Hypotheses, "group:G0005")
		if !a.Answer.FalseFlag || a.Answer.Level != "cluster" || flag.Posterior <= framed.Posterior || a.Likelihood.Message != "likelihood.false_flag" {
			t.Errorf("%s: %+v, false flag %.3f, framed %.3f", name, a.Answer, flag.Posterior, framed.Posterior)
		}
	}
}

// Planting traces does not help whom costly evidence points at.
func TestFramerFoundOut(t *testing.T) {
	t.Parallel()
	base := testBase()
	a := Assess(base, append(tiranaGiven(t, base), decoy(t, base)[4:]...), cluster)
	if state := find(t, a.Hypotheses, "state:AA"); state.Posterior < .9 || a.Answer.Hypothesis == "" {
		t.Errorf("%+v, published %+v", state, a.Answer)
	}
	contradictions := 0
	for contradictions < len(a.Items) && a.Items[contradictions].Contradicts {
		contradictions++
	}
	if contradictions == 0 {
		t.Error("no contradiction stands first")
	}
}

// What was seen before the public knew of it cannot have been copied.
func TestTracesFromBeforePublicationAreNotPlanted(t *testing.T) {
	t.Parallel()
	base := testBase()
	early, late := artefactItem(t, base, "KF-0003", "persistence", date("2021-05-11")), artefactItem(t, base, "KF-0003", "persistence", date("2023-01-01"))
	if early.Spoof != knownSpoof || late.Spoof != 0 {
		t.Errorf("costs %d before publication, %d after", early.Spoof, late.Spoof)
	}
}

func TestUnknownActorStaysUnknown(t *testing.T) {
	t.Parallel()
	for name, items := range map[string][]Item{
		"nothing":            nil,
		"techniques of none": {techniqueItem("T1200", "access"), techniqueItem("T1611", "persistence"), techniqueItem("T1657", "destruction")},
		"artefacts of none": {{Kind: Secret, Value: "license_key=never seen", Spoof: 3, Reliability: "A", Credibility: 1, Dependency: "laboratory"},
			{Kind: Malware, Value: "sha256=00", Spoof: 2, Reliability: "A", Credibility: 1, Dependency: "laboratory"}},
	} {
		a := Assess(testBase(), items, cluster)
		if a.Answer.Level != "cluster" || a.Answer.FalseFlag || a.Likelihood.Message != "likelihood.unknown" || find(t, a.Hypotheses, unknownID).Posterior < unknownPrior {
			t.Errorf("%s: %+v, %s", name, a.Answer, a.Likelihood.Message)
		}
	}
}

// A persona's claim moves no state, service or group, however often it is
// repeated.
func TestClaimsMoveNobody(t *testing.T) {
	t.Parallel()
	base := testBase()
	for name, items := range map[string][]Item{"logs": tiranaLogs(t, base), "decoy": decoy(t, base)} {
		before := Assess(base, items, cluster)
		for n := range 40 {
			for _, who := range []string{"Cobalt Anvil", "G0001", "Justice of the Homeland", "nobody at all"} {
				items = append(items, Item{Kind: Claim, Value: who, Phase: "leak", Reliability: "A", Credibility: 1, Dependency: fmt.Sprint("claim ", n, who)})
			}
			items = append(items, artefactItem(t, base, "KF-0008", "leak", july))
		}
		after := Assess(base, items, cluster)
		for _, h := range before.Hypotheses {
			now := find(t, after.Hypotheses, h.ID)
			if h.Kind != unknownID && h.Kind != "false_flag" && now.Posterior != h.Posterior {
				t.Errorf("%s: claims move %s from %v to %v", name, h.ID, h.Posterior, now.Posterior)
			}
			if h.ID == "false_flag:G0005" && now.Posterior <= h.Posterior {
				t.Errorf("%s: a claim for Cobalt Anvil does not test the false flag: %v, %v", name, h.Posterior, now.Posterior)
			}
		}
		for _, item := range after.Items {
			if item.Kind == Claim && len(item.Weights) > 0 {
				t.Errorf("%s: claim %s weighs %v", name, item.ID, item.Weights)
			}
		}
	}
}

func TestLeakLinksAndNamesNobody(t *testing.T) {
	t.Parallel()
	base := testBase()
	leak := Item{Kind: Claim, Value: "Justice of the Homeland", Phase: "leak", ObservedAt: date("2022-09-19"), Reliability: "A", Credibility: 1, Dependency: "channel"}
	canary := Item{Kind: Leak, Value: "canary=17", Phase: "leak", ObservedAt: date("2022-09-19"), Reliability: "A", Credibility: 1, Spoof: 3, Dependency: "canary"}
	before, after := Assess(base, append(tiranaLogs(t, base), leak), cluster), Assess(base, append(tiranaLogs(t, base), leak, canary), cluster)
	for i, h := range before.Hypotheses {
		if after.Hypotheses[i].Posterior != h.Posterior {
			t.Errorf("a canary moves %s", h.ID)
		}
	}
	last := len(before.HandOffs) - 1
	if before.HandOffs[last].To != "leak" || after.HandOffs[last].Probability >= before.HandOffs[last].Probability {
		t.Errorf("a canary does not tie the leak to the intrusion: %+v, %+v", before.HandOffs[last], after.HandOffs[last])
	}
}

func TestOrderDoesNotMatter(t *testing.T) {
	t.Parallel()
	base := testBase()
	items := append(tiranaGiven(t, base), decoy(t, base)...)
	want := encode(t, Assess(base, items, cluster))
	source := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		source.Shuffle(len(items), func(i, j int) { items[i], items[j] = items[j], items[i] })
		source.Shuffle(len(base.Actors), func(i, j int) { base.Actors[i], base.Actors[j] = base.Actors[j], base.Actors[i] })
		if got := encode(t, Assess(base, items, cluster)); got != want {
			t.Fatalf("another order, another answer:\n%s\n%s", got, want)
		}
	}
}

func encode(t testing.TB, a *Assessment) string {
	t.Helper()
	data, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestAssessChangesNothingItIsGiven(t *testing.T) {
	t.Parallel()
	base := testBase()
	items := tiranaGiven(t, base)
	before := fmt.Sprintf("%+v", items)
	Assess(base, items, cluster)
	if after := fmt.Sprintf("%+v", items); after != before {
		t.Errorf("items changed:\n%s\n%s", before, after)
	}
}

// What is certain is shared out without a rest, whatever comes in.
func TestPosteriorsSumToOne(t *testing.T) {
	t.Parallel()
	base := testBase()
	wild := []Item{{}, {Kind: "nonsense", Value: "=", Rarity: math.NaN(), Spoof: -7, Credibility: 99, Reliability: "Ω"},
		{Kind: Technique, Value: "T1190", Reliability: "A", Credibility: 1, Rarity: math.Inf(1), ObservedAt: date("9999-12-31")}, {Kind: Habit, Value: "working_hours=99:00"},
		{Kind: Habit, Value: "working_hours=-1:00", Reliability: "A", Credibility: 1}, {Kind: Infrastructure, Artefact: "KF-0007", Reliability: "A", Credibility: 1}}
	for name, c := range map[string]struct {
		items   []Item
		options Options
	}{
		"none": {}, "given": {items: tiranaGiven(t, base)}, "decoy": {items: decoy(t, base)}, "wild": {items: wild},
		"cold": {tiranaGiven(t, base), Options{Temperature: 1e-9}}, "hot": {tiranaGiven(t, base), Options{Temperature: 1e12}}, "no number": {decoy(t, base), Options{Temperature: math.NaN()}},
		"infinite": {decoy(t, base), Options{Temperature: math.Inf(1)}},
	} {
		a := Assess(base, c.items, c.options)
		encode(t, a) // NaN cannot be encoded
		exclusive, perState := 0.0, map[string]float64{}
		priors := 0.0
		for _, h := range a.Hypotheses {
			switch h.Kind {
			case "group", unknownID, "false_flag":
				exclusive += h.Posterior
				priors += h.Prior
			}
			if h.Kind == "group" {
				perState[strings.SplitN(h.Parent, "/", 2)[0]] += h.Posterior
			}
			if !(h.Low <= h.Posterior && h.Posterior <= h.High && h.Low >= 0 && h.High <= 1) {
				t.Errorf("%s: %s is %v, between %v and %v", name, h.ID, h.Posterior, h.Low, h.High)
			}
		}
		if math.Abs(exclusive-1) > 1e-9 || math.Abs(priors-1) > 1e-9 {
			t.Errorf("%s: posteriors sum to %v, priors to %v", name, exclusive, priors)
		}
		for _, h := range a.Hypotheses {
			if h.Kind == "state" && h.ID == "state:CC" && math.Abs(perState["state:CC"]-h.Posterior) > 1e-9 {
				t.Errorf("%s: groups of %s sum to %v, not %v", name, h.ID, perState["state:CC"], h.Posterior)
			}
		}
	}
}

func TestEmptyBase(t *testing.T) {
	t.Parallel()
	a := Assess(&knowledge.Base{}, tiranaTechniques(), cluster)
	if len(a.Hypotheses) != 2 || a.Hypotheses[0].Posterior != .9 || a.Hypotheses[1].ID != otherFlagID || a.Hypotheses[1].Posterior != .1 || a.Answer.Level != "cluster" {
		t.Errorf("%+v", a.Hypotheses)
	}
}

// More costly evidence of an actor never makes it less likely; of what may be
// planted, the actor and the false flag together.
func TestMoreEvidenceForAnActorNeverSpeaksAgainstIt(t *testing.T) {
	t.Parallel()
	base := testBase()
	source := rand.New(rand.NewPCG(3, 4))
	pool := append(tiranaGiven(t, base), decoy(t, base)...)
	for range 60 {
		var items []Item
		for _, item := range pool {
			if source.IntN(3) == 0 {
				items = append(items, item)
			}
		}
		for _, costly := range []bool{true, false} {
			item := artefactItem(t, base, map[bool]string{true: "KF-0001", false: "KF-0100"}[costly], "destruction", july)
			actor := map[bool]string{true: "G0001", false: "G0005"}[costly]
			both := func(a *Assessment) float64 {
				sum := find(t, a.Hypotheses, "group:"+actor).Posterior
				for _, h := range a.Hypotheses {
					if h.ID == "false_flag:"+actor && !costly {
						sum += h.Posterior
					}
				}
				return sum
			}
			beside := items
			if !costly { // else who planted it may be found out
				beside = slices.DeleteFunc(slices.Clone(items), func(i Item) bool { return i.Spoof >= costlySpoof })
			}
			before, after := both(Assess(base, beside, cluster)), both(Assess(base, append(slices.Clip(beside), item), cluster))
			if after < before-1e-6 {
				t.Fatalf("%s falls from %v to %v by %s, beside %d items", actor, before, after, item.Value, len(beside))
			}
		}
	}
}

// Saying the same again adds little; saying it a hundred times no more than
// the kind may weigh.
func TestRepetitionAddsLittle(t *testing.T) {
	t.Parallel()
	base := testBase()
	key := artefactItem(t, base, "KF-0006", "destruction", july)
	nats := func(count int) float64 {
		items := make([]Item, count)
		for i := range items {
			items[i] = key
		}
		return find(t, Assess(base, items, cluster).Hypotheses, "group:G0001").Nats
	}
	one, two, many := nats(1), nats(2), nats(100)
	if one != 1 || two != 1.25 || many > bounds[Procedure].all.nats() {
		t.Errorf("once %v, twice %v, a hundred times %v", one, two, many)
	}
}

func TestBounds(t *testing.T) {
	t.Parallel()
	base := testBase()
	items := append(tiranaGiven(t, base), decoy(t, base)...)
	for n := range 30 {
		items = append(items, Item{Kind: Technique, Value: base.Actors[n%12].Features[0].ID, Reliability: "A", Credibility: 1, Dependency: fmt.Sprint(n)})
		sighting := sightingItem("JO")
		sighting.Dependency = fmt.Sprint("partner ", n)
		items = append(items, sighting)
	}
	sums := map[string]float64{}
	for _, item := range Assess(base, items, cluster).Items {
		for _, w := range item.Weights {
			if strings.HasPrefix(w.Hypothesis, "group:") {
				sums[string(item.Kind)+" "+w.Hypothesis] += w.Nats
			}
			if limit := bounds[item.Kind].each.nats(); math.Abs(w.Nats) > limit && !strings.HasPrefix(w.Hypothesis, "false_flag:") {
				t.Errorf("%s weighs %v, more than %v", item.Value, w.Nats, limit)
			}
		}
	}
	for key, sum := range sums {
		kind, _, _ := strings.Cut(key, " ")
		if limit := bounds[Kind(kind)].all.nats(); math.Abs(sum) > limit+1e-9 {
			t.Errorf("%s sums to %v, more than %v", key, sum, limit)
		}
	}
}

// Shown weights of a group add up to its nats.
func TestWeightsAddUp(t *testing.T) {
	t.Parallel()
	base := testBase()
	a := Assess(base, tiranaGiven(t, base), cluster)
	for _, id := range []string{"group:G0001", "group:G0002", "group:G0004"} {
		var sum float64
		for _, item := range a.Items {
			for _, w := range item.Weights {
				if w.Hypothesis == id {
					sum += w.Nats
				}
			}
		}
		if h := find(t, a.Hypotheses, id); math.Abs(sum-h.Nats) > 1e-6 {
			t.Errorf("%s: weights sum to %v, nats are %v", id, sum, h.Nats)
		}
	}
}

func TestTrustAndAge(t *testing.T) {
	t.Parallel()
	base := testBase()
	weigh := func(change func(*Item)) float64 {
		item := artefactItem(t, base, "KF-0007", "mail", date("2022-03-01"))
		change(&item)
		return find(t, Assess(base, []Item{item}, cluster).Hypotheses, "group:G0002").Nats
	}
	fresh := weigh(func(*Item) {})
	if fresh != 1.5 {
		t.Errorf("an address in use weighs %v", fresh)
	}
	for name, c := range map[string]struct {
		change func(*Item)
		want   float64
	}{
		"reliability C":     {func(i *Item) { i.Reliability = "C" }, fresh * .6},
		"reliability F":     {func(i *Item) { i.Reliability = "F" }, fresh * .2},
		"reliability E":     {func(i *Item) { i.Reliability = "E" }, fresh * .1},
		"credibility 3":     {func(i *Item) { i.Credibility = 3 }, fresh * .6},
		"half a life later": {func(i *Item) { i.ObservedAt = date("2022-05-31").Add(halfLife) }, math.Log(13/1.5) / 2},
		"long ago":          {func(i *Item) { i.ObservedAt = date("2012-05-31") }, 0},
	} {
		if got := weigh(c.change); math.Abs(got-c.want) > 1e-5 {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	base.Artefacts[6].Shared = 40
	if got := weigh(func(*Item) {}); got != 0 {
		t.Errorf("shared hosting weighs %v", got)
	}
}

func TestWordsOfICD203(t *testing.T) {
	t.Parallel()
	for p, want := range map[float64]string{
		0: "almost_no_chance", .0499: "almost_no_chance", .05: "very_unlikely", .1999: "very_unlikely", .2: "unlikely", .4499: "unlikely", .45: "roughly_even",
		.5499: "roughly_even", .55: "likely", .7999: "likely", .8: "very_likely", .9499: "very_likely", .95: "almost_certain", 1: "almost_certain",
	} {
		if got := Word(p); got != want {
			t.Errorf("Word(%v) = %s, want %s", p, got, want)
		}
	}
	for p, want := range map[float64]string{0: "<1", .0099: "<1", .01: "1", .7999: "79", .8: "80", 1: "99"} {
		if got := percent(p); got != want {
			t.Errorf("percent(%v) = %s, want %s", p, got, want)
		}
	}
}

// People open their gates themselves, and each counts once.
func TestSigning(t *testing.T) {
	t.Parallel()
	base := testBase()
	for name, c := range map[string]struct {
		by                    []string
		service, state, print bool
	}{
		"nobody":           {nil, false, false, true},
		"one":              {[]string{"Analyst One"}, true, false, true},
		"one under a name": {[]string{"Analyst One", " analyst one "}, true, false, true},
		"two":              {[]string{"Analyst One", "Analyst Two"}, true, true, true},
	} {
		a := Assess(base, tiranaGiven(t, base), Options{SignedBy: c.by})
		for _, gate := range a.Answer.Gates {
			want := map[string]bool{"service": c.service, "group": c.service, "state": c.state}[gate.Level]
			if gate.Human && gate.Passed != want {
				t.Errorf("%s: gate of the %s is %v", name, gate.Level, gate.Passed)
			}
		}
		if a.Answer.Level != "service" {
			t.Errorf("%s: level %s depends on signatures", name, a.Answer.Level)
		}
	}
}

// Without and Change answer for themselves.
func TestWithoutAndChange(t *testing.T) {
	t.Parallel()
	base := testBase()
	items := tiranaLogs(t, base)
	a := Assess(base, items, cluster)
	for _, w := range a.Without {
		var rest []Item
		for _, item := range a.Items {
			if item.ID != w.Item {
				rest = append(rest, item)
			}
		}
		if got := find(t, Assess(base, rest, cluster).Hypotheses, "state:AA").Posterior; math.Abs(got-w.Posterior) > .02 {
			t.Errorf("without %s: %v, assessed again %v", w.Item, w.Posterior, got)
		}
	}
	if len(a.Without) == 0 || len(a.Change) == 0 {
		t.Fatalf("%d without, %d changes", len(a.Without), len(a.Change))
	}
	if a.Change[0].What.Message != "change.license_key" {
		t.Errorf("asked first: %+v", a.Change[0])
	}
	for i, c := range a.Change {
		if !(c.Information > 0) || c.Cost < 1 || c.Cost > 5 || i > 0 && c.Information/float64(c.Cost) > a.Change[i-1].Information/float64(a.Change[i-1].Cost) {
			t.Errorf("change %d: %+v", i, c)
		}
	}
}

func TestInformation(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ share, weight float64 }{{0, 2}, {1, 2}, {.5, 0}} {
		if got := binaryInformation(c.share, c.weight); got != 0 {
			t.Errorf("information of %+v is %v", c, got)
		}
	}
	if small, large := binaryInformation(.5, .5), binaryInformation(.5, 3); !(0 < small && small < large && large < math.Ln2) {
		t.Errorf("information %v of little, %v of much", small, large)
	}
}

func TestClusterName(t *testing.T) {
	t.Parallel()
	if got := ClusterName(1); got != "KC-0001" {
		t.Error(got)
	}
}

// A cluster has a name of its own, made of the earliest incident, in whatever
// order they come.
func TestClusterOf(t *testing.T) {
	t.Parallel()
	day := func(n int, id string) *incident.Incident {
		return &incident.Incident{ID: id, First: time.Date(2024, 3, n, 0, 0, 0, 0, time.UTC)}
	}
	first, second := day(1, "I-7F3KQ"), day(2, "I-9ZZZZ")
	name := ClusterOf([]*incident.Incident{first, second})
	if got := ClusterOf([]*incident.Incident{second, first}); got != name || ClusterOf([]*incident.Incident{first}) != name {
		t.Errorf("the names are %s and %s", name, got)
	}
	if got := ClusterOf([]*incident.Incident{second}); got == name {
		t.Errorf("two cases have the name %s", got)
	}
	if got := ClusterOf(nil); got != ClusterName(1) {
		t.Errorf("without incidents the name is %s", got)
	}
	for n := range 20_000 {
		if got := ClusterOf([]*incident.Incident{day(1, fmt.Sprint(n))}); len(got) != len("KC-0000") || got <= ClusterName(1) {
			t.Fatalf("%d has the name %s", n, got)
		}
	}
	if a := Assess(testBase(), nil, Options{Incidents: []*incident.Incident{first}}); a.Cluster != name {
		t.Errorf("the assessment is of %s, want %s", a.Cluster, name)
	}
}

func BenchmarkAssess(b *testing.B) {
	base := testBase()
	for n := range 160 {
		base.Actors = append(base.Actors, &knowledge.Actor{ID: fmt.Sprintf("G1%03d", n), Name: "other", State: fmt.Sprintf("%c%c", 'E'+n%10, 'E'), Features: base.Actors[n%12].Features})
	}
	items := tiranaGiven(b, base)
	for n := range 60 {
		items = append(items, techniqueItem(fmt.Sprintf("T%d", 1500+n), "access"))
	}
	for b.Loop() {
		Assess(base, items, cluster)
	}
}
