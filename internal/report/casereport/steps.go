package casereport

import (
	"cmp"
	"slices"
	"strings"
)

// FirstSteps ranks mitigations by how many techniques of grave incidents they
// are against.
func FirstSteps(d *Document) []Step {
	byID := map[string]*Step{}
	if d.Base == nil {
		return nil
	}
	for _, one := range d.Incidents {
		for _, use := range d.techniquesOf(one) {
			for i, m := range d.Base.Mitigations(use.ID) {
				step := byID[m.ID]
				if step == nil {
					step = &Step{ID: m.ID, Name: m.Name}
					byID[m.ID] = step
				}
				if !slices.Contains(step.Techniques, use.ID) {
					step.Techniques = append(step.Techniques, use.ID)
				}
				step.weight += weightOf(one.Level) / (1 + i)
			}
		}
	}
	steps := make([]Step, 0, len(byID))
	for _, step := range byID {
		steps = append(steps, *step)
	}
	slices.SortFunc(steps, func(a, b Step) int { return cmp.Or(cmp.Compare(b.weight, a.weight), strings.Compare(a.ID, b.ID)) })
	return steps
}

// A Step is something to do, and the techniques it is against.
type Step struct {
	ID, Name   string
	Techniques []string
	weight     int
}

// weightOf makes one critical incident count more than several small ones.
func weightOf(level string) int {
	return map[string]int{"critical": 1000, "high": 200, "medium": 40, "low": 8}[level]
}
