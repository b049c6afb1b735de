package ranking

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/kulla-defence/kulla/internal/knowledge"
)

func cited(names ...string) []knowledge.Citation {
	var list []knowledge.Citation
	for i, name := range names {
		list = append(list, knowledge.Citation{Name: name, Published: time.Date(2018+i, 1, 1, 0, 0, 0, 0, time.UTC)})
	}
	return list
}

// small is knowledge of three actors: A and B of one state, C of another.
func small() *knowledge.Base {
	technique := func(id string, reports ...string) knowledge.Feature {
		return knowledge.Feature{Kind: "technique", ID: id, Citations: cited(reports...)}
	}
	software := func(id string, reports ...string) knowledge.Feature {
		return knowledge.Feature{Kind: "software", ID: id, Citations: cited(reports...)}
	}
	return &knowledge.Base{
		Actors: []*knowledge.Actor{
			{ID: "G0002", State: "AA", Features: []knowledge.Feature{technique("T1001", "b1"), technique("T1059.001", "b1"), technique("T1190", "b2"), software("S0002", "b2"), technique("T1003", "b1", "b2")}},
			{ID: "G0001", State: "AA", Features: []knowledge.Feature{technique("T1001", "a1", "a2"), technique("T1059.003", "a1"), software("S0001", "a1", "a2"), technique("T1485", "a2"), technique("T1561.002", "a1", "a2")}},
			{ID: "G0003", State: "CC", Features: []knowledge.Feature{technique("T1001", "c1"), technique("T1566.001", "c1"), technique("T1204", "c2"), software("S0003", "c1", "c2"), technique("T1105")}},
		},
		Software: []*knowledge.Software{
			{ID: "S0001", Features: []knowledge.Feature{technique("T1485", "a1"), technique("T1027", "a3")}},
			{ID: "S0002"}, {ID: "S0003", Features: []knowledge.Feature{technique("T1105", "c1")}},
		},
		Campaigns: []*knowledge.Campaign{{ID: "C0001", Actors: []string{"G0003"}, Features: []knowledge.Feature{technique("T1490", "c3")}}},
		Renamed:   map[string]string{"T1086": "T1059.001", "T9001": "T9002", "T9002": "T9001"},
	}
}

func TestRank(t *testing.T) {
	t.Parallel()
	ranker := New(small())
	for _, c := range []struct {
		features       []string
		leader         string
		known, ignored []string
	}{
		{[]string{"S0001", "T1485"}, "G0001", []string{"S0001", "T1485"}, nil},
		{[]string{"S0002", "T1190", "T1003"}, "G0002", []string{"S0002", "T1003", "T1190"}, nil},
		{[]string{"T1204", "T1566.001", "S0003", "S0003"}, "G0003", []string{"S0003", "T1204", "T1566.001"}, nil},
		{[]string{"T1086", "T1003", "nonsense", "T9001"}, "G0002", []string{"T1003", "T1059.001"}, []string{"T9001", "nonsense"}},
		{[]string{"T1490", "T1105"}, "G0003", []string{"T1105", "T1490"}, nil},
	} {
		r := ranker.Rank(c.features)
		if r.Actors[0].Actor != c.leader || !slices.Equal(r.Known, c.known) || !slices.Equal(r.Ignored, c.ignored) {
			t.Errorf("Rank(%v): %s leads, known %v, ignored %v; wanted %s, %v, %v", c.features, r.Actors[0].Actor, r.Known, r.Ignored, c.leader, c.known, c.ignored)
		}
		if r.Actors[0].Nats <= 0 {
			t.Errorf("Rank(%v): %v nats speak for the leader", c.features, r.Actors[0].Nats)
		}
	}
}

func TestHoldout(t *testing.T) {
	t.Parallel()
	corpus := Compile(small())
	for _, c := range []struct {
		name    string
		holdout Holdout
		id      string
		want    []string
	}{
		{"nothing", Holdout{}, "G0001", []string{"S0001", "T1001", "T1059.003", "T1485", "T1561.002"}},
		{"one report", Holdout{Citations: map[string]bool{"a1": true}}, "G0001", []string{"S0001", "T1001", "T1485", "T1561.002"}},
		{"both reports", Holdout{Citations: map[string]bool{"a1": true, "a2": true}}, "G0001", nil},
		{"of software", Holdout{Citations: map[string]bool{"a3": true}}, "S0001", []string{"T1485"}},
		{"earlier only", Holdout{Before: time.Date(2018, 6, 1, 0, 0, 0, 0, time.UTC)}, "G0001", []string{"S0001", "T1001", "T1059.003", "T1561.002"}},
		{"nothing is earlier, not even what nobody is cited for", Holdout{Before: time.Date(2018, 1, 1, 0, 0, 0, 0, time.UTC)}, "G0003", nil},
		{"campaign", Holdout{Campaigns: map[string]bool{"C0001": true}}, "G0003", []string{"S0003", "T1001", "T1105", "T1204", "T1566.001"}},
		{"actor", Holdout{Actors: map[string]bool{"G0001": true}}, "G0001", nil},
	} {
		if got := corpus.Ranker(c.holdout).Profile(c.id); !slices.Equal(got, c.want) {
			t.Errorf("%s: profile of %s is %v, wanted %v", c.name, c.id, got, c.want)
		}
	}
}

// Whatever is asked, the posteriors are a distribution, the parts sum to the
// whole, and neither order nor repetition nor the order of the knowledge matters.
func TestRankingProperties(t *testing.T) {
	t.Parallel()
	base := small()
	ranker := New(base)
	slices.Reverse(base.Actors)
	slices.Reverse(base.Software)
	turned := New(base)
	features := append(slices.Clone(Compile(base).features), "unknown", "", "T1059.999")
	random := rand.New(rand.NewPCG(5, 6))
	for range 300 {
		random.Shuffle(len(features), func(i, j int) { features[i], features[j] = features[j], features[i] })
		query := slices.Clone(features[:random.IntN(len(features))])
		at := time.Time{}
		if random.IntN(2) == 0 {
			at = time.Date(2010+random.IntN(20), 1, 1, 0, 0, 0, 0, time.UTC)
		}
		r := ranker.RankAt(query, at)
		checkDistribution(t, r)
		slices.Reverse(query)
		for _, same := range []Ranking{ranker.RankAt(append(query, query...), at), turned.RankAt(query, at)} {
			same.ranker, r.ranker = nil, nil
			if !reflect.DeepEqual(r, same) {
				t.Fatalf("%v in another order gives another ranking", query)
			}
		}
	}
}

func checkDistribution(t *testing.T, r Ranking) {
	t.Helper()
	sum := r.Unknown
	for i, a := range r.Actors {
		parts := 0.0
		for _, c := range a.Contributions {
			parts += c.Nats
		}
		if math.Abs(parts-a.Nats) > 1e-9 || math.IsNaN(a.Nats) {
			t.Fatalf("%s: parts sum to %v, not %v nats", a.Actor, parts, a.Nats)
		}
		if i > 0 && a.Posterior > r.Actors[i-1].Posterior {
			t.Fatalf("%s is out of order", a.Actor)
		}
		sum += a.Posterior
	}
	if math.Abs(sum-1) > 1e-9 {
		t.Fatalf("posteriors sum to %v", sum)
	}
	for _, s := range r.States() {
		if s.State == "" || s.Posterior > 1-r.Unknown+1e-9 {
			t.Fatalf("state %q has %v of %v", s.State, s.Posterior, 1-r.Unknown)
		}
	}
	if trust := r.Trust(); !(trust >= 0 && trust <= 1) {
		t.Fatalf("trust is %v", trust)
	}
}

func TestNothingKnown(t *testing.T) {
	t.Parallel()
	for name, base := range map[string]*knowledge.Base{"empty": {}, "no features": {Actors: []*knowledge.Actor{{ID: "G0001"}}}, "full": small()} {
		for _, features := range [][]string{nil, {"T9999"}} {
			r := New(base).Rank(features)
			checkDistribution(t, r)
			if r.Trusted() || !r.Fragile(1) {
				t.Errorf("%s, %v: an answer from nothing is trusted %v, fragile %v", name, features, r.Trusted(), r.Fragile(1))
			}
		}
	}
}

func TestFragile(t *testing.T) {
	t.Parallel()
	ranker := New(small())
	own := ranker.Rank([]string{"S0001", "T1485", "T1561.002", "T1059.003", "T1001"})
	if own.Fragile(1) || own.Fragile(2) {
		t.Error("an answer with five traces of one actor falls with two of them")
	}
	if !own.Fragile(5) || !own.Fragile(9) {
		t.Error("an answer stands without any of its features")
	}
	planted := ranker.Rank([]string{"S0001", "T1190", "T1003", "S0002", "T1059.001"})
	if planted.Actors[0].Actor == "G0001" && !planted.Fragile(1) {
		t.Error("an answer that one feature makes does not fall with it")
	}
}

func TestRarity(t *testing.T) {
	t.Parallel()
	ranker := New(small())
	if ranker.Rarity("S0001") <= ranker.Rarity("T1001") || ranker.Rarity("T1086") != ranker.Rarity("T1059.001") || ranker.Rarity("nonsense") != 0 {
		t.Errorf("rarities: %v, %v, %v", ranker.Rarity("S0001"), ranker.Rarity("T1001"), ranker.Rarity("nonsense"))
	}
}

// The weights that the program comes with must be of the measures that it takes.
func TestDefaultIsWhole(t *testing.T) {
	t.Parallel()
	if model := Default(); model.Gate.Threshold == 1 || !model.whole() {
		t.Error("coefficients.json does not fit; write it again with kulla attribution evaluate --train")
	}
}

func TestSolve(t *testing.T) {
	t.Parallel()
	x := solve([][]float64{{4, 0}, {2, 3}}, []float64{8, 7})
	if math.Abs(x[0]-1.25) > 1e-9 || math.Abs(x[1]-1.5) > 1e-9 {
		t.Errorf("solution %v, wanted [1.25 1.5]", x)
	}
}

// With one measure that is 1 for the right alternative three times in four, the
// weight is the log odds of it.
func TestFit(t *testing.T) {
	t.Parallel()
	var examples []example
	for i := range 400 {
		examples = append(examples, example{rows: [][]float64{{1}, {0}}, truth: i % 4 / 3, weight: 1})
	}
	if w := fit(examples, 1, 1e-9); math.Abs(w[0]-math.Log(3)) > 1e-5 {
		t.Errorf("weight %v, wanted %v", w[0], math.Log(3))
	}
	if w := fit(examples, 1, 1e6); math.Abs(w[0]) > 1e-3 {
		t.Errorf("weight %v in spite of the ridge", w[0])
	}
}

func BenchmarkRank(b *testing.B) {
	base := &knowledge.Base{}
	random := rand.New(rand.NewPCG(1, 1))
	for a := range 170 {
		actor := &knowledge.Actor{ID: fmt.Sprintf("G%04d", a)}
		for range 32 {
			actor.Features = append(actor.Features, knowledge.Feature{Kind: "technique", ID: fmt.Sprintf("T%04d", random.IntN(600)), Citations: cited(fmt.Sprint(a, random.IntN(4)))})
		}
		base.Actors = append(base.Actors, actor)
	}
	ranker := New(base)
	query := []string{"T0001", "T0002", "T0003", "T0004", "T0005", "T0006", "T0007", "T0008", "T0009", "T0010"}
	for b.Loop() {
		ranker.Rank(query)
	}
}
