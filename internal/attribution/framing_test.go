package attribution

import (
	"slices"
	"testing"
	"time"

	"github.com/kulla-defence/kulla/internal/attribution/ranking"
	"github.com/kulla-defence/kulla/internal/knowledge"
)

// planted are items as somebody leaves them who wants an actor blamed: traces
// of it that the public knows, up to a number of each kind, and its rarest
// techniques, against a victim that it had before.
func planted(t *testing.T, base *knowledge.Base, actor *knowledge.Actor, count int) []Item {
	t.Helper()
	var items []Item
	now := date("2026-11-01")
	perKind := map[string]int{}
	for _, a := range base.Artefacts {
		if slices.Contains(a.Actors, actor.ID) && a.Spoof < costlySpoof && Kind(a.Kind) != Claim && perKind[a.Kind] < count {
			perKind[a.Kind]++
			items = append(items, artefactItem(t, base, a.ID, "destruction", now))
		}
	}
	known := newKnownBase(base)
	techniques := slices.Clone(actor.Features)
	techniques = slices.DeleteFunc(techniques, func(f knowledge.Feature) bool { return f.Kind != knowledge.FeatureTechnique })
	slices.SortStableFunc(techniques, func(a, b knowledge.Feature) int {
		return len(known.features[known.current(a.ID)]) - len(known.features[known.current(b.ID)])
	})
	for _, f := range techniques[:min(len(techniques), count)] {
		item := techniqueItem(f.ID, "access")
		item.ObservedAt = now.Add(-time.Hour)
		items = append(items, item)
	}
	for _, victim := range actor.Victims {
		if victim.Country != "" {
			return append(items, Item{Kind: Victimology, Value: "country=" + victim.Country, Reliability: "A", Credibility: 1, Spoof: typicalSpoof[Victimology], Dependency: "victim"})
		}
	}
	return items
}

// Nobody is named for what anybody could have planted: no group, no service,
// no state.
func TestNobodyIsFramed(t *testing.T) {
	t.Parallel()
	base, err := knowledge.Builtin()
	must(t, err)
	ranker := ranking.New(base)
	cases := 0
	for _, actor := range base.Actors {
		for _, count := range []int{2, 5, 10} {
			items := planted(t, base, actor, count)
			a := Assess(base, items, Options{Ranker: ranker})
			cases++
			if a.Answer.Level != clusterLevel {
				t.Errorf("%s is framed with %d items: %s %s", actor.Name, len(items), a.Answer.Level, a.Answer.Hypothesis)
				show(t, a)
			}
		}
	}
	if cases < 60 {
		t.Errorf("%d cases", cases)
	}
}
