package sigma

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"regexp"
	"slices"
	"testing"
)

// plainMatches is what a matcher must find, in the plainest way.
func plainMatches(rules []*Rule, taxonomy *Taxonomy, event Event) []int {
	var found []int
	for i, rule := range rules {
		for _, route := range taxonomy.Routes(rule.LogSource) {
			if route.Takes(event) && Evaluate(route.Rewrite(rule.Expression()), event) {
				found = append(found, i)
				break
			}
		}
	}
	return found
}

// A choice makes decisions from bytes, or from a random generator once they
// are used up, if there is one.
type choice struct {
	data   []byte
	random *rand.Rand
}

func (c *choice) below(n int) int {
	if c.random != nil {
		return c.random.IntN(n)
	}
	if len(c.data) == 0 {
		return 0
	}
	b := c.data[0]
	c.data = c.data[1:]
	return int(b) % n
}

func pick[T any](c *choice, from []T) T { return from[c.below(len(from))] }

// Texts that have much to do with each other, and much that is difficult:
// other scripts, the Kelvin sign, bytes that are not UTF-8, and all lengths
// about those that an index works with.
var matcherTexts = []string{
	"", "a", "A", "ab", "aB", "abc", "bc", "abcd", "bcd", "ABCDE", "xabcdy", "é", "É", "\xc3", "\x89", "\u212a", "k", "\ufffd", "\xff",
	`\cmd.exe`, `C:\Windows\cmd.exe`, `cmd.exe`, `\`, `c:\`, `exe`, `.exe`, `\Windows\`, "1", "2", "4688", "0x1f", "9007199254740992", "9007199254740993", "0x20000000000002", "10.0.0.1", "::1",
	"2024-02-03T04:05:06Z", "-", "true", "Security", "System", "a\nb", "aaaa", "aaab", "baaa", "ß",
}

var matcherFields = []string{"A", "B", "C", "Channel", "EventID", "Renamed", "Made", "Keyed", ""}

const matcherTaxonomy = `
logsources:
  - logsource: {category: test}
    routes:
      - where: {Channel: Security, EventID: [1, 2]}
        fields:
          Renamed: A
          Made: {columns: [A, B], separator: '\'}
          Keyed: {columns: C, key: a}
        values:
          A: {abc: [xabcdy, abcd]}
          EventID: {4688: ["1"]}
      - where: {B: [a, ab]}
  - logsource: {category: other}
    routes:
      - where: {Channel: [Security, System]}
`

func (c *choice) rule() *Rule {
	rule := &Rule{LogSource: LogSource{Category: pick(c, []string{"test", "test", "other", "unknown"})}}
	for range 1 + c.below(2) {
		rule.Conditions = append(rule.Conditions, c.expression(3))
	}
	return rule
}

func (c *choice) expression(depth int) Expression {
	if depth > 0 {
		switch c.below(6) {
		case 0, 1:
			return And(c.terms(depth))
		case 2:
			return Or(c.terms(depth))
		case 3:
			return Not{c.expression(depth - 1)}
		}
	}
	p := &Predicate{Field: pick(c, matcherFields), All: c.below(4) == 0, Negate: c.below(6) == 0}
	if c.below(12) == 0 {
		p.Part = Month
	}
	count := 1 + c.below(3)
	if c.below(8) == 0 {
		count = longList + 2
	}
	for range count {
		p.Values = append(p.Values, c.value())
	}
	return Named{"search", p}
}

func (c *choice) terms(depth int) []Expression {
	var terms []Expression
	for range c.below(4) {
		terms = append(terms, c.expression(depth-1))
	}
	return terms
}

func (c *choice) value() Value {
	switch c.below(16) {
	case 0:
		source := pick(c, []string{"ab", "(?i)aBC", "^a.c", "b+c?d", "a|bc", "[ab]c", "(?s)a.b", "(a|ab)(c|bcd)", ".", "(?i)k", `\.e[xy]e$`, "x?a{2,3}b", "[a-c]{4}", ".{4,}", "(?i)[a-c\\x{212a}]{4,}d?", `\.[ "\\]`, "\ufffd", "é"})
		return Regexp{source, regexp.MustCompile(source)}
	case 1:
		return pick(c, []Value{NullValue{}, Exists{true}, Exists{false}})
	case 2:
		return Network{netip.MustParsePrefix(pick(c, []string{"10.0.0.0/8", "::/64"}))}
	case 3:
		if c.below(4) == 0 {
			return Comparison{Operator(c.below(5)), 1 << 53, "9007199254740993"}
		}
		return Comparison{Operator: Operator(c.below(5)), Number: float64(c.below(4))}
	case 4:
		return FieldReference{Field: pick(c, matcherFields[:3]), Relation: Relation(c.below(4)), Cased: c.below(2) == 0}
	}
	return c.pattern()
}

func (c *choice) pattern() String {
	s := String{Cased: c.below(5) == 0}
	add := func(kind PartKind) {
		part := Part{Kind: kind}
		if kind == Literal {
			part.Literal = pick(c, matcherTexts[1:])
			if n := len(s.Parts); n > 0 && s.Parts[n-1].Kind == Literal {
				return
			}
		}
		s.Parts = append(s.Parts, part)
	}
	switch c.below(6) {
	case 0:
		return s
	case 1:
		add(Literal)
	case 2:
		add(AnyRun)
		add(Literal)
	case 3:
		add(Literal)
		add(AnyRun)
	case 4:
		add(AnyRun)
		add(Literal)
		add(AnyRun)
	default:
		for range 1 + c.below(5) {
			add(PartKind(c.below(3)))
		}
	}
	return s
}

func (c *choice) schema() *rowSchema {
	s := &rowSchema{source: LogSource{Category: pick(c, []string{"", "", "test", "other", "unknown"})}}
	for _, name := range []string{"Channel", "EventID", "A", "B", "C", "A.x", "Bx"} {
		for range pick(c, []int{0, 1, 1, 1, 1, 2}) {
			s.names = append(s.names, name)
		}
	}
	return s
}

func (c *choice) event(schema *rowSchema) *row {
	event := &row{schema: schema}
	for _, name := range schema.names {
		var text string
		switch name {
		case "Channel":
			text = pick(c, []string{"Security", "security", "System", "Other"})
		case "EventID":
			text = pick(c, []string{"1", "2", "4688", "3"})
		default:
			text = pick(c, matcherTexts) + pick(c, []string{"", "", pick(c, matcherTexts), "\na = abc\n"})
		}
		filled := cell{text, Present}
		if state := c.below(10); state < 2 {
			filled = cell{"", State(state)}
		}
		event.cells = append(event.cells, filled)
	}
	return event
}

// A storedRow is a row that shows how its columns are stored, but for C, and
// that can be screened.
type storedRow struct{ *row }

func (r storedRow) Stored(column int) (bytes []byte, form uint16, ok bool) {
	cell := r.cells[column]
	return []byte(cell.text), uint16(cell.state), r.schema.names[column] != "C"
}

func (r storedRow) Screen(screen *Screen) (possible, ok bool) {
	for _, cell := range r.cells {
		if cell.state == Present && screen.Text([]byte(cell.text)) {
			return true, true
		}
	}
	return false, true
}

// repeat gives an event some of the values of one before it, if it has the same
// schema. Events of others may have been between the two.
func (c *choice) repeat(event, before *row) {
	if event.schema != before.schema {
		return
	}
	for i := range event.cells {
		if c.below(2) == 0 {
			event.cells[i] = before.cells[i]
		}
	}
}

// checkMatcher makes rules and events, and compares the two ways.
func checkMatcher(t *testing.T, taxonomy *Taxonomy, c *choice, rules, events int) (matched int) {
	t.Helper()
	var set []*Rule
	for range rules {
		set = append(set, c.rule())
	}
	matcher := Compile(set, taxonomy)
	session, storing := matcher.NewSession(), matcher.NewSession()
	schemas := []*rowSchema{c.schema(), c.schema(), c.schema()}
	schemas[1].source = schemas[0].source
	before := []*row{c.event(schemas[0])}
	for range events {
		event := c.event(pick(c, schemas))
		c.repeat(event, pick(c, before[max(0, len(before)-3):]))
		before = append(before, event)
		got, want := session.Match(event), plainMatches(set, taxonomy, event)
		if stored := storing.Match(storedRow{event}); !slices.Equal(stored, want) {
			t.Fatalf("event %q of %q, stored: got %v, want %v", event.cells, event.schema.names, stored, want)
		}
		if !slices.Equal(got, want) {
			for i, rule := range set {
				if slices.Contains(got, i) != slices.Contains(want, i) {
					t.Logf("rule %d, source %v:\n%v", i, rule.LogSource, Explain(rule.Expression(), event))
				}
			}
			t.Fatalf("event %q of %q: got %v, want %v", event.cells, event.schema.names, got, want)
		}
		matched += len(want)
	}
	return matched
}

// The fast matcher finds what the plain evaluator finds, whatever the rules.
func TestMatcherIsPlain(t *testing.T) {
	t.Parallel()
	taxonomy := parseTaxonomy(t, matcherTaxonomy)
	matched := 0
	for seed := range uint64(2000) {
		c := &choice{random: rand.New(rand.NewPCG(seed, 1))}
		matched += checkMatcher(t, taxonomy, c, 8, 60)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	if matched < 10_000 {
		t.Errorf("only %d matches: the rules are too hard to meet", matched)
	}
}

// What was found for a value is not forgotten without the value, when an event
// that has no such field, or several, comes in between.
func TestMatcherRecallsNothingItForgot(t *testing.T) {
	t.Parallel()
	rule := &Rule{Conditions: []Expression{&Predicate{Field: "A", Values: []Value{String{Parts: literalParts("wanted")}}}}}
	has := &row{schema: &rowSchema{names: []string{"A"}}, cells: []cell{{"wanted", Present}}}
	for _, names := range [][]string{{"B"}, {"A", "A"}} {
		other := &row{schema: &rowSchema{names: names}, cells: slices.Repeat([]cell{{"other", Present}}, len(names))}
		session := Compile([]*Rule{rule}, parseTaxonomy(t, matcherTaxonomy)).NewSession()
		for i, event := range []*row{has, has, other, has, other, has} {
			if found := len(session.Match(storedRow{event})) > 0; found != (event == has) {
				t.Errorf("event %d with %q between: %v", i, names, found)
			}
		}
	}
}

func FuzzMatcher(f *testing.F) {
	f.Add([]byte("0123456789abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		checkMatcher(t, parseTaxonomy(t, matcherTaxonomy), &choice{data: data}, 3, 6)
	})
}

// All public rules, on a sample of real events.
func TestMatcherIsPlainOnPublicRules(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("the plain evaluator is slow")
	}
	rules, taxonomy := publicRules(t), defaultTaxonomy(t)
	all := sharedMatcherEvents(t)
	events := sysmonStarts(all)[:40]
	for i := 0; i < len(all); i += len(all) / 100 {
		events = append(events, all[i])
	}
	session := Compile(rules, taxonomy).NewSession()
	matched := 0
	for _, event := range events {
		got, want := session.Match(event), plainMatches(rules, taxonomy, event)
		if !slices.Equal(got, want) {
			t.Errorf("event %q: got %v, want %v", event.cells, got, want)
		}
		matched += len(want)
	}
	if matched == 0 {
		t.Error("no rule matches")
	}
}

// Evidence that pairs every channel with every event id is matched all the
// same, without a bucket for each pair.
func TestMatcherBoundsBuckets(t *testing.T) {
	t.Parallel()
	const channels, ids = 100, 50
	var rules []*Rule
	named := func(field string, i int) Expression {
		text := fmt.Sprint(field, i)
		return &Predicate{Field: field, Values: []Value{String{Parts: literalParts(text)}}}
	}
	for i := range channels {
		condition := Or{named("Channel", i), named("EventID", i%ids)}
		rules = append(rules, &Rule{LogSource: LogSource{Category: "test"}, Conditions: []Expression{condition}})
	}
	taxonomy := new(Taxonomy)
	session := Compile(rules, taxonomy).NewSession()
	schema := &rowSchema{LogSource{Category: "test"}, []string{"Channel", "EventID"}}
	for channel := range channels {
		for id := range ids {
			event := &row{schema, []cell{{fmt.Sprint("Channel", channel), Present}, {fmt.Sprint("EventID", id), Present}}}
			got, want := session.Match(event), plainMatches(rules, taxonomy, event)
			if !slices.Equal(got, want) {
				t.Fatalf("channel %d, event id %d: got %v, want %v", channel, id, got, want)
			}
		}
	}
	if got := len(session.buckets); got > maxBuckets+1 {
		t.Errorf("%d buckets", got)
	}
}

// An event that no rule matches costs no allocation.
func TestMatcherMissDoesNotAllocate(t *testing.T) {
	rule := ruleOf(t, "selection:\n  A|contains: [abcdef, bcdefg]\n  B|endswith: '\\cmd.exe'\nfilter:\n  C: null\ncondition: selection and not filter")
	session := Compile([]*Rule{rule}, new(Taxonomy)).NewSession()
	miss := newRow("A", "xxx bcdefg", "B", `C:\Windows\calc.exe`, "C", "c")
	hit := newRow("A", "xxx bcdefg", "B", `C:\Windows\cmd.exe`, "C", "c")
	miss.schema.source, hit.schema.source = rule.LogSource, rule.LogSource
	if len(session.Match(hit)) != 1 || len(session.Match(miss)) != 0 {
		t.Fatal("the rule does not match as it should")
	}
	for name, event := range map[string]*row{"miss": miss, "hit": hit} {
		if n := testing.AllocsPerRun(100, func() { session.Match(event) }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
