package attribution

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/kulla-defence/kulla/internal/incident"
)

// What is assumed of evidence not yet had: how often the actor who has a thing
// shows it, and how far its source will be trusted.
const (
	expectedShow  = .6
	expectedTrust = .8
)

// mostChanges is how many are listed; negligible is the information, in nats,
// below which an answer would change little, whatever it is.
const (
	mostChanges = 8
	negligible  = .02
)

// A question can be asked of a field of artefacts: at what cost, 1 a search of
// one's own evidence, 2 an examination, 3 asking others.
type question struct {
	key  string
	cost int
}

var questions = map[string]question{
	"license_key": {"license_key", 2}, "certificate_sha1": {"certificate", 2}, "signer": {"certificate", 2},
	"sha256": {"file", 1}, "md5": {"file", 1}, "sha1": {"file", 1}, "file_name": {"file", 1}, "path": {"file", 1},
	"service": {"service", 1}, "device": {"service", 1}, "command": {"command", 1},
	"address": {"network", 1}, "domain": {"network", 1}, "user_agent": {"network", 1}, "account": {"account", 1}, "mailbox": {"account", 1},
}

// changes ranks evidence not yet had by the information expected of it for its
// cost, each question once.
func (j *judgement) changes() []Change {
	var list []Change
	list = append(list, j.artefactChanges()...)
	list = append(list, j.sightingChanges()...)
	if top := j.leading("group"); top != "" {
		list = append(list, j.comparisons(top)...)
	}
	list = slices.DeleteFunc(list, func(c Change) bool { return c.Information < negligible })
	slices.SortStableFunc(list, func(a, b Change) int {
		return cmp.Compare(b.Information/float64(b.Cost), a.Information/float64(a.Cost))
	})
	return list[:min(len(list), mostChanges)]
}

// artefactChanges asks for artefacts of the base that were not seen: of those
// that answer the same question for the same actors, the most telling.
func (j *judgement) artefactChanges() []Change {
	had := map[string]bool{}
	for i := range j.items {
		had[j.items[i].Artefact] = true
	}
	best := map[string]int{}
	var list []Change
	for _, a := range j.known.Artefacts {
		asked, ok := questions[a.Field]
		bound := bounds[Kind(a.Kind)].each
		if !ok || bound == 0 || had[a.ID] {
			continue
		}
		suspects := j.known.suspects(a)
		gain := j.information(suspects, min(toMicronats(j.known.rarity(len(suspects), a.Shared)), bound))
		if gain < negligible {
			continue
		}
		change := Change{Information: gain, Cost: asked.cost, What: sentence("change."+asked.key, text("value", a.Value), text("actors", j.known.list(suspects))),
			Ask: sentence("ask." + asked.key)}
		key := asked.key + "\x00" + j.known.list(suspects)
		if n, ok := best[key]; !ok {
			best[key] = len(list)
			list = append(list, change)
		} else if gain > list[n].Information {
			list[n] = change
		}
	}
	return list
}

// sightingChanges asks the states where leading actors have other victims.
func (j *judgement) sightingChanges() []Change {
	const most = 3
	asked := map[string]bool{}
	for i := range j.items {
		if _, code, ok := strings.Cut(j.items[i].Value, "="); ok && j.items[i].Kind == Victimology {
			asked[code] = true
		}
	}
	var list []Change
	for code, suspects := range j.known.countries {
		if asked[code] {
			continue
		}
		weight := min(toMicronats(j.known.rarity(len(suspects), 0)), bounds[Victimology].each)
		list = append(list, Change{Information: j.information(suspects, weight), Cost: 3,
			What: sentence("change.sighting", country("country", code), text("actors", j.known.list(suspects))), Ask: sentence("ask.sighting", country("country", code))})
	}
	slices.SortFunc(list, func(a, b Change) int {
		return cmp.Or(cmp.Compare(b.Information, a.Information), cmp.Compare(valueKey(a.What.Values[0]), valueKey(b.What.Values[0])))
	})
	return list[:min(len(list), most)]
}

func valueKey(v incident.Value) string { return cmp.Or(v.Text, v.Message) }

// comparisons ask what can be asked of any intrusion: does the code compare
// with that of the leading group, do the hours fit its state, does a leak hold
// what was stolen here.
func (j *judgement) comparisons(top string) []Change {
	var list []Change
	_, name := j.known.levelOf(top)
	h := j.known.position[strings.TrimPrefix(top, "group:")]
	has := func(kind Kind, field string) bool {
		return slices.ContainsFunc(j.items, func(w weighed) bool { return w.Kind == kind && strings.HasPrefix(w.Value, field) })
	}
	add := func(key string, information float64, cost int, values ...incident.Value) {
		list = append(list, Change{Information: information, Cost: cost, What: sentence("change."+key, values...), Ask: sentence("ask." + key)})
	}
	if !has(Malware, "code_overlap=") {
		add("code", j.information([]int{h}, bounds[Malware].each), 3, text("group", name))
	}
	if !has(Habit, "working_hours=") && zones[j.known.actors[h].State] != 0 {
		var working []int
		for i := range j.known.actors {
			if zones[j.known.actors[i].State] == zones[j.known.actors[h].State] {
				working = append(working, i)
			}
		}
		add("hours", j.information(working, bounds[Habit].each), 2, country("state", j.known.actors[h].State))
	}
	if (has(Claim, "") || slices.ContainsFunc(j.items, func(w weighed) bool { return w.Phase == "leak" })) && !has(Leak, "") {
		add("canary", binaryInformation(.5, linkBound*expectedTrust), 2)
	}
	return list
}

// information is the expected divergence of what would be believed from what
// is, in nats, over the outcomes of looking for evidence that some actors
// have.
func (j *judgement) information(suspects []int, weight micronats) float64 {
	var mass float64
	for _, h := range suspects {
		mass += j.posterior.actors[h].probability()
	}
	return binaryInformation(mass, weight.nats()*expectedTrust/j.temperature)
}

// binaryInformation is that for a share of belief, split by evidence that
// shows with a known probability, and by chance as much less often as it
// weighs. Belief within the share, and outside it, moves in proportion, so the
// divergence is that of the share alone.
func binaryInformation(share, weight float64) float64 {
	if share <= 0 || share >= 1 || weight <= 0 {
		return 0
	}
	chance := expectedShow * math.Exp(-weight)
	found := share*expectedShow + (1-share)*chance
	gain := found*divergence(share*expectedShow/found, share) + (1-found)*divergence(share*(1-expectedShow)/(1-found), share)
	return math.Round(gain*1e6) / 1e6
}

// divergence is the Kullback-Leibler divergence of two shares, in nats.
func divergence(p, q float64) float64 {
	var sum float64
	for _, pair := range [][2]float64{{p, q}, {1 - p, 1 - q}} {
		if pair[0] > 0 {
			sum += pair[0] * math.Log(pair[0]/pair[1])
		}
	}
	return sum
}
