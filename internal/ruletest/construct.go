package ruletest

import (
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/kulla-defence/kulla/sigma"
)

// An atom is one value of a rule that a field must match.
type atom struct {
	value sigma.Value
	part  sigma.TimePart
}

// maxChoices bounds how many combinations of values are tried for one field.
const maxChoices = 200

// valuesFor returns values of one field for which all literals come out as
// they should; none where it is better absent. Where any text will do, it is
// another one for each field, as rules compare fields.
func valuesFor(group []literal, budget *int) ([]Field, bool) {
	if fits(group, nil) {
		return nil, true
	}
	if some := (row{{Name: "f", Text: "some " + group[0].key()}}); fits(group, some) {
		return some, true
	}
	for choice := range maxChoices {
		atoms, more := choose(group, choice)
		for text := range textsOf(atoms) {
			if *budget--; *budget < 0 {
				return nil, false
			}
			if value := (row{{Name: "f", Text: text}}); fits(group, value) {
				return value, true
			}
		}
		if !more {
			break
		}
	}
	first, _ := choose(group, 0)
	if several := severalOf(first); len(several) > 1 && fits(group, several) {
		return several, true
	}
	null := row{{Name: "f", Null: true}}
	return null, fits(group, null)
}

// fits checks the literals on an event that has nothing but their field.
func fits(group []literal, value row) bool {
	alone := newView(value)
	for _, l := range group {
		p := *l.predicate
		p.Source = nil
		if p.Field != "" {
			p.Field = "f"
		}
		if sigma.Evaluate(&p, alone) != l.want {
			return false
		}
	}
	return true
}

// choose picks the values that must match: all of an "all" item, one of any
// other, by the digits of choice. More says that there are further choices.
func choose(group []literal, choice int) (atoms []atom, more bool) {
	for _, l := range group {
		p := l.predicate
		switch {
		case !l.matching() || len(p.Values) == 0:
		case p.All:
			for _, value := range p.Values {
				atoms = append(atoms, atom{value, p.Part})
			}
		default:
			atoms = append(atoms, atom{p.Values[choice%len(p.Values)], p.Part})
			choice /= len(p.Values)
			more = more || len(p.Values) > 1
		}
	}
	return atoms, more && choice == 0
}

// severalOf gives each atom a value of its own.
func severalOf(atoms []atom) row {
	var several row
	for i := range atoms {
		for text := range textsOf(atoms[i : i+1]) {
			if value := (Field{Name: "f", Text: text}); matchesAtom(atoms[i], text) {
				several = append(several, value)
				break
			}
		}
	}
	return several
}

func matchesAtom(a atom, text string) bool {
	return sigma.Evaluate(&sigma.Predicate{Field: "f", Part: a.part, Values: []sigma.Value{a.value}}, newView(row{{Name: "f", Text: text}}))
}

// textsOf yields texts that may match all atoms; the caller checks.
func textsOf(atoms []atom) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for _, a := range atoms { // a whole text leaves no choice
			if v, ok := a.value.(sigma.String); ok && len(v.Parts) == 1 && v.Parts[0].Kind == sigma.Literal {
				yield(v.Parts[0].Literal)
				return
			}
		}
		for _, a := range atoms {
			switch v := a.value.(type) {
			case sigma.Network:
				addresses(v.Prefix)(yield)
				return
			case sigma.Comparison:
				if a.part != sigma.WholeTime {
					times(yield)
				} else {
					numbers(atoms, yield)
				}
				return
			}
		}
		joined(atoms, yield)
	}
}

func addresses(prefix netip.Prefix) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		first := prefix.Masked().Addr()
		_ = (!prefix.Contains(first.Next()) || yield(first.Next().String())) && yield(first.String())
	}
}

func numbers(atoms []atom, yield func(string) bool) {
	for _, a := range atoms {
		c, ok := a.value.(sigma.Comparison)
		for _, step := range []float64{0, 1, -1, 0.5, -0.5} {
			if ok && !yield(strconv.FormatFloat(c.Number+step, 'f', -1, 64)) {
				return
			}
		}
	}
}

// times yields every hour of a leap year, with ever other minutes.
func times(yield func(string) bool) {
	begin := time.Date(2024, time.January, 1, 0, 0, 0, 0, time.UTC)
	for hour := range 366 * 24 {
		at := begin.Add(time.Duration(hour)*time.Hour + time.Duration(hour%60)*time.Minute)
		if !yield(at.Format(time.RFC3339)) {
			return
		}
	}
}

// Fillers stand where a rule has a wildcard.
var fillers = []string{"", "x", "1", " ", "/", `\`, "C", "\n"}

// joined puts texts with wildcards and regular expressions into one: what must
// stand first, what may stand anywhere, what must stand last.
func joined(atoms []atom, yield func(string) bool) {
	for variant := range maxVariants {
		for _, filler := range fillers {
			var b blend
			for _, a := range atoms {
				b.add(a.value, filler, variant)
			}
			for _, text := range b.texts(filler) {
				if !yield(text) {
					return
				}
			}
			if !b.varies && filler == "1" {
				return
			}
		}
	}
}

// maxVariants is how many samples of a regular expression are tried.
const maxVariants = 24

// A blend is one text that is to match several patterns.
type blend struct {
	exact      *string
	head, tail string
	middle     []string
	varies     bool
}

func (b *blend) add(value sigma.Value, filler string, variant int) {
	switch v := value.(type) {
	case sigma.String:
		b.varies = b.varies || len(v.Parts) > 1
		b.addPattern(v.Parts, filler)
	case sigma.Regexp:
		b.varies = true
		s := sampleOf(v.Compiled.String(), variant)
		switch {
		case s.begins && s.ends:
			b.exact = &s.text
		case s.begins:
			b.addHead(s.text)
		case s.ends:
			b.addTail(s.text)
		default:
			b.middle = append(b.middle, s.text)
		}
	case sigma.Exists:
		b.middle = append(b.middle, "x")
	}
}

// addPattern cuts a pattern at its runs.
func (b *blend) addPattern(parts []sigma.Part, filler string) {
	segments := []string{""}
	for _, part := range parts {
		last := len(segments) - 1
		switch part.Kind {
		case sigma.Literal:
			segments[last] += part.Literal
		case sigma.AnyOne:
			segments[last] += one(filler)
		default:
			segments = append(segments, "")
		}
	}
	if len(segments) == 1 {
		b.exact = &segments[0]
		return
	}
	b.addHead(segments[0])
	b.addTail(segments[len(segments)-1])
	for _, segment := range segments[1 : len(segments)-1] {
		if segment != "" {
			b.middle = append(b.middle, segment)
		}
	}
}

func one(filler string) string {
	if filler == "" {
		return "x"
	}
	return filler
}

func (b *blend) addHead(text string) {
	if len(text) > len(b.head) {
		b.head = text
	}
}

func (b *blend) addTail(text string) {
	if len(text) > len(b.tail) {
		b.tail = text
	}
}

// texts are the ways to put the parts together.
func (b *blend) texts(filler string) []string {
	if b.exact != nil {
		return []string{*b.exact}
	}
	short := b.head
	for _, part := range b.middle {
		if !strings.Contains(strings.ToLower(short+b.tail), strings.ToLower(part)) {
			short += filler + part
		}
	}
	long := b.head + filler + strings.Join(b.middle, filler) + filler + b.tail
	texts := []string{short + filler + b.tail, long, short, filler + long + filler}
	for i := range texts {
		if texts[i] == "" {
			texts[i] = "x"
		}
	}
	return texts
}
