package casereport

import (
	"fmt"
	"html/template"
	"strings"
	"sync"

	"github.com/kulla-defence/kulla/internal/attribution"
	"github.com/kulla-defence/kulla/internal/incident"
	"github.com/kulla-defence/kulla/internal/language"
	"github.com/kulla-defence/kulla/internal/report"
)

// English returns what puts sentences into English.
func English() (func(incident.Sentence) string, error) { return Sentences(language.English) }

// Sentences returns what puts sentences into a language, as plain text. It is
// evidence in part: who prints it makes it harmless.
func Sentences(tag string) (func(incident.Sentence) string, error) {
	return sentencesOf(&Document{}, tag)
}

// sentencesOf does what Sentences does, with the titles of a document's rules.
func sentencesOf(d *Document, tag string) (func(incident.Sentence) string, error) {
	catalogue, err := language.Load()
	if err != nil {
		return nil, err
	}
	titles := newRuleTitles(d, catalogue)
	return func(s incident.Sentence) string {
		return language.Plain(catalogue.Text(tag, s.Message, titles.values(s)...))
	}, nil
}

// hypothesisWords names an answer to "who?"; what is no group's name is words.
func hypothesisWords(catalogue *language.Catalogue, tag string, h *attribution.Hypothesis) []language.Segment {
	key, values := "", []language.Value(nil)
	switch h.Kind {
	case "unknown":
		key = "report.hypothesis.unknown"
	case "false_flag":
		key, values = "report.hypothesis.false_flag", []language.Value{{Name: "name", Text: h.Name}}
		if h.Name == "" {
			key, values = "report.hypothesis.false_flag_other", nil
		}
	case "state":
		key = "country." + h.Name
	}
	if key == "" || !catalogue.Has(language.English, key) {
		return []language.Segment{{Text: h.Name, Evidence: true, Name: "name"}}
	}
	return catalogue.Text(tag, key, values...)
}

// A wording puts messages into all languages at once: a page holds them side
// by side, and shows one.
type wording struct {
	catalogue *language.Catalogue
	titles    ruleTitles
	// said are messages without values, in words: most stand often in a page.
	said *sync.Map // of template.HTML, by key
}

func newWording(d *Document, catalogue *language.Catalogue) wording {
	return wording{catalogue, newRuleTitles(d, catalogue), new(sync.Map)}
}

// A messageKey is a value of a message that is itself a message.
type messageKey string

// say puts a message of this package, whose key begins with "report.", into
// words. Pairs are names and values: a string is evidence, an integer a
// number, a messageKey a message.
func (w wording) say(key string, pairs ...any) template.HTML {
	return w.inAll("report."+key, pairValues(pairs))
}

func pairValues(pairs []any) []language.Value {
	var values []language.Value
	for i := 0; i+1 < len(pairs); i += 2 {
		value := language.Value{Name: fmt.Sprint(pairs[i])}
		switch v := pairs[i+1].(type) {
		case int:
			value.Number = int64(v)
		case int64:
			value.Number = v
		case messageKey:
			value.Message = "report." + string(v)
		default:
			value.Text = fmt.Sprint(v)
		}
		values = append(values, value)
	}
	return values
}

func (w wording) sentence(s incident.Sentence) template.HTML {
	return w.inAll(s.Message, w.titles.values(s))
}

// rule is a rule's title, in words where the rule is our own.
func (w wording) rule(id, title string) template.HTML {
	if key := ruleKey(id); w.catalogue.Says(key, title) {
		return w.inAll(key, nil)
	}
	return template.HTML(foreignHTML(title))
}

// measure is what to do, in our own words where they are known.
func (w wording) measure(id, name string) template.HTML {
	if key := measureKey(id); w.catalogue.Has(language.English, key) {
		return w.inAll(key, nil)
	}
	return template.HTML(foreignHTML(name))
}

// inPicture is a message for a picture, where words are no span.
func (w wording) inPicture(key string) template.HTML {
	return template.HTML(strings.NewReplacer("<span", "<tspan", "</span", "</tspan").Replace(string(w.say(key))))
}

func (w wording) inAll(key string, values []language.Value) template.HTML {
	if len(values) > 0 {
		return w.put(key, values)
	}
	if known, ok := w.said.Load(key); ok {
		return known.(template.HTML)
	}
	words := w.put(key, nil)
	w.said.Store(key, words)
	return words
}

func (w wording) put(key string, values []language.Value) template.HTML {
	return each(func(tag string) string { return segmentsHTML(w.catalogue.Text(tag, key, values...)) })
}

func (w wording) number(n int64) template.HTML {
	return each(func(tag string) string { return language.Number(tag, n) })
}

func (w wording) decimal(n float64, digits int) template.HTML {
	return each(func(tag string) string { return apart(language.Decimal(tag, n, digits)) })
}

func (w wording) percent(share float64) template.HTML {
	return template.HTML(apart(percentText(share)))
}

// percentText is a probability as sentences have it, with its sign.
func percentText(share float64) string { return attribution.Percent(share) + "\u00a0%" }

// apart keeps the signs of a number where they are in text of any direction.
func apart(number string) string {
	return `<bdi dir="ltr">` + template.HTMLEscapeString(number) + "</bdi>"
}

// signed is a number with its sign in any case.
func (w wording) signed(n float64) template.HTML {
	return each(func(tag string) string {
		text := language.Decimal(tag, n, 2)
		if n > 0 {
			text = "+" + text
		}
		return apart(text)
	})
}

// each writes a text in all languages, once where they agree.
func each(text func(tag string) string) template.HTML {
	var out strings.Builder
	var first string
	same := true
	for i, tag := range shownTags {
		words := text(tag.tag)
		if i == 0 {
			first = words
		}
		same = same && words == first
		out.WriteString(tag.opening)
		out.WriteString(words)
		out.WriteString("</span>")
	}
	if same {
		return template.HTML(first)
	}
	return template.HTML(out.String())
}

// A shownTag is a language, and how its words begin in a page.
type shownTag struct{ tag, opening string }

var shownTags = openings(language.Languages())

func openings(languages []language.Language) (tags []shownTag) {
	for _, l := range languages {
		direction := ""
		if l.RightToLeft {
			direction = ` dir="rtl"`
		}
		tags = append(tags, shownTag{l.Tag, fmt.Sprintf(`<span lang="%s"%s>`, l.Tag, direction)})
	}
	return tags
}

// segmentsHTML keeps evidence apart from words: a value may be of any
// direction, and must not turn what is around it.
func segmentsHTML(segments []language.Segment) string {
	var out strings.Builder
	for _, s := range segments {
		if s.Evidence {
			out.WriteString(valueHTML(s))
			continue
		}
		out.WriteString(template.HTMLEscapeString(report.Visible(clip(s.Text, maxValue)))) // a missing message is its key
	}
	return out.String()
}

// valueHTML sets names of files, commands and the like as code, and keeps
// times on one line.
func valueHTML(s language.Segment) string {
	if strings.ContainsAny(s.Text, `\/="`) && !strings.HasPrefix(s.Name, "rule") {
		return `<bdi class="code">` + template.HTMLEscapeString(shown(clip(s.Text, maxValue))) + "</bdi>"
	}
	if len(s.Text) <= len("2006-01-02 15:04:05Z") && strings.HasPrefix(s.Text, "20") && strings.Count(s.Text, "-") == 2 {
		return `<bdi class="when">` + template.HTMLEscapeString(shown(s.Text)) + "</bdi>"
	}
	if strings.HasPrefix(s.Name, "rule") || s.Name == "reason" {
		return foreignHTML(s.Text)
	}
	return evidenceHTML(s.Text)
}

// foreignHTML is a text in English that stands in words of any language: the
// title of a rule, a reason.
func foreignHTML(text string) string {
	return `<bdi lang="en" dir="ltr">` + template.HTMLEscapeString(shown(clip(text, maxValue))) + "</bdi>"
}

func evidenceHTML(text string) string {
	return "<bdi>" + template.HTMLEscapeString(shown(clip(text, maxValue))) + "</bdi>"
}

// shown is text from outside such that it can be read and does nothing:
// controls are named, links are broken.
func shown(text string) string { return report.Defang(report.Visible(text)) }

// maxValue bounds one value in a sentence or table, in bytes.
const maxValue = 2000

// clip cuts a text, and shows that it did.
func clip(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}
