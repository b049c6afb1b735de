package sigma

import "fmt"

// didYouMean suggests the nearest of some names, or nothing when none is near.
func didYouMean(name string, names []string) string {
	const tooFar = 3
	const enough = 200 // names of an honest rule; more are a waste of time
	best, distance := "", tooFar
	for _, candidate := range names[:min(len(names), enough)] {
		if d := editDistance(name, candidate); d < distance && d < len(candidate) {
			best, distance = candidate, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(", did you mean %q?", best)
}

// editDistance counts the letters to insert, delete or replace (Levenshtein).
// Long names, which only a hostile rule has, are never near.
func editDistance(a, b string) int {
	const long = 64
	if len(a) > long || len(b) > long {
		return long
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(diagonal+cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
