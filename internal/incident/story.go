package incident

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/kulla-defence/kulla/internal/incident/entity"
	"github.com/kulla-defence/kulla/sigma"
)

// title names an incident by its gravest stage and where it was.
func (c *component) title(i *Incident) Sentence {
	top, _ := c.gravest()
	host := Value{Name: "host", Text: shortName(c.b.hostName(top)), Kind: entity.Host}
	proof := []int64{top.example.number}
	if len(i.Rules) == 1 {
		if host.Text == "" {
			return Sentence{Message: "title.rule", Values: []Value{text("rule", top.rule.Title)}, Proof: proof, Time: c.first}
		}
		return Sentence{Message: "title.single", Values: []Value{text("rule", top.rule.Title), host}, Proof: proof, Time: c.first}
	}
	if host.Text == "" {
		return Sentence{Message: "title.nowhere", Values: []Value{c.mainStage(), text("rule", top.rule.Title)}, Proof: proof, Time: c.first}
	}
	values := []Value{c.mainStage(), host, number("hosts", max(len(c.hosts), 1)), text("rule", top.rule.Title)}
	return Sentence{Message: "title.stage", Values: values, Proof: proof, Time: c.first}
}

// mainStage is the stage of the gravest finding; of several, the one that says
// most of what an incident came to.
func (c *component) mainStage() Value {
	top, _ := c.gravest()
	tactic := ""
	if at := outcomeOf(top.rule); at < len(outcomes) {
		tactic = outcomes[at]
	}
	return Value{Name: "stage", Message: stageMessage(tactic)}
}

// outcomeOf is the place among outcomes of what a rule finds, behind all of them
// when it finds none.
func outcomeOf(rule *ruleNote) int {
	for at, tactic := range outcomes {
		if slices.Contains(rule.Tactics, tactic) {
			return at
		}
	}
	return len(outcomes)
}

// outcomes are stages by what they tell of an incident, the most first.
var outcomes = []string{"impact", "exfiltration", "collection", "lateral-movement", "credential-access", "initial-access", "persistence",
	"command-and-control", "privilege-escalation", "execution", "defense-evasion", "stealth", "defense-impairment", "discovery", "reconnaissance"}

func stageMessage(tactic string) string {
	if !slices.Contains(tacticOrder, tactic) {
		return "stage.other"
	}
	return "stage." + strings.ReplaceAll(tactic, "-", "_")
}

// story tells what happened, chapter by chapter.
func (c *component) story() []Sentence {
	chapters := c.chapters()
	chosen := c.cover(chapters)
	story := []Sentence{c.opening()}
	var before time.Time
	for _, chapter := range chapters {
		told := c.tell(chapter, chosen)
		if len(told) == 0 {
			continue
		}
		if len(chapters) > 1 && !chapter.first.IsZero() {
			story = append(story, c.heading(chapter, before))
		}
		story = append(story, told...)
		before = chapter.last
	}
	return append(story, c.ties()...)
}

// opening is how much it is, where, and from when to when.
func (c *component) opening() Sentence {
	top, _ := c.gravest()
	first, last := c.groups[0], c.groups[0]
	for _, g := range c.groups {
		if g.last.After(last.last) {
			last = g
		}
	}
	values := []Value{number("count", int(c.count)), number("hosts", len(c.hosts)), {Name: "names", Text: c.hostNames(c.hosts), Kind: entity.Host},
		text("first", stamp(c.first)), text("last", stamp(c.last))}
	message := "story.opening"
	switch {
	case c.first.IsZero():
		message = "story.opening_undated"
		if len(c.hosts) == 0 {
			values[2] = Value{Name: "names", Message: "story.somewhere"}
		}
	case len(c.hosts) == 0 && stamp(c.first) == stamp(c.last):
		message = "story.opening_nowhere_moment"
	case len(c.hosts) == 0:
		message = "story.opening_nowhere"
	case c.count == 1:
		message = "story.opening_one"
	case stamp(c.first) == stamp(c.last):
		message = "story.opening_moment"
	}
	return Sentence{Message: message, Values: values, Time: c.first, Proof: unique(top.example.number, first.example.number, last.latest)}
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") }

// hostNames names at most four hosts.
func (c *component) hostNames(hosts []int32) string {
	var names []string
	for _, host := range hosts {
		if len(names) == 4 {
			names = append(names, "…")
			break
		}
		names = append(names, shortName(c.b.entities.all[host].Name))
	}
	return strings.Join(names, ", ")
}

// shortName is a host's name without its domain.
func shortName(name string) string {
	if short, _, ok := strings.Cut(name, "."); ok && short != "" && !allDigits(short) {
		return short
	}
	return name
}

func allDigits(text string) bool { return strings.Trim(text, "0123456789") == "" }

// heading begins a chapter: when, and how long after the one before.
func (c *component) heading(chapter chapter, before time.Time) Sentence {
	first := chapter.groups[0]
	s := Sentence{Message: "story.chapter_first", Time: chapter.first, Proof: []int64{first.example.number},
		Values: []Value{text("date", chapter.first.UTC().Format(time.DateOnly)), text("until", chapter.last.UTC().Format(time.DateOnly))}}
	if !before.IsZero() {
		s.Message = "story.chapter"
		s.Values = append(s.Values, number("days", max(1, daysBetween(before, chapter.first))))
	}
	if chapter.last.Sub(chapter.first) > day {
		s.Message += "_until"
	}
	return s
}

// daysBetween counts whole days; a time.Duration ends after 292 years.
func daysBetween(first, last time.Time) int {
	const seconds = 24 * 60 * 60
	return int((last.Unix() - first.Unix()) / seconds)
}

// tell puts a chapter's chosen groups into sentences; what happened in the
// same way on several hosts is one.
func (c *component) tell(chapter chapter, chosen []*group) []Sentence {
	var told []Sentence
	var before time.Time
	done := map[*group]bool{}
	for _, g := range chosen {
		if page := c.requestBefore(g); page != nil {
			done[page] = true // it is told with what it made
		}
	}
	groups := c.byRightClock(chapter.groups)
	for _, g := range groups {
		if !slices.Contains(chosen, g) || done[g] {
			continue
		}
		alike, same := c.alike(g, groups)
		for _, other := range slices.Concat(alike, same) {
			done[other] = true
		}
		told = append(told, c.sentence(g, alike, same, before))
		if page := c.requestBefore(g); page != nil {
			told[len(told)-1] = c.requestAndProcess(page, g)
		}
		before = c.began(g)
	}
	return told
}

// began is when a group began by the right clock, as far as is known how far
// that of its host is from it. Sentences state times as they are written; what
// came before what, and how long, goes by the right clock.
func (c *component) began(g *group) time.Time {
	if g.first.IsZero() || g.host == none {
		return g.first
	}
	return g.first.Add(-c.b.context.AheadOf(c.b.entities.all[g.host].Key))
}

// byRightClock orders groups by when they began.
func (c *component) byRightClock(groups []*group) []*group {
	ordered := slices.Clone(groups)
	slices.SortStableFunc(ordered, func(x, y *group) int { return c.began(x).Compare(c.began(y)) })
	return ordered
}

// maxAlike bounds the groups of which the same deeds are looked for.
const maxAlike = 64

// alike are the groups of the same rule that did the same in a chapter, wherever
// they were; same are those of other rules on the very same deeds.
func (c *component) alike(g *group, groups []*group) (alike, same []*group) {
	alike = []*group{g}
	for _, other := range groups {
		if other != g && other.rule == g.rule && !c.began(other).Before(c.began(g)) && other.example.isLike(&g.example, g.rule.Correlation) {
			alike = append(alike, other)
		}
	}
	first := alike[:min(len(alike), maxAlike)]
	for _, other := range groups {
		if slices.ContainsFunc(first, func(g *group) bool { return isSameDeed(g, other) }) {
			same = append(same, other)
		}
	}
	slices.SortStableFunc(same, func(x, y *group) int { return cmp.Compare(y.rule.Level, x.rule.Level) })
	return alike, same
}

// isLike reports whether a deed of the same rule did the same; of correlations,
// whether all their events name the same.
func (d *deed) isLike(other *deed, correlated bool) bool {
	return d.action == other.action && d.object == other.object && (!correlated || d.naming == other.naming)
}

// isSameDeed reports whether another rule fired on the same record.
func isSameDeed(g, other *group) bool {
	return other.rule != g.rule && other.host == g.host && !g.rule.Correlation && !other.rule.Correlation && other.example.isSame(&g.example)
}

// isSame reports whether two deeds are one: two rules on one record.
func (d *deed) isSame(other *deed) bool {
	return d.action != actionOther && d.action == other.action && d.time.Equal(other.time) && d.by == other.by && d.object == other.object && d.detail == other.detail
}

// ruleNames names the rules of a sentence.
func ruleNames(g *group, same []*group) string {
	names := []string{g.rule.Title}
	for _, other := range same {
		if !slices.Contains(names, other.rule.Title) && len(names) < 3 && other.rule.Level >= sigma.Medium {
			names = append(names, other.rule.Title)
		}
	}
	return strings.Join(names, "; ")
}

func (c *component) sentence(g *group, alike, same []*group, before time.Time) Sentence {
	d := &g.example
	s := Sentence{Message: "story." + string(d.action), Time: g.first}
	rule, parts := []Value{text("rule", ruleNames(g, same))}, d.values()
	if !d.complete() || g.rule.Correlation {
		s.Message = "story.tactic." + strings.TrimPrefix(stageMessage(firstOf(g.rule.Tactics)), "stage.")
		rule, parts = d.naming.rule(ruleNames(g, same)), nil
	}
	if s.Message == "story.web" && d.by != "" {
		s.Message = "story.web_as"
	}
	var hosts []int32
	count := int64(0)
	for _, other := range alike {
		count += other.count
		s.Proof = append(s.Proof, other.example.number)
		for _, host := range other.hosts(c.b) {
			if !slices.Contains(hosts, host) {
				hosts = append(hosts, host)
			}
		}
	}
	for _, other := range same {
		s.Proof = append(s.Proof, other.example.number)
	}
	s.Proof = unique(s.Proof[:min(len(s.Proof), maxExamples)]...)
	where := Value{Name: "host", Text: c.hostNames(hosts), Kind: entity.Host}
	if len(hosts) == 0 {
		where = Value{Name: "host", Message: "story.somewhere"}
	}
	s.Values = slices.Concat([]Value{whenOf(before, c.began(g)), number("count", int(count)), where}, rule, parts)
	return s
}

func firstOf(texts []string) string {
	if len(texts) == 0 {
		return ""
	}
	return texts[0]
}

// values are a deed's parts, as sentences name them.
func (d *deed) values() []Value {
	var values []Value
	kinds := sentenceKinds[d.action]
	for _, v := range []Value{{Name: "by", Text: d.by, Kind: kinds[0]}, {Name: "object", Text: d.object, Kind: kinds[1]}, text("detail", d.detail),
		{Name: "from", Text: d.from, Kind: entity.Address}} {
		if v.Text != "" {
			values = append(values, v)
		}
	}
	return values
}

// sentenceKinds are the kinds of entities that by and object name.
var sentenceKinds = map[action][2]entity.Kind{
	actionFile: {"", entity.File}, actionImage: {"", entity.File}, actionDriver: {"", entity.File}, actionNetwork: {"", entity.Address}, actionDNS: {"", entity.Domain},
	actionLogon: {entity.Account, ""}, actionFailed: {entity.Account, ""}, actionAccount: {entity.Account, entity.Account}, actionMember: {entity.Account, entity.Account},
	actionService: {entity.Account, entity.Service}, actionTask: {entity.Account, ""}, actionCleared: {entity.Account, ""}, actionAudit: {entity.Account, ""},
	actionShare: {entity.Account, entity.File}, actionTicket: {entity.Account, ""}, actionWeb: {entity.Account, entity.URL}, actionMail: {entity.Account, ""},
	actionVPN: {entity.Account, entity.Address}, actionCloud: {entity.Account, ""}, actionCmdlet: {"", ""},
}

// complete reports whether all that the sentence on an action names is known.
func (d *deed) complete() bool {
	needs, ok := sentenceNeeds[d.action]
	if !ok {
		return false
	}
	for _, need := range needs {
		if (need == "by" && d.by == "") || (need == "object" && d.object == "") || (need == "detail" && d.detail == "") || (need == "from" && d.from == "") {
			return false
		}
	}
	return true
}

// sentenceNeeds are the parts that the sentence "story.<action>" names.
var sentenceNeeds = map[action][]string{
	actionProcess: {"by", "object", "detail"}, actionScript: {"detail"}, actionFile: {"by", "object"}, actionRegistry: {"by", "object"},
	actionAccess: {"by", "object"}, actionInject: {"by", "object"}, actionDriver: {"object"}, actionImage: {"by", "object"},
	actionPipe: {"by", "object"}, actionNetwork: {"from", "object", "detail"}, actionDNS: {"by", "object"}, actionLogon: {"by", "from"},
	actionFailed: {"by", "from"}, actionAccount: {"by", "object"}, actionMember: {"by", "object", "detail"}, actionService: {"object", "detail"},
	actionTask: {"by", "object"}, actionCleared: {"by"}, actionAudit: {"by"}, actionShare: {"by", "from", "object"},
	actionAntivirus: {"object", "detail"}, actionDefender: {}, actionTicket: {"by", "from", "object"}, actionObject: {"by", "object"},
	actionWeb: {"from", "object", "detail"}, actionMail: {"by", "from", "object"}, actionVPN: {"by", "from"}, actionCloud: {"by", "object"},
	actionCmdlet: {"object", "detail"},
}

// whenOf says how long after the sentence before.
func whenOf(before, t time.Time) Value {
	message := "story.when.first"
	switch apart := t.Sub(before); {
	case before.IsZero() || t.IsZero():
	case apart < time.Second:
		message = "story.when.same_moment"
	case apart < time.Minute:
		message = "story.when.seconds"
	case apart < time.Hour:
		message = "story.when.minutes"
	case before.UTC().Format(time.DateOnly) == t.UTC().Format(time.DateOnly):
		message = "story.when.same_day"
	default:
		message = "story.when.then"
	}
	return Value{Name: "when", Message: message}
}

// requestBefore returns the request to a web server that came within two
// minutes before the process that its worker then started.
func (c *component) requestBefore(g *group) *group {
	if g.example.action != actionProcess || !isWorker(g.example.by) || !g.example.complete() {
		return nil
	}
	var page *group
	for _, other := range c.groups {
		d := &other.example
		apart := g.example.time.Sub(d.time)
		if d.action == actionWeb && d.complete() && apart >= 0 && apart <= 2*time.Minute && shareHost(c.b, g, other) {
			page = other
		}
	}
	return page
}

func shareHost(b *Builder, g, h *group) bool {
	for _, host := range g.hosts(b) {
		if slices.Contains(h.hosts(b), host) {
			return true
		}
	}
	return false
}

func (c *component) requestAndProcess(page, g *group) Sentence {
	p, d := &page.example, &g.example
	return Sentence{Message: "story.request_and_process", Time: p.time, Proof: unique(d.number, p.number), Values: []Value{
		{Name: "from", Text: p.from, Kind: entity.Address}, text("method", p.detail), text("page", p.object),
		{Name: "host", Text: shortName(c.b.hostName(page)), Kind: entity.Host}, number("seconds", int(d.time.Sub(p.time).Round(time.Second)/time.Second)),
		text("by", d.by), text("object", d.object), text("detail", d.detail), text("rule", page.rule.Title+"; "+g.rule.Title),
	}}
}

// tying are the joins that say something to a reader.
var tying = map[joinKind]bool{byHash: true, byFile: true, byName: true, byFolder: true, byAddress: true, byInsideAddress: true, byDomain: true, byAccount: true,
	byMailbox: true, byService: true}

// maxTies bounds the sentences on what ties an incident together.
const maxTies = 5

// ties tell what joins hosts and chapters: the strongest join by each thing.
func (c *component) ties() []Sentence {
	var ties []Sentence
	seen := map[int32]bool{}
	for _, why := range c.strongest() {
		one, other := c.b.groups[why.one], c.b.groups[why.other]
		if why.feature == none || seen[why.feature] || len(ties) == maxTies || one.host == other.host {
			continue
		}
		f := &c.b.features.all[why.feature]
		if f.entity == none || !tying[f.kind] {
			continue
		}
		e := &c.b.entities.all[f.entity]
		seen[why.feature] = true
		ties = append(ties, Sentence{Message: "story.tie." + strengths[f.kind].name, Proof: unique(why.findings[:]...), Values: []Value{
			{Name: "name", Text: nameOf(e), Kind: e.Kind}, {Name: "one", Text: shortName(c.b.hostName(one)), Kind: entity.Host},
			{Name: "other", Text: shortName(c.b.hostName(other)), Kind: entity.Host}}})
	}
	return ties
}

func nameOf(e *knownEntity) string {
	switch e.Kind {
	case entity.Host:
		return shortName(e.Name)
	case entity.File, entity.Process:
		return baseName(e.Name)
	}
	return e.Name
}

func unique(numbers ...int64) []int64 {
	var all []int64
	for _, n := range numbers {
		if !slices.Contains(all, n) {
			all = append(all, n)
		}
	}
	return all
}
