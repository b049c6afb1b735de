package detect

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/sigma"
)

// A Rule is what a finding says of the rule, or correlation rule, that made it.
type Rule struct {
	ID    string
	Title string
	Level sigma.Level
	// Tactics are ATT&CK tactic names as the rule's tags have them, such as
	// "lateral-movement"; Techniques are ids such as "T1021.001".
	Tactics        []string
	Techniques     []string
	Tags           []string
	References     []string
	FalsePositives []string
	Correlation    bool
	// File is where the rule was read from.
	File string

	rank int // position in the order of findings that are otherwise equal
}

// A RuleName tells rules apart, from one run to the next and in the id of a
// finding.
type RuleName struct{ ID, Title string }

// Name is what the rule is told by.
func (r *Rule) Name() RuleName { return RuleName{r.ID, r.Title} }

// A Finding is one event that matched a rule, or several that a correlation
// rule put together.
type Finding struct {
	Rule *Rule
	// Time is when the event happened, or when a correlation was complete,
	// UTC. It is zero when the evidence does not say.
	Time time.Time
	// TimeText is the time as written, when the source states no zone.
	TimeText string
	Host     string
	// Place is where the event's record stands in the evidence; for a
	// correlation, the record that completed it.
	Place event.Provenance
	// Record is the SHA-256 of the record's bytes as they stand in the source;
	// zero unless Options.Prove is set.
	Record [32]byte
	// Fields are the event's columns that the rule asked for and the event
	// has, then, when the engine keeps full events, the others. Their order
	// is that of the event.
	Fields      []Field
	Correlation *Correlation

	inputs []Field // values that correlation rules need, under the rule's names
}

// A Field is one column of an event. A name may stand several times.
type Field struct {
	Name  string
	Value string
	// Asked is whether the rule looks at this field.
	Asked bool
	// Null marks a column that is there without a value.
	Null bool
}

// A Correlation is what a correlation rule adds to a finding.
type Correlation struct {
	First, Last time.Time
	// Count is the number of events in the window, Value what the rule
	// measured over them (a count, a sum, an average …).
	Count int64
	Value float64
	// Incomplete says that the evidence ended before the window did.
	Incomplete bool
	// Group holds the values of the group-by fields.
	Group []Field
	// Events are the records in the window, in order of time; when there were
	// more than the correlator keeps, the latest of them.
	Events []Member
	// Latest are the fields of the last of Events, as in Finding: the example
	// that a person is shown. They are left out once those of all correlations
	// together hold much.
	Latest []Field
}

// A Member is one event of a correlation.
type Member struct {
	Rule  *Rule
	Time  time.Time
	Host  string
	Place event.Provenance
	// Record and Fields are as in Finding, where Options.Prove is set. Fields
	// are left out once all members together hold much.
	Record [32]byte
	Fields []Field

	reference uint64 // the event's position among all matches that are correlated
}

// compareFindings is the total order of findings.
func compareFindings(a, b *Finding) int {
	return cmp.Or(
		a.Time.Compare(b.Time),
		ComparePlaces(a.Place, b.Place),
		cmp.Compare(a.Rule.rank, b.Rule.rank),
		compareCorrelations(a.Correlation, b.Correlation),
	)
}

// ComparePlaces puts records in the order of their evidence: by the name of the
// source, and where they stand in it.
func ComparePlaces(a, b event.Provenance) int {
	if a.Source != b.Source {
		if order := strings.Compare(sourceName(a), sourceName(b)); order != 0 {
			return order
		}
	}
	return cmp.Or(cmp.Compare(a.Offset, b.Offset), cmp.Compare(a.Line, b.Line), cmp.Compare(a.RecordID, b.RecordID))
}

func sourceName(p event.Provenance) string {
	if p.Source == nil {
		return ""
	}
	return p.Source.Name
}

// compareCorrelations tells apart what one event can complete several times:
// the windows of a correlation rule for different groups.
func compareCorrelations(a, b *Correlation) int {
	if a == nil || b == nil {
		return 0
	}
	return slices.CompareFunc(a.Group, b.Group, func(x, y Field) int {
		return cmp.Or(strings.Compare(x.Name, y.Name), strings.Compare(x.Value, y.Value))
	})
}
