package detect

import (
	"cmp"
	"crypto/sha256"
	"iter"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/sigma"
)

// Options say what an Engine looks for and keeps.
type Options struct {
	// MinLevel leaves out rules below a level. Rules that a correlation of
	// that level needs are looked for all the same.
	MinLevel sigma.Level
	// From and To leave out events before From, and at or after To; zero
	// means no bound. Events without a time are never left out.
	From, To time.Time
	// Full keeps all columns of an event in its finding.
	Full bool
	// Prove keeps with each finding, and each event of a correlation, the
	// digest of its record, and with the latter its fields.
	Prove bool
	// ShelfBytes is how much memory each sink may fill with findings before
	// they go to a temporary file; 0 means 4 MiB.
	ShelfBytes int
	// TempFolder is where that file is made; empty means the system's.
	TempFolder string
	// Trace notes what came of each correlation, for Result.Traces.
	Trace bool
	// Plain evaluates every rule on every event in the plainest way. It is what
	// the fast matcher is tested against.
	Plain bool
}

const (
	defaultShelfBytes = 4 << 20
	// maxCorrelatedHits bounds what all correlation windows keep together, and
	// maxReferences the events that one of their findings lists.
	maxCorrelatedHits = 500_000
	maxReferences     = 100
)

// An Engine runs a rule set over events. Sinks may be used at the same time as
// one another; Finish comes after all of them.
type Engine struct {
	options    Options
	set        *sigma.RuleSet
	belowLevel int
	compiled   compiled
	tables     *tables
	matches    *findingSpool
	alerts     *findingSpool
	count      atomic.Int64

	// What is known of rules: by index of the matcher, and by where they come from.
	inputs        []inputs
	rules         []*Rule
	ofRule        map[*sigma.Rule]*Rule
	ofCorrelation map[*sigma.Correlation]*Rule
	sigmaRules    map[*Rule]*sigma.Rule

	// Correlation: which rules do not report on their own, and the events
	// that alerts refer to.
	correlations []*sigma.Correlation
	correlator   *sigma.Correlator
	silent       map[*Rule]bool
	members      map[uint64]Member
	latest       map[uint64][]Field // of those members that are the last of an alert
	problems     []sigma.Problem

	// What earlier runs kept, what is left out, and how far they read.
	earlier      *findingSpool // nil without any
	earlierShelf *shelf
	earlierRules map[*event.Source][]*Rule
	leftOut      map[uint32]bool
	dropped      map[uint32]bool
	unaltered    map[uint32]*unaltered // by the altered source
	until        time.Time
	byName       map[RuleName]*Rule

	mutex sync.Mutex
	sinks []*Sink
}

// New compiles a rule set.
func New(set *sigma.RuleSet, taxonomy *sigma.Taxonomy, options Options) (*Engine, error) {
	if options.ShelfBytes == 0 {
		options.ShelfBytes = defaultShelfBytes
	}
	e := &Engine{options: options, set: set}
	wanted, correlations := e.wanted()
	e.correlations = correlations
	compiling := make(chan compiled, 1)
	go func() { compiling <- compile(wanted, taxonomy, options.Plain) }()
	e.describe()
	e.correlator, e.problems = sigma.NewCorrelator(correlations, wanted, sigma.CorrelatorOptions{
		MaxHits: maxCorrelatedHits, MaxReferences: maxReferences, Trace: options.Trace})
	for _, rule := range wanted {
		e.rules = append(e.rules, e.ofRule[rule])
		e.inputs = append(e.inputs, newInputs(e.correlator.Inputs(rule), rule.LogSource, taxonomy))
	}
	e.silence(wanted)
	e.compiled = <-compiling
	e.matches = newSpool(e.tables, options.ShelfBytes, options.TempFolder)
	e.alerts = newSpool(e.tables, options.ShelfBytes, options.TempFolder)
	return e, nil
}

func compile(rules []*sigma.Rule, taxonomy *sigma.Taxonomy, plain bool) compiled {
	if plain {
		return newPlain(rules, taxonomy)
	}
	return newFast(rules, taxonomy)
}

// Problems lists correlations that cannot be used, and why.
func (e *Engine) Problems() []sigma.Problem { return e.problems }

// describe makes the Rule of each rule and correlation, in an order that does
// not depend on where they were read from.
func (e *Engine) describe() {
	e.ofRule, e.ofCorrelation, e.sigmaRules = map[*sigma.Rule]*Rule{}, map[*sigma.Correlation]*Rule{}, map[*Rule]*sigma.Rule{}
	e.tables = &tables{sources: newSourceTable()}
	for _, rule := range e.set.Rules {
		described := describe(&rule.Metadata, rule.At.File)
		e.ofRule[rule], e.sigmaRules[described] = described, rule
		e.tables.rules = append(e.tables.rules, described)
	}
	for _, correlation := range e.set.Correlations {
		described := describe(&correlation.Metadata, correlation.At.File)
		described.Correlation = true
		e.ofCorrelation[correlation] = described
		e.tables.rules = append(e.tables.rules, described)
	}
	slices.SortStableFunc(e.tables.rules, func(a, b *Rule) int {
		return cmp.Or(strings.Compare(a.ID, b.ID), strings.Compare(a.Title, b.Title), strings.Compare(a.File, b.File))
	})
	for i, rule := range e.tables.rules {
		rule.rank = i
	}
}

func describe(m *sigma.Metadata, file string) *Rule {
	rule := &Rule{ID: m.ID, Title: m.Title, Level: m.Level, Tags: m.Tags, References: m.References,
		FalsePositives: m.FalsePositives, File: file}
	for _, tag := range m.Tags {
		name, ok := strings.CutPrefix(strings.ToLower(tag), "attack.")
		switch {
		case !ok || name == "":
		case isTechnique(name):
			rule.Techniques = appendNew(rule.Techniques, strings.ToUpper(name))
		case !isGroupOrSoftware(name):
			rule.Tactics = appendNew(rule.Tactics, strings.ReplaceAll(name, "_", "-"))
		}
	}
	return rule
}

// appendNew appends a name that is not there yet: rules tag in either case.
func appendNew(names []string, name string) []string {
	if slices.Contains(names, name) {
		return names
	}
	return append(names, name)
}

// isTechnique recognises t1059 and t1059.001.
func isTechnique(name string) bool { return numbered(name, 't') }

// isGroupOrSoftware recognises ids of groups, software, mitigations, data
// sources and campaigns: g0049, s0002, m1042, ds0009, c0038.
func isGroupOrSoftware(name string) bool {
	return numbered(name, 'g') || numbered(name, 's') || numbered(name, 'm') || numbered(name, 'c') ||
		strings.HasPrefix(name, "ds") && numbered(name[1:], 's')
}

func numbered(name string, letter byte) bool {
	return len(name) > 4 && name[0] == letter && strings.Trim(name[1:], "0123456789.") == ""
}

// wanted are the rules to look for: those of the asked level, and those that a
// correlation of the asked level is made of.
func (e *Engine) wanted() ([]*sigma.Rule, []*sigma.Correlation) {
	var correlations []*sigma.Correlation
	for _, correlation := range e.set.Correlations {
		if correlation.Level >= e.options.MinLevel || correlation.Level == sigma.NoLevel {
			correlations = append(correlations, correlation)
		}
	}
	correlations, parts := e.set.Closure(correlations)
	e.belowLevel = len(e.set.Correlations) - len(correlations)
	var rules []*sigma.Rule
	for _, rule := range e.set.Rules {
		if parts[rule] || rule.Level >= e.options.MinLevel || rule.Level == sigma.NoLevel {
			rules = append(rules, rule)
		} else {
			e.belowLevel++
		}
	}
	return rules, correlations
}

// Matches returns how many events matched a rule so far.
func (e *Engine) Matches() int64 { return e.count.Load() }

// Close removes temporary files.
func (e *Engine) Close() error {
	err := cmp.Or(e.matches.Close(), e.alerts.Close())
	if e.earlier != nil {
		err = cmp.Or(err, e.earlier.Close())
	}
	return err
}

// Sink returns a new sink, for one goroutine.
func (e *Engine) Sink() *Sink {
	s := &Sink{engine: e, session: e.compiled.session(), shelf: e.matches.shelf(), counts: newCounts()}
	e.mutex.Lock()
	defer e.mutex.Unlock()
	e.sinks = append(e.sinks, s)
	return s
}

// A Sink takes the events that one goroutine reads.
type Sink struct {
	engine  *Engine
	session session
	shelf   *shelf
	counts  *counts
	schemas schemas
	row     row
	found   Finding
	asked   []int // columns that made the rule match
	text    []byte
}

// Event counts an event and matches it. It keeps nothing of e.
func (s *Sink) Event(e *event.Event) error {
	s.row = newRow(s.schemas.of(e.Layout), e)
	s.counts.add(&s.row)
	if s.engine.outside(e.Time) {
		s.counts.outside++
		return nil
	}
	for _, index := range s.session.Match(&s.row) {
		if err := s.keep(e, index); err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) outside(t time.Time) bool {
	if t.IsZero() {
		return false
	}
	return !e.options.From.IsZero() && t.Before(e.options.From) || !e.options.To.IsZero() && !t.Before(e.options.To)
}

// keep puts a match aside.
func (s *Sink) keep(e *event.Event, index int) error {
	s.engine.count.Add(1)
	f := &s.found
	*f = Finding{Rule: s.engine.rules[index], Time: e.Time, TimeText: e.TimeText, Host: e.Host, Place: e.Provenance,
		Fields: f.Fields[:0], inputs: f.inputs[:0]}
	if s.engine.options.Prove && e.Raw != nil {
		f.Record = sha256.Sum256(e.Raw)
	}
	f.inputs = s.engine.inputs[index].append(f.inputs, &s.row)
	s.asked = s.session.AppendColumns(s.asked[:0], index)
	s.appendFields()
	return s.shelf.add(f)
}

// appendFields copies the columns that a finding shows: those that made the
// rule match; all others too when full events are kept; and where the rule
// looked at nothing but the kind of event, some of what the event says.
//
// Of matches that are no findings of their own, full events leave out what is
// empty or is about the record: only a few become events of a correlation.
func (s *Sink) appendFields() {
	f := &s.found
	asked, context := s.asked, 0
	if s.onlyKind() {
		context = maxContext
	}
	full := s.engine.options.Full
	thinned := full && s.engine.silent[f.Rule]
	if thinned {
		full, context = false, len(s.row.schema.layout.Names)
	}
	for column, name := range s.row.schema.layout.Names {
		wanted := len(asked) > 0 && asked[0] == column
		if wanted {
			asked = asked[1:]
		}
		tells := context > 0 && (!describesRecord(name) || thinned && saysKind(name))
		if !wanted && !tells && !full {
			continue
		}
		var state event.State
		s.text, state = s.row.event.Values.AppendValue(s.text[:0], column)
		if state == event.Absent {
			continue
		}
		if tells && !wanted && !full {
			if len(s.text) == 0 || string(s.text) == "-" {
				continue
			}
			context--
		}
		f.Fields = append(f.Fields, Field{Name: name, Value: string(s.text), Asked: wanted, Null: state == event.Null})
	}
}

// maxContext is how many columns are added where a rule looks at none.
const maxContext = 8

// onlyKind reports whether the columns that matched say only what kind of
// event it is.
func (s *Sink) onlyKind() bool {
	for _, column := range s.asked {
		if !describesRecord(s.row.schema.layout.Names[column]) {
			return false
		}
	}
	return true
}

// saysKind recognises the columns that say what kind of event it is.
func saysKind(name string) bool { return name == "Channel" || name == "EventID" }

// describesRecord recognises columns about the record rather than about what
// happened: Windows' System section.
func describesRecord(name string) bool {
	switch name {
	case "Channel", "EventID", "EventRecordID", "Computer", "Version", "Level", "Task", "Opcode", "Keywords", "EventID_Qualifiers":
		return true
	}
	section, _, ok := strings.Cut(name, "_")
	return ok && slices.Contains([]string{"Provider", "Correlation", "Execution", "Security", "TimeCreated", "RenderingInfo"}, section)
}

// A Result is what an engine found.
type Result struct {
	Statistics
	// Rules is how many rules and correlations were looked for, BelowLevel
	// how many of both were left out for their level.
	Rules, BelowLevel int
	// Blind lists rules that could not have fired on this evidence, by
	// reason; the reason with the most rules first.
	Blind []Blind
	// Uncorrelated says, in words, what correlation rules could not take into
	// account.
	Uncorrelated []string

	engine *Engine
}

// Blind is a reason why rules could not have fired.
type Blind struct {
	Reason string
	Rules  []*Rule
}

// Finish orders what the sinks found, correlates it, and returns the result.
// No sink may be used any more.
func (e *Engine) Finish() (*Result, error) {
	result := &Result{engine: e, BelowLevel: e.belowLevel}
	if err := e.readUnaltered(); err != nil {
		return nil, err
	}
	result.Rules = len(e.rules) + len(e.correlations)
	parts := make([]*counts, len(e.sinks))
	for i, sink := range e.sinks {
		parts[i] = sink.counts
	}
	result.Statistics = collect(parts)
	result.Blind = e.blind()
	var err error
	if result.Uncorrelated, err = e.correlate(result.Last()); err != nil {
		return nil, err
	}
	return result, nil
}

// Traces says what came of each correlation; those that others are made of
// come first. It is nil without Options.Trace.
func (r *Result) Traces() []sigma.CorrelationTrace { return r.engine.correlator.Traces() }

// Findings yields all findings that are to be reported, in order. It may be
// called again, until the engine is closed.
func (r *Result) Findings() iter.Seq2[*Finding, error] {
	return merge(r.engine.reported(), r.engine.resolvedAlerts(), compareFindings)
}
