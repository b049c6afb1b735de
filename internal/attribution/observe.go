package attribution

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kulla-defence/kulla/internal/detect"
	"github.com/kulla-defence/kulla/internal/incident"
	"github.com/kulla-defence/kulla/internal/knowledge"
)

// Limits of what is read of one activity.
const (
	maxFindings = 50_000 // per incident; entities tell of the rest
	maxProofs   = 8
	maxUnread   = 20 // errors that are listed
)

// Who collected what the logs say, and the version of how it is extracted.
const (
	collector = "kulla"
	version   = "/1"
)

// Observe finds in incidents what is evidence of who did it. Items come in a
// fixed order and have no weights yet. The error joins findings that could not
// be read and patterns of the base that are none; the items are good without
// them.
func Observe(in Input) ([]Item, error) {
	o := &observation{in: in, known: newKnownBase(in.Base), seen: map[string]*sighting{}, read: map[int64]bool{}}
	o.lookout, o.problems = newLookout(in.Base)
	o.expect(in.Given.Facts)
	for _, i := range in.Incidents {
		o.findings(i)
	}
	for _, i := range in.Incidents {
		o.entities(i)
	}
	items := o.artefactItems()
	items = append(items, o.techniqueItems()...)
	items = append(items, o.victimItems()...)
	items = append(items, o.habitItems()...)
	for n := range in.Given.Facts {
		items = append(items, o.given(&in.Given.Facts[n]))
	}
	inOrder(items)
	for i := range items {
		items[i].ID = fmt.Sprintf("E-%02d", i+1)
		suspects, others := o.known.pointsAt(&items[i])
		items[i].Rarity = o.known.rarity(len(suspects), others)
	}
	if o.unread > 0 {
		o.problems = append(o.problems, fmt.Errorf("%d findings could not be read", o.unread))
	}
	return items, errors.Join(o.problems...)
}

// An observation is work in progress: Observe's.
type observation struct {
	in       Input
	known    *knownBase
	lookout  *lookout
	seen     map[string]*sighting // by artefact
	read     map[int64]bool       // findings that were looked at
	met      map[string]bool      // what partners saw: whether it was seen here
	acts     []time.Time          // things done by hand
	actProof []int64
	problems []error
	unread   int
}

// A sighting is where an artefact of the base was seen.
type sighting struct {
	artefact   *knowledge.Artefact
	value      string // as seen
	phase      string
	at         time.Time
	extraction string
	proof      []int64
}

// findings looks at the findings of an incident.
func (o *observation) findings(i *incident.Incident) {
	if o.in.Finding == nil {
		return
	}
	if o.in.Members == nil {
		for _, number := range examples(i) {
			o.finding(number)
		}
		return
	}
	left := maxFindings
	for number := range o.in.Members(i.ID) {
		if left == 0 {
			break
		}
		left--
		o.finding(number)
	}
}

// examples are the findings that an incident names, in order.
func examples(i *incident.Incident) []int64 {
	var numbers []int64
	for n := range i.Rules {
		numbers = append(numbers, i.Rules[n].Example)
	}
	for n := range i.Stages {
		numbers = append(numbers, i.Stages[n].Findings...)
	}
	for n := range i.Techniques {
		numbers = append(numbers, i.Techniques[n].Findings...)
	}
	for n := range i.Entities {
		numbers = append(numbers, i.Entities[n].Example)
	}
	for n := range i.Story {
		numbers = append(numbers, i.Story[n].Proof...)
	}
	slices.Sort(numbers)
	return slices.Compact(numbers)
}

func (o *observation) finding(number int64) {
	if o.read[number] {
		return
	}
	o.read[number] = true
	f := o.fetch(number)
	if f == nil {
		return
	}
	phase := findingPhase(f)
	o.fields(f.Fields, f.Time, phase, number)
	if byHand(f) && !f.Time.IsZero() {
		o.acts = append(o.acts, f.Time)
		if len(o.actProof) < maxProofs {
			o.actProof = append(o.actProof, number)
		}
	}
	if f.Correlation != nil {
		for n := range f.Correlation.Events {
			member := &f.Correlation.Events[n]
			o.fields(member.Fields, member.Time, phase, number)
		}
	}
}

// fetch reads a finding; nil when it cannot be, which is noted.
func (o *observation) fetch(number int64) *detect.Finding {
	if o.in.Finding == nil {
		return nil
	}
	f, err := o.in.Finding(number)
	switch {
	case err == nil && f != nil:
		return f
	case len(o.problems) < maxUnread:
		o.problems = append(o.problems, fmt.Errorf("finding %d: %w", number, cmp.Or(err, errNoFinding)))
	default:
		o.unread++
	}
	return nil
}

var errNoFinding = errors.New("there is no such finding")

func findingPhase(f *detect.Finding) string {
	if f.Rule == nil {
		return ""
	}
	technique := ""
	if len(f.Rule.Techniques) > 0 {
		technique = f.Rule.Techniques[0]
	}
	return phaseOf(technique, f.Rule.Tactics)
}

// byHand is whether a person sat at a screen: a logon at the console or over
// Remote Desktop, a VPN session.
func byHand(f *detect.Finding) bool {
	for n := range f.Fields {
		switch field := &f.Fields[n]; {
		case field.Name == "LogonType" && (field.Value == "2" || field.Value == "10"):
			return true
		case field.Name == "tunneltype":
			return true
		}
	}
	return false
}

// fields compares the columns of an event with the base.
func (o *observation) fields(fields []detect.Field, at time.Time, phase string, number int64) {
	for n := range fields {
		field := &fields[n]
		if field.Null || field.Value == "" || field.Value == "-" {
			continue
		}
		eachFact(field.Name, field.Value, func(name, value string) {
			o.meet(name, value)
			for _, a := range o.lookout.find(name, value) {
				o.note(sighting{a, value, phase, at, "event field " + field.Name + version, []int64{number}})
			}
		})
	}
}

// note adds a sighting to those of its artefact; the earliest tells the phase.
func (o *observation) note(s sighting) {
	old := o.seen[s.artefact.ID]
	if old == nil {
		o.seen[s.artefact.ID] = &s
		return
	}
	if !s.at.IsZero() && (old.at.IsZero() || s.at.Before(old.at)) {
		old.value, old.phase, old.at, old.extraction = s.value, cmp.Or(s.phase, old.phase), s.at, s.extraction
	}
	for _, number := range s.proof {
		if len(old.proof) < maxProofs && !slices.Contains(old.proof, number) {
			old.proof = append(old.proof, number)
		}
	}
}

// entities compares what incidents' entities are called with the base; what
// findings have told already is not told again.
func (o *observation) entities(i *incident.Incident) {
	for n := range i.Entities {
		use := &i.Entities[n]
		for _, name := range append([]string{use.Name}, use.Aliases...) {
			eachName(use.Kind, name, func(field, value string) {
				o.meet(field, value)
				for _, a := range o.lookout.find(field, value) {
					if o.seen[a.ID] == nil {
						o.note(sighting{a, value, o.phaseAt(use.Example), use.First, "entity " + string(use.Kind) + version, proofOf(use.Example)})
					}
				}
			})
		}
	}
}

func (o *observation) phaseAt(number int64) string {
	if number == 0 {
		return ""
	}
	if f := o.fetch(number); f != nil {
		return findingPhase(f)
	}
	return ""
}

func proofOf(number int64) []int64 {
	if number == 0 {
		return nil
	}
	return []int64{number}
}
