package cli

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/kulla-defence/kulla/internal/store"
	"github.com/kulla-defence/kulla/sigma"
)

// ruleTexts returns the YAML of rules by their ids, of a correlation with the
// rules that it is about; nil unless these are the rules that the case was made
// with, since others may say another thing under the same id.
func ruleTexts(kept *store.Case, documents *sigma.Documents) (func(id string) string, error) {
	used, err := kept.Rules()
	if err != nil || documents == nil || used.SHA256 != fmt.Sprintf("%x", documents.Digest()) {
		return nil, err
	}
	texts := map[string][]byte{}
	note := func(id string, at sigma.Position) {
		if _, ok := texts[id]; !ok && id != "" {
			texts[id] = documents.Text(at)
		}
	}
	for _, rule := range documents.Rules {
		note(rule.ID, rule.At)
	}
	correlations := map[string]*sigma.Correlation{}
	for _, correlation := range documents.Correlations {
		if texts[correlation.ID] == nil {
			correlations[correlation.ID] = correlation
		}
		note(correlation.ID, correlation.At)
	}
	return func(id string) string {
		if correlation := correlations[id]; correlation != nil {
			return string(withReferences(documents, correlation))
		}
		return string(texts[id])
	}, nil
}

// withReferences is the text of a correlation, behind it those of the rules that
// it is about and that these are about, as documents of one file.
func withReferences(documents *sigma.Documents, correlation *sigma.Correlation) []byte {
	all := sigma.RuleSet{Rules: documents.Rules, Correlations: documents.Correlations}
	var texts [][]byte
	seen := map[sigma.Position]bool{}
	add := func(at sigma.Position) bool {
		if seen[at] {
			return false
		}
		seen[at] = true
		texts = append(texts, slices.Concat(bytes.TrimRight(documents.Text(at), "\n"), []byte("\n")))
		return true
	}
	add(correlation.At)
	for waiting := []*sigma.Correlation{correlation}; len(waiting) > 0; waiting = waiting[1:] {
		for _, reference := range waiting[0].Rules {
			if rule, other := all.Find(reference); rule != nil {
				add(rule.At)
			} else if other != nil && add(other.At) {
				waiting = append(waiting, other)
			}
		}
	}
	return bytes.Join(texts, []byte("---\n"))
}
