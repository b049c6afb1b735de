package casereport

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kulla-defence/kulla/internal/incident"
	"github.com/kulla-defence/kulla/internal/incident/entity"
)

// A page is what the template of a report is given.
type page struct {
	*Document
	Language   string // that it begins with
	words      wording
	records    *records
	names      hostNames
	Detailed   []*incidentView
	Others     []*incident.Incident
	Timeline   *timelineView
	Graph      *graphView
	Matrix     []tacticView
	Assessment *assessmentView
	Steps      []Step
	Facts      facts
	Brief      brief
	// Findings is how many there are, Total of them all.
	Total int64
}

// facts are what the first screen counts.
type facts struct {
	Level                             string
	Incidents, Grave, Hosts, Accounts int
	First, Last                       time.Time
}

// Told is what happened, in short: paragraphs of sentences.
func (p *page) Told() [][]incident.Sentence { return p.Brief.paragraphs(p.Document) }

// maxFirstSteps are shown; the others are behind a fold.
const maxFirstSteps = 12

// FirstSteps are what to do first, LaterSteps all else.
func (p *page) FirstSteps() []Step { return p.Steps[:min(len(p.Steps), maxFirstSteps)] }

// LaterSteps are behind a fold.
func (p *page) LaterSteps() []Step { return p.Steps[len(p.FirstSteps()):] }

// A claim is a sentence with what it rests on.
type claim struct {
	ID string
	incident.Sentence
	// Here are the records that this sentence shows, Elsewhere those that
	// another one does, Others the numbers of those that are not on the page.
	Here      []*record
	Elsewhere []*record
	Others    []int64
}

type incidentView struct {
	*incident.Incident
	Story   []*claim
	Skipped int // sentences of the story that are left out
	// Opening says what the story is of.
	Opening []incident.Sentence
	Days    []storyDay
}

// A storyDay is the part of a story that began on one day. Chapter says how
// it follows on what was before; it is the heading.
type storyDay struct {
	Date    string
	Chapter *incident.Sentence
	Claims  []*claim
}

func newPage(d *Document, words wording) (*page, error) {
	p := &page{Document: d, words: words, names: newHostNames(d), Steps: FirstSteps(d)}
	counted, told := newDensity(), newBriefing(d, p.names)
	for f, err := range d.Findings {
		if err != nil {
			return nil, err
		}
		counted.add(f.Host, f.Time, f.Rule.Level)
		told.add(f)
	}
	p.Brief = told.brief()
	var err error
	if p.records, err = gatherRecords(d, p.Brief); err != nil {
		return nil, err
	}
	p.Total = counted.total
	counted.rename(p.names.of)
	for _, one := range detailed(d) {
		p.Detailed = append(p.Detailed, p.incidentView(one))
	}
	p.Others = d.Incidents[len(p.Detailed):]
	p.Timeline = p.timeline(counted)
	p.Graph = newGraph(d.Incidents, p.names)
	p.Matrix = p.matrix()
	p.Assessment = p.assessment()
	p.Facts = p.facts()
	return p, nil
}

func (p *page) incidentView(one *incident.Incident) *incidentView {
	v := &incidentView{Incident: one, Skipped: len(one.Story) - len(toldStory(one))}
	for i, s := range toldStory(one) {
		switch {
		case strings.HasPrefix(s.Message, "story.opening"):
			v.Opening = append(v.Opening, s)
		case strings.HasPrefix(s.Message, "story.chapter"):
			v.Days = append(v.Days, storyDay{Date: dayOf(s.Time), Chapter: &s})
		default:
			v.tell(p.claim(fmt.Sprintf("%s-%d", one.ID, i+1), s))
		}
	}
	return v
}

// tell adds a sentence to the day that it is of.
func (v *incidentView) tell(c *claim) {
	v.Story = append(v.Story, c)
	date := dayOf(c.Time)
	if n := len(v.Days); n == 0 || date != "" && v.Days[n-1].Date != date {
		v.Days = append(v.Days, storyDay{Date: date})
	}
	last := &v.Days[len(v.Days)-1]
	last.Claims = append(last.Claims, c)
}

func dayOf(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return day(t)
}

// claim sorts a sentence's proof: the first sentence of a story to cite a
// record shows it. Other sentences only refer to records.
func (p *page) claim(id string, s incident.Sentence) *claim {
	c := &claim{ID: id, Sentence: s}
	for _, number := range s.Proof {
		switch r := p.records.byNumber[number]; {
		case r == nil:
			c.Others = append(c.Others, number)
		case r.Owner == "":
			r.Owner = id
			c.Here = append(c.Here, r)
		default:
			c.Elsewhere = append(c.Elsewhere, r)
		}
	}
	return c
}

// Unowned are the records on the page that no sentence of a story shows.
func (p *page) Unowned() []*record {
	var rest []*record
	for _, number := range p.records.order {
		if r := p.records.byNumber[number]; r.Owner == "" {
			rest = append(rest, r)
		}
	}
	return rest
}

func (p *page) facts() facts {
	f := facts{Incidents: len(p.Incidents)}
	hosts, accounts := map[entity.Key]bool{}, map[entity.Key]bool{}
	for i, one := range p.Incidents {
		grave := isGrave(one.Level)
		if grave {
			f.Grave++
		}
		if i == 0 {
			f.Level = one.Level
		}
		if !grave && i > 0 {
			continue
		}
		f.First, f.Last = widen(f.First, f.Last, one.First, one.Last)
		for _, use := range one.Entities {
			switch {
			case use.Kind == entity.Host && slices.Contains(use.Roles, entity.At):
				hosts[use.Key] = true
			case use.Kind == entity.Account:
				accounts[use.Key] = true
			}
		}
	}
	f.Hosts, f.Accounts = len(hosts), len(accounts)
	return f
}

func isGrave(level string) bool { return level == "critical" || level == "high" }

// widen adds a span to a span; zero times do not count.
func widen(first, last, otherFirst, otherLast time.Time) (time.Time, time.Time) {
	if first.IsZero() || !otherFirst.IsZero() && otherFirst.Before(first) {
		first = otherFirst
	}
	if otherLast.After(last) {
		last = otherLast
	}
	return first, last
}

// Span says whether what matters happened on one day or on several.
func (f facts) Span() string {
	if day(f.First) == day(f.Last) {
		return "day"
	}
	return "days"
}
