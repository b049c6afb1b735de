package cli

import (
	"fmt"

	"github.com/kulla-defence/kulla/internal/store"
	"github.com/kulla-defence/kulla/sigma"
)

// ruleTexts returns the YAML of rules by their ids; nil unless these are the
// rules that the case was made with, since others may say another thing under
// the same id.
func ruleTexts(kept *store.Case, documents *sigma.Documents) (func(id string) string, error) {
	used, err := kept.Rules()
	if err != nil || documents == nil || used.SHA256 != fmt.Sprintf("%x", documents.Digest()) {
		return nil, err
	}
	texts := map[string]string{}
	note := func(id string, at sigma.Position) {
		if _, ok := texts[id]; !ok && id != "" {
			texts[id] = string(documents.Text(at))
		}
	}
	for _, rule := range documents.Rules {
		note(rule.ID, rule.At)
	}
	for _, correlation := range documents.Correlations {
		note(correlation.ID, correlation.At)
	}
	return func(id string) string { return texts[id] }, nil
}
