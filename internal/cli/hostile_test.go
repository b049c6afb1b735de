package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/kulla-defence/kulla/internal/evtxwriter"
)

// Text in an event log that a terminal would act on is escaped in whatever is
// printed of it, and is still all there.
func TestHostileTextInEventLogs(t *testing.T) {
	t.Parallel()
	const hostile = "a\x1b]0;owned\x07\u202egpj.exe\u009b31m\u200b\r\n\u2028\x7f\U000e0041"
	event := evtxwriter.Event{Provider: "Microsoft-Windows-Security-Auditing", EventID: 4624, Channel: "Security", Computer: "WS\x1b[2J01",
		RecordID: 1, Time: time.Date(2022, 7, 15, 10, 0, 0, 0, time.UTC),
		Data: []evtxwriter.Field{{Name: "TargetUserName", Value: evtxwriter.String(hostile)}}}
	log, err := evtxwriter.Encode(evtxwriter.Options{}, event)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	evidence, rule := filepath.Join(folder, "Security.evtx"), filepath.Join(folder, "rule.yml")
	if err := os.WriteFile(evidence, log, 0o600); err != nil {
		t.Fatal(err)
	}
	write(t, rule, "title: Any logon\nlogsource: {product: windows}\ndetection: {logon: {EventID: 4624, TargetUserName|contains: owned}, condition: logon}\n")
	for name, arguments := range map[string][]string{
		"findings": {"hunt", "-f", "jsonl", "--rules", rule, evidence},
		"table":    {"hunt", "-f", "table", "--rules", rule, evidence},
		"explain":  {"explain", "--rules", rule, "any logon", evidence},
		"json":     {"dump", evidence},
		"xml":      {"dump", "-f", "xml", evidence},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, _ := kulla(t, arguments...)
			if !strings.Contains(out, "owned") {
				t.Fatalf("the value is missing in %q", out)
			}
			for _, r := range out {
				if r != '\n' && (unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)) {
					t.Errorf("%U is printed as it is: %q", r, out)
					break
				}
			}
			if name == "json" {
				requireJSONValue(t, out, hostile)
			}
		})
	}
}

func requireJSONValue(t *testing.T, line, want string) {
	t.Helper()
	var record struct {
		Event struct{ EventData map[string]string }
	}
	if err := json.Unmarshal([]byte(line), &record); err != nil {
		t.Fatal(err)
	}
	if got := record.Event.EventData["TargetUserName"]; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
