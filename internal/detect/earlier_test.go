package detect

import (
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kulla-defence/kulla/internal/event"
)

// partOf reads events in an engine that was given what earlier ones kept.
func partOf(t *testing.T, earlier []*Kept, events ...*event.Event) *Result {
	t.Helper()
	engine := testEngine(t, Options{Prove: true, Full: true})
	for _, kept := range earlier {
		if err := engine.AddEarlier(kept.Source, kept.Data); err != nil {
			t.Fatal(err)
		}
	}
	sink := engine.Sink()
	for _, e := range events {
		if err := sink.Event(e); err != nil {
			t.Fatal(err)
		}
	}
	result, err := engine.Finish()
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func keptBy(t *testing.T, result *Result) (all []*Kept) {
	t.Helper()
	for kept, err := range result.Kept(1 << 20) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, &Kept{kept.Source, kept.Count, slices.Clone(kept.Data)})
	}
	return all
}

func correlatedBy(t *testing.T, result *Result) (all []string) {
	t.Helper()
	for f, err := range result.Correlated() {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, describeFinding(f))
		for _, member := range f.Correlation.Events {
			all = append(all, member.Rule.Title+" "+member.Place.Source.Name+" "+member.Time.String()+" "+member.Fields[2].Value+" "+strconv.FormatBool(member.Place.Carved))
		}
	}
	return all
}

func from(source *event.Source, e *event.Event) *event.Event {
	e.Provenance.Source = source
	return e
}

// Events in two parts are correlated as they are at once, whichever part comes
// first.
func TestPartsAreCorrelatedAsTheWhole(t *testing.T) {
	t.Parallel()
	a, b := &event.Source{Name: "a.evtx"}, &event.Source{Name: "b.evtx"}
	one := func() []*event.Event {
		carved := from(a, logon(5, "anna"))
		carved.Provenance.Carved = true
		return []*event.Event{from(a, logon(1, "anna")), carved, from(a, shell(6, "x"))}
	}
	two := func() []*event.Event {
		return []*event.Event{from(b, logon(3, "ANNA")), from(b, logon(4, "ben")), from(b, logon(0, "anna"))}
	}
	whole := partOf(t, nil, append(one(), two()...)...)
	want := correlatedBy(t, whole)
	if len(want) != 4 {
		t.Fatalf("at once: %q", want)
	}
	first, second := keptBy(t, partOf(t, nil, one()...)), keptBy(t, partOf(t, nil, two()...))
	if len(first) != 1 || first[0].Count != 2 || len(second) != 1 || second[0].Count != 3 {
		t.Errorf("kept %v and %v", first, second)
	}
	for name, result := range map[string]*Result{"a, b": partOf(t, first, two()...), "b, a": partOf(t, second, one()...), "neither": partOf(t, append(first, second...))} {
		if diff := cmp.Diff(want, correlatedBy(t, result)); diff != "" {
			t.Errorf("%s: (-at once +in parts)\n%s", name, diff)
		}
		if diff := cmp.Diff(whole.Uncorrelated, result.Uncorrelated); diff != "" {
			t.Errorf("%s: (-at once +in parts)\n%s", name, diff)
		}
	}
}

// What several rule sets kept of one source is counted once.
func TestSourceOfSeveralRuleSets(t *testing.T) {
	t.Parallel()
	a := &event.Source{Name: "a.evtx"}
	events := func() []*event.Event {
		return []*event.Event{from(a, logon(1, "anna")), from(a, logon(2, "anna")), from(a, logon(3, "anna"))}
	}
	first := keptBy(t, partOf(t, nil, events()[:2]...))
	if found := correlatedBy(t, partOf(t, append(first, first...))); len(found) > 0 {
		t.Errorf("two logons, kept twice, are %q", found)
	}
	whole := keptBy(t, partOf(t, nil, events()...))
	if diff := cmp.Diff(correlatedBy(t, partOf(t, whole)), correlatedBy(t, partOf(t, append(whole, whole...)))); diff != "" {
		t.Errorf("(-kept once +kept twice)\n%s", diff)
	}
}

func TestCopiesAreLeftOut(t *testing.T) {
	t.Parallel()
	a, b := &event.Source{Name: "a.evtx"}, &event.Source{Name: "b.evtx"}
	engine := testEngine(t, Options{Prove: true})
	sink := engine.Sink()
	for _, source := range []*event.Source{a, b} {
		for _, second := range []int{1, 2} {
			if err := sink.Event(from(source, logon(second, "anna"))); err != nil {
				t.Fatal(err)
			}
		}
	}
	engine.LeaveOut(b)
	result, err := engine.Finish()
	if err != nil {
		t.Fatal(err)
	}
	if found := correlatedBy(t, result); len(found) > 0 {
		t.Errorf("two logons and their copies are %q", found)
	}
}

// A record that stands both in an altered file and in what it was is one event,
// whether the earlier content is read again or was kept.
func TestUnalteredRecordsAreCountedOnce(t *testing.T) {
	t.Parallel()
	before, altered := &event.Source{Name: "a.evtx"}, &event.Source{Name: "a.evtx"}
	was := func() []*event.Event {
		return []*event.Event{from(before, logon(1, "anna")), from(before, logon(2, "anna"))}
	}
	now := func() []*event.Event {
		return []*event.Event{from(altered, logon(1, "anna")), from(altered, logon(2, "anna")), from(altered, logon(3, "ben"))}
	}
	for name, kept := range map[string][]*Kept{"kept": keptBy(t, partOf(t, nil, was()...)), "read": nil} {
		engine := testEngine(t, Options{Prove: true, Full: true})
		for _, one := range kept {
			if err := engine.AddEarlier(before, one.Data); err != nil {
				t.Fatal(err)
			}
		}
		sink, events := engine.Sink(), now()
		if kept == nil {
			events = append(events, was()...)
		}
		for _, e := range events {
			if err := sink.Event(e); err != nil {
				t.Fatal(err)
			}
		}
		var matched int
		for _, err := range engine.Matched(altered) {
			if err != nil {
				t.Fatal(err)
			}
			matched++
		}
		if matched != 3 {
			t.Errorf("%s: %d matches in the altered file, want 3", name, matched)
		}
		engine.Alters(altered, before)
		result, err := engine.Finish()
		if err != nil {
			t.Fatal(err)
		}
		if found := correlatedBy(t, result); len(found) > 0 {
			t.Errorf("%s: two logons and the same again are %q", name, found)
		}
		for _, one := range keptBy(t, result) {
			if one.Source == altered && one.Count != 1 {
				t.Errorf("%s: %d matches are kept of the altered file, want 1", name, one.Count)
			}
		}
	}
}

// Whatever stands in a case instead of matches is read to an end or an error.
func FuzzAddEarlier(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("\x01\x00\x01a\x01b"))
	f.Add([]byte("\x02\x00\x01a\x01b"))
	f.Add([]byte("\x01\x01\xff\xff\xff\xff\x0f"))
	f.Fuzz(func(t *testing.T, data []byte) {
		engine := &Engine{tables: testTables(), options: Options{ShelfBytes: 1 << 20, TempFolder: t.TempDir()}, byName: map[RuleName]*Rule{}}
		engine.byName[RuleName{"a", "b"}] = engine.tables.rules[0]
		_ = engine.AddEarlier(testSource, data)
		for item, err := range engine.earlier.items() {
			if err == nil {
				_, err = item.finding()
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	})
}
