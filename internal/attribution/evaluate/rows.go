package evaluate

import (
	"fmt"
	"slices"

	"github.com/kulla-defence/kulla/internal/attribution/ranking"
)

// What the figures are called.
const (
	figureFirst       = "right actor first"
	figureThree       = "right actor among the first three"
	figureReciprocal  = "mean reciprocal rank"
	figureState       = "right state first"
	figureCalibration = "expected calibration error, actors"
	figureOpenCalib   = "expected calibration error, unknown among the answers"
	figureBrier       = "Brier score"
	figureLikelihood  = "negative log likelihood"
	figureOpen        = "unknown actor: AUROC"
	figureState95     = "state: coverage at 95 % precision"
	figureState90     = "state: coverage at 90 % precision"
	figureState80     = "state: coverage at 80 % precision"
	figureActor90     = "actor: coverage at 90 % precision"
	figureClean       = "nothing planted: accepted"
	withTime          = "with the time: "
	figurePrecision   = "nothing planted: right where accepted"
)

func framedFigure(n int) string   { return fmt.Sprintf("%d planted: framed actor named", n) }
func acceptedFigure(n int) string { return fmt.Sprintf("%d planted: framed and accepted", n) }

// baselines are what standard methods reach on the same tasks: the best of
// naive Bayes, idf sum, cosine, BM25 and their mean, as computed before this
// package was written. See docs/attribution-evaluation.md.
var baselines = map[[2]string]float64{
	{"A0", figureFirst}: 1, {"A1", figureFirst}: .57, {"A1", figureThree}: .65, {"A1", figureReciprocal}: .62, {"A1", figureState}: .85,
	{"A2", figureFirst}: .35, {"A2", figureThree}: .52, {"A2", figureReciprocal}: .48, {"A2", figureState}: .70,
	{"A2", "techniques only: " + figureFirst}: .04, {"A2", "software only: " + figureFirst}: .50,
	{"B1", figureFirst}: .599, {"B1", figureThree}: .739, {"B1", figureReciprocal}: .684, {"B1", figureState}: .720,
	{"B2", figureFirst}: .469, {"B2", figureThree}: .611, {"B2", figureReciprocal}: .563, {"B2", figureState}: .594,
	{"B1", figureCalibration}: .078, {"B1", figureBrier}: .592, {"B1", figureLikelihood}: 2.39, {"B1", figureOpen}: .70,
	{"B1", figureState95}: .41, {"B1", figureState90}: .59, {"B1", figureState80}: .85, {"B1", figureActor90}: .43,
	{"B1", "techniques only: " + figureFirst}: .310, {"B1", "software only: " + figureFirst}: .626,
	{"B1", "75 % of the features: " + figureFirst}: .464, {"B1", "50 % of the features: " + figureFirst}: .408, {"B1", "25 % of the features: " + figureFirst}: .298,
	{"B1", "5 common techniques more: " + figureFirst}: .511, {"B1", "10 common techniques more: " + figureFirst}: .462, {"B1", "20 common techniques more: " + figureFirst}: .431,
	{"false flag", framedFigure(2)}: .33, {"false flag", framedFigure(5)}: .84, {"false flag", framedFigure(10)}: .98,
	{"false flag", acceptedFigure(2)}: .002, {"false flag", acceptedFigure(3)}: .010, {"false flag", acceptedFigure(5)}: .502,
	{"false flag", figureClean}: .24, {"false flag", figurePrecision}: .91,
}

// targets were set before anything was trained.
var targets = map[[2]string]float64{
	{"A2", figureFirst}: .45, {"A2", figureThree}: .60, {"B1", figureFirst}: .65, {"B2", figureFirst}: .52, {"B1", figureCalibration}: .05,
	{"B1", figureOpen}: .80, {"B1", figureState95}: .50, {"false flag", acceptedFigure(1)}: .02, {"false flag", acceptedFigure(2)}: .02,
	{"false flag", acceptedFigure(3)}: .02, {"false flag", acceptedFigure(4)}: .02, {"false flag", acceptedFigure(5)}: .02,
}

// put adds a row with its baseline and target.
func (r *Report) put(row Row) {
	key := [2]string{row.Task, row.Figure}
	if baseline, ok := baselines[key]; ok {
		row.Baseline = &baseline
	}
	if target, ok := targets[key]; ok {
		row.Target = &target
	}
	r.Rows = append(r.Rows, row)
}

func (r *Report) add(task, figure string, outcomes []outcome, statistic func([]outcome) float64) {
	if len(outcomes) == 0 {
		return
	}
	row := Row{Task: task, Figure: figure, Cases: len(outcomes), Value: statistic(outcomes)}
	row.Low, row.High = intervalOf(outcomes, statistic)
	r.put(row)
}

// lower adds a row of which less is better.
func (r *Report) lower(task, figure string, outcomes []outcome, statistic func([]outcome) float64) {
	r.add(task, figure, outcomes, statistic)
	r.Rows[len(r.Rows)-1].Less = true
}

// named adds how often the right actor was named.
func (r *Report) named(task string, outcomes []outcome) {
	r.add(task, figureFirst, outcomes, topShare(1))
	r.add(task, figureThree, outcomes, topShare(3))
	r.add(task, figureReciprocal, outcomes, reciprocalRank)
	r.add(task, figureState, labelled(outcomes), stateRight)
}

// baselines adds standard methods, run again on the same cases.
func (r *Report) baselines(s *school) {
	for _, name := range ranking.Baselines() {
		model := ranking.Baseline(name)
		var outcomes []outcome
		for i := range s.set {
			if c := &s.set[i]; c.judged() {
				outcomes = append(outcomes, outcomeOf(&c.testCase, model.Rank(c.known.Dated(false))))
			}
		}
		r.add("B1", name+" by itself, run again: "+figureFirst, outcomes, topShare(1))
	}
}

func actorClaims(outcomes []outcome) []claim {
	var claims []claim
	for i := range outcomes {
		claims = append(claims, claim{outcomes[i].share, outcomes[i].right(), 1})
	}
	return claims
}

func stateClaims(outcomes []outcome) []claim {
	var claims []claim
	for i := range outcomes {
		claims = append(claims, claim{outcomes[i].statePosterior, outcomes[i].stateRight, 1})
	}
	return claims
}

// calibrated adds how well probabilities hold.
func (r *Report) calibrated(known, removed []outcome) {
	r.Reliability, _ = reliability(actorClaims(known))
	r.lower("B1", figureCalibration, known, func(o []outcome) float64 {
		_, off := reliability(actorClaims(o))
		return off
	})
	open := func(drawn []int) float64 {
		var claims []claim
		for _, i := range drawn {
			claims = append(claims, claim{known[i].posterior, known[i].right(), 1 - ranking.Prior}, claim{removed[i].posterior, false, ranking.Prior})
		}
		_, off := reliability(claims)
		return off
	}
	r.put(paired("B1", figureOpenCalib, len(known), open, true))
	r.lower("B1", figureBrier, known, brier)
	r.lower("B1", figureLikelihood, known, negativeLogLikelihood)
}

// open adds how well it is told that the actor is not in the knowledge.
func (r *Report) open(task string, known, removed []outcome) {
	r.put(paired(task, figureOpen, len(known), func(drawn []int) float64 {
		var above, below []float64
		for _, i := range drawn {
			above, below = append(above, removed[i].unknown), append(below, known[i].unknown)
		}
		return auroc(above, below)
	}, false))
}

// paired is a row whose statistic needs more than one outcome of each case.
func paired(task, figure string, cases int, statistic func(drawn []int) float64, less bool) Row {
	all := make([]int, cases)
	for i := range all {
		all[i] = i
	}
	row := Row{Task: task, Figure: figure, Cases: cases, Value: statistic(all), Less: less}
	row.Low, row.High = interval(cases, statistic)
	return row
}

// risks adds how many answers can be given at a precision.
func (r *Report) risks(known []outcome) {
	states := labelled(known)
	for _, precision := range []float64{.99, .95, .9, .85, .8, .75, .7} {
		r.RiskState = append(r.RiskState, Risk{precision, coverageAt(stateClaims(states), precision)})
		r.RiskActor = append(r.RiskActor, Risk{precision, coverageAt(actorClaims(known), precision)})
	}
	coverage := func(claims func([]outcome) []claim, precision float64) func([]outcome) float64 {
		return func(o []outcome) float64 { return coverageAt(claims(o), precision) }
	}
	r.add("B1", figureState95, states, coverage(stateClaims, .95))
	r.add("B1", figureState90, states, coverage(stateClaims, .90))
	r.add("B1", figureState80, states, coverage(stateClaims, .80))
	r.add("B1", figureState95+", actors without a state counted as wrong", known, coverage(stateClaims, .95))
	r.add("B1", figureActor90, known, coverage(actorClaims, .90))
}

// varied adds the changed cases; of some there is nothing left.
func (r *Report) varied(cases [][]outcome) {
	for i, v := range variants {
		var outcomes []outcome
		for _, answers := range cases {
			if answers[i].name != "" {
				outcomes = append(outcomes, answers[i])
			}
		}
		r.add("B1", v.name+": "+figureFirst, outcomes, topShare(1))
	}
}

// planted adds the false flags. Each case is judged by a gate that was trained
// on the other parts.
func (r *Report) planted(cases [][]trial) {
	accepted := make([][]bool, len(cases))
	for fold := range folds {
		gate := trainGate(slices.DeleteFunc(slices.Clone(cases), func(t []trial) bool { return t[0].fold == fold }))
		for n, trials := range cases {
			if trials[0].fold != fold {
				continue
			}
			for i := range trials {
				accepted[n] = append(accepted[n], gate.Trust(trials[i].signs) >= gate.Threshold)
			}
		}
	}
	share := func(figure string, less bool, counts, is func(n int) bool) {
		r.put(paired("false flag", figure, len(cases), func(drawn []int) float64 {
			all, some := 0.0, 0.0
			for _, n := range drawn {
				if counts(n) {
					all++
					some += indicator(is(n))
				}
			}
			return some / max(1, all)
		}, less))
	}
	every := func(int) bool { return true }
	share(figureClean, false, every, func(n int) bool { return accepted[n][0] })
	share(figurePrecision, false, func(n int) bool { return accepted[n][0] }, func(n int) bool { return cases[n][0].right })
	for i, p := range plants[1:] {
		named, passed := framedFigure(p.features), acceptedFigure(p.features)
		if of := p.kind + p.choice; of != "" {
			named, passed = of+", "+named, of+", "+passed
		}
		share(named, true, every, func(n int) bool { return cases[n][i+1].named })
		share(passed, true, every, func(n int) bool { return cases[n][i+1].named && accepted[n][i+1] })
	}
}

// list adds each campaign by itself.
func (r *Report) list(cases []testCase, outcomes []outcome) {
	for i, o := range outcomes {
		r.Campaigns = append(r.Campaigns, Campaign{Name: o.name, Actors: o.actors, Features: len(cases[i].features), Named: o.named,
			Posterior: o.posterior, Unknown: o.unknown, Rank: o.rank, State: o.state, Labelled: o.labelled, StateRight: o.stateRight})
	}
}
