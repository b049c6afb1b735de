package knowledge

import (
	"cmp"
	"slices"
)

// joinCitations returns those of both, each once, in order of their names.
func joinCitations(a, b []Citation) []Citation {
	return joined(a, b, func(x, y Citation) int {
		return cmp.Or(cmp.Compare(x.Name, y.Name), cmp.Compare(x.URL, y.URL), x.Published.Compare(y.Published))
	}, nil)
}

// joinFeatures returns those of both; what several say keeps all citations.
func joinFeatures(a, b []Feature) []Feature {
	return joined(a, b, func(x, y Feature) int { return cmp.Or(cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.ID, y.ID)) },
		func(f *Feature) *[]Citation { return &f.Citations })
}

func joinVictims(a, b []Victim) []Victim {
	return joined(a, b, func(x, y Victim) int {
		return cmp.Or(cmp.Compare(x.Country, y.Country), cmp.Compare(x.Sector, y.Sector))
	},
		func(v *Victim) *[]Citation { return &v.Citations })
}

func joinClaims(a, b []Claim) []Claim {
	return joined(a, b, func(x, y Claim) int { return cmp.Or(cmp.Compare(x.Field, y.Field), cmp.Compare(x.Value, y.Value)) },
		func(c *Claim) *[]Citation { return &c.Citations })
}

// joined sorts the entries of both lists and takes equal ones together, with
// the citations of all. The lists themselves stay as they are.
func joined[T any](a, b []T, compare func(x, y T) int, citations func(*T) *[]Citation) []T {
	all := slices.Concat(a, b)
	slices.SortStableFunc(all, compare)
	var made []T
	for _, entry := range all {
		if n := len(made); n == 0 || compare(made[n-1], entry) != 0 {
			made = append(made, entry)
		} else if citations != nil {
			into := citations(&made[n-1])
			*into = slices.Concat(*into, *citations(&entry))
		}
	}
	for i := range made {
		if citations != nil {
			into := citations(&made[i])
			*into = joinCitations(*into, nil)
		}
	}
	return made
}

func compareConflicts(x, y Conflict) int {
	return cmp.Or(cmp.Compare(x.What, y.What), cmp.Compare(x.Value, y.Value), slices.Compare(x.IDs, y.IDs))
}
