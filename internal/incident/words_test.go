package incident

import (
	"strings"
	"testing"

	"github.com/kulla-defence/kulla/internal/language"
)

// Keys that are put together from parts have words, whatever the parts.
func TestEveryMessageHasWords(t *testing.T) {
	t.Parallel()
	catalogue, err := language.Load()
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for action := range sentenceNeeds {
		keys = append(keys, "story."+string(action))
	}
	for _, tactic := range append(tacticOrder, "no such tactic") {
		stage := stageMessage(tactic)
		keys = append(keys, stage, "story.tactic."+strings.TrimPrefix(stage, "stage."))
	}
	for _, kind := range namedKinds {
		keys = append(keys, "story.named."+string(kind))
	}
	for kind := range tying {
		keys = append(keys, "story.tie."+strengths[kind].name, "related."+strengths[kind].name)
	}
	for _, wanted := range wantedRecords {
		keys = append(keys, "missing."+string(wanted.kind), "ask."+string(wanted.kind))
	}
	for _, chapter := range []string{"story.chapter", "story.chapter_first"} {
		keys = append(keys, chapter, chapter+"_until")
	}
	for _, key := range append(keys, "related.host", "benign.not.any_account", "benign.not.any_time", "benign.not.any_installation", "story.web_as", "story.named", "story.named.account", "story.named.by", "story.named.from", "story.named."+string(namedNothing)) {
		if !catalogue.Has(language.English, key) {
			t.Errorf("%s has no words", key)
		}
	}
}
