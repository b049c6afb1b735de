package ranking

import (
	"math"
	"time"
)

// Measures compare a query with an actor, each in its own way. Their order is
// that of the model's weights.
const (
	measureTechniques     = iota // sum of idf, techniques in common
	measureSoftware              // sum of idf, software in common
	measureRareSoftware          // sum of squares of idf, software in common
	measureExclusive             // software in common that no other actor has
	measureFamily                // sum of idf, techniques of which only the parent is in common
	measureImplied               // sum of idf, techniques that only the actor's software does
	measureOkapi                 // Okapi BM25
	measureOkapiSquare           // its square
	measureMultinomial           // log likelihood, multinomial naive Bayes
	measureRate                  // log likelihood ratio by the share of reports
	measureCosine                // with the whole profile
	measureBestReport            // highest cosine with one report
	measureReports               // sum of squares of cosines with reports
	measureReportSoftware        // highest cosine with one report, software only
	measureDistinctive           // features in common that at most three actors have
	measureCoverage              // share of the query's idf
	measureState                 // highest BM25 of another actor of the state
	measurePopularity            // log of the number of reports
	measureSize                  // log of the number of features
	measureTool                  // highest cosine of the techniques with what software of the actor does
	measureRareTool              // the same, by idf of the software
	measureKin                   // highest cosine of what software of the query and of the actor does
	measureRareKin               // the same, by idf of the actor's software
	measureOverlapZ              // these four as distances from the mean, see standardise
	measureOkapiZ
	measureMultinomialZ
	measureRateZ
	undatedMeasures
)

// Measures of time; 0 where the query has none.
const (
	measureNear   = undatedMeasures + iota // e to the minus years to the nearest report
	measureBusy                            // log of the sum of that over reports
	measureEnded                           // log of years since the last report
	measureNotYet                          // log of years until the first report
	measures
)

// A matrix has a row of measures for each actor.
type matrix [][measures]float64

// A query is a set of features, in order, and when they were seen.
type query struct {
	features []int32
	at       time.Time
}

// measure compares a query with all actors.
func (v *view) measure(q query) matrix {
	m := make(matrix, len(v.actors))
	if len(m) == 0 {
		return m
	}
	v.measureOverlap(m, q.features)
	v.measureReports(m, q.features)
	v.measureStates(m)
	v.measureTools(m, q.features)
	for i := range m {
		row, p := &m[i], &v.actors[i]
		row[measurePopularity] = math.Log1p(p.reports)
		row[measureSize] = math.Log1p(p.size)
		row[measureOkapiSquare] = row[measureOkapi] * row[measureOkapi]
		if !q.at.IsZero() {
			p.measureTime(row, q.at)
		}
	}
	standardise(m, measureOverlapZ, func(i int) float64 { return m[i][measureTechniques] + m[i][measureSoftware] })
	standardise(m, measureOkapiZ, func(i int) float64 { return m[i][measureOkapi] })
	standardise(m, measureMultinomialZ, func(i int) float64 { return m[i][measureMultinomial] })
	standardise(m, measureRateZ, func(i int) float64 { return m[i][measureRate] })
	return m
}

// measureOverlap takes the measures that are sums over features in common.
func (v *view) measureOverlap(m matrix, features []int32) {
	squares, total := 0.0, 0.0
	for i := range m {
		p := &v.actors[i]
		m[i][measureMultinomial] = -float64(len(features)) * math.Log(p.size+.1*float64(len(v.corpus.features)))
	}
	for _, f := range features {
		squares += v.idf[f] * v.idf[f]
		total += v.idf[f]
		v.measureFeature(m, f)
		if !v.corpus.software[f] {
			v.measureNearby(m, f)
		}
	}
	for i := range m {
		m[i][measureCosine] /= math.Sqrt(squares*v.actors[i].norm) + 1e-9
		m[i][measureCoverage] /= total + 1e-9
		m[i][measureRate] += float64(len(features)) * v.unseen(i)
	}
}

func (v *view) measureFeature(m matrix, f int32) {
	actors, df, idf := float64(len(v.actors)), float64(len(v.exact[f])), v.idf[f]
	okapi := math.Log(1+(actors-df+.5)/(df+.5)) * 2.2
	for _, post := range v.exact[f] {
		row, p := &m[post.actor], &v.actors[post.actor]
		if v.corpus.software[f] {
			row[measureSoftware] += idf
			row[measureRareSoftware] += idf * idf
			if df == 1 {
				row[measureExclusive]++
			}
		} else {
			row[measureTechniques] += idf
		}
		if df <= 3 {
			row[measureDistinctive]++
		}
		row[measureOkapi] += okapi / (1 + 1.2*(.25+.75*p.size/v.meanSize))
		row[measureMultinomial] += math.Log(1.1 / .1)
		row[measureRate] += v.seen(post, f)
		row[measureCosine] += idf * idf
		row[measureCoverage] += idf
	}
}

// measureNearby takes what an actor has not itself, but something near it.
func (v *view) measureNearby(m matrix, f int32) {
	has := make([]bool, len(m))
	for _, post := range v.exact[f] {
		has[post.actor] = true
	}
	for _, post := range v.family[v.corpus.familyOf(f)] {
		if !has[post.actor] {
			m[post.actor][measureFamily] += v.idf[f]
		}
	}
	for _, post := range v.implied[f] {
		if !has[post.actor] {
			m[post.actor][measureImplied] += v.idf[f]
		}
	}
}

// rateShrink is how many reports' worth the background counts in an actor's rates.
const rateShrink = 2.0

// rate is the share of reports that mention a feature.
func (v *view) rate(feature int32) float64 {
	return (float64(len(v.inReports[feature])) + .5) / (float64(len(v.reports)) + 1)
}

// unseen and seen are the parts of the log likelihood ratio of a feature, of
// which the first is of every actor and the second of those who have it.
func (v *view) unseen(actor int) float64 {
	return math.Log(rateShrink / (v.actors[actor].reports + rateShrink))
}

func (v *view) seen(post posting, f int32) float64 {
	return math.Log1p(post.reports / (rateShrink * v.rate(f)))
}

// measureReports compares with each report on an actor by itself.
func (v *view) measureReports(m matrix, features []int32) {
	common := make([][2]float64, len(v.reports)) // all, software
	var squares [2]float64
	for _, f := range features {
		square := v.idf[f] * v.idf[f]
		squares[0] += square
		if v.corpus.software[f] {
			squares[1] += square
		}
		for _, r := range v.inReports[f] {
			common[r][0] += square
			if v.corpus.software[f] {
				common[r][1] += square
			}
		}
	}
	for r := range v.reports {
		report := &v.reports[r]
		row := &m[report.actor]
		cosine := common[r][0] / (math.Sqrt(squares[0]*report.norm) + 1e-9)
		row[measureBestReport] = max(row[measureBestReport], cosine)
		row[measureReports] += cosine * cosine
		row[measureReportSoftware] = max(row[measureReportSoftware], common[r][1]/(math.Sqrt(squares[1]*report.softwareNorm)+1e-9))
	}
}

func (v *view) measureStates(m matrix) {
	for i := range m {
		if v.actors[i].state == "" {
			continue
		}
		for j := range m {
			if i != j && v.actors[j].state == v.actors[i].state {
				m[i][measureState] = max(m[i][measureState], m[j][measureOkapi])
			}
		}
	}
}

// measureTools compares by what software is known to do.
func (v *view) measureTools(m matrix, features []int32) {
	weights := make([]float64, len(v.idf)) // of the query's techniques
	squares := 0.0
	var software []int32
	for _, f := range features {
		if v.corpus.software[f] {
			software = append(software, f)
			continue
		}
		weights[f] = v.idf[f] * v.idf[f]
		squares += weights[f]
	}
	v.measureTool(m, weights, squares, measureTool, measureRareTool, -1)
	for _, s := range software {
		clear(weights)
		for _, f := range v.does[s] {
			weights[f] = v.idf[f] * v.idf[f]
		}
		v.measureTool(m, weights, v.toolNorm[s], measureKin, measureRareKin, s)
	}
}

// measureTool raises two measures to the highest cosine with what a software
// does, except one; the second is by the software's idf.
func (v *view) measureTool(m matrix, weights []float64, squares float64, plain, rare int, except int32) {
	for s, does := range v.does {
		if int32(s) == except || len(does) == 0 || len(v.exact[s]) == 0 {
			continue
		}
		common := 0.0
		for _, f := range does {
			common += weights[f]
		}
		cosine := common / (math.Sqrt(squares*v.toolNorm[s]) + 1e-9)
		for _, post := range v.exact[s] {
			row := &m[post.actor]
			row[plain] = max(row[plain], cosine)
			row[rare] = max(row[rare], cosine*v.idf[s])
		}
	}
}

const year = 365.25 * 24 * time.Hour

// measureTime compares with when there were reports on the actor.
func (p *profile) measureTime(row *[measures]float64, at time.Time) {
	if len(p.published) == 0 {
		return
	}
	busy := 0.0
	for _, published := range p.published {
		distance := math.Abs(published.Sub(at).Hours() / year.Hours())
		row[measureNear] = max(row[measureNear], math.Exp(-distance))
		busy += math.Exp(-distance)
	}
	row[measureBusy] = math.Log1p(busy)
	first, last := p.published[0], p.published[len(p.published)-1]
	row[measureEnded] = math.Log1p(max(0, at.Sub(last).Hours()/year.Hours()))
	row[measureNotYet] = math.Log1p(max(0, first.Sub(at).Hours()/year.Hours()))
}

// standardise sets a measure to another's distance from the mean over actors,
// in standard deviations.
func standardise(m matrix, to int, from func(i int) float64) {
	mean, square := 0.0, 0.0
	for i := range m {
		mean += from(i) / float64(len(m))
	}
	for i := range m {
		d := from(i) - mean
		square += d * d / float64(len(m))
	}
	for i := range m {
		m[i][to] = (from(i) - mean) / (math.Sqrt(square) + 1e-9)
	}
}
