package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// A session is a command that the README shows, and what it shows of its
// output.
type session struct {
	command string
	output  []string
}

var fence = regexp.MustCompile("(?ms)^```[a-z]*\n(.*?)^```$")

// readmeSessions are the commands of the README that run this program.
func readmeSessions(t *testing.T) (sessions []session) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range fence.FindAllSubmatch(text, -1) {
		shown := false
		for line := range strings.Lines(string(block[1])) {
			line = strings.TrimRight(line, "\n")
			command, prompted := strings.CutPrefix(line, "$ ")
			if arguments, ok := ofKulla(command); ok {
				sessions, shown = append(sessions, session{command: arguments}), prompted
			} else if shown {
				last := &sessions[len(sessions)-1]
				last.output = append(last.output, line)
			}
		}
	}
	return sessions
}

// ofKulla returns the arguments of a command line that runs this program,
// without a comment and without what it is piped into.
func ofKulla(line string) (arguments string, ok bool) {
	for _, program := range []string{"go run ./cmd/kulla ", "./kulla ", "kulla "} {
		if rest, found := strings.CutPrefix(line, program); found {
			rest, _, _ = strings.Cut(rest, " #")
			rest, _, _ = strings.Cut(rest, " | ")
			return strings.TrimSpace(rest), true
		}
	}
	return "", false
}

var word = regexp.MustCompile(`'[^']*'|\S+`)

// Every command in the README runs, one after another in one folder, and prints
// what the README says it does.
func TestReadmeCommands(t *testing.T) {
	slow(t)
	sessions := readmeSessions(t)
	if len(sessions) < 5 {
		t.Errorf("%d commands found in the README", len(sessions))
	}
	sample, err := filepath.Abs(sampleEvidence())
	if err != nil {
		t.Fatal(err)
	}
	logs := unzipped(t, sampleEvidence())
	// What a reader has under these names.
	names := map[string]string{
		"examples/evidence.zip": sample, "case.zip": sample, "evidence/": logs,
		"examples/artefacts.yml": filepath.Join(filepath.Dir(sample), "artefacts.yml"),
		"Security.evtx":          filepath.Join(logs, "WEB01", "Security.evtx"), "my-rules/": filepath.Join(filepath.Dir(sample), "..", "rules", "windows"),
		"sigma.zip": zippedRules(t), "4711": "36632",
	}
	t.Chdir(t.TempDir())
	for _, shown := range sessions {
		t.Run(shown.command, func(t *testing.T) {
			var arguments []string
			for _, text := range word.FindAllString(shown.command, -1) {
				if there, ok := names[text]; ok {
					text = there
				}
				arguments = append(arguments, strings.Trim(text, "'"))
			}
			runSession(t, arguments, shown.output, sample)
		})
	}
}

// runSession runs a command as on a wide terminal, and looks for the lines in
// what it prints, in their order. Lines of dots stand for any others.
func runSession(t *testing.T, arguments, lines []string, sample string) {
	t.Helper()
	var out, errors bytes.Buffer
	code := Run(t.Context(), arguments, Environment{In: strings.NewReader(""), Out: &out, Err: &errors,
		OutTerminal: func() int { return 200 }, ErrTerminal: noTerminal, Now: func() time.Time { return time.Unix(0, 0) },
		Getenv: func(name string) string { return map[string]string{"NO_COLOR": "1", "XDG_STATE_HOME": "state"}[name] }, TempDir: t.TempDir()})
	if code != exitDone {
		t.Fatalf("code %d: %s", code, errors.String())
	}
	rest := strings.ReplaceAll(out.String(), sample, "examples/evidence.zip")
	for _, line := range lines {
		if strings.Trim(line, " .…") == "" {
			continue
		}
		_, after, found := strings.Cut(rest, line+"\n")
		if !found {
			t.Errorf("not printed, or not there: %q", line)
			continue
		}
		rest = after
	}
}

// zippedRules packs a rule.
func zippedRules(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "sigma.zip")
	if err := os.WriteFile(name, zipOf(t, "rule.yml", []byte(
		"title: Any logon\nid: 3f0dd8ee-6ad5-4c1c-a6f4-8b0f4ad2a1a3\nlevel: medium\n"+
			"logsource: {product: windows}\ndetection: {logon: {EventID: 4624}, condition: logon}\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}
