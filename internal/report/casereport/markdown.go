package casereport

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"github.com/kulla-defence/kulla/internal/attribution"
	"github.com/kulla-defence/kulla/internal/incident"
	"github.com/kulla-defence/kulla/internal/incident/entity"
	"github.com/kulla-defence/kulla/internal/language"
)

// writeMarkdown writes the report as GitHub flavoured Markdown in one
// language. A sentence is followed by the numbers of its findings; those that
// sentences cite are listed at the end with their places and hashes.
func writeMarkdown(w io.Writer, d *Document, tag string) error {
	catalogue, err := language.Load()
	if err != nil {
		return err
	}
	short, err := briefOf(d)
	if err != nil {
		return err
	}
	cited, err := gatherRecords(d, short)
	if err != nil {
		return err
	}
	m := &markdown{out: bufio.NewWriterSize(w, 64<<10), catalogue: catalogue, tag: tag, titles: newRuleTitles(d, catalogue)}
	fmt.Fprintf(m.out, "# %s: %s\n\n", m.say("kicker"), markdownText(d.Name))
	fmt.Fprintf(m.out, "**%s**\n", markdownText(d.Marking()))
	m.summary(d, short)
	for _, one := range detailed(d) {
		m.incident(one)
	}
	m.assessment(d)
	m.rest(d)
	m.cited(cited)
	m.annex(d)
	return m.out.Flush()
}

type markdown struct {
	out       *bufio.Writer
	catalogue *language.Catalogue
	tag       string
	titles    ruleTitles
}

// say puts a message of this package into words; as wording.say does.
func (m *markdown) say(key string, pairs ...any) string {
	return markdownSegments(m.catalogue.Text(m.tag, "report."+key, pairValues(pairs)...))
}

func (m *markdown) sentence(s incident.Sentence) string {
	text := markdownSegments(m.catalogue.Text(m.tag, s.Message, m.titles.values(s)...))
	if len(s.Proof) == 0 {
		return text
	}
	var numbers []string
	for _, number := range s.Proof[:min(len(s.Proof), maxProof)] {
		numbers = append(numbers, fmt.Sprint(number))
	}
	if more := len(s.Proof) - len(numbers); more > 0 {
		numbers = append(numbers, fmt.Sprintf("+%d", more))
	}
	return text + " \\[" + strings.Join(numbers, ", ") + "\\]"
}

func (m *markdown) heading(level int, key string, pairs ...any) {
	fmt.Fprintf(m.out, "\n%s %s\n\n", strings.Repeat("#", level), m.say(key, pairs...))
}

func (m *markdown) item(text string) { fmt.Fprintf(m.out, "- %s\n", text) }

func (m *markdown) row(cells ...string) { fmt.Fprintf(m.out, "| %s |\n", strings.Join(cells, " | ")) }

// table writes the head of a table: keys of columns.
func (m *markdown) table(keys ...string) {
	var names, lines []string
	for _, key := range keys {
		names = append(names, m.say("col."+key))
		lines = append(lines, "---")
	}
	m.row(names...)
	m.row(lines...)
}

func (m *markdown) summary(d *Document, b brief) {
	m.heading(2, "what.title")
	if len(d.Incidents) > 0 {
		for _, part := range b.paragraphs(d) {
			var said []string
			for _, s := range part {
				said = append(said, m.sentence(s))
			}
			fmt.Fprintf(m.out, "%s\n\n", strings.Join(said, " "))
		}
		m.table("incident", "level", "score", "what", "first", "last", "findings")
	}
	if d.Unfinished {
		fmt.Fprintf(m.out, "%s\n\n", m.say("what.unfinished"))
	}
	for _, one := range d.Incidents {
		m.row(markdownText(one.ID), m.say("level."+one.Level), fmt.Sprint(one.Score.Total), m.sentence(one.Title),
			language.Time(one.First), language.Time(one.Last), language.Number(m.tag, one.FindingCount))
	}
	if d.Assessment != nil {
		m.heading(2, "sure.title")
		m.item("**" + m.say("sure.who") + ":** " + m.sentence(d.Assessment.Answer.Sentence))
		m.item("**" + m.say("sure.likelihood") + ":** " + m.sentence(d.Assessment.Likelihood))
		m.item("**" + m.say("sure.confidence") + ":** " + m.sentence(d.Assessment.Confidence.Sentence))
		if d.Assessment.HandOver.Message != "" {
			m.item("**" + m.say("sure.hand_over") + ":** " + m.sentence(d.Assessment.HandOver))
		}
	}
	m.steps(d)
}

func (m *markdown) steps(d *Document) {
	const most = 10
	m.heading(2, "first.title")
	steps := FirstSteps(d)
	if len(steps) == 0 {
		m.item(m.say("first.none"))
	}
	for _, step := range steps {
		m.item(m.measure(step) + " (" + markdownText(strings.Join(step.Techniques[:min(len(step.Techniques), most)], ", ")) + ")")
	}
}

// measure is what to do, in our own words where they are known.
func (m *markdown) measure(step Step) string {
	if key := measureKey(step.ID); m.catalogue.Has(language.English, key) {
		return markdownSegments(m.catalogue.Text(m.tag, key))
	}
	return markdownText(step.Name)
}

func (m *markdown) incident(one *incident.Incident) {
	fmt.Fprintf(m.out, "\n## %s: %s\n\n", markdownText(one.ID), m.sentence(one.Title))
	fmt.Fprintf(m.out, "%s, %s\n", m.say("level."+one.Level), m.say("score", "score", one.Score.Total))
	m.heading(3, "story.title")
	for _, s := range toldStory(one) {
		m.item(strings.TrimSpace(language.Time(s.Time) + " " + m.sentence(s)))
	}
	if more := len(one.Story) - len(toldStory(one)); more > 0 {
		m.item(m.say("story.more", "count", more))
	}
	m.sentences("benign.title", one.Benign)
	if len(one.Missing) > 0 {
		m.heading(3, "missing.title")
	}
	for _, missing := range one.Missing {
		m.item(m.sentence(missing.What) + " " + m.sentence(missing.Ask))
	}
	var related []incident.Sentence
	for _, other := range one.Related {
		related = append(related, other.Reason)
	}
	m.sentences("related.title", related)
	m.heading(3, "score.title")
	for _, part := range one.Score.Parts {
		m.item(fmt.Sprintf("%+d: %s", part.Points, m.sentence(part.Reason)))
	}
}

func (m *markdown) sentences(heading string, list []incident.Sentence) {
	if len(list) == 0 {
		return
	}
	m.heading(3, heading)
	for _, s := range list {
		m.item(m.sentence(s))
	}
}

func (m *markdown) assessment(d *Document) {
	a := d.Assessment
	m.heading(2, "assessment.title")
	if a == nil {
		m.item(m.say("sure.nobody"))
		return
	}
	m.table("hypothesis", "prior", "posterior", "range", "words")
	for i := range a.Hypotheses {
		h := &a.Hypotheses[i]
		m.row(m.hypothesis(h)+" ("+m.say("hypothesis_kind."+h.Kind)+")"+m.withheld(a, h), m.percent(h.Prior), m.percent(h.Posterior),
			m.percent(h.Low)+" – "+m.percent(h.High), m.word(h.Word))
	}
	m.sentences("sure.confidence", a.Confidence.Reasons)
	m.heading(3, "items.title")
	for _, item := range a.Items[:min(len(a.Items), maxItems)] {
		m.item(fmt.Sprintf("%s (%s, %s%d): %s", markdownText(item.ID), m.say("evidence."+string(item.Kind)), markdownText(item.Reliability), item.Credibility, m.sentence(item.Claim)))
	}
	if more := len(a.Items) - maxItems; more > 0 {
		m.item(m.say("items.more", "count", more))
	}
	m.heading(3, "change.title")
	if len(a.Change) == 0 {
		m.item(m.say("change.little"))
	}
	for _, c := range a.Change {
		m.item(m.sentence(c.What) + " " + m.sentence(c.Ask))
	}
	m.phases(a.Phases)
	m.handOffs(a.HandOffs)
}

// phases tell who is likeliest to have done each part.
func (m *markdown) phases(phases []attribution.Phase) {
	if len(phases) == 0 {
		return
	}
	m.heading(3, "phases.title")
	m.table("phase", "first", "last", "items", "likeliest")
	for _, phase := range phases {
		var likeliest []string
		for _, h := range leadingOf(phase.Hypotheses) {
			likeliest = append(likeliest, m.hypothesis(&h)+" "+m.percent(h.Posterior))
		}
		items := strings.Join(phase.Items[:min(len(phase.Items), maxProof)], ", ")
		if more := len(phase.Items) - maxProof; more > 0 {
			items += fmt.Sprintf(", +%d", more)
		}
		m.row(m.say("phase."+phase.Name), language.Time(phase.First), language.Time(phase.Last), markdownText(items), strings.Join(likeliest, ", "))
	}
}

func (m *markdown) handOffs(edges []attribution.HandOff) {
	if len(edges) == 0 {
		return
	}
	m.heading(3, "handoffs.title")
	for i := range edges {
		edge := &edges[i]
		m.item(m.say("phase."+edge.From) + " → " + m.say("phase."+edge.To) + ": " + m.percent(edge.Probability) + ". " + m.sentence(edge.Reason))
	}
}

// hypothesis names an answer to "who?", as that of a page does.
func (m *markdown) hypothesis(h *attribution.Hypothesis) string {
	return markdownSegments(hypothesisWords(m.catalogue, m.tag, h))
}

// withheld says that an actor is not named, and what keeps it back.
func (m *markdown) withheld(a *attribution.Assessment, h *attribution.Hypothesis) string {
	withheld, closed := a.Withheld(h)
	if !withheld {
		return ""
	}
	text := ", " + m.say("hypothesis.withheld")
	if len(closed) == 0 {
		return text
	}
	var names []string
	for _, gate := range closed {
		names = append(names, m.sentence(gate.Name))
	}
	return text + " (" + m.say("hypothesis.closed") + " " + strings.Join(names, "; ") + ")"
}

func (m *markdown) percent(share float64) string {
	return markdownText(percentText(share))
}

func (m *markdown) word(word string) string {
	if word == "" {
		return ""
	}
	return m.say("word." + word)
}

func (m *markdown) rest(d *Document) {
	m.heading(2, "unseen.title")
	switch {
	case d.Unfinished:
		m.item(m.say("what.unfinished"))
	case len(d.Unseen) == 0:
		m.item(m.say("unseen.none"))
	}
	for _, one := range d.Unseen[:min(len(d.Unseen), maxUnseenRows)] {
		text := m.sentence(reasonOf(one))
		if key := unseenKinds[strings.ToLower(one.What)]; key != "" {
			text = m.say(key) + ": " + text
		} else {
			text = markdownText(one.What) + ": " + text
		}
		if one.Count > 0 {
			text += " (" + language.Number(m.tag, one.Count) + ")"
		}
		m.item(text)
	}
	if more := len(d.Unseen) - maxUnseenRows; more > 0 {
		m.item(m.say("unseen.more", "count", more))
	}
	m.clocks(d.Clocks)
	if len(d.Notes) > 0 {
		m.heading(2, "notes.title")
	}
	for _, n := range d.Notes {
		text := language.Time(n.Time) + " " + m.noteKind(n) + ", " + markdownText(n.Author)
		if n.Text != "" {
			text += ": " + markdownText(n.Text)
		}
		m.item(text)
	}
}

// noteKind says what a note is, and what it is about.
func (m *markdown) noteKind(n Note) string {
	text := m.say("note." + n.Kind)
	switch {
	case isStatus(n.Status):
		text += ": " + m.say("status."+n.Status)
	case n.Status != "":
		text += ": " + markdownText(n.Status)
	}
	if n.Ref != "" {
		text += " (" + markdownText(n.Ref) + ")"
	}
	return text
}

// clocks tells how far clocks are apart.
func (m *markdown) clocks(clocks []entity.Skew) {
	if len(clocks) == 0 {
		return
	}
	m.heading(3, "clocks.title")
	fmt.Fprintf(m.out, "%s\n\n", m.say("clocks.read"))
	m.table("source", "offset", "against", "pairs", "spread")
	for i := range clocks {
		c := &clocks[i]
		m.row(markdownText(c.Source), markdownText(c.Offset.String()), markdownText(c.Against), fmt.Sprint(c.Pairs), markdownText(c.Spread.String()))
	}
}

// cited lists the findings that sentences rest on.
func (m *markdown) cited(r *records) {
	if len(r.order) == 0 {
		return
	}
	m.heading(2, "records.cited")
	m.table("example", "when", "host", "rule", "source", "digest")
	for _, number := range r.order {
		f := r.byNumber[number]
		source := ""
		if f.Place.Source != nil {
			source = fmt.Sprintf("%s %d+%d", markdownText(f.Place.Source.Name), f.Place.Offset, f.Place.Size)
		}
		m.row(fmt.Sprint(number), language.Time(f.Time), markdownText(f.Host), markdownText(f.Rule.Title), source, hex.EncodeToString(f.Finding.Record[:]))
	}
}

func (m *markdown) annex(d *Document) {
	m.heading(2, "annex.title")
	for _, line := range [][2]string{
		{"ledger.root", d.Ledger.Root}, {"ledger.key", d.Ledger.PublicKey}, {"version.tool", d.Tool}, {"version.rules", d.Rules},
		{"version.knowledge", d.Knowledge}, {"state", isoTime(d.Generated)},
	} {
		m.item(m.say(line[0]) + ": " + markdownText(line[1]))
	}
	m.checkpoint(d)
	m.heading(3, "evidence.title", "count", len(d.Evidence))
	m.table("name", "format", "size", "records", "digest")
	for _, one := range d.Evidence {
		names := markdownText(one.Name)
		for _, alias := range one.Aliases {
			names += " = " + markdownText(alias)
		}
		m.row(names, markdownText(one.Format), fmt.Sprint(one.Size), fmt.Sprint(one.Records), hex.EncodeToString(one.SHA256[:]))
	}
}

// checkpoint writes the checkpoint as the text that it is, so that it can be
// copied, where nothing in it means anything to Markdown.
func (m *markdown) checkpoint(d *Document) {
	lines := d.CheckpointLines()
	if len(lines) == 0 {
		return
	}
	m.item(m.say("ledger.checkpoint") + ":")
	m.out.WriteByte('\n')
	for _, line := range lines {
		if strings.Trim(line, checkpointLetters) != "" {
			line = markdownText(line)
		}
		fmt.Fprintf(m.out, "      %s\n", clip(line, maxValue))
	}
}

// checkpointLetters are those of which checkpoints are made.
const checkpointLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=.:- —"

// maxCheckpointLines is more than checkpoints have.
const maxCheckpointLines = 16

// CheckpointLines are the lines of the last checkpoint; none without.
func (d *Document) CheckpointLines() []string {
	text := strings.TrimSpace(d.Ledger.Checkpoint)
	if text == "" {
		return nil
	}
	lines := strings.Split(text, "\n")
	return lines[:min(len(lines), maxCheckpointLines)]
}

func markdownSegments(segments []language.Segment) string {
	var out strings.Builder
	for _, s := range segments {
		out.WriteString(markdownText(s.Text))
	}
	return out.String()
}

// markdownText makes text mean itself, in a cell of a table too: what Markdown
// or HTML would act on becomes a character reference.
func markdownText(text string) string {
	var out strings.Builder
	runes := []rune(shown(clip(text, maxValue)))
	for i, r := range runes {
		if strings.ContainsRune("&<>\\`*_{}[]#+!|~^$@", r) || r == ':' && beginsAddress(runes[i+1:]) || r == '.' && endsWWW(runes[:i]) {
			fmt.Fprintf(&out, "&#%d;", r)
			continue
		}
		out.WriteRune(r)
	}
	return out.String()
}

// beginsAddress says whether what is after a colon may be that of an address,
// other than of a time or a drive.
func beginsAddress(after []rune) bool {
	return len(after) > 0 && (after[0] == '/' || unicode.IsLetter(after[0]))
}

// endsWWW says whether a dot here would make a link by itself.
func endsWWW(before []rune) bool {
	return len(before) >= 3 && strings.EqualFold(string(before[len(before)-3:]), "www")
}

func isoTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}
