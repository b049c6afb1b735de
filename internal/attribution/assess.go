package attribution

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/kulla-defence/kulla/internal/incident"
	"github.com/kulla-defence/kulla/internal/knowledge"
)

// Assess weighs items against all actors of the base. It is a pure function:
// the order of items does not matter, and nothing that it is given is changed.
// docs/attribution.md describes the model.
func Assess(base *knowledge.Base, items []Item, options Options) *Assessment {
	options.Cluster = cmp.Or(options.Cluster, ClusterOf(options.Incidents))
	known := newKnownBase(base)
	m := newModel(known, slices.Clone(items), options)
	whole := m.judge(all, nil)
	a := &Assessment{Cluster: options.Cluster, Knowledge: options.Knowledge}
	for _, i := range options.Incidents {
		a.Incidents = append(a.Incidents, i.ID)
	}
	a.Answer = whole.answer(options)
	a.Temperature = m.temperature
	a.Focus = whole.focus(a.Answer)
	parts := m.judgeParts(options)
	order := whole.present(a.Focus, whole.partners(a.Focus, parts))
	a.Hypotheses = whole.hypotheses()
	a.Phases = m.phases(parts, order, shownLevel(a.Answer.Level), options)
	if a.Answer.FalseFlag {
		withhold(a.Phases, options)
	}
	a.HandOffs = m.handOffs(a.Phases, options)
	if !a.Answer.FalseFlag {
		a.HandOver = m.handOver(a.Phases, a.HandOffs, options)
	}
	a.Likelihood = whole.likelihood(a.Focus, a.Hypotheses)
	a.Confidence = whole.confidence(a.Focus, options)
	a.Without = whole.withoutEach(a.Answer, a.Focus, order, options)
	a.Change = whole.changes()
	for _, i := range order {
		a.Items = append(a.Items, *m.items[i].Item)
	}
	return a
}

// withhold takes back what phases alone would publish: where traces were
// planted, a part that shows none of them says less than it seems to.
func withhold(phases []Phase, options Options) {
	for i := range phases {
		answer := &phases[i].Answer
		if !answer.FalseFlag && answer.Level != clusterLevel {
			answer.Level, answer.Hypothesis = clusterLevel, ""
			answer.Sentence = incident.Sentence{Message: "answer.cluster", Values: []incident.Value{text("cluster", options.Cluster)}, Proof: answer.Sentence.Proof}
		}
	}
}

// ClusterName is the name of the nth activity cluster. The first is that of
// activity of which no incident is known.
func ClusterName(n int) string { return fmt.Sprintf("KC-%04d", n) }

// clusterNames are as many as there are names of four digits.
const clusterNames = 9999

// ClusterOf is the name of the cluster that incidents are: made of the name of
// the earliest, which in turn is made of a record of the evidence, so that the
// same evidence has the same name and another case another, but for one chance
// in ten thousand.
func ClusterOf(incidents []*incident.Incident) string {
	if len(incidents) == 0 {
		return ClusterName(1)
	}
	earliest := slices.MinFunc(incidents, func(a, b *incident.Incident) int {
		return cmp.Or(a.First.Compare(b.First), cmp.Compare(a.ID, b.ID))
	})
	digest := sha256.Sum256([]byte("cluster\x00" + earliest.ID))
	return ClusterName(2 + int(binary.BigEndian.Uint64(digest[:8])%(clusterNames-1)))
}

// A judgement is what chosen items say.
type judgement struct {
	*model
	chosen    choice
	lean      []float64
	sums      sums
	posterior posterior
}

func (m *model) judge(chosen choice, lean []float64) *judgement {
	s := m.sum(chosen)
	return &judgement{m, chosen, lean, s, m.weighUp(s, lean)}
}

// focus is the hypothesis that the likelihood is told of: the published one,
// or else that nobody knows who. Below the gates no actor stands in a sentence,
// however likely.
func (j *judgement) focus(answer Answer) string {
	switch {
	case answer.FalseFlag:
		return j.known.flagID(j.posterior.flags[j.likelierFlag()])
	case answer.Hypothesis != "":
		return answer.Hypothesis
	}
	return unknownID
}

// present puts items in the order they are shown in, names them, and writes
// the weights of the leading hypotheses into them. It returns the order.
func (j *judgement) present(focus string, with partners) []int {
	columns := j.columns(focus)
	order := make([]int, len(j.items))
	heaviest := make([]micronats, len(j.items))
	for i := range j.items {
		order[i] = i
		for _, weight := range j.sums.by[i] {
			heaviest[i] = max(heaviest[i], magnitude(weight))
		}
		j.items[i].Contradicts = j.contradicts(i, focus, heaviest[i], with)
		j.items[i].Weights = j.weights(i, columns)
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(first(j.items[a].Contradicts, j.items[b].Contradicts), cmp.Compare(heaviest[b], heaviest[a]))
	})
	for n, i := range order {
		j.items[i].ID = fmt.Sprintf("E-%02d", n+1)
	}
	return order
}

// first orders what holds before what does not.
func first(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// An item contradicts when it speaks against the hypothesis, or does not speak
// for it but, so strongly, for an actor that it excludes. The traces of a
// partner do not: that others did another part is no reason to doubt the answer.
const (
	contradicting        = nat / 4
	contradictingUnknown = nat
)

func (j *judgement) contradicts(i int, focus string, heaviest micronats, with partners) bool {
	by := j.sums.by[i]
	if by == nil {
		return false
	}
	if focus == unknownID {
		return heaviest >= contradictingUnknown
	}
	own := j.weight(i, focus)
	if own > 0 {
		return false
	}
	if own > -contradicting && with.left(j.items[i].Item, by) {
		return false
	}
	for h := range by {
		if by[h] >= contradicting && !j.known.belongs(h, focus) {
			return true
		}
	}
	return own <= -contradicting
}

// Partners are actors who seem to have done other parts of the intrusion.
type partners struct {
	actors []int
	// own are the phases in which the answer itself may be published.
	own []string
}

// partners of a hypothesis are those of the same state who lead in a phase.
func (j *judgement) partners(focus string, parts []part) partners {
	var with partners
	state := j.stateOf(focus)
	if state == "" {
		return with
	}
	for _, p := range parts {
		if p.answer.Hypothesis == focus {
			with.own = append(with.own, p.name)
		}
		leading := strings.TrimPrefix(p.leading("group"), "group:")
		if h, ok := j.known.position[leading]; ok && j.known.actors[h].State == state && !j.known.belongs(h, focus) {
			with.actors = append(with.actors, h)
		}
	}
	return with
}

// left says whether an item is a trace that a partner left in its own part.
func (with partners) left(item *Item, by []micronats) bool {
	return item.Phase != "" && !slices.Contains(with.own, item.Phase) &&
		slices.ContainsFunc(with.actors, func(h int) bool { return by[h] >= contradicting })
}

// columns are the hypotheses that weights are shown for.
func (j *judgement) columns(focus string) []string {
	shown := []string{}
	for _, kind := range []struct {
		name string
		most int
	}{{"state", 4}, {"service", 4}, {"group", 8}} {
		ranked := j.ranked(kind.name)
		shown = append(shown, ranked[:min(len(ranked), kind.most)]...)
	}
	for _, f := range j.posterior.flags {
		shown = append(shown, j.known.flagID(f))
	}
	if j.known.members[focus] != nil && !slices.Contains(shown, focus) {
		shown = append(shown, focus)
	}
	return shown
}

func (j *judgement) weights(i int, columns []string) []Weight {
	var weights []Weight
	for _, id := range columns {
		if weight := j.weight(i, id); weight != 0 {
			weights = append(weights, Weight{id, weight.nats()})
		}
	}
	return weights
}

// weight is what an item adds to a hypothesis.
func (j *judgement) weight(i int, id string) micronats {
	by := j.sums.by[i]
	if by == nil || id == unknownID {
		return 0
	}
	if framed, ok := j.known.framed(id); ok {
		if !j.items[i].plantable || by[framed] <= 0 {
			return 0
		}
		return by[framed] + toMicronats(plantedNats)
	}
	return j.mean(id, func(h int) micronats { return by[h] })
}

// mean is the mean over the actors of a hypothesis, by posterior.
func (j *judgement) mean(id string, of func(h int) micronats) micronats {
	var sum float64
	var whole, count int64
	var flat micronats
	for _, h := range j.known.members[id] {
		sum += float64(j.posterior.actors[h]) * float64(of(h))
		whole += int64(j.posterior.actors[h])
		flat += of(h)
		count++
	}
	switch {
	case whole > 0:
		return micronats(sum / float64(whole))
	case count > 0:
		return flat / micronats(count)
	}
	return 0
}

// withoutEach says what would be without each item that weighs.
func (j *judgement) withoutEach(answer Answer, focus string, order []int, options Options) []Without {
	var list []Without
	level, _ := j.known.levelOf(focus)
	for _, i := range order {
		if j.sums.by[i] == nil {
			continue
		}
		rest := j.judge(j.chosen.without(i), j.lean)
		other := rest.answer(options)
		list = append(list, Without{Item: j.items[i].ID, Leading: rest.leader(level), Posterior: rest.probability(focus).probability(),
			Published: other.Hypothesis, Changes: other.Hypothesis != answer.Hypothesis || other.FalseFlag != answer.FalseFlag})
	}
	return list
}

// leader is the likeliest of a level, or the unknown actor where it is
// likelier.
func (j *judgement) leader(level string) string {
	if level == unknownID || level == "false_flag" {
		level = "state"
	}
	best := j.leading(level)
	if flag := j.likelierFlag(); flag >= 0 {
		return j.known.flagID(j.posterior.flags[flag])
	}
	if best == "" || j.probability(best) < j.posterior.unknown {
		return unknownID
	}
	return best
}

// proof joins the proofs of the heaviest items for a hypothesis.
func (j *judgement) proof(focus string) []int64 {
	const most = 8
	order := j.strongest(focus)
	var proof []int64
	for _, i := range order {
		for _, number := range j.items[i].Claim.Proof {
			if len(proof) < most && !slices.Contains(proof, number) {
				proof = append(proof, number)
			}
		}
	}
	return proof
}

// strongest lists the items that speak for a hypothesis, the strongest first.
func (j *judgement) strongest(id string) []int {
	var order []int
	weights := map[int]micronats{}
	for i := range j.items {
		if weights[i] = j.weight(i, id); weights[i] > 0 {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(weights[b], weights[a]) })
	return order
}

func text(name, value string) incident.Value     { return incident.Value{Name: name, Text: value} }
func message(name, key string) incident.Value    { return incident.Value{Name: name, Message: key} }
func number(name string, n int64) incident.Value { return incident.Value{Name: name, Number: n} }
func sentence(key string, values ...incident.Value) incident.Sentence {
	return incident.Sentence{Message: key, Values: values}
}
