package ruletest

import (
	"regexp/syntax"
	"strings"
	"unicode"
)

// A sample is a text that a regular expression may match.
type sample struct {
	text string
	// begins and ends say that the expression is anchored there.
	begins, ends bool
}

// maxSample bounds the length of a sample, in bytes.
const maxSample = 1 << 16

// sampleOf makes a text of an expression. Variants differ in the branches and
// repetitions they take.
func sampleOf(expression string, variant int) sample {
	parsed, err := syntax.Parse(expression, syntax.Perl)
	if err != nil {
		return sample{}
	}
	s := sampler{variant: variant}
	s.write(parsed)
	begins, ends := anchors(parsed)
	return sample{s.text.String(), begins, ends}
}

type sampler struct {
	text    strings.Builder
	variant int
}

func (s *sampler) write(e *syntax.Regexp) {
	if s.text.Len() > maxSample {
		return
	}
	switch e.Op {
	case syntax.OpLiteral:
		for _, r := range e.Rune {
			s.text.WriteRune(r)
		}
	case syntax.OpCharClass:
		s.text.WriteRune(oneOf(e.Rune, s.variant))
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		s.text.WriteByte("x1 "[s.variant%3])
	case syntax.OpConcat, syntax.OpCapture:
		for _, part := range e.Sub {
			s.write(part)
		}
	case syntax.OpAlternate:
		s.write(e.Sub[s.variant%len(e.Sub)])
	case syntax.OpStar, syntax.OpQuest:
		if s.variant%2 == 1 {
			s.write(e.Sub[0])
		}
	case syntax.OpPlus:
		s.write(e.Sub[0])
	case syntax.OpRepeat:
		for range max(e.Min, min(1, e.Max)) {
			s.write(e.Sub[0])
		}
	case syntax.OpWordBoundary:
		if s.variant%4 >= 2 {
			s.text.WriteByte(' ')
		}
	}
}

// oneOf picks a rune of a class, a common one where there is one.
func oneOf(ranges []rune, variant int) rune {
	const common = "xa1X/ .-_\\"
	for i := range common {
		if r := rune(common[(i+variant/2)%len(common)]); inRanges(ranges, r) {
			return r
		}
	}
	for i := 0; i+1 < len(ranges); i += 2 {
		for r := ranges[i]; r <= ranges[i+1] && r < ranges[i]+0x100; r++ {
			if unicode.IsPrint(r) {
				return r
			}
		}
	}
	if len(ranges) > 0 {
		return ranges[0]
	}
	return 'x'
}

func inRanges(ranges []rune, r rune) bool {
	for i := 0; i+1 < len(ranges); i += 2 {
		if ranges[i] <= r && r <= ranges[i+1] {
			return true
		}
	}
	return false
}

// anchors reports whether an expression only matches at the beginning and at
// the end of a text.
func anchors(e *syntax.Regexp) (begins, ends bool) {
	switch e.Op {
	case syntax.OpBeginText, syntax.OpBeginLine:
		return true, false
	case syntax.OpEndText, syntax.OpEndLine:
		return false, true
	case syntax.OpCapture, syntax.OpConcat:
		if len(e.Sub) == 0 {
			return false, false
		}
		begins, ends = anchors(e.Sub[0])
		if len(e.Sub) > 1 {
			_, ends = anchors(e.Sub[len(e.Sub)-1])
		}
	}
	return begins, ends
}
