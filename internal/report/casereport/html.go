package casereport

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"html/template"
	"slices"
	"strings"
	"time"

	"github.com/kulla-defence/kulla/internal/attribution"
	"github.com/kulla-defence/kulla/internal/language"
)

//go:embed report.css
var stylesheet string

//go:embed report.js
var script string

// functions are what templates put values into words with.
func (p *page) functions() template.FuncMap {
	return template.FuncMap{
		"say":        p.words.say,
		"key":        func(parts ...string) messageKey { return messageKey(strings.Join(parts, "")) },
		"sentence":   p.words.sentence,
		"rule":       p.words.rule,
		"measure":    p.words.measure,
		"because":    func(one Unseen) template.HTML { return p.words.sentence(reasonOf(one)) },
		"picture":    p.words.inPicture,
		"number":     p.words.number,
		"decimal":    p.words.decimal,
		"percent":    p.words.percent,
		"signed":     p.words.signed,
		"level":      levelClass,
		"evidence":   func(text any) template.HTML { return template.HTML(evidenceHTML(fmt.Sprint(text))) },
		"isStatus":   isStatus,
		"shown":      func(text any) string { return shown(clip(fmt.Sprint(text), maxValue)) },
		"time":       timeHTML,
		"day":        language.Date,
		"hex":        func(digest [32]byte) string { return hex.EncodeToString(digest[:]) },
		"known":      func(digest [32]byte) bool { return digest != [32]byte{} },
		"place":      percentPlace,
		"proof":      p.proof,
		"hypothesis": p.hypothesis,
		"reference":  func(id string) itemReference { return itemReference{id, p.Assessment.Shows(id)} },
		"tactic": func(tactic string) template.HTML {
			return p.words.say("tactic." + strings.ReplaceAll(tactic, "-", "_"))
		},
		"int64":   func(n int) int64 { return int64(n) },
		"add":     func(a, b int) int { return a + b },
		"first":   func(n int, list []string) []string { return list[:min(n, len(list))] },
		"leading": leadingOf,
		"phase":   func(name string) template.HTML { return p.words.say("phase." + name) },
	}
}

// timeHTML is a time for people and machines; a dash where there is none.
func timeHTML(t time.Time) template.HTML {
	if t.IsZero() {
		return "–"
	}
	return template.HTML(fmt.Sprintf(`<time datetime="%s">%s</time>`, t.UTC().Format(time.RFC3339Nano), language.Time(t)))
}

// An itemReference is the name of an item of evidence, which leads to the item
// where the page shows it.
type itemReference struct {
	ID    string
	Shown bool
}

// maxShownProof is how many links stand behind one sentence.
const maxShownProof = 3

// proof are links to the records of a sentence that stands outside of a story.
func (p *page) proof(numbers []int64) template.HTML {
	var out strings.Builder
	for i, number := range numbers {
		if i == maxShownProof {
			fmt.Fprintf(&out, `<bdi class="soft" dir="ltr">+%d</bdi>`, len(numbers)-i)
			break
		}
		if p.records.byNumber[number] != nil {
			fmt.Fprintf(&out, `<a class="ref" href="#r-%d">%d</a> `, number, number)
		} else {
			fmt.Fprintf(&out, `<span class="ref">%d</span> `, number)
		}
	}
	if out.Len() == 0 {
		return ""
	}
	return template.HTML(`<span class="refs">` + strings.TrimSpace(out.String()) + `</span>`)
}

// hypothesis names an answer to "who?".
func (p *page) hypothesis(h attribution.Hypothesis) template.HTML {
	return each(func(tag string) string { return segmentsHTML(hypothesisWords(p.words.catalogue, tag, &h)) })
}

// Style, Script and Policy are the page's own code, and the policy that allows
// nothing else.
func (p *page) Style() template.CSS { return template.CSS(stylesheet) }

// Script is the page's only script.
func (p *page) Script() template.JS { return template.JS(script) }

// Policy is the content security policy.
func (p *page) Policy() string {
	return fmt.Sprintf("default-src 'none'; style-src '%s'; script-src '%s'; base-uri 'none'; form-action 'none'", hashOf(stylesheet), hashOf(script))
}

// hashOf is a source expression of CSP level 3.
func hashOf(code string) string {
	digest := sha256.Sum256([]byte(code))
	return "sha256-" + base64.StdEncoding.EncodeToString(digest[:])
}

// Languages are those that the page holds.
func (p *page) Languages() []language.Language { return language.Languages() }

// RightToLeft is the direction of the language that the page begins with.
func (p *page) RightToLeft() bool {
	for _, l := range language.Languages() {
		if l.Tag == p.Language {
			return l.RightToLeft
		}
	}
	return false
}

// LevelNames are all levels, the highest first.
func (p *page) LevelNames() []string { return levelNames }

// levelClass is the class of elements of a level; a case that somebody crafted
// may have others.
func levelClass(level string) string {
	if slices.Contains(levelNames, level) {
		return level
	}
	return "none"
}
