package incident

import (
	"fmt"
	"strings"
)

// Check says what of an incident that was read from somewhere is none: its
// identifiers, levels, kinds and roles are words of this program, which reports
// use as such. All else is evidence, and shown as that.
func (i *Incident) Check() error {
	for _, word := range i.words() {
		if !isWord(word) {
			const shown = 40
			return fmt.Errorf("%.*q is no word of an incident", shown, word)
		}
	}
	return nil
}

func (i *Incident) words() []string {
	words := []string{i.ID, i.Level}
	for _, other := range i.Related {
		words = append(words, other.ID)
	}
	for _, use := range i.Entities {
		words = append(words, string(use.Kind))
		for _, role := range use.Roles {
			words = append(words, string(role))
		}
	}
	for _, link := range i.Links {
		words = append(words, link.Kind)
	}
	return words
}

// isWord says whether a text is letters, digits and signs that mean nothing to
// a terminal, a page or a shell.
func isWord(text string) bool {
	const longest = 64
	return text != "" && len(text) <= longest &&
		strings.Trim(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == ""
}
