package cli

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kulla-defence/kulla/evtx"
	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/findingjson"
	"github.com/kulla-defence/kulla/internal/incident"
	"github.com/kulla-defence/kulla/internal/store"
)

// What a hunt prints is settled by the evidence, the rules and the options:
// not by the number of workers, by the order of paths, by how the evidence is
// packed, or by how often it is named. These tests change one of them and
// compare all that is printed, byte by byte.

// A printed is all that one hunt printed, but for its speed.
type printed struct {
	jsonl, table, summary string
	code                  int
}

// hunting runs "kulla hunt" once for each format of the output.
func hunting(t *testing.T, arguments ...string) printed {
	t.Helper()
	summary := filepath.Join(t.TempDir(), "summary.json")
	jsonl, code := kulla(t, append([]string{"hunt", "-f", "jsonl", "--summary", summary}, arguments...)...)
	table, tableCode := kulla(t, append([]string{"hunt", "-f", "table"}, arguments...)...)
	if code != tableCode {
		t.Errorf("code %d with jsonl, %d with a table", code, tableCode)
	}
	data, err := os.ReadFile(summary)
	if err != nil {
		t.Fatal(err)
	}
	return printed{jsonl, table, string(data), code}
}

// kulla runs one command line and returns its standard output.
func kulla(t *testing.T, arguments ...string) (stdout string, code int) {
	t.Helper()
	var out, errors bytes.Buffer
	code = Run(t.Context(), arguments, Environment{In: strings.NewReader(""), Out: &out, Err: &errors,
		OutTerminal: noTerminal, ErrTerminal: noTerminal, Now: func() time.Time { return time.Unix(1_700_000_000, 0) },
		Getenv: func(string) string { return "" }, TempDir: t.TempDir()})
	if code == exitError || code == exitUsage {
		t.Fatalf("kulla %s: code %d: %s", strings.Join(arguments, " "), code, errors.String())
	}
	return out.String(), code
}

func noTerminal() int { return 0 }

// A trial is evidence, and the rules to hunt in it with.
type trial struct {
	name  string
	rules []string
	// archive is the evidence as a zip.
	archive func(t *testing.T) string
}

func trials() []trial {
	return []trial{
		{"sample", nil, func(*testing.T) string { return sampleEvidence() }},
		{"attacked host, public rules", []string{"sigma-rules.zip"}, func(t *testing.T) string { return sharedData(t, "host-aptsim-server2022.zip") }},
	}
}

func sampleEvidence() string { return filepath.Join("..", "..", "examples", "evidence.zip") }

// eachTrial gives the archive, and the arguments that name the rules.
func eachTrial(t *testing.T, test func(t *testing.T, archive string, rules []string)) {
	t.Parallel()
	for _, try := range trials() {
		t.Run(try.name, func(t *testing.T) {
			t.Parallel()
			var rules []string
			for _, name := range try.rules {
				rules = append(rules, "--rules", sharedData(t, name))
			}
			test(t, try.archive(t), rules)
		})
	}
}

func TestWorkersDoNotMatter(t *testing.T) {
	eachTrial(t, func(t *testing.T, archive string, rules []string) {
		var want printed
		for _, workers := range []string{"1", "2", "8"} {
			got := hunting(t, append(rules, "--workers", workers, archive)...)
			if want == (printed{}) {
				want = got
				requireFindings(t, got)
			}
			same(t, workers+" workers instead of 1", want, got)
		}
	})
}

func TestOrderOfPathsDoesNotMatter(t *testing.T) {
	eachTrial(t, func(t *testing.T, archive string, rules []string) {
		files := filesIn(t, unzipped(t, archive))
		want := hunting(t, append(rules, files...)...)
		requireFindings(t, want)
		shuffle := rand.New(rand.NewPCG(1, 2))
		for range 2 {
			shuffle.Shuffle(len(files), func(i, j int) { files[i], files[j] = files[j], files[i] })
			same(t, "in the order "+strings.Join(files[:2], ", ")+" …", want, hunting(t, append(rules, files...)...))
		}
	})
}

// A folder and its archive differ in the beginning of names, and in the list
// of archives.
func TestPackingDoesNotMatter(t *testing.T) {
	eachTrial(t, func(t *testing.T, archive string, rules []string) {
		folder := unzipped(t, archive)
		packed, loose := hunting(t, append(rules, archive)...), hunting(t, append(rules, folder)...)
		requireFindings(t, packed)
		packed, loose = packed.renamed(archive+"!"), loose.renamed(folder+string(filepath.Separator))
		packed.summary, loose.summary = withoutArchives(t, packed.summary), withoutArchives(t, loose.summary)
		same(t, "a folder instead of its archive", packed, loose)
	})
}

// What is named twice, or is in a folder that is named too, is read once.
func TestNamingTwiceDoesNotMatter(t *testing.T) {
	eachTrial(t, func(t *testing.T, archive string, rules []string) {
		same(t, "the archive twice", hunting(t, append(rules, archive)...), hunting(t, append(rules, archive, archive)...))
		folder := unzipped(t, archive)
		want := hunting(t, append(rules, folder)...)
		same(t, "the folder and its files", want, hunting(t, slices.Concat(rules, filesIn(t, folder), []string{folder})...))
	})
}

// renamed gives sources a common beginning of their names.
func (p printed) renamed(prefix string) printed {
	quoted, err := json.Marshal(prefix)
	if err != nil {
		panic(err) // a string is always JSON
	}
	inJSON := strings.NewReplacer(strings.Trim(string(quoted), `"`), "EVIDENCE/")
	return printed{inJSON.Replace(p.jsonl), strings.ReplaceAll(p.table, prefix, "EVIDENCE/"), inJSON.Replace(p.summary), p.code}
}

func withoutArchives(t *testing.T, summary string) string {
	t.Helper()
	var all map[string]any
	if err := json.Unmarshal([]byte(summary), &all); err != nil {
		t.Fatal(err)
	}
	if _, ok := all["archives"]; !ok {
		t.Fatal("the summary lists no archives")
	}
	delete(all, "archives")
	text, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// requireFindings keeps a comparison from being one of nothing with nothing.
func requireFindings(t *testing.T, p printed) {
	t.Helper()
	if lines := strings.Count(p.jsonl, "\n"); lines < 20 {
		t.Fatalf("%d findings: too few to compare", lines)
	}
}

func same(t *testing.T, change string, want, got printed) {
	t.Helper()
	if want.code != got.code {
		t.Errorf("%s: code %d, want %d", change, got.code, want.code)
	}
	for _, part := range []struct{ name, want, got string }{
		{"findings", want.jsonl, got.jsonl}, {"table", want.table, got.table}, {"summary", want.summary, got.summary},
	} {
		if part.want != part.got {
			t.Errorf("%s: the %s differ(s): %s", change, part.name, firstDifference(part.want, part.got))
		}
	}
}

func firstDifference(want, got string) string {
	wanted, given := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(wanted), len(given)) {
		if wanted[i] != given[i] {
			return fmt.Sprintf("line %d is\n%.600s\nand was\n%.600s", i+1, given[i], wanted[i])
		}
	}
	return fmt.Sprintf("%d lines, and were %d", len(given), len(wanted))
}

// The records of an event log, written as JSON, give the findings of the log.
// They differ in where they stand, since another file has other bytes, and in
// columns that an event log has not: the lists below name them.
func TestJSONGivesWhatTheLogGives(t *testing.T) {
	eachTrial(t, func(t *testing.T, archive string, rules []string) {
		logs := eventLogs(t, unzipped(t, archive))
		fromLogs, _ := kulla(t, slices.Concat([]string{"hunt", "-q", "--full"}, rules, []string{logs})...)
		fromJSON, _ := kulla(t, slices.Concat([]string{"hunt", "-q", "--full"}, rules, []string{asJSON(t, logs)})...)
		want, got := placeless(t, fromLogs), placeless(t, fromJSON)
		if len(want) == 0 {
			t.Fatal("no findings: nothing was compared")
		}
		reportOnly(t, "the logs", want, got)
		reportOnly(t, "their JSON", got, want)
	})
}

// eventLogs removes what is no event log from a folder.
func eventLogs(t *testing.T, folder string) string {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && filepath.Ext(path) != ".evtx" {
			err = os.Remove(path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return folder
}

// reportOnly reports the findings that are in one list and not in the other.
func reportOnly(t *testing.T, where string, here, there []string) {
	t.Helper()
	left := map[string]int{}
	for _, finding := range there {
		left[finding]++
	}
	only := 0
	for _, finding := range here {
		if left[finding]--; left[finding] < 0 {
			if only++; only <= 3 {
				t.Errorf("only in %s: %.3000s", where, finding)
			}
		}
	}
	if only > 0 {
		t.Errorf("%d of %d findings are only in %s", only, len(here), where)
	}
}

// placeColumns say where a finding stands.
var placeColumns = []string{"finding_id", "source", "sha256", "offset", "size", "line"}

// markupColumns and emptyElements are what only the JSON form of a record has
// as columns: the name spaces of its elements, and elements beside EventData's own
// that are empty.
var (
	markupColumns = []string{"Event.#attributes.xmlns", "#attributes.xmlns"}
	emptyElements = []string{"Correlation", "Security", "Binary"}
)

// placeless returns findings without the columns in which they may differ.
func placeless(t *testing.T, jsonl string) (findings []string) {
	t.Helper()
	for line := range strings.Lines(jsonl) {
		var finding map[string]any
		if err := json.Unmarshal([]byte(line), &finding); err != nil {
			t.Fatal(err)
		}
		dropPlace(finding)
		text, err := json.Marshal(finding)
		if err != nil {
			t.Fatal(err)
		}
		findings = append(findings, string(text))
	}
	return findings
}

func dropPlace(object map[string]any) {
	drop(object, placeColumns)
	if event, ok := object["event"].(map[string]any); ok {
		maps.DeleteFunc(event, func(name string, value any) bool { return value == nil && slices.Contains(emptyElements, name) })
		drop(event, markupColumns)
	}
	if correlation, ok := object["correlation"].(map[string]any); ok {
		for _, member := range correlation["events"].([]any) {
			dropPlace(member.(map[string]any))
		}
	}
}

func drop(object map[string]any, keys []string) {
	maps.DeleteFunc(object, func(key string, _ any) bool { return slices.Contains(keys, key) })
}

// asJSON writes the records of each log, one a line, into a file of its own.
func asJSON(t *testing.T, logs string) (folder string) {
	t.Helper()
	folder = t.TempDir()
	for i, name := range filesIn(t, logs) {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		log, err := evtx.Open(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			continue // not a log
		}
		var lines []byte
		for record, err := range log.Records(t.Context(), evtx.Options{Workers: 1}) {
			if err == nil {
				lines = append(record.AppendJSON(lines), '\n')
			}
		}
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("%03d.json", i)), lines, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func filesIn(t *testing.T, folder string) (files []string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			files = append(files, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatalf("no files in %s", folder)
	}
	return files
}

// Evidence that is read host by host, in whatever order, makes a case with the
// findings, incidents and totals of one that is read at once: also with what
// correlations find across hosts.
func TestReadingHostByHostDoesNotMatter(t *testing.T) {
	t.Parallel()
	slow(t)
	folder := unzipped(t, sampleEvidence())
	hosts, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil || len(hosts) != 9 {
		t.Fatalf("hosts %q, %v", hosts, err)
	}
	want := concluded(t, investigating(t, "--no-report", folder))
	if !strings.Contains(want, "Event logs cleared on several machines") {
		t.Fatal("the sample has no correlation across hosts")
	}
	backwards := slices.Clone(hosts)
	slices.Reverse(backwards)
	for name, order := range map[string][]string{"forwards": hosts, "backwards": backwards} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "x"+caseExtension)
			for _, host := range order {
				extending(t, file, "--no-report", host)
			}
			if got := concluded(t, file); got != want {
				t.Error(firstDifference(want, got))
			}
			if out, code := kulla(t, "verify", file, folder); code != exitDone {
				t.Errorf("verify: code %d\n%s", code, out)
			}
			before, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			extending(t, file, "--no-report", order[0])
			if after, err := os.ReadFile(file); err != nil || !bytes.Equal(before, after) {
				t.Errorf("reading a part again changed the case, %v", err)
			}
		})
	}
}

// Evidence that is read host by host, while the logs of one host are first given
// half and later whole, makes a case with the findings, correlations, incidents
// and totals of one that is read at once. Half an event log is one in use. Each
// host is read in some of the orders, and in all with KULLA_EXHAUSTIVE.
func TestReadingWhileLogsGrowDoesNotMatter(t *testing.T) {
	t.Parallel()
	slow(t)
	for host, orders := range map[string][]string{"DC01": {"first", "all at last"}, "MAIL01": {"between"}, "WS01": {"last"}} {
		t.Run(host, func(t *testing.T) {
			t.Parallel()
			folder := unzipped(t, sampleEvidence())
			grows := filepath.Join(folder, host)
			var others []string
			for _, other := range must(filepath.Glob(filepath.Join(folder, "*"))) {
				if other != grows {
					others = append(others, other)
				}
			}
			want := concludedOf(t, investigating(t, "--no-report", folder), byPlace)
			first := slices.Concat([]string{grows}, others, []string{grows})
			last := slices.Concat(others, []string{grows, grows})
			between := slices.Concat(others[:4], []string{grows}, others[4:], []string{grows})
			for name, order := range map[string][]string{"first": first, "last": last, "between": between, "all at last": {grows, folder}} {
				if !slices.Contains(orders, name) && os.Getenv("KULLA_EXHAUSTIVE") == "" {
					continue
				}
				whole := halve(t, grows)
				file := filepath.Join(t.TempDir(), "x"+caseExtension)
				half, out := true, ""
				for _, path := range order {
					out = extending(t, file, "--no-report", path)
					if half && path == grows {
						half = false
						for name, data := range whole {
							write(t, name, string(data))
						}
					}
				}
				if grown := counted(len(whole), "file") + ": grown since"; !strings.Contains(out, grown) {
					t.Errorf("%s: the last run does not say %q:\n%s", name, grown, out)
				}
				if got := concludedOf(t, file, byPlace); got != want {
					t.Errorf("%s: %s", name, firstDifference(want, got))
				}
				if out, code := kulla(t, "verify", file, folder); code != exitDone {
					t.Errorf("%s: verify: code %d\n%s", name, code, out)
				}
			}
		})
	}
}

// A rule set without correlations leaves what is kept for those of another.
func TestOtherRulesDoNotMatterToCorrelations(t *testing.T) {
	t.Parallel()
	slow(t)
	folder := unzipped(t, sampleEvidence())
	hosts := must(filepath.Glob(filepath.Join(folder, "*")))
	rules := filepath.Join(t.TempDir(), "none.yml")
	write(t, rules, "title: None\nid: 6e6b3a52-0000-4000-8000-000000000010\nlogsource: {product: windows, service: sysmon}\ndetection: {a: {EventID: 65000}, condition: a}\nlevel: low\n")
	file := investigating(t, append([]string{"--no-report"}, hosts[:5]...)...)
	extending(t, file, append([]string{"--no-report", "--rules", rules}, hosts[:5]...)...)
	extending(t, file, append([]string{"--no-report"}, hosts[5:]...)...)
	if want, got := concluded(t, investigating(t, "--no-report", folder)), concluded(t, file); got != want {
		t.Error(firstDifference(want, got))
	}
}

// byPlace calls a finding by the name of its file, in place of the content.
func byPlace(f *store.Finding) string {
	return findingjson.KeyOf(f.Finding, func(s *event.Source) ([32]byte, bool) { return sha256.Sum256([]byte(s.Name)), true }).String()
}

// halve leaves the first half of each file that has one, and returns the whole.
// Of event logs these are chunks, under a header that says that it is in use.
func halve(t *testing.T, folder string) (whole map[string][]byte) {
	t.Helper()
	const header, chunk, flags, inUse = 4096, 65536, 120, 1
	whole = map[string][]byte{}
	for _, name := range filesIn(t, folder) {
		data := must(os.ReadFile(name))
		if lines := bytes.SplitAfter(data, []byte("\n")); filepath.Ext(name) != ".evtx" {
			whole[name] = data
			write(t, name, string(bytes.Join(lines[:len(lines)/2], nil)))
		} else if chunks := (len(data) - header) / chunk; chunks > 1 {
			whole[name] = data
			half := slices.Clone(data[:header+chunks/2*chunk])
			half[flags] |= inUse
			write(t, name, string(half))
		}
	}
	return whole
}

// concluded is all that a case concludes, a line each. Findings are called by
// their ids instead of their numbers, and incidents by the least id in them: the
// name of an incident is that of its finding which the case had first, and stays.
func concluded(t *testing.T, file string) string {
	t.Helper()
	return concludedOf(t, file, func(f *store.Finding) string { return f.ID })
}

// concludedOf is concluded where findings are called otherwise than by their ids.
func concludedOf(t *testing.T, file string, idOf func(*store.Finding) string) string {
	t.Helper()
	var lines []string
	kept(t, file, func(c *store.Case) {
		names, called := map[int64]string{}, map[string]string{"": "none"}
		for f, err := range c.Findings(store.Filter{}) {
			if err != nil {
				t.Fatal(err)
			}
			id := idOf(f)
			names[f.Number] = id
			if called[f.Incident] == "" || id < called[f.Incident] {
				called[f.Incident] = id
			}
		}
		for f := range c.Findings(store.Filter{}) {
			line := fmt.Sprintf("%s %s %s %s %s", f.Time.Format(time.RFC3339Nano), names[f.Number], f.Rule.Title, f.Host, called[f.Incident])
			if f.Correlation != nil {
				line += fmt.Sprintf(" %d %v %s", f.Correlation.Count, f.Correlation.Value, f.Correlation.First.Format(time.RFC3339Nano))
				for _, member := range f.Correlation.Events {
					line += fmt.Sprintf(" %s@%d", member.Place.Source.Name, member.Place.Offset)
				}
			}
			lines = append(lines, line)
		}
		slices.Sort(lines)
		incidents, err := c.Incidents()
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range incidents {
			text, err := json.Marshal(withNames(t, one, names))
			if err != nil {
				t.Fatal(err)
			}
			line := string(text)
			for id, name := range called {
				if id != "" {
					line = strings.ReplaceAll(line, id, name)
				}
			}
			lines = append(lines, line)
		}
		levels, err := c.Levels()
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, fmt.Sprint(levels, count(t, c)))
	})
	return strings.Join(lines, "\n")
}

// withNames is an incident as JSON has it, with the names of findings in the
// place of their numbers.
func withNames(t *testing.T, one *incident.Incident, names map[int64]string) any {
	t.Helper()
	text, err := json.Marshal(one)
	if err != nil {
		t.Fatal(err)
	}
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		t.Fatal(err)
	}
	var walk func(value any) any
	walk = func(value any) any {
		switch value := value.(type) {
		case map[string]any:
			delete(value, "example") // one of several, the first by number
			delete(value, "finding")
			for key, inner := range value {
				value[key] = walk(inner)
				if list, ok := inner.([]any); ok && (key == "proof" || key == "findings") {
					var said []string
					for _, number := range list {
						said = append(said, names[int64(number.(float64))])
					}
					slices.Sort(said)
					value[key] = said
				} else if ok && (key == "joins" || key == "links") { // those of one score, by number
					slices.SortFunc(list, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
				}
			}
		case []any:
			for i := range value {
				value[i] = walk(value[i])
			}
		}
		return value
	}
	return walk(value)
}
