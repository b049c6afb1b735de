package casereport

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kulla-defence/kulla/internal/incident"
	"github.com/kulla-defence/kulla/internal/incident/entity"
	"github.com/kulla-defence/kulla/internal/language"
)

// ruleTitles are the messages for titles of rules, by the title: sentences
// name rules by their titles, and those of our own rules have words in each
// language.
type ruleTitles map[string]string

func newRuleTitles(d *Document, catalogue *language.Catalogue) ruleTitles {
	titles := ruleTitles{}
	for _, one := range d.Incidents {
		for i := range one.Rules {
			if key := ruleKey(one.Rules[i].ID); catalogue.Says(key, one.Rules[i].Title) {
				titles[one.Rules[i].Title] = key
			}
		}
	}
	return titles
}

// ruleKey and measureKey are those of a rule's title and of what to do.
func ruleKey(id string) string    { return "rule." + strings.ReplaceAll(id, "-", "_") }
func measureKey(id string) string { return "measure." + strings.ReplaceAll(id, "-", "_") }

// values are a sentence's, with levels, titles of rules and the end of a list
// that was cut as messages.
func (t ruleTitles) values(s incident.Sentence) []language.Value {
	values := make([]language.Value, 0, len(s.Values))
	for _, v := range s.Values {
		value := language.Value{Name: v.Name, Text: v.Text, Message: v.Message, Number: v.Number, Kind: string(v.Kind)}
		switch {
		case v.Name == "level" && slices.Contains(levelNames, v.Text):
			value.Message = "report.level." + v.Text
		case v.Kind == entity.Host && strings.HasSuffix(v.Text, ", …"):
			value = language.Value{Name: v.Name, Message: "report.names.more"}
			values = append(values, language.Value{Name: "listed", Text: strings.TrimSuffix(v.Text, ", …"), Kind: string(v.Kind)})
		case v.Name == "rule":
			values = append(values, t.split(v.Text)...)
			continue
		}
		values = append(values, value)
	}
	return values
}

// titleLists are messages for two and three titles.
var titleLists = []string{2: "report.titles.two", 3: "report.titles.three"}

// split makes one value of each title of a list.
func (t ruleTitles) split(text string) []language.Value {
	titles := strings.Split(text, "; ")
	if !slices.ContainsFunc(titles, func(title string) bool { return t[title] != "" }) || len(titles) >= len(titleLists) {
		return []language.Value{{Name: "rule", Text: text}}
	}
	if len(titles) == 1 {
		return []language.Value{{Name: "rule", Message: t[text]}}
	}
	values := []language.Value{{Name: "rule", Message: titleLists[len(titles)]}}
	for i, title := range titles {
		values = append(values, language.Value{Name: fmt.Sprintf("rule_%d", i+1), Text: title, Message: t[title]})
	}
	return values
}
