package attribution

import (
	"math"
	"slices"
	"strconv"

	"github.com/kulla-defence/kulla/internal/incident"
)

// answerSentence says what may be published.
func (j *judgement) answerSentence(answer Answer, options Options) incident.Sentence {
	var s incident.Sentence
	switch {
	case answer.FalseFlag:
		flag := j.posterior.flags[j.likelierFlag()]
		s = sentence("answer.false_flag", text("group", j.known.actors[flag.framed].Name), text("cluster", options.Cluster))
		s.Proof = j.proof(j.known.flagID(flag))
	case answer.Level == clusterLevel:
		s = sentence("answer.cluster", text("cluster", options.Cluster))
		s.Proof = j.proof(j.leading("state"))
	default:
		s = sentence("answer."+answer.Level, j.named(answer.Hypothesis)...)
		s.Proof = j.proof(answer.Hypothesis)
	}
	return s
}

// named are the values that name a hypothesis.
func (j *judgement) named(id string) []incident.Value {
	kind, name := j.known.levelOf(id)
	switch kind {
	case "state":
		return []incident.Value{country("state", name)}
	case "service":
		return []incident.Value{text("service", name), country("state", j.stateOf(id))}
	case "group", "false_flag":
		return []incident.Value{text("group", name), country("state", j.stateOf(id))}
	}
	return nil
}

// stateOf is the code of the state that a hypothesis is of.
func (j *judgement) stateOf(id string) string {
	if framed, ok := j.known.framed(id); ok {
		return j.known.actors[framed].State
	}
	for _, h := range j.known.members[id] {
		return j.known.actors[h].State
	}
	return ""
}

// likelihood is the sentence on how likely the answer is.
func (j *judgement) likelihood(focus string, list []Hypothesis) incident.Sentence {
	h := list[slices.IndexFunc(list, func(h Hypothesis) bool { return h.ID == focus })]
	s := sentence("likelihood."+h.Kind, j.named(focus)...)
	s.Values = append(s.Values, message("word", "word."+h.Word), text("percent", percent(h.Posterior)), text("low", percent(h.Low)), text("high", percent(h.High)))
	s.Proof = j.proof(focus)
	return s
}

// Percent is a probability in whole percent, rounded down so that it agrees
// with the word and with the gates, and never 0 or 100: no evidence is certain.
// Sentences and tables write it so.
func Percent(p float64) string {
	if p < .01 {
		return "<1"
	}
	return strconv.Itoa(int(min(math.Floor(p*100), 99)))
}

// percent is Percent, for sentences.
func percent(p float64) string { return Percent(p) }

// What analytic confidence rests on.
const (
	confidentKinds    = 3
	confidentWithout  = 3
	goodCalibration   = .05
	confidenceReasons = 5
)

// confidence says how good the basis is: five questions, of which high
// confidence needs all and moderate three.
func (j *judgement) confidence(focus string, options Options) Confidence {
	var c Confidence
	good := 0
	judge := func(holds bool, yes, no incident.Sentence) {
		if holds {
			good++
			c.Reasons = append(c.Reasons, yes)
		} else {
			c.Reasons = append(c.Reasons, no)
		}
	}
	if focus == unknownID {
		j.judgeUnknown(judge)
	} else {
		j.judgeNamed(focus, judge)
	}
	measured := options.CalibrationError > 0
	judge(measured && options.CalibrationError <= goodCalibration, sentence("confidence.calibrated"), sentence(map[bool]string{true: "confidence.calibration_poor", false: "confidence.calibration_unknown"}[measured]))
	switch {
	case good == confidenceReasons:
		c.Level = "high"
	case good >= 3 && !(focus == unknownID && c.Reasons[0].Message == "confidence.unknown_kinds_few"):
		c.Level = "moderate"
	default:
		c.Level = "low"
	}
	c.Sentence = sentence("confidence." + c.Level)
	return c
}

// judgeNamed asks of a hypothesis that evidence speaks for.
func (j *judgement) judgeNamed(focus string, judge func(holds bool, yes, no incident.Sentence)) {
	found, _ := j.kindsFor(focus)
	kinds := number("count", int64(len(found)))
	judge(len(found) >= confidentKinds, sentence("confidence.kinds_enough", kinds), sentence("confidence.kinds_few", kinds))
	items := j.strongest(focus)
	j.judgeReliability(items, judge)
	against := number("count", int64(j.contradictions()))
	judge(against.Number == 0, sentence("confidence.no_contradiction"), sentence("confidence.contradictions", against))
	count := number("count", confidentWithout)
	fragile := sentence("confidence.fragile", count)
	if len(items) <= confidentWithout {
		fragile = sentence("confidence.items_few", number("count", int64(len(items))))
	}
	judge(j.survives(focus, confidentWithout), sentence("confidence.robust", count), fragile)
}

// judgeUnknown asks the same of the unknown actor, whom no evidence speaks for:
// whether enough was compared with those who are known, and whether anything
// points at one of them.
func (j *judgement) judgeUnknown(judge func(holds bool, yes, no incident.Sentence)) {
	var compared []int
	var found []Kind
	for i := range j.items {
		if j.sums.by[i] != nil {
			compared = append(compared, i)
			if !slices.Contains(found, j.items[i].Kind) {
				found = append(found, j.items[i].Kind)
			}
		}
	}
	kinds := number("count", int64(len(found)))
	judge(len(found) >= confidentKinds, sentence("confidence.unknown_kinds_enough", kinds), sentence("confidence.unknown_kinds_few", kinds))
	j.judgeReliability(compared, judge)
	against := number("count", int64(j.contradictions()))
	judge(against.Number == 0, sentence("confidence.unknown_no_contradiction"), sentence("confidence.unknown_contradictions", against))
	judge(j.leader("state") == unknownID, sentence("confidence.unknown_leads"), sentence("confidence.unknown_behind"))
}

func (j *judgement) judgeReliability(items []int, judge func(holds bool, yes, no incident.Sentence)) {
	best := j.bestReliability(items)
	judge(best == "A" || best == "B", sentence("confidence.reliable", text("grade", best)), sentence("confidence.unreliable"))
}

// bestReliability is the best grade among items.
func (j *judgement) bestReliability(items []int) string {
	best := ""
	for _, i := range items {
		if grade := j.items[i].Reliability; best == "" || reliabilityWeight(grade) > reliabilityWeight(best) {
			best = grade
		}
	}
	return best
}

func (j *judgement) contradictions() int {
	count := 0
	for i := range j.items {
		if j.items[i].Contradicts {
			count++
		}
	}
	return count
}
