package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/kulla-defence/kulla/internal/detect"
	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/incident"
	"github.com/kulla-defence/kulla/internal/incident/entity"
	"github.com/kulla-defence/kulla/internal/source"
)

// A watchingSink shows each event to the engine and to an observer.
type watchingSink struct {
	source.Sink
	observer *entity.Observer
	coverage *incident.CoverageObserver
}

func (s watchingSink) Event(e *event.Event) error {
	if err := s.Sink.Event(e); err != nil {
		return err
	}
	if err := s.coverage.Event(e); err != nil {
		return err
	}
	return s.observer.Event(e)
}

// An inquiry is evidence read, hunted in, and joined.
type inquiry struct {
	findings []*detect.Finding
	context  *entity.Context
	builder  *incident.Builder
}

// inquire reads evidence as kulla investigate does, but keeps no case.
func inquire(t testing.TB, rules []string, paths ...string) *inquiry {
	t.Helper()
	set, taxonomy, err := ruleOptions{paths: rules}.load()
	if err != nil {
		t.Fatal(err)
	}
	engine, err := detect.New(set, taxonomy, detect.Options{Full: true, Prove: true, TempFolder: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	q := &inquiry{context: entity.NewContext()}
	coverage := incident.NewCoverage()
	_, err = readEvidence(context.Background(), paths, func(int) source.Sink {
		return watchingSink{engine.Sink(), q.context.Observer(), coverage.Observer()}
	}, source.Options{Workers: 2, TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	q.context.Finish()
	result, err := engine.Finish()
	if err != nil {
		t.Fatal(err)
	}
	q.builder = incident.New(q.context, incident.Options{Logs: coverage.Logs()})
	for f, err := range result.Findings() {
		if err != nil {
			t.Fatal(err)
		}
		if err := q.builder.Add(int64(len(q.findings)), f); err != nil {
			t.Fatal(err)
		}
		q.findings = append(q.findings, f)
	}
	return q
}

// TestMeasureIncidents writes what the incidents of public data are, one file
// for each evidence, with how they were joined. docs/incidents.md has the
// command and what was seen.
func TestMeasureIncidents(t *testing.T) {
	folder := os.Getenv("KULLA_INCIDENTS")
	if folder == "" {
		t.Skip("set KULLA_INCIDENTS to a folder for what the incidents of public data are")
	}
	var rules []string
	if more := os.Getenv("KULLA_INCIDENTS_RULES"); more != "" {
		rules = filepath.SplitList(more)
	}
	summary, words := new(strings.Builder), englishOf(t)
	for _, evidence := range measuredBodies(t) {
		if only := os.Getenv("KULLA_INCIDENTS_ONLY"); only != "" && !strings.Contains(evidence.name, only) {
			continue
		}
		q := inquire(t, rules, evidence.paths...)
		incidents := q.builder.Incidents()
		fmt.Fprintln(summary, q.measure(evidence.name, incidents))
		var text strings.Builder
		for _, i := range incidents {
			q.describe(&text, words, i)
		}
		if err := os.WriteFile(filepath.Join(folder, evidence.name+".txt"), []byte(text.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Log("\n" + summary.String())
}

// A body is evidence that is measured together.
type body struct {
	name  string
	paths []string
}

// measuredBodies are the sample, the shared hosts, and each case of events as JSON;
// a case of several files is one body.
func measuredBodies(t testing.TB) []body {
	bodies := []body{{"sample", []string{filepath.Join("..", "..", "examples", "evidence.zip")}}}
	for _, host := range []string{"host-aptsim-server2022", "host-clean-w10"} {
		bodies = append(bodies, body{host, []string{sharedData(t, host+".zip")}})
	}
	cases := unpacked(t, "winlog-json.zip")
	for _, whole := range []string{"GoldenSAMLADFSMailAccess", "Log4Shell"} {
		bodies = append(bodies, body{whole, []string{folderNamed(t, cases, whole)}})
	}
	err := filepath.WalkDir(cases, func(path string, entry os.DirEntry, err error) error {
		if err == nil && filepath.Ext(path) == ".zip" && !strings.Contains(path, "Log4Shell") {
			bodies = append(bodies, body{strings.TrimSuffix(filepath.Base(path), ".zip"), []string{path}})
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return bodies
}

// folderNamed finds a folder below another.
func folderNamed(t testing.TB, root, name string) (found string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		if err == nil && entry.IsDir() && entry.Name() == name {
			found = path
		}
		return err
	})
	if err != nil || found == "" {
		t.Fatalf("no folder %s below %s: %v", name, root, err)
	}
	return found
}

// measure is one line of the table in docs/incidents.md.
func (q *inquiry) measure(name string, incidents []*incident.Incident) string {
	hosts := map[string]bool{}
	for _, f := range q.findings {
		hosts[f.Host] = true
	}
	levels := map[string]int{}
	for _, i := range incidents {
		levels[i.Level]++
	}
	share := 0.0
	if len(incidents) > 0 {
		share = 100 * float64(incidents[0].FindingCount) / float64(len(q.findings))
	}
	return fmt.Sprintf("| %s | %d | %d | %d | %.0f %% | %d / %d / %d / %d / %d |", name, len(q.findings), len(hosts), len(incidents), share,
		levels["critical"], levels["high"], levels["medium"], levels["low"], levels["informational"])
}

// describe writes an incident as text.
func (q *inquiry) describe(out *strings.Builder, words map[string]any, i *incident.Incident) {
	fmt.Fprintf(out, "=== %s  %s  %d  %d findings  %s … %s\n%s\n", i.ID, i.Level, i.Score.Total, i.FindingCount,
		i.First.Format(time.RFC3339), i.Last.Format(time.RFC3339), inWords(words, i.Title))
	for _, part := range i.Score.Parts {
		fmt.Fprintf(out, "  %+d %s\n", part.Points, inWords(words, part.Reason))
	}
	section := func(title string, sentences []incident.Sentence) {
		fmt.Fprintf(out, "-- %s\n", title)
		for _, s := range sentences {
			fmt.Fprintf(out, "  %s %v\n", inWords(words, s), s.Proof)
		}
	}
	section("story", i.Story)
	section("benign", i.Benign)
	for _, r := range i.Related {
		fmt.Fprintf(out, "  related %s %.2f %s\n", r.ID, r.Score, inWords(words, r.Reason))
	}
	fmt.Fprintln(out, "-- missing")
	for _, m := range i.Missing {
		fmt.Fprintf(out, "  %s %v\n     %s\n", inWords(words, m.What), m.What.Proof, inWords(words, m.Ask))
	}
	fmt.Fprintln(out, "-- rules")
	for _, r := range i.Rules {
		fmt.Fprintf(out, "  %s %5d %-8s %s\n", r.First.Format(time.DateTime), r.Count, r.Level, r.Title)
	}
	fmt.Fprintln(out, "-- entities")
	for _, e := range i.Entities[:min(len(i.Entities), 30)] {
		fmt.Fprintf(out, "  %.2f %5d %v %s %s\n", e.Weight, e.Count, e.Roles, e.Key, e.Name)
	}
	fmt.Fprintln(out, "-- joins")
	for _, j := range i.Joins {
		a, b := q.findings[j.Findings[0]], q.findings[j.Findings[1]]
		fmt.Fprintf(out, "  %.2f %-8s %.2f %-50s %s | %s (%s, %s)\n", j.Score, j.Kind, j.Weight, j.Entity, a.Rule.Title, b.Rule.Title, a.Host, b.Host)
	}
	fmt.Fprintln(out, "-- links")
	for _, l := range i.Links[:min(len(i.Links), 40)] {
		fmt.Fprintf(out, "  %s %s -%s-> %s\n", l.Time.Format(time.DateTime), l.From, l.Kind, l.To)
	}
}

// inWords puts a sentence into English.
func inWords(words map[string]any, s incident.Sentence) string {
	var form string
	switch message := words[s.Message].(type) {
	case string:
		form = message
	case map[string]any:
		form, _ = message["other"].(string)
		for _, v := range s.Values {
			if v.Name == message["plural"] && v.Number == 1 {
				form, _ = message["one"].(string)
			}
		}
	default:
		return "MISSING MESSAGE " + s.Message
	}
	for _, v := range s.Values {
		value := v.Text
		switch {
		case v.Message != "":
			value = inWords(words, incident.Sentence{Message: v.Message})
		case value == "":
			value = strconv.FormatInt(v.Number, 10)
		}
		form = strings.ReplaceAll(form, "{"+v.Name+"}", value)
	}
	return form
}

// englishOf reads the English catalogue of incidents.
func englishOf(t testing.TB) map[string]any {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "language", "messages", "incident.en.yml"))
	if err != nil {
		t.Fatal(err)
	}
	words := map[string]any{}
	if err := yaml.Unmarshal(data, &words); err != nil {
		t.Fatal(err)
	}
	return words
}
