package attribution

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/kulla-defence/kulla/internal/incident"
	"github.com/kulla-defence/kulla/internal/language"
)

func catalogue(t *testing.T) *language.Catalogue {
	t.Helper()
	c, err := language.Load()
	must(t, err)
	return c
}

// inWords puts a sentence into English.
func inWords(c *language.Catalogue, s incident.Sentence) string {
	var values []language.Value
	for _, v := range s.Values {
		values = append(values, language.Value{Name: v.Name, Text: v.Text, Message: v.Message, Number: v.Number})
	}
	return language.Plain(c.Text(language.English, s.Message, values...))
}

// sentences are all of an assessment.
func sentences(a *Assessment) []incident.Sentence {
	list := []incident.Sentence{a.Likelihood, a.Confidence.Sentence, a.Answer.Sentence}
	list = append(list, a.Confidence.Reasons...)
	for _, item := range a.Items {
		list = append(list, item.Claim)
	}
	for _, gate := range a.Answer.Gates {
		list = append(list, gate.Name)
	}
	for _, phase := range a.Phases {
		list = append(list, phase.Answer.Sentence, sentence("phase."+phase.Name))
	}
	if a.HandOver.Message != "" {
		list = append(list, a.HandOver)
	}
	for _, edge := range a.HandOffs {
		list = append(list, edge.Reason)
	}
	for _, change := range a.Change {
		list = append(list, change.What, change.Ask)
	}
	return list
}

// checkWords fails for sentences that the catalogue cannot say in full.
func checkWords(t *testing.T, c *language.Catalogue, a *Assessment) {
	t.Helper()
	for _, s := range sentences(a) {
		if words := inWords(c, s); strings.ContainsAny(words, "⟦⟧") {
			t.Errorf("%s: %s", s.Message, words)
		}
	}
}

func TestSentences(t *testing.T) {
	t.Parallel()
	base := testBase()
	a := Assess(base, tiranaGiven(t, base), cluster)
	c := catalogue(t)
	for _, want := range []struct {
		sentence incident.Sentence
		words    string
	}{
		{a.Answer.Sentence, "The activity is attributed to First of AA; no group is named."},
		{a.Confidence.Sentence, "The analytic confidence is moderate."},
		{sentence("likelihood.state", country("state", "AL"), message("word", "word.likely"), text("percent", "60"), text("low", "50"), text("high", "70")),
			"It is likely (60 %, between 50 and 70 %) that Albania stands behind it."},
		{a.Change[0].What, "Whether the code compares with that of Amber Plough."},
	} {
		if got := inWords(c, want.sentence); got != want.words {
			t.Errorf("got  %s\nwant %s", got, want.words)
		}
	}
	if likelihood := inWords(c, a.Likelihood); strings.Contains(likelihood, "confidence") || !strings.Contains(likelihood, "almost certain") {
		t.Error(likelihood)
	}
}

// Every key that the code names is in the catalogue, and every country.
func TestEveryMessageHasWords(t *testing.T) {
	t.Parallel()
	c := catalogue(t)
	set := token.NewFileSet()
	names, err := filepath.Glob("*.go")
	must(t, err)
	used := 0
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(set, name, nil, 0)
		must(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			literal, ok := n.(*ast.BasicLit)
			if !ok || literal.Kind != token.STRING {
				return true
			}
			key, err := strconv.Unquote(literal.Value)
			must(t, err)
			room, name, ok := strings.Cut(key, ".")
			if !ok || name == "" || strings.ContainsAny(key, " /") || strings.HasSuffix(key, ".") || !strings.Contains(" answer likelihood confidence hand_over gate item hand_off change ask ", " "+room+" ") {
				return true
			}
			used++
			if !c.Has(language.English, key) {
				t.Errorf("%s: no message %s", set.Position(literal.Pos()), key)
			}
			return true
		})
	}
	if used < 30 {
		t.Errorf("%d keys were found in the code", used)
	}
	var composed []string
	for _, code := range countries {
		composed = append(composed, "country."+code)
	}
	for _, name := range Phases {
		composed = append(composed, "phase."+name, "hand_over.from."+name, "hand_over.to."+name)
	}
	for _, kind := range kinds[:] {
		if kind != Technique {
			composed = append(composed, "item."+string(kind), "item."+string(kind)+"_known")
		}
	}
	for field, asked := range questions {
		composed = append(composed, "field."+field, "change."+asked.key, "ask."+asked.key)
	}
	for _, field := range []string{"code_overlap", "country", "sector", "persona", "canary", "builder_id", "locale"} {
		composed = append(composed, "field."+field)
	}
	for _, level := range []string{"group", "service", "state", "cluster", "false_flag"} {
		composed = append(composed, "answer."+level)
	}
	for _, kind := range []string{"group", "service", "state", "unknown", "false_flag"} {
		composed = append(composed, "likelihood."+kind)
	}
	for _, level := range []string{"low", "moderate", "high"} {
		composed = append(composed, "confidence."+level)
	}
	for _, p := range []float64{0, .1, .3, .5, .6, .9, .99} {
		composed = append(composed, "word."+Word(p))
	}
	for _, key := range composed {
		if !c.Has(language.English, key) {
			t.Errorf("no message %s", key)
		}
	}
}
