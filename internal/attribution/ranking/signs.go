package ranking

import "math"

// Signs of an unknown actor, in the order of the weights.
const (
	signConstant = iota
	signEvidence // log of the number of features
	signScore    // logit of the leader
	signMargin   // to the second
	signShare    // of the leader among the actors
	signThree    // of the first three
	signCoverage
	signBestReport
	signCosine
	signDistinctive
	signRareSoftware
	signRate  // per feature
	signAgree // share of measures that lead with the same actor
	signUnheard
	signPopularity
	signSize
	signTool
	signState // share of the leader's state
	signExclusive
	signCohesion  // how alike the reports on the leader are
	signFit       // best report less that
	signLeadOkapi // lead over the best other, by measure
	signLeadReport
	signLeadCosine
	signLeadRate
	signLeadTool
	signPair // log odds that the likeliest, the second, the leader is the one
	signPairSecond
	signPairLeader
	signPairSum // log of how many actors it may be
	signs
)

// signs says how the leading actor fits, and how far ahead it is.
func (e *Example) signs(stages *Stages) (s [signs]float64) {
	scores := e.matrix.scores(stages.Actor)
	s[signConstant] = 1
	if len(scores) == 0 {
		return s
	}
	p, order := shares(scores), byScore(scores)
	leader := order[0]
	row := &e.matrix[leader]
	s[signEvidence] = math.Log(e.size)
	s[signScore] = scores[leader] / 10
	for n, i := range order[:min(3, len(order))] {
		s[signThree] += p[i]
		if n == 1 {
			s[signMargin] = min(scores[leader]-scores[i], 10) / 5
		}
	}
	s[signShare] = p[leader]
	s[signCoverage] = row[measureCoverage]
	s[signBestReport] = row[measureBestReport]
	s[signCosine] = row[measureCosine]
	s[signDistinctive] = math.Log1p(row[measureDistinctive])
	s[signRareSoftware] = math.Sqrt(row[measureRareSoftware]) / 5
	s[signRate] = row[measureRate] / e.size
	s[signAgree] = e.agreement(leader)
	s[signUnheard] = e.unheard
	s[signPopularity] = row[measurePopularity]
	s[signSize] = row[measureSize]
	s[signTool] = row[measureTool]
	e.signPairs(&s, stages, leader)
	s[signExclusive] = min(row[measureExclusive], 3)
	s[signCohesion] = e.actors[leader].cohesion
	s[signFit] = row[measureBestReport] - e.actors[leader].cohesion
	s[signLeadOkapi] = e.lead(measureOkapi, leader) / 5
	s[signLeadReport] = e.lead(measureBestReport, leader)
	s[signLeadCosine] = e.lead(measureCosine, leader)
	s[signLeadRate] = e.lead(measureRate, leader) / 5
	s[signLeadTool] = e.lead(measureRareTool, leader)
	for i := range p {
		if i == leader || e.actors[i].state != "" && e.actors[i].state == e.actors[leader].state {
			s[signState] += p[i]
		}
	}
	return s
}

func (e *Example) signPairs(s *[signs]float64, stages *Stages, leader int) {
	constant := len(stages.Pair) - 1
	odds, sum := e.matrix.scores(stages.Pair[:constant]), 0.0
	for i := range odds {
		odds[i] += stages.Pair[constant]
		sum += math.Log1p(math.Exp(odds[i]))
	}
	order := byScore(odds)
	s[signPair], s[signPairSecond] = odds[order[0]]/4, odds[order[min(1, len(order)-1)]]/4
	s[signPairLeader] = odds[leader] / 4
	s[signPairSum] = math.Log(sum + 1e-12)
}

// lead is how far an actor is ahead of the best other by a measure, at most 10.
func (e *Example) lead(j, actor int) float64 {
	best := math.Inf(-1)
	for i := range e.matrix {
		if i != actor {
			best = max(best, e.matrix[i][j])
		}
	}
	return min(max(e.matrix[actor][j]-best, -10), 10)
}

// agreement is the share of independent measures by which the leader leads.
func (e *Example) agreement(leader int) float64 {
	judges := []int{measureOkapi, measureRate, measureCosine, measureBestReport, measureMultinomial, measureReports}
	agree := 0.0
	for _, j := range judges {
		best := leader
		for i := range e.matrix {
			if e.matrix[i][j] > e.matrix[best][j] {
				best = i
			}
		}
		if best == leader {
			agree += 1 / float64(len(judges))
		}
	}
	return agree
}
