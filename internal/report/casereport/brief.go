package casereport

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/incident"
	"github.com/kulla-defence/kulla/internal/incident/entity"
	"github.com/kulla-defence/kulla/sigma"
)

// A brief is what a minister asks first: since when somebody was inside and
// how they came in, what they took and what they destroyed.
type brief struct {
	// Inside is since when, and the way in; Done what came of it.
	Inside, Done []incident.Sentence
}

// A briefing gathers the brief from the findings of the grave incidents, in
// order of time.
type briefing struct {
	grave       map[string]bool // incidents by id
	names       hostNames
	first, last mark
	entry       mark
	entryWay    string
	secrets     places
	taken       places
	destroyed   places
	isMail      bool
	counted     map[byteCount]bool
	bytes       int64 // read from servers, as their logs count them
	summed      int64 // sums of correlations, where there are no logs that count
}

// A mark is when and where a finding was.
type mark struct {
	time   time.Time
	host   string
	number int64
}

// places are the hosts of some findings, in order of time.
type places struct {
	hosts       []string
	proof       []int64             // one for each host
	rules       map[string][]string // that fired, by host
	first, last time.Time
}

// A byteCount is a record that counts bytes.
type byteCount struct {
	source *event.Source
	offset int64
}

func newBriefing(d *Document, names hostNames) *briefing {
	b := &briefing{grave: map[string]bool{}, names: names, counted: map[byteCount]bool{}}
	for _, one := range d.Incidents {
		b.grave[one.ID] = isGrave(one.Level)
	}
	return b
}

func (b *briefing) add(f *Finding) {
	if !b.grave[f.Incident] || f.Time.IsZero() || f.Rule.Level < sigma.Low || onlyProbes(f.Rule.Tactics) {
		return
	}
	here := mark{f.Time, b.names.shortOf(b.names.of(f.Host)), f.Number}
	if b.first.number == 0 {
		b.first = here
	}
	b.last = here
	tactic := func(name string) bool { return slices.Contains(f.Rule.Tactics, name) }
	if b.entry.number == 0 && tactic("initial-access") && f.Rule.Level >= sigma.Medium {
		b.entry, b.entryWay = here, wayIn(f.Rule.Techniques)
	}
	if tactic("collection") || tactic("exfiltration") {
		b.take(f, here)
	}
	if f.Rule.Level < sigma.High || f.Correlation != nil {
		return
	}
	if tactic("credential-access") && slices.ContainsFunc(f.Rule.Techniques, isMoreThanGuessing) {
		b.secrets.add(here, f.Rule.ID)
	}
	if slices.ContainsFunc(f.Rule.Techniques, destroys) {
		b.destroyed.add(here, f.Rule.ID)
	}
}

// onlyProbes says that a finding is of somebody still outside.
func onlyProbes(tactics []string) bool {
	return len(tactics) > 0 && !slices.ContainsFunc(tactics, func(t string) bool { return t != "reconnaissance" && t != "resource-development" })
}

// isMoreThanGuessing leaves out guessed passwords: whether one was right is
// told by what followed.
func isMoreThanGuessing(technique string) bool { return !isOf(technique, "T1110") }

// destroys is for data destroyed, encrypted or wiped with the disk.
func destroys(technique string) bool {
	return isOf(technique, "T1485") || isOf(technique, "T1486") || isOf(technique, "T1561")
}

// isOf says that a technique is another, or a part of it.
func isOf(technique, whole string) bool {
	rest, ok := strings.CutPrefix(technique, whole)
	return ok && (rest == "" || rest[0] == '.')
}

// wayIn is the message that says how somebody came in.
func wayIn(techniques []string) string {
	for _, way := range []struct{ technique, message string }{
		{"T1190", "report.brief.entry.service"}, {"T1566", "report.brief.entry.mail"}, {"T1195", "report.brief.entry.supplier"},
		{"T1133", "report.brief.entry.account"}, {"T1078", "report.brief.entry.account"},
	} {
		if slices.ContainsFunc(techniques, func(t string) bool { return isOf(t, way.technique) }) {
			return way.message
		}
	}
	return "report.brief.entry.other"
}

// leastSum is a sum that can only be of bytes: no rule counts as many events.
const leastSum = 100_000_000

// take adds what was read, each record once however many rules fired on it.
func (b *briefing) take(f *Finding, here mark) {
	b.isMail = b.isMail || slices.ContainsFunc(f.Rule.Techniques, func(t string) bool { return isOf(t, "T1114") })
	if f.Rule.Level >= sigma.High {
		b.taken.add(here, f.Rule.ID)
	}
	if f.Correlation != nil {
		if f.Correlation.Value >= leastSum && f.Correlation.Value < 1<<62 {
			b.summed += int64(f.Correlation.Value)
		}
		return
	}
	at := byteCount{f.Place.Source, f.Place.Offset}
	if b.counted[at] {
		return
	}
	for _, field := range f.Fields {
		if field.Name == "sc-bytes" {
			if n, err := strconv.ParseInt(field.Value, 10, 64); err == nil && n > 0 && b.bytes+n > 0 {
				b.counted[at] = true
				b.bytes += n
			}
		}
	}
}

func (p *places) add(here mark, rule string) {
	if here.host == "" {
		return
	}
	if p.rules == nil {
		p.rules, p.first = map[string][]string{}, here.time
	}
	p.last = here.time
	if p.rules[here.host] == nil {
		p.hosts = append(p.hosts, here.host)
		p.proof = append(p.proof, here.number)
	}
	if !slices.Contains(p.rules[here.host], rule) {
		p.rules[here.host] = append(p.rules[here.host], rule)
	}
}

// sure keeps the hosts for which two rules speak, where there are such: a rule
// of several techniques may have meant another.
func (p *places) sure() places {
	kept := places{first: p.first, last: p.last, rules: p.rules}
	for i, host := range p.hosts {
		if len(p.rules[host]) > 1 {
			kept.hosts, kept.proof = append(kept.hosts, host), append(kept.proof, p.proof[i])
		}
	}
	if kept.hosts == nil {
		return *p
	}
	return kept
}

// maxBriefHosts are named in a sentence of the brief.
const maxBriefHosts = 6

// values are how many hosts, which, and when.
func (p *places) values() []incident.Value {
	names := strings.Join(p.hosts[:min(len(p.hosts), maxBriefHosts)], ", ")
	if len(p.hosts) > maxBriefHosts {
		names += ", …"
	}
	values := []incident.Value{{Name: "hosts", Number: int64(len(p.hosts))}, {Name: "names", Text: names, Kind: entity.Host}, {Name: "places", Message: "report.brief.places"},
		{Name: "first", Text: day(p.first)}, {Name: "last", Text: day(p.last)}, {Name: "when", Message: "report.brief.between"}}
	if day(p.first) == day(p.last) {
		values[5].Message = "report.brief.on"
	}
	return values
}

// brief puts into sentences what was gathered; it is empty where no incident
// is grave.
func (b *briefing) brief() brief {
	if b.first.number == 0 {
		return brief{}
	}
	out := brief{Inside: []incident.Sentence{b.inside(), b.wayIn()}}
	if b.secrets.hosts != nil {
		out.Done = append(out.Done, b.secrets.sentence("report.brief.secrets"))
	}
	if b.taken.hosts != nil {
		out.Done = append(out.Done, b.whatWasTaken())
	}
	if sure := b.destroyed.sure(); sure.hosts != nil {
		out.Done = append(out.Done, sure.sentence("report.brief.destroyed"))
	}
	return out
}

func (b *briefing) inside() incident.Sentence {
	s := incident.Sentence{Message: "report.brief.inside", Time: b.first.time, Proof: []int64{b.first.number, b.last.number}, Values: []incident.Value{
		{Name: "first", Text: day(b.first.time)}, {Name: "last", Text: day(b.last.time)},
		{Name: "days", Number: (b.last.time.Unix() - b.first.time.Unix()) / (24 * 60 * 60)}, {Name: "length", Message: "report.brief.length"}}}
	if day(b.first.time) == day(b.last.time) {
		s.Message = "report.brief.inside_day"
		s.Values = []incident.Value{{Name: "date", Text: day(b.first.time)},
			{Name: "first", Text: b.first.time.UTC().Format("15:04")}, {Name: "last", Text: b.last.time.UTC().Format("15:04")}}
	}
	return s
}

func (b *briefing) wayIn() incident.Sentence {
	if b.entry.number == 0 {
		return incident.Sentence{Message: "report.brief.entry.unknown"}
	}
	s := incident.Sentence{Message: b.entryWay, Time: b.entry.time, Proof: []int64{b.entry.number},
		Values: []incident.Value{{Name: "host", Text: b.entry.host, Kind: entity.Host}, {Name: "date", Text: day(b.entry.time)}}}
	if b.entry.host == "" {
		s.Values[0] = incident.Value{Name: "host", Message: "story.somewhere"}
	}
	return s
}

func (b *briefing) whatWasTaken() incident.Sentence {
	s := b.taken.sentence("report.brief.taken")
	s.Values = append(s.Values, incident.Value{Name: "what", Message: "report.brief.data"})
	if b.isMail {
		s.Values[len(s.Values)-1].Message = "report.brief.mail"
	}
	const mega, giga = 1_000_000, 1_000_000_000
	switch size := cmp.Or(b.bytes, b.summed); {
	case size >= giga:
		s.Message = "report.brief.taken_size"
		s.Values = append(s.Values, incident.Value{Name: "size", Message: "report.brief.gigabytes"},
			incident.Value{Name: "whole", Number: size / giga}, incident.Value{Name: "tenth", Number: size % giga / (giga / 10)})
	case size >= mega:
		s.Message = "report.brief.taken_size"
		s.Values = append(s.Values, incident.Value{Name: "size", Message: "report.brief.megabytes"}, incident.Value{Name: "whole", Number: size / mega})
	}
	return s
}

func (p *places) sentence(message string) incident.Sentence {
	return incident.Sentence{Message: message, Values: p.values(), Time: p.first, Proof: p.proof[:min(len(p.proof), maxProof)]}
}

// briefOf is the brief of a document.
func briefOf(d *Document) (brief, error) {
	b := newBriefing(d, newHostNames(d))
	for f, err := range d.Findings {
		if err != nil {
			return brief{}, err
		}
		b.add(f)
	}
	return b.brief(), nil
}

// paragraphs are the brief, or the first incident's title where there is none.
func (b *brief) paragraphs(d *Document) [][]incident.Sentence {
	if b.Inside == nil {
		return [][]incident.Sentence{{d.Incidents[0].Title}}
	}
	if b.Done == nil {
		return [][]incident.Sentence{b.Inside}
	}
	return [][]incident.Sentence{b.Inside, b.Done}
}

// sentences are all of the brief.
func (b *brief) sentences() []incident.Sentence { return slices.Concat(b.Inside, b.Done) }
