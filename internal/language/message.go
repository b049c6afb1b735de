package language

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
	"golang.org/x/text/feature/plural"
	textlanguage "golang.org/x/text/language"
)

// A message is a text, or the forms of one that depend on a number.
type message struct {
	plural string   // name of the value that decides; empty without forms
	forms  [][]part // by plural.Form
	other  []part
}

// A part of a text is words, or the name of the value that stands there.
type part struct{ words, value string }

// formNames are CLDR's plural categories.
var formNames = []string{plural.Other: "other", plural.Zero: "zero", plural.One: "one", plural.Two: "two", plural.Few: "few", plural.Many: "many"}

func parseMessage(node *yaml.Node) (message, error) {
	if node.Kind == yaml.ScalarNode {
		text, err := parseText(node.Value)
		return message{other: text}, err
	}
	var entries map[string]string
	if err := node.Decode(&entries); err != nil {
		return message{}, errors.New("neither a text nor a map of plural forms")
	}
	return formsOf(entries)
}

// formsOf makes a message of its plural forms.
func formsOf(entries map[string]string) (message, error) {
	m := message{plural: entries["plural"], forms: make([][]part, len(formNames))}
	delete(entries, "plural")
	for name, text := range entries {
		form := slices.Index(formNames, name)
		if form < 0 {
			return m, fmt.Errorf("unknown plural form %q", name)
		}
		parsed, err := parseText(text)
		if err != nil {
			return m, err
		}
		m.forms[form] = parsed
	}
	m.other = m.forms[plural.Other]
	if m.plural == "" || m.other == nil {
		return m, errors.New("plural forms need plural: NAME and other: TEXT")
	}
	return m, nil
}

// parseText cuts a text at its values.
func parseText(text string) ([]part, error) {
	parts := make([]part, 0, 1+2*strings.Count(text, "{"))
	var words strings.Builder
	for text != "" {
		at := strings.IndexAny(text, "{}")
		if at < 0 {
			words.WriteString(text)
			break
		}
		words.WriteString(text[:at])
		brace := text[at]
		text = text[at+1:]
		if text != "" && text[0] == brace {
			words.WriteByte(brace)
			text = text[1:]
			continue
		}
		name, rest, closed := strings.Cut(text, "}")
		if brace == '}' || !closed || !isName(name) {
			return nil, errors.New("a brace that neither begins a {name} nor is doubled")
		}
		if words.Len() > 0 {
			parts = append(parts, part{words: words.String()})
			words.Reset()
		}
		parts = append(parts, part{value: name})
		text = rest
	}
	if words.Len() > 0 {
		parts = append(parts, part{words: words.String()})
	}
	return parts, nil
}

func isName(name string) bool {
	return name != "" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == ""
}

// form chooses the text for the values, by the rules of a language.
func (m *message) form(tag string, values []Value) []part {
	if m.plural == "" {
		return m.other
	}
	for _, v := range values {
		if v.Name != m.plural {
			continue
		}
		if text := m.forms[category(tag, v.Number)]; text != nil {
			return text
		}
	}
	return m.other
}

// category is CLDR's plural category of a whole number.
func category(tag string, number int64) plural.Form {
	const significant = 1_000_000 // rules look at the last six digits at most
	if number > significant || number < -significant {
		number = significant + max(number%significant, -(number%significant))
	}
	number = max(number, -number)
	return plural.Cardinal.MatchPlural(textlanguage.Make(tag), int(number), 0, 0, 0, 0)
}
