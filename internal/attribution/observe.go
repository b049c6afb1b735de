package attribution

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kulla-defence/kulla/internal/detect"
	"github.com/kulla-defence/kulla/internal/incident"
	"github.com/kulla-defence/kulla/internal/incident/entity"
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

// artefactItems are items of the artefacts that were seen.
func (o *observation) artefactItems() []Item {
	var items []Item
	for _, a := range o.in.Base.Artefacts {
		s := o.seen[a.ID]
		if s == nil {
			continue
		}
		item := Item{Kind: Kind(a.Kind), Value: a.Field + "=" + s.value, Phase: s.phase, ObservedAt: s.at, Extraction: s.extraction,
			Reliability: "A", Credibility: 2, CollectedBy: collector}
		o.match(&item, a)
		slices.Sort(s.proof)
		item.Claim = o.claim(&item, a.Field, s.value)
		item.Claim.Proof = s.proof
		items = append(items, item)
	}
	return items
}

// match makes an item one of an artefact: it is trusted no more than what the
// base says, and costs what it cost to fake when it was observed. Before the
// public knew of a thing, only those who had it could plant it; once a file is
// public, anybody can bring it.
func (o *observation) match(item *Item, a *knowledge.Artefact) {
	item.Artefact = a.ID
	item.Reliability = worse(item.Reliability, a.Reliability)
	item.Credibility = lessCredible(item.Credibility, a.Credibility)
	item.Spoof = a.Spoof
	report, published := firstReport(a.Citations)
	switch {
	case !item.ObservedAt.IsZero() && item.ObservedAt.Before(published):
		item.Spoof = max(item.Spoof, knownSpoof)
	case slices.Contains(digests, a.Field):
		item.Spoof = min(item.Spoof, cheapSpoof)
	}
	item.Dependency = "artefact " + a.ID
	if report != "" {
		item.Dependency = "report " + report
	}
}

// firstReport is the earliest report, by date and then by name, and the time
// from which the public knew; zero when no report has a date.
func firstReport(citations []knowledge.Citation) (name string, published time.Time) {
	for _, c := range citations {
		known := !c.Published.IsZero()
		if known && (published.IsZero() || c.Published.Before(published) || c.Published.Equal(published) && c.Name < name) ||
			!known && published.IsZero() && (name == "" || c.Name < name) {
			name, published = c.Name, c.Published
		}
	}
	return name, published
}

// claim is the sentence of an item.
func (o *observation) claim(item *Item, field, value string) incident.Sentence {
	suspects, _ := o.known.pointsAt(item)
	shown := text("value", value)
	if field == "country" {
		shown = country("value", value)
	}
	s := sentence("item."+string(item.Kind), message("field", "field."+field), shown)
	if names := o.known.list(suspects); names != "" {
		s.Message += "_known"
		s.Values = append(s.Values, text("actors", names))
	}
	s.Time = item.ObservedAt
	return s
}

// list names the first few of actors.
func (k *knownBase) list(suspects []int) string {
	const most = 4
	var names []string
	for _, h := range suspects[:min(len(suspects), most)] {
		names = append(names, k.actors[h].Name)
	}
	if len(suspects) > most {
		names = append(names, "…")
	}
	return strings.Join(names, ", ")
}

// techniqueItems are items of techniques, each once for all incidents.
// Techniques that one finding shows depend on each other.
func (o *observation) techniqueItems() []Item {
	uses := map[string]*incident.TechniqueUse{}
	var order []string
	for _, i := range o.in.Incidents {
		for n := range i.Techniques {
			use := i.Techniques[n]
			id := o.known.current(use.ID)
			old := uses[id]
			if old == nil {
				use.Findings = slices.Clone(use.Findings)
				uses[id], order = &use, append(order, id)
				continue
			}
			old.Count += use.Count
			old.Findings = append(old.Findings, use.Findings...)
			if old.First.IsZero() || !use.First.IsZero() && use.First.Before(old.First) {
				old.First = use.First
			}
		}
	}
	names := map[string]string{}
	for _, t := range o.in.Base.Techniques {
		names[o.known.current(t.ID)] = t.Name
	}
	var items []Item
	for _, id := range order {
		use := uses[id]
		item := Item{Kind: Technique, Value: id, Phase: phaseOf(id, use.Tactics), ObservedAt: use.First, Reliability: "A", Credibility: 2,
			Spoof: typicalSpoof[Technique], CollectedBy: collector, Extraction: "technique of rules" + version, Dependency: "technique " + id}
		proof := slices.Clone(use.Findings)
		slices.Sort(proof)
		if proof = slices.Compact(proof); len(proof) > 0 {
			item.Dependency = fmt.Sprintf("finding %d", proof[0])
		}
		item.Claim = sentence("item.technique", text("technique", id), number("count", use.Count), text("name", names[id]))
		if names[id] == "" {
			item.Claim = sentence("item.technique_unnamed", item.Claim.Values[:2]...)
		}
		item.Claim.Proof, item.Claim.Time = proof[:min(len(proof), maxProofs)], use.First
		items = append(items, item)
	}
	return items
}

// victimItems are items of who was attacked.
func (o *observation) victimItems() []Item {
	var items []Item
	add := func(field, value string) {
		item := Item{Kind: Victimology, Value: field + "=" + value, Reliability: "A", Credibility: 1, Spoof: typicalSpoof[Victimology],
			Dependency: "victim", CollectedBy: collector, Extraction: "victim" + version}
		item.Claim = o.claim(&item, field, value)
		items = append(items, item)
	}
	if o.in.Victim.Country != "" {
		add("country", strings.ToUpper(o.in.Victim.Country))
	}
	for _, sector := range o.in.Victim.Sectors {
		add("sector", strings.ToLower(sector))
	}
	return items
}

// habitItems are items of when people worked.
func (o *observation) habitItems() []Item {
	hour, ok := workingHours(o.acts)
	if !ok {
		return nil
	}
	item := Item{Kind: Habit, Value: hourValue(hour), Reliability: "A", Credibility: 3, Spoof: typicalSpoof[Habit],
		Dependency: "hours", CollectedBy: collector, Extraction: "times of logons" + version}
	item.Claim = sentence("item.working_hours", text("hour", fmt.Sprintf("%02d:00", hour)), number("count", int64(len(o.acts))))
	item.Claim.Proof = o.actProof
	return []Item{item}
}

// given makes an item of what was given.
func (o *observation) given(fact *Fact) Item {
	item := Item{Kind: Kind(fact.Kind), Value: fact.Field + "=" + fact.Value, Phase: fact.Phase, ObservedAt: fact.ObservedAt,
		Reliability: fact.Reliability, Credibility: fact.Credibility, CollectedBy: fact.Source, TLP: fact.TLP,
		Extraction: "artefact file" + version, Dependency: "source " + fact.Source}
	proof := o.refer(&item, fact.RefersTo)
	switch {
	case fact.Kind == factSighting:
		item.Kind, item.Value, item.Spoof = Victimology, "sighted_in="+strings.ToUpper(fact.Country), costlySpoof
		item.Dependency = "partner " + strings.ToUpper(fact.Country) + " " + fact.Source
		item.Claim = sentence("item.sighting", message("field", "field."+fact.Field), text("value", fact.Value), country("country", strings.ToUpper(fact.Country)), text("source", fact.Source))
		item.Claim.Time = item.ObservedAt
		item.Claim.Proof = proof
		return item
	case fact.Field == "code_overlap":
		item.Value = "code_overlap=" + o.software(fact.Value)
	case item.Kind == Claim || item.Kind == Leak:
		item.Phase = cmp.Or(item.Phase, "leak")
		if item.Kind == Claim {
			item.Value = fact.Value
		}
	}
	item.Spoof = typicalSpoof[item.Kind]
	if a := o.lookout.first(fact); a != nil {
		if _, ok := bounds[Kind(a.Kind)]; ok && item.Kind != Claim {
			item.Kind = Kind(a.Kind)
		}
		o.match(&item, a)
	}
	item.Claim = o.claim(&item, fact.Field, fact.Value)
	item.Claim.Proof = proof
	return item
}

// refer fills in phase and time of what a fact refers to, and returns the
// findings that show it.
func (o *observation) refer(item *Item, to string) []int64 {
	var example int64
	if n, ok := strings.CutPrefix(to, "finding="); ok {
		fmt.Sscan(n, &example)
	}
	for _, i := range o.in.Incidents {
		for n := range i.Entities {
			use := &i.Entities[n]
			if use.Kind == entity.File && example == 0 && slices.ContainsFunc(use.Aliases, func(alias string) bool { return strings.EqualFold(alias, to) }) {
				example = use.Example
			}
		}
	}
	if example == 0 {
		return nil
	}
	f := o.fetch(example)
	if f == nil {
		return nil
	}
	item.Phase = cmp.Or(item.Phase, findingPhase(f))
	if item.ObservedAt.IsZero() {
		item.ObservedAt = f.Time
	}
	return []int64{example}
}

// software is the id of software by any of its names, or the name.
func (o *observation) software(name string) string {
	for _, s := range o.in.Base.Software {
		if strings.EqualFold(s.ID, name) || strings.EqualFold(s.Name, name) || slices.ContainsFunc(s.Aliases, func(alias string) bool { return strings.EqualFold(alias, name) }) {
			return s.ID
		}
	}
	return name
}
