package attribution

import (
	"fmt"
	"slices"
	"strings"
)

// Check says what of an assessment that was read from somewhere is none: its
// identifiers, levels and kinds are words of this program, which reports use
// as such. All else is evidence or knowledge, and shown as that.
func (a *Assessment) Check() error {
	words := []string{a.Answer.Level, a.Confidence.Level}
	words = append(words, a.Incidents...)
	for _, item := range a.Items {
		words = append(words, item.ID, string(item.Kind), item.Phase, item.Reliability)
	}
	for _, h := range a.Hypotheses {
		words = append(words, h.Kind, h.Word)
	}
	for _, phase := range a.Phases {
		words = append(append(words, phase.Name, phase.Level), phase.Items...)
		for _, h := range phase.Hypotheses {
			words = append(words, h.Kind, h.Word)
		}
	}
	for _, handOff := range a.HandOffs {
		words = append(words, handOff.From, handOff.To)
	}
	for _, gate := range a.Answer.Gates {
		words = append(words, gate.Level)
	}
	for _, without := range a.Without {
		words = append(words, without.Item)
	}
	if at := slices.IndexFunc(words, func(word string) bool { return !isWord(word) }); at >= 0 {
		const shown = 40
		return fmt.Errorf("%.*q is no word of an assessment", shown, words[at])
	}
	return nil
}

// isWord says whether a text is nothing, or letters, digits and signs that
// mean nothing to a terminal, a page or a shell.
func isWord(text string) bool {
	const longest = 64
	return len(text) <= longest && strings.Trim(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == ""
}
