package cli

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A hunt that is interrupted prints what it found until then, says that it
// was, and ends with its code. Standard input stays open, so the hunt cannot
// end by itself; it is interrupted as soon as its progress shows a finding.
func TestInterruptedHuntPrintsWhatItFound(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"jsonl", "table"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			rule, events := filepath.Join(folder, "rule.yml"), filepath.Join(folder, "events.json")
			write(t, rule, "title: Any logon\nlogsource: {product: windows}\ndetection: {logon: {EventID: 4624}, condition: logon}\n")
			write(t, events, `{"EventID":4624,"Channel":"Security","Computer":"WS01","EventRecordID":1}`+"\n")
			summary := filepath.Join(folder, "summary.json")

			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var out bytes.Buffer
			errors := &cancelling{at: "· 1 matches", cancel: cancel}
			code := Run(ctx, []string{"hunt", "-f", format, "--rules", rule, "--summary", summary, "-", events}, Environment{
				In: untilDone{ctx}, Out: &out, Err: errors, OutTerminal: noTerminal, ErrTerminal: func() int { return 200 },
				Now: time.Now, Getenv: func(string) string { return "" }, TempDir: folder})
			if code != exitInterrupted {
				t.Errorf("code %d, want %d", code, exitInterrupted)
			}
			if !strings.Contains(out.String(), "Any logon") {
				t.Errorf("the finding is missing in %q", out.String())
			}
			if !strings.Contains(out.String()+errors.String(), "Interrupted") {
				t.Error("nothing says that the hunt was interrupted")
			}
			if !strings.Contains(out.String()+errors.String(), "Unfinished") {
				t.Error("nothing says which input was not finished")
			}
			if data, err := os.ReadFile(summary); err != nil || !strings.Contains(string(data), `"interrupted": true`) {
				t.Errorf("summary %.200s, error %v", data, err)
			}
		})
	}
}

// So do the commands that show events themselves.
func TestInterruptedCommandsPrintWhatTheyRead(t *testing.T) {
	t.Parallel()
	for name, arguments := range map[string][]string{
		"timeline": {"timeline", "-f", "jsonl"}, "search": {"search", "-f", "jsonl", "anna"}, "stats": {"stats", "-f", "json"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			events := filepath.Join(folder, "events.json")
			write(t, events, `{"EventID":4624,"Channel":"Security","Computer":"WS01","EventRecordID":1,"TargetUserName":"anna"}`+"\n")
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var out bytes.Buffer
			errors := &cancelling{at: "· 1 records", cancel: cancel}
			code := Run(ctx, append(arguments, "-", events), Environment{
				In: untilDone{ctx}, Out: &out, Err: errors, OutTerminal: noTerminal, ErrTerminal: func() int { return 200 },
				Now: time.Now, Getenv: func(string) string { return "" }, TempDir: folder})
			if code != exitInterrupted {
				t.Errorf("code %d, want %d", code, exitInterrupted)
			}
			if !strings.Contains(out.String(), "WS01") {
				t.Errorf("the event is missing in %q", out.String())
			}
			if !strings.Contains(errors.String(), "kulla: interrupted: what was not read until then is missing") {
				t.Errorf("nothing says that it was interrupted: %q", errors.String())
			}
			if left, err := os.ReadDir(folder); err != nil || len(left) != 1 {
				t.Errorf("%d files are left, error %v", len(left)-1, err)
			}
		})
	}
}

// A cancelling writer ends a context when it is told something.
type cancelling struct {
	bytes.Buffer
	at     string
	cancel context.CancelFunc
}

func (c *cancelling) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte(c.at)) {
		c.cancel()
	}
	return c.Buffer.Write(p)
}

// untilDone is an input that says nothing until its context is done.
type untilDone struct{ ctx context.Context }

func (u untilDone) Read([]byte) (int, error) {
	<-u.ctx.Done()
	return 0, u.ctx.Err()
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// An investigation that is interrupted when it begins to write says so, leaves
// no case by halves, and ends with its code.
func TestInterruptedWritingLeavesTheCaseAsItWas(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	events, unread, file := filepath.Join(folder, "events.json"), filepath.Join(folder, "unread.bin"), filepath.Join(folder, "x"+caseExtension)
	write(t, events, `{"EventID":1102,"Channel":"Security","Computer":"WS01","EventRecordID":1}`+"\n")
	write(t, unread, "what is this")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	errors := &cancelling{at: "not read", cancel: cancel} // the last word before the case is written
	code := Run(ctx, []string{"investigate", "-q", "--key", filepath.Join(folder, "key"), "-o", file, events, unread}, Environment{
		Out: new(bytes.Buffer), Err: errors, OutTerminal: noTerminal, ErrTerminal: noTerminal, Now: time.Now,
		Getenv: func(string) string { return "" }, TempDir: folder})
	if code != exitInterrupted {
		t.Errorf("code %d, want %d", code, exitInterrupted)
	}
	if !strings.Contains(errors.String(), "kulla: interrupted: the case is as it was before") || strings.Contains(errors.String(), "error") {
		t.Errorf("it says %q", errors.String())
	}
	if left, err := filepath.Glob(filepath.Join(folder, "x*")); err != nil || len(left) > 0 {
		t.Errorf("left are %q, %v", left, err)
	}
}

// A terminal that understands no escape sequences is sent none.
func TestDumbTerminal(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	events := filepath.Join(folder, "events.json")
	write(t, events, `{"EventID":1102,"Channel":"Security","Computer":"WS01","EventRecordID":1}`+"\n")
	for _, kind := range []string{"dumb", "xterm"} {
		var out, errors bytes.Buffer
		Run(t.Context(), []string{"hunt", events}, Environment{
			Out: &out, Err: &errors, OutTerminal: func() int { return 100 }, ErrTerminal: func() int { return 100 }, Now: time.Now,
			Getenv: func(name string) string { return map[string]string{"TERM": kind}[name] }, TempDir: folder})
		if got := strings.Contains(out.String()+errors.String(), "\x1b"); got != (kind == "xterm") {
			t.Errorf("%s: escape sequences %v in %q %q", kind, got, out.String(), errors.String())
		}
	}
}
