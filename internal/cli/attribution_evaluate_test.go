package cli

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kulla-defence/kulla/internal/attribution/evaluate"
	"github.com/kulla-defence/kulla/internal/knowledge"
)

func TestAttributionEvaluateRefuses(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	other, small := filepath.Join(folder, "other.json"), filepath.Join(folder, "small.json")
	for name, text := range map[string]string{other: `{"type":"bundle"}`, small: `{"objects":[{"type":"intrusion-set","id":"g","name":"River","external_references":[{"source_name":"mitre-attack","external_id":"G0001"}]}]}`} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		arguments []string
		want      error
	}{
		"no file given":    {[]string{"evaluate"}, nil},
		"no such file":     {[]string{"evaluate", "--knowledge", filepath.Join(folder, "none.json")}, fs.ErrNotExist},
		"not ATT&CK":       {[]string{"evaluate", "--knowledge", other}, knowledge.ErrNotATTACK},
		"too little of it": {[]string{"evaluate", "--knowledge", small}, evaluate.ErrTooSmall},
	} {
		command := newAttribution(Environment{Out: io.Discard, Err: io.Discard})
		command.SetArgs(c.arguments)
		command.SilenceErrors, command.SilenceUsage = true, true
		err := command.Execute()
		if err == nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: error %v, wanted %v", name, err, c.want)
		}
		hinted, usage := (*hintedError)(nil), (*usageError)(nil)
		hint := ""
		if errors.As(err, &hinted) {
			hint = hinted.hint
		} else if errors.As(err, &usage) {
			hint = usage.hint
		}
		if !strings.Contains(hint, "attack-stix-data") {
			t.Errorf("%s: the hint %q does not say where ATT&CK is from", name, hint)
		}
	}
}

func TestWriteEvaluation(t *testing.T) {
	t.Parallel()
	baseline, target := .35, .45
	measured := &evaluate.Report{
		Sources: []string{"MITRE ATT&CK 18.1"},
		Rows: []evaluate.Row{
			{Task: "A2", Figure: "right actor first", Cases: 23, Value: .5, Low: .3, High: .7, Baseline: &baseline, Target: &target},
			{Task: "B1", Figure: "error", Cases: 525, Value: .5, Low: .3, High: .7, Target: &target, Less: true},
			{Task: "B1", Figure: "other", Cases: 525, Value: .5},
		},
		Reliability: []evaluate.Bin{{From: .9, To: 1, Cases: 3, Said: .95, Right: 1}},
		RiskActor:   []evaluate.Risk{{Precision: .9, Coverage: .6}}, RiskState: []evaluate.Risk{{Precision: .9, Coverage: .7}},
		Campaigns: []evaluate.Campaign{{Name: "C0038: Flood", Actors: []string{"G0001", "G0002"}, Named: "G0003", Rank: 4, State: "AA"}},
	}
	var text strings.Builder
	if err := writeEvaluation(&text, measured); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"0.300 to 0.700", ">= 0.450  met", "<= 0.450  not met", "G0001, G0002", "the actor has none", "0.9 to 1.0"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the table lacks %q:\n%s", want, text.String())
		}
	}
	text.Reset()
	var again evaluate.Report
	if err := writeEvaluationJSON(&text, measured); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(text.String()), &again); err != nil || len(again.Rows) != 3 || !again.Rows[0].Met() || again.Rows[1].Met() || again.Rows[2].Met() {
		t.Errorf("JSON read back: %v, %+v", err, again.Rows)
	}
}
