package evaluate

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kulla-defence/kulla/internal/attribution/ranking"
	"github.com/kulla-defence/kulla/internal/knowledge"
)

// ErrLeak is returned where a profile rests on a report that was held out.
var ErrLeak = errors.New("what was held out leaks into a profile")

// A testCase is a set of features whose actor is known.
type testCase struct {
	name     string
	actors   []string // any of them is right
	features []string
	at       time.Time
	holdout  ranking.Holdout
	// reports are those that tell of it: nothing may be trained on them.
	reports map[string]bool
}

const (
	minReportFeatures   = 5
	minTrainingFeatures = 3 // of reports that are trained on, but not judged
	minCampaignFeatures = 3
)

// reportCases are task B: what each report says of an actor, to be recognised
// by what other reports say; with temporal, by what earlier ones say.
func reportCases(base *knowledge.Base, temporal bool) []testCase {
	var cases []testCase
	for _, actor := range base.Actors {
		for _, report := range reportsOn(actor) {
			c := testCase{name: actor.ID + ": " + report.Name, actors: []string{actor.ID}, features: saidBy(actor.Features, report.Name),
				at: report.Published, reports: map[string]bool{report.Name: true}}
			c.holdout.Citations = c.reports
			if temporal {
				c.holdout.Before = report.Published
			}
			if len(c.features) < minTrainingFeatures || temporal && c.at.IsZero() || !known(actor, c.holdout) {
				continue
			}
			cases = append(cases, c)
		}
	}
	return cases
}

// judged reports whether the case is big enough to count.
func (c *testCase) judged() bool { return len(c.features) >= minReportFeatures }

// reportsOn lists the reports on an actor, in order of name.
func reportsOn(actor *knowledge.Actor) []knowledge.Citation {
	byName := map[string]knowledge.Citation{}
	for _, f := range actor.Features {
		for _, c := range f.Citations {
			byName[c.Name] = c
		}
	}
	var reports []knowledge.Citation
	for _, c := range byName {
		reports = append(reports, c)
	}
	slices.SortFunc(reports, func(a, b knowledge.Citation) int { return compare(a.Name, b.Name) })
	return reports
}

func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// saidBy lists the features that a report is cited for.
func saidBy(features []knowledge.Feature, report string) []string {
	var ids []string
	for _, f := range features {
		if slices.ContainsFunc(f.Citations, func(c knowledge.Citation) bool { return c.Name == report }) {
			ids = append(ids, f.ID)
		}
	}
	return ids
}

// known reports whether anything is left of an actor.
func known(actor *knowledge.Actor, holdout ranking.Holdout) bool {
	return slices.ContainsFunc(actor.Features, func(f knowledge.Feature) bool { return allowed(f, holdout) })
}

// allowed says whether a feature may be known: the rule of Holdout, written a
// second time on the knowledge itself, so that one mistake is not believed twice.
func allowed(f knowledge.Feature, holdout ranking.Holdout) bool {
	if len(f.Citations) == 0 {
		return holdout.Before.IsZero()
	}
	return slices.ContainsFunc(f.Citations, func(c knowledge.Citation) bool {
		if holdout.Citations[c.Name] {
			return false
		}
		return holdout.Before.IsZero() || !c.Published.IsZero() && c.Published.Before(holdout.Before)
	})
}

// An isolation is how much of a campaign is kept from who ranks it.
type isolation int

const (
	leaky    isolation = iota // A0: nothing, for contrast
	without                   // A1: the campaign
	disjoint                  // A2: and all that its sources say
)

// campaignCases are task A: attributed campaigns.
func campaignCases(base *knowledge.Base, isolation isolation) []testCase {
	var cases []testCase
	for _, campaign := range base.Campaigns {
		if len(campaign.Actors) == 0 || len(campaign.Features) < minCampaignFeatures {
			continue
		}
		c := testCase{name: campaign.ID + ": " + campaign.Name, actors: campaign.Actors, at: campaign.Last, reports: sourcesOf(campaign)}
		for _, f := range campaign.Features {
			c.features = append(c.features, f.ID)
		}
		if isolation >= without {
			c.holdout.Campaigns = map[string]bool{campaign.ID: true}
		}
		if isolation == disjoint {
			c.holdout.Citations = c.reports
		}
		cases = append(cases, c)
	}
	return cases
}

func sourcesOf(campaign *knowledge.Campaign) map[string]bool {
	sources := map[string]bool{}
	for _, c := range campaign.Citations {
		sources[c.Name] = true
	}
	for _, f := range campaign.Features {
		for _, c := range f.Citations {
			sources[c.Name] = true
		}
	}
	return sources
}

// A witness finds leaks.
type witness struct {
	// stated lists by id of an actor or software, and feature, who says so.
	stated map[string]map[string][]statement
}

// A statement is a feature and the campaign that it is stated for, if any.
type statement struct {
	feature  knowledge.Feature
	campaign string
}

func newWitness(base *knowledge.Base) *witness {
	w := &witness{stated: map[string]map[string][]statement{}}
	add := func(id, campaign string, features []knowledge.Feature) {
		if w.stated[id] == nil {
			w.stated[id] = map[string][]statement{}
		}
		for _, f := range features {
			w.stated[id][f.ID] = append(w.stated[id][f.ID], statement{f, campaign})
		}
	}
	for _, actor := range base.Actors {
		add(actor.ID, "", actor.Features)
	}
	for _, software := range base.Software {
		add(software.ID, "", software.Features)
	}
	for _, campaign := range base.Campaigns {
		for _, actor := range campaign.Actors {
			add(actor, campaign.ID, campaign.Features)
		}
	}
	return w
}

// check fails where a profile has a feature that nothing allowed says.
func (w *witness) check(ranker *ranking.Ranker, holdout ranking.Holdout) error {
	for id, stated := range w.stated {
		for _, feature := range ranker.Profile(id) {
			if !slices.ContainsFunc(stated[feature], func(s statement) bool {
				return !holdout.Campaigns[s.campaign] && allowed(s.feature, holdout)
			}) {
				return fmt.Errorf("%w: %s of %s", ErrLeak, feature, id)
			}
		}
	}
	return nil
}
