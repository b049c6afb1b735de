package rules_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kulla-defence/kulla/internal/cli"
	"github.com/kulla-defence/kulla/internal/evtxwriter"
)

// remoteShell is a shell that remote PowerShell starts, as Sysmon records it.
func remoteShell(computer, user string, at time.Time) evtxwriter.Event {
	return evtxwriter.Event{
		Provider: "Microsoft-Windows-Sysmon", EventID: 1, Version: 5, Time: at,
		Channel: "Microsoft-Windows-Sysmon/Operational", Computer: computer,
		Data: []evtxwriter.Field{
			{Name: "Image", Value: evtxwriter.String(`C:\Windows\System32\cmd.exe`)},
			{Name: "ParentImage", Value: evtxwriter.String(`C:\Windows\System32\wsmprovhost.exe`)},
			{Name: "User", Value: evtxwriter.String(user)},
		},
	}
}

// The sample evidence ends in 2022; the spreading of December 2023 is proven
// here.
func TestSpreadThroughWinRM(t *testing.T) {
	t.Parallel()
	const spread = "One account starts shells through WinRM on several machines"
	begin := time.Date(2023, time.December, 24, 10, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		hosts int
		step  time.Duration
		users []string
		found bool
	}{
		{3, 5 * time.Minute, []string{`CORP\Administrator`}, true},
		{2, 5 * time.Minute, []string{`CORP\Administrator`}, false},
		{3, 20 * time.Minute, []string{`CORP\Administrator`}, false},
		{3, 5 * time.Minute, []string{`CORP\a`, `CORP\b`, `CORP\c`}, false},
	} {
		folder := t.TempDir()
		for i := range test.hosts {
			e := remoteShell(fmt.Sprintf("WS%02d", i), test.users[i%len(test.users)], begin.Add(time.Duration(i)*test.step))
			data, err := evtxwriter.Encode(evtxwriter.Options{}, e)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(folder, e.Computer+".evtx"), data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got := strings.Contains(hunt(t, folder), spread); got != test.found {
			t.Errorf("%d machines, %v apart, by %d accounts: found %v, want %v", test.hosts, test.step, len(test.users), got, test.found)
		}
	}
}

func hunt(t *testing.T, path string) string {
	t.Helper()
	var out, problems bytes.Buffer
	none := func() int { return 0 }
	env := cli.Environment{In: &bytes.Buffer{}, Out: &out, Err: &problems, OutTerminal: none, ErrTerminal: none,
		Now: time.Now, Getenv: func(string) string { return "" }}
	if code := cli.Run(t.Context(), []string{"hunt", "--format", "jsonl", path}, env); code != 0 {
		t.Fatalf("kulla hunt ends with %d: %s", code, problems.String())
	}
	return out.String()
}
