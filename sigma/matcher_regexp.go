package sigma

import (
	"bytes"
	"regexp/syntax"
	"strings"
	"unicode/utf8"
)

// requirements are what is known of every text that a regular expression
// matches. They are cheap to look for, the expression is not.
type requirements struct {
	// sets are folded texts; of each set one stands in the folded text.
	sets    [][]string
	minimum int // bytes the match has at least
	runs    []classRun
	// whole is set when a run is all there is to the expression.
	whole bool
}

// A classRun asks for so many bytes of a class in a row. Bytes from 0x80 on
// are in every class that has characters of more than one byte.
type classRun struct {
	class  [256]bool
	length int
}

// maxAlternatives bounds the texts in one set, maxProduct those that a part of
// an expression is written out as.
const (
	maxAlternatives = 64
	maxProduct      = 16
)

func requirementsOf(r Regexp) requirements {
	parsed, err := syntax.Parse(r.Compiled.String(), syntax.Perl)
	if err != nil {
		return requirements{}
	}
	runs := requiredRuns(parsed)
	whole := parsed.Op == syntax.OpRepeat && len(runs) == 1
	parsed = parsed.Simplify()
	return requirements{requiredSets(parsed), minimumLength(parsed), runs, whole}
}

// fulfilled reports whether the expression may match a text.
func (r *requirements) fulfilled(have *fieldText) bool {
	if len(have.raw) < r.minimum {
		return false
	}
	for _, set := range r.sets {
		if !containsAny(have.folded, set) {
			return false
		}
	}
	for i := range r.runs {
		if !r.runs[i].within(have.raw) {
			return false
		}
	}
	return true
}

func containsAny(text []byte, set []string) bool {
	for _, literal := range set {
		if bytes.Contains(text, []byte(literal)) {
			return true
		}
	}
	return false
}

// requiredSets returns sets of folded texts. Whatever the expression matches
// holds a text of each set.
func requiredSets(e *syntax.Regexp) [][]string {
	if texts, ok := writtenOut(e); ok {
		return usableSet(texts)
	}
	switch e.Op {
	case syntax.OpCapture, syntax.OpPlus:
		return requiredSets(e.Sub[0])
	case syntax.OpConcat:
		return requiredOfConcat(e.Sub)
	case syntax.OpAlternate:
		return requiredOfAlternatives(e.Sub)
	}
	return nil
}

// requiredOfConcat joins neighbours that can be written out.
func requiredOfConcat(terms []*syntax.Regexp) [][]string {
	var sets [][]string
	joined := []string{""}
	for _, term := range terms {
		texts, ok := writtenOut(term)
		if ok && len(joined)*len(texts) <= maxProduct {
			joined = joinEach(joined, texts)
			continue
		}
		sets = append(sets, usableSet(joined)...)
		joined = []string{""}
		if ok {
			joined = texts
		} else {
			sets = append(sets, requiredSets(term)...)
		}
	}
	return append(sets, usableSet(joined)...)
}

// requiredOfAlternatives unites the rarest set of each branch.
func requiredOfAlternatives(branches []*syntax.Regexp) [][]string {
	var union []string
	for _, branch := range branches {
		rarest, _ := rarestSet(requiredSets(branch))
		if len(rarest) == 0 || len(union)+len(rarest) > maxAlternatives {
			return nil
		}
		union = append(union, rarest...)
	}
	return [][]string{union}
}

func rarestSet(sets [][]string) (rarest []string, cost int) {
	for _, set := range sets {
		price := 0
		for _, literal := range set {
			price += atom{kind: atomContains, text: literal}.cost()
		}
		if rarest == nil || price < cost {
			rarest, cost = set, price
		}
	}
	return rarest, cost
}

// usableSet folds the texts; there is no set when one of them says nothing.
// The replacement character stands for any byte that is not UTF-8.
func usableSet(texts []string) [][]string {
	if len(texts) == 0 {
		return nil
	}
	folded := make([]string, len(texts))
	for i, text := range texts {
		if text == "" || strings.ContainsRune(text, utf8.RuneError) {
			return nil
		}
		folded[i] = foldString(text)
	}
	return [][]string{folded}
}

// writtenOut returns all texts, without regard to case, that an expression
// matches, if they are few.
func writtenOut(e *syntax.Regexp) ([]string, bool) {
	switch e.Op {
	case syntax.OpEmptyMatch, syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText,
		syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return []string{""}, true
	case syntax.OpLiteral:
		return []string{string(e.Rune)}, true
	case syntax.OpCharClass:
		return classWrittenOut(e.Rune)
	case syntax.OpCapture:
		return writtenOut(e.Sub[0])
	case syntax.OpConcat, syntax.OpAlternate:
		return termsWrittenOut(e)
	}
	return nil, false
}

func classWrittenOut(ranges []rune) ([]string, bool) {
	var texts []string
	for i := 0; i+1 < len(ranges); i += 2 {
		for r := ranges[i]; r <= ranges[i+1]; r++ {
			if len(texts) == maxProduct {
				return nil, false
			}
			texts = append(texts, string(r))
		}
	}
	return texts, len(texts) > 0
}

func termsWrittenOut(e *syntax.Regexp) ([]string, bool) {
	var texts []string
	for i, term := range e.Sub {
		more, ok := writtenOut(term)
		switch {
		case !ok:
			return nil, false
		case i == 0:
			texts = more
		case e.Op == syntax.OpAlternate:
			texts = append(texts[:len(texts):len(texts)], more...)
		case len(texts)*len(more) > maxProduct:
			return nil, false
		default:
			texts = joinEach(texts, more)
		}
		if len(texts) > maxProduct {
			return nil, false
		}
	}
	return texts, true
}

func joinEach(firsts, seconds []string) []string {
	all := make([]string, 0, len(firsts)*len(seconds))
	for _, first := range firsts {
		for _, second := range seconds {
			all = append(all, first+second)
		}
	}
	return all
}

// minimumLength counts a byte for each character a match must have.
func minimumLength(e *syntax.Regexp) int {
	switch e.Op {
	case syntax.OpLiteral:
		return len(e.Rune)
	case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return 1
	case syntax.OpCapture, syntax.OpPlus:
		return minimumLength(e.Sub[0])
	case syntax.OpConcat:
		sum := 0
		for _, term := range e.Sub {
			sum += minimumLength(term)
		}
		return sum
	case syntax.OpAlternate:
		least := minimumLength(e.Sub[0])
		for _, branch := range e.Sub[1:] {
			least = min(least, minimumLength(branch))
		}
		return least
	}
	return 0
}

// shortestRun is the length from which looking for a run is worth it.
const shortestRun = 4

func requiredRuns(e *syntax.Regexp) []classRun {
	switch e.Op {
	case syntax.OpCapture, syntax.OpPlus:
		return requiredRuns(e.Sub[0])
	case syntax.OpConcat:
		var runs []classRun
		for _, term := range e.Sub {
			runs = append(runs, requiredRuns(term)...)
		}
		return runs
	case syntax.OpRepeat:
		if ranges := classOf(e.Sub[0]); ranges != nil && e.Min >= shortestRun {
			return []classRun{newClassRun(ranges, e.Min)}
		}
	}
	return nil
}

func classOf(e *syntax.Regexp) []rune {
	switch e.Op {
	case syntax.OpCharClass:
		return e.Rune
	case syntax.OpAnyChar:
		return []rune{0, utf8.MaxRune}
	case syntax.OpAnyCharNotNL:
		return []rune{0, '\n' - 1, '\n' + 1, utf8.MaxRune}
	}
	return nil
}

func newClassRun(ranges []rune, length int) classRun {
	run := classRun{length: length}
	for i := 0; i+1 < len(ranges); i += 2 {
		for r := ranges[i]; r <= min(ranges[i+1], utf8.RuneSelf-1); r++ {
			run.class[r] = true
		}
		if ranges[i+1] >= utf8.RuneSelf {
			for b := utf8.RuneSelf; b < len(run.class); b++ {
				run.class[b] = true
			}
		}
	}
	return run
}

// within looks at one byte in so many: no run fits between two of them.
func (r *classRun) within(text []byte) bool {
	for at := r.length - 1; at < len(text); at += r.length {
		if !r.class[text[at]] {
			continue
		}
		from, to := at, at+1
		for from > 0 && r.class[text[from-1]] {
			from--
		}
		for to < len(text) && r.class[text[to]] {
			to++
		}
		if to-from >= r.length {
			return true
		}
	}
	return false
}
