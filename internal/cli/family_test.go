package cli

import "testing"

// Events come in the same order, and to the same counts, for any number of
// workers; so do all formats of findings.
func TestWorkersDoNotMatterForTheFamily(t *testing.T) {
	t.Parallel()
	commands := [][]string{{"timeline", "-f", "jsonl"}, {"search", "-f", "jsonl", "cmd.exe"}, {"stats", "-f", "json"}}
	for _, format := range []string{"json", "csv", "html", "markdown", "sarif", "timesketch", "navigator"} {
		commands = append(commands, []string{"hunt", "-f", format})
	}
	for _, command := range commands {
		want := ""
		for _, workers := range []string{"1", "2", "8"} {
			got, code := kulla(t, append(command[:len(command):len(command)], "-q", "--workers", workers, sampleEvidence())...)
			if want == "" {
				want = got
			}
			if got == "" || got != want || code != exitDone {
				t.Errorf("%v with %s workers: code %d, %d bytes instead of %d, or others", command, workers, code, len(got), len(want))
			}
		}
	}
}
