// Package automaton tells whether a regular expression matches a text, with one
// look at a table for each character.
//
// It is a deterministic automaton whose states are made when a text first leads
// to them (Cox, Regular Expression Matching in the Wild, 2010). It says only yes or
// no; everything else, and texts for which the states get too many, is for the
// regexp package. Begin with New.
package automaton

import (
	"encoding/binary"
	"regexp"
	"regexp/syntax"
	"slices"
	"unicode/utf8"
)

// An Automaton matches one expression. It is for one goroutine.
type Automaton struct {
	expression *regexp.Regexp
	program    *syntax.Prog
	// looksBehind is set when the expression asks what is before a place.
	looksBehind bool
	states      []state
	// next is the table: a row of what each byte leads to for each state.
	next []stateNumber
	// leaps are what characters of several bytes lead to.
	leaps   map[leap]stateNumber
	known   map[string]stateNumber
	threads int // of all states
	key     []byte
	reached []bool
	closure []uint32
	// exhausted is set once there are more states, or larger ones, than are kept.
	exhausted bool
}

// A state is what may be matched next.
type state struct {
	// threads are where the program may go on, ascending, before it is known
	// what stands next; before is what stood last, or one like it.
	threads []uint32
	before  rune
}

type stateNumber uint16

type leap struct {
	from      stateNumber
	character rune
}

const (
	// rowBits says how long a row is: it has a place for each byte.
	rowBits = 8
	// endOfText has the place of a byte that is not ASCII.
	endOfText = 0xff
	// maxStates keeps the table under 150 KiB, maxThreads what the states are
	// made of under as much, and maxLeaps adds some 20. A program of more than
	// maxInstructions, which only a hostile rule has, is not kept.
	maxStates       = 256
	maxThreads      = 1 << 14
	maxLeaps        = 512
	maxInstructions = 1 << 12
)

// Numbers that are not of states.
const (
	unknown stateNumber = maxStates + iota
	matched
	failed
)

// New makes the automaton of an expression.
func New(expression *regexp.Regexp) *Automaton {
	a := &Automaton{expression: expression}
	parsed, err := syntax.Parse(expression.String(), syntax.Perl)
	if err == nil {
		a.program, err = syntax.Compile(parsed.Simplify())
	}
	if err != nil || len(a.program.Inst) > maxInstructions { // in another syntax, or too large
		a.giveUp()
		return a
	}
	for i := range a.program.Inst {
		a.looksBehind = a.looksBehind || a.program.Inst[i].Op == syntax.InstEmptyWidth
	}
	a.known, a.leaps = map[string]stateNumber{}, map[leap]stateNumber{}
	a.reached = make([]bool, len(a.program.Inst))
	a.number(nil, -1)
	return a
}

// giveUp leaves everything to the standard library from now on.
func (a *Automaton) giveUp() { *a = Automaton{expression: a.expression, exhausted: true} }

// Match reports what expression.Match does.
func (a *Automaton) Match(text []byte) bool {
	if a.exhausted {
		return a.expression.Match(text)
	}
	at := stateNumber(0)
	for i := 0; i < len(text); {
		next, size := a.next[int(at)<<rowBits|int(text[i])], 1
		if next >= maxStates {
			next, size = a.follow(at, text[i:])
			switch {
			case a.exhausted:
				return a.expression.Match(text)
			case next == matched:
				return true
			}
		}
		at = next
		i += size
	}
	next, _ := a.follow(at, nil)
	return next == matched
}

// follow returns what the first character of a text, or its end, leads to from a
// state, and the bytes that it takes.
func (a *Automaton) follow(at stateNumber, text []byte) (next stateNumber, size int) {
	switch {
	case len(text) == 0:
		return a.followByte(at, endOfText, -1), 0
	case text[0] < utf8.RuneSelf:
		return a.followByte(at, text[0], rune(text[0])), 1
	}
	character, size := utf8.DecodeRune(text)
	return a.followRune(at, character), size
}

func (a *Automaton) followByte(at stateNumber, symbol byte, after rune) stateNumber {
	place := int(at)<<rowBits | int(symbol)
	if a.next[place] == unknown {
		next := a.step(at, after)
		if a.exhausted {
			return failed
		}
		a.next[place] = next
	}
	return a.next[place]
}

// followRune is for characters that have no place in a row.
func (a *Automaton) followRune(at stateNumber, character rune) stateNumber {
	key := leap{at, character}
	next, ok := a.leaps[key]
	if !ok {
		if len(a.leaps) >= maxLeaps {
			clear(a.leaps)
		}
		next = a.step(at, character)
		if a.exhausted {
			return failed
		}
		a.leaps[key] = next
	}
	return next
}

// step works out what a character leads to; -1 is the end of the text.
func (a *Automaton) step(at stateNumber, after rune) stateNumber {
	if a.close(&a.states[at], after) {
		return matched
	}
	if after < 0 {
		return failed
	}
	var threads []uint32
	for _, place := range a.closure {
		if i := &a.program.Inst[place]; i.MatchRune(after) {
			threads = append(threads, i.Out)
		}
	}
	return a.number(threads, a.like(after))
}

// close finds the instructions that a state's threads come to without a
// character, and reports whether one of them is that the expression matches. A
// match may begin anywhere, so there is always a thread at the start.
func (a *Automaton) close(s *state, after rune) bool {
	clear(a.reached)
	a.closure = a.closure[:0]
	met := syntax.EmptyOpContext(s.before, after)
	waiting := append(slices.Clone(s.threads), uint32(a.program.Start))
	for len(waiting) > 0 {
		place := waiting[len(waiting)-1]
		waiting = waiting[:len(waiting)-1]
		if a.reached[place] {
			continue
		}
		a.reached[place] = true
		switch i := &a.program.Inst[place]; i.Op {
		case syntax.InstMatch:
			return true
		case syntax.InstAlt, syntax.InstAltMatch:
			waiting = append(waiting, i.Out, i.Arg)
		case syntax.InstCapture, syntax.InstNop:
			waiting = append(waiting, i.Out)
		case syntax.InstEmptyWidth:
			if wanted := syntax.EmptyOp(i.Arg); wanted&^met == 0 {
				waiting = append(waiting, i.Out)
			}
		case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
			a.closure = append(a.closure, place)
		}
	}
	return false
}

// like returns a character that is the same to what looks behind.
func (a *Automaton) like(c rune) rune {
	switch {
	case !a.looksBehind:
		return -1
	case c == '\n':
		return c
	case syntax.IsWordChar(c):
		return 'a'
	}
	return ' '
}

// number returns the state of threads, which is made if it is new.
func (a *Automaton) number(threads []uint32, before rune) stateNumber {
	slices.Sort(threads)
	threads = slices.Compact(threads)
	a.key = binary.AppendVarint(a.key[:0], int64(before))
	for _, thread := range threads {
		a.key = binary.AppendUvarint(a.key, uint64(thread))
	}
	if known, ok := a.known[string(a.key)]; ok {
		return known
	}
	if a.threads += len(threads); len(a.states) == maxStates || a.threads > maxThreads {
		a.giveUp()
		return failed
	}
	number := stateNumber(len(a.states))
	a.states = append(a.states, state{threads, before})
	a.next = append(a.next, slices.Repeat([]stateNumber{unknown}, 1<<rowBits)...)
	a.known[string(a.key)] = number
	return number
}
