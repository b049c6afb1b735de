package sigma

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"testing"
)

// plainWitness is what a witnessFinder must find, without leaving off early.
func plainWitness(e Expression, fields *fieldTable) (atoms []atom, cost int) {
	switch e := e.(type) {
	case And:
		return plainCheapest(len(e), func(i int) ([]atom, int) { return plainWitness(e[i], fields) })
	case Or:
		return plainSum(len(e), func(i int) ([]atom, int) { return plainWitness(e[i], fields) })
	case Named:
		return plainWitness(e.Term, fields)
	case *Predicate:
		if e.Negate || e.Part != WholeTime {
			return nil, 0
		}
		field := fields.number(e.Field, e.Source)
		ofValue := func(i int) ([]atom, int) { return plainValueWitness(e.Values[i], field) }
		if e.All {
			return plainCheapest(len(e.Values), ofValue)
		}
		return plainSum(len(e.Values), ofValue)
	}
	return nil, 0
}

func plainCheapest(n int, of func(int) ([]atom, int)) (atoms []atom, cost int) {
	for i := range n {
		if found, price := of(i); len(found) > 0 && (atoms == nil || price < cost) {
			atoms, cost = found, price
		}
	}
	return atoms, cost
}

func plainSum(n int, of func(int) ([]atom, int)) (atoms []atom, cost int) {
	for i := range n {
		found, price := of(i)
		if len(found) == 0 {
			return nil, 0
		}
		atoms, cost = append(atoms, found...), cost+price
	}
	return atoms, cost
}

func plainValueWitness(value Value, field int32) (atoms []atom, cost int) {
	switch v := value.(type) {
	case String:
		if a, ok := v.atom(); ok {
			a.field = field
			return []atom{a}, a.cost()
		}
	case Regexp:
		rarest, price := rarestSet(requirementsOf(v).sets)
		for _, literal := range rarest {
			atoms = append(atoms, atom{field, atomContains, literal})
		}
		return atoms, price
	}
	return nil, 0
}

// checkWays compares what a matcher knows of its ways with what follows from
// each rule, rewritten for each of its routes.
func checkWays(t *testing.T, rules []*Rule, taxonomy *Taxonomy) {
	t.Helper()
	m := Compile(rules, taxonomy)
	finder := witnessFinder{matcher: m}
	next := 0
	for number, rule := range rules {
		for _, route := range taxonomy.Routes(rule.LogSource) {
			w := &m.ways[next]
			next++
			own := m.own(w)
			if want := route.Rewrite(rule.Expression()); !reflect.DeepEqual(own, want) {
				t.Fatalf("rule %d: %v, want %v", number, own, want)
			}
			whole := append(And(slices.Clip(w.route.where)), own)
			if w.rule != number {
				t.Fatalf("a way of rule %d is one of rule %d", number, w.rule)
			}
			checkAllowed(t, m, w, whole)
			checkInterned(t, m, whole)
			want, _ := plainWitness(whole, &m.fields)
			if got := finder.witness(whole); !slices.Equal(got, want) {
				t.Fatalf("rule %d: witness %v, want %v", number, got, want)
			}
		}
	}
	if next != len(m.ways) {
		t.Errorf("%d ways, want %d", len(m.ways), next)
	}
	checkAccepted(t, m)
}

func checkAllowed(t *testing.T, m *Matcher, w *way, whole Expression) {
	t.Helper()
	for i := range m.discriminators {
		var want []int32
		if values, needed := necessaryValues(whole, m.discriminators[i].column); needed {
			want = m.discriminators[i].numbers(values)
		}
		if got := w.allowed[i]; len(got) != len(want) || (got == nil) != (want == nil) {
			t.Fatalf("rule %d allows %v, want %v", w.rule, got, want)
		}
	}
}

func checkInterned(t *testing.T, m *Matcher, whole Expression) {
	t.Helper()
	check := func(name string, source *FieldSource) {
		number := m.fields.number(name, source)
		f := m.fields.fields[number]
		if source != nil && source.Renames() {
			name, source = source.Columns[0], nil
		}
		if fieldKey(f.name, f.source) != fieldKey(name, source) {
			t.Fatalf("field %q of %v has no number", name, source)
		}
	}
	eachPredicate(whole, func(p *Predicate) {
		check(p.Field, p.Source)
		for _, value := range p.Values {
			if reference, ok := value.(FieldReference); ok {
				check(reference.Field, reference.Source)
			}
			if text, ok := plainText(value); ok && slices.Contains(discriminatorColumns[:], p.Field) {
				if _, known := m.discriminators[slices.Index(discriminatorColumns[:], p.Field)].known[text]; !known {
					t.Fatalf("value %q of %s has no number", text, p.Field)
				}
			}
		}
	})
}

// checkAccepted asks twice, as the second answer is remembered.
func checkAccepted(t *testing.T, m *Matcher) {
	t.Helper()
	for _, events := range []LogSource{{}, {Product: "windows"}, {Product: "Windows"}, {Category: "test"}, {Category: "webserver"}, {Product: "linux", Service: "auditd"}} {
		number := m.source(events)
		accepts := make([]bool, len(m.ways))
		for i := range m.ways {
			accepts[i] = m.ways[i].route.Accepts(events)
		}
		for channel := valueAmbiguous; int(channel) < len(m.discriminators[channelColumn].texts); channel++ {
			var want []int32
			for i := range m.ways {
				_, allowed := slices.BinarySearch(m.ways[i].allowed[channelColumn], channel)
				if accepts[i] && (allowed || channel == valueAmbiguous || m.ways[i].allowed[channelColumn] == nil) {
					want = append(want, int32(i))
				}
			}
			for range 2 {
				if got := m.accepted(number).of(channel); !slices.Equal(got, want) {
					t.Fatalf("events of %v in channel %d: %d ways, want %d", events, channel, len(got), len(want))
				}
			}
		}
	}
}

// What is worked out once for many ways is the same as for each alone.
func TestWaysArePlain(t *testing.T) {
	t.Parallel()
	taxonomy := parseTaxonomy(t, matcherTaxonomy)
	for seed := range uint64(500) {
		c := &choice{random: rand.New(rand.NewPCG(seed, 2))}
		var rules []*Rule
		for range 8 {
			rules = append(rules, c.rule())
		}
		checkWays(t, rules, taxonomy)
	}
}

func TestWaysArePlainOnPublicRules(t *testing.T) {
	t.Parallel()
	checkWays(t, publicRules(t), defaultTaxonomy(t))
}

// A field may have been given its columns before the taxonomy is asked.
func TestWaysKeepSourcesOfExpressions(t *testing.T) {
	t.Parallel()
	made := &FieldSource{Columns: []string{"X", "Y"}, Separator: "/"}
	values := []Value{String{Parts: literalParts("a")}, FieldReference{Field: "Renamed", Source: made}}
	rule := &Rule{LogSource: LogSource{Category: "test"}, Conditions: []Expression{And{
		&Predicate{Field: "A", Source: made, Values: values[:1]},
		&Predicate{Field: "EventID", Source: made, Values: values[:1]},
		&Predicate{Field: "Other", Values: values[1:]},
	}}}
	checkWays(t, []*Rule{rule}, parseTaxonomy(t, matcherTaxonomy))
}

func TestFoldStringIsFold(t *testing.T) {
	t.Parallel()
	for _, text := range matcherTexts {
		if got, want := foldString(text), string(Fold(nil, []byte(text))); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// Sessions that meet new kinds of events at the same time build the same buckets.
func TestSessionsShareBuckets(t *testing.T) {
	t.Parallel()
	taxonomy := parseTaxonomy(t, matcherTaxonomy)
	c := &choice{random: rand.New(rand.NewPCG(7, 3))}
	var rules []*Rule
	for range 200 {
		rules = append(rules, c.rule())
	}
	schemas := []*rowSchema{c.schema(), c.schema(), c.schema()}
	var events []*row
	for range 100 {
		events = append(events, c.event(pick(c, schemas)))
	}
	matcher := Compile(rules, taxonomy)
	var sessions sync.WaitGroup
	for range 8 {
		sessions.Go(func() {
			session := matcher.NewSession()
			for _, event := range events {
				if got, want := session.Match(event), plainMatches(rules, taxonomy, event); !slices.Equal(got, want) {
					t.Errorf("event %q: got %v, want %v", event.cells, got, want)
				}
			}
		})
	}
	sessions.Wait()
}
