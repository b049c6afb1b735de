package cli

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
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
		checkSentences(t, q, incidents)
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
// a case of several files is one body. KULLA_INCIDENTS_PATH is measured instead.
func measuredBodies(t testing.TB) []body {
	if path := os.Getenv("KULLA_INCIDENTS_PATH"); path != "" {
		return []body{{filepath.Base(path), []string{path}}}
	}
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
	for _, j := range slices.Backward(i.Joins) {
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

// TestIncidentsOfSample joins the sample: the story of 14 months is a few
// incidents by phases, each leading to others, and what an administrator did
// in March is in none of them.
func TestIncidentsOfSample(t *testing.T) {
	t.Parallel()
	q := inquire(t, nil, filepath.Join("..", "..", "examples", "evidence.zip"))
	incidents := q.builder.Incidents()
	of := map[int64]*incident.Incident{}
	for _, i := range incidents {
		for number := range q.builder.Members(i.ID) {
			of[number] = i
		}
	}
	if len(of) != len(q.findings) {
		t.Errorf("%d of %d findings are in incidents", len(of), len(q.findings))
	}
	together := func(date string, titles ...string) *incident.Incident {
		var first *incident.Incident
		for _, title := range titles {
			number := q.numberOf(t, title, date)
			if first == nil {
				first = of[number]
			} else if of[number] != first {
				t.Errorf("%q is in %s, %q in %s", titles[0], first.ID, title, of[number].ID)
			}
		}
		return first
	}
	phases := []*incident.Incident{
		together("", "One address asks for many pages that are not there", "Web shell is used and the web server starts a shell",
			"Published web server reaches five machines inside on ports of administration", "Memory dump of LSASS written"),
		together("2021-07", "Command through WMI with its output sent to an administrative share", "Service installed by a tool for remote execution"),
		together("", "Health mailbox created by hand", "Account made to look like a health mailbox", "Health mailbox account of the 2022 case is used",
			"One address takes a gigabyte of mail through Exchange Web Services in a day"),
		together("2022-05", "VPN lets an account in that it had refused ten times", "Logon succeeds after many failures from the same address", "VPN session looks for machines inside"),
		together("2022-07", "Account that is no person's logs on to the VPN", "Defender protection switched off", "Security log cleared", "Executable pushed to several machines through administrative shares",
			"Ransom notes written into many folders", "Raw disk driver of the wiper loaded", "One address logs on to many machines over Remote Desktop"),
	}
	for n, phase := range phases {
		if phase.Level != "critical" && phase.Level != "high" {
			t.Errorf("phase %d is %s", n, phase.Level)
		}
		if len(phase.Related) == 0 {
			t.Errorf("phase %d, %s, leads to no other", n, phase.ID)
		}
	}
	for _, title := range []string{"PsExec service installed", "Defender setting weakened"} {
		if honest := of[q.numberOf(t, title, "2022-03")]; honest.FindingCount != 1 || honest.Level == "medium" || honest.Level == "high" || honest.Level == "critical" {
			t.Errorf("what the administrator did, %q, is in %s (%s) with %d findings", title, honest.ID, honest.Level, honest.FindingCount)
		}
	}
	checkSentences(t, q, incidents)
}

// TestIncidentsKeepTheirNames: findings of equal time in any order give the same
// incidents, and evidence that comes later keeps the names of those there are.
func TestIncidentsKeepTheirNames(t *testing.T) {
	t.Parallel()
	q := inquire(t, nil, filepath.Join("..", "..", "examples", "evidence.zip"))
	join := func(order []int) string {
		b := incident.New(q.context, incident.Options{})
		for _, n := range order {
			if err := b.Add(int64(n), q.findings[n]); err != nil {
				t.Fatal(err)
			}
		}
		var text strings.Builder
		for _, i := range b.Incidents() {
			fmt.Fprintln(&text, i.ID, i.Level, i.Score.Total, slices.Collect(b.Members(i.ID)))
		}
		return text.String()
	}
	order := make([]int, len(q.findings))
	for n := range order {
		order[n] = n
	}
	want := join(order)
	for seed := range uint64(3) {
		rand.New(rand.NewPCG(seed, 1)).Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		slices.SortStableFunc(order, func(a, b int) int { return q.findings[a].Time.Compare(q.findings[b].Time) })
		if got := join(order); got != want {
			t.Errorf("seed %d: other incidents:\n%s\nwant:\n%s", seed, got, want)
		}
	}
	half := join(order[:len(order)/2])
	for line := range strings.Lines(half) {
		if id, _, _ := strings.Cut(line, " "); !strings.Contains(want, id+" ") {
			t.Errorf("%s is gone when more findings come", id)
		}
	}
}

// numberOf finds the first finding of a rule, on dates that begin so.
func (q *inquiry) numberOf(t testing.TB, title, date string) int64 {
	t.Helper()
	for n, f := range q.findings {
		if f.Rule.Title == title && strings.HasPrefix(f.Time.Format(time.RFC3339), date) {
			return int64(n)
		}
	}
	t.Fatalf("no finding %q of %q", title, date)
	return 0
}

// checkSentences asks of each sentence that it has words, a value for each
// place in them, and a proof that is of its incident.
func checkSentences(t testing.TB, q *inquiry, incidents []*incident.Incident) {
	t.Helper()
	words := englishOf(t)
	for _, i := range incidents {
		members := map[int64]bool{}
		for number := range q.builder.Members(i.ID) {
			members[number] = true
		}
		proven := append([]incident.Sentence{i.Title}, i.Story...)
		for _, part := range i.Score.Parts {
			proven = append(proven, part.Reason)
		}
		proven = append(proven, i.Benign...)
		spoken := proven
		for _, m := range i.Missing {
			spoken = append(spoken, m.What, m.Ask)
		}
		for _, r := range i.Related {
			spoken = append(spoken, r.Reason)
		}
		for _, s := range spoken {
			if lacking := unsaid(words, s); len(lacking) > 0 {
				t.Errorf("%s: %s lacks %q", i.ID, s.Message, lacking)
			}
		}
		for _, s := range proven {
			if len(s.Proof) == 0 {
				t.Errorf("%s: %s has no proof", i.ID, s.Message)
			}
			for _, number := range s.Proof {
				if !members[number] {
					t.Errorf("%s: %s rests on finding %d, which is not of the incident", i.ID, s.Message, number)
				}
			}
		}
	}
}

// unsaid are the values that a sentence's words ask for and it does not have;
// its key, where there are no words.
func unsaid(words map[string]any, s incident.Sentence) []string {
	form := fmt.Sprint(words[s.Message])
	if words[s.Message] == nil {
		return []string{s.Message}
	}
	var lacking []string
	for _, place := range regexp.MustCompile(`\{(\w+)\}`).FindAllStringSubmatch(form, -1) {
		named := func(v incident.Value) bool {
			return v.Name == place[1] && (v.Text != "" || v.Number > 0 || words[v.Message] != nil)
		}
		if !slices.ContainsFunc(s.Values, named) && !slices.Contains(lacking, place[1]) {
			lacking = append(lacking, place[1])
		}
	}
	return lacking
}

// TestIncidentsOfHosts: on the attacked server nearly all findings are one
// incident, at the top; on the clean one nothing is above low.
func TestIncidentsOfHosts(t *testing.T) {
	t.Parallel()
	attacked := inquire(t, nil, sharedData(t, "host-aptsim-server2022.zip"))
	incidents := attacked.builder.Incidents()
	if top := incidents[0]; top.Level != "critical" || top.FindingCount*10 < int64(len(attacked.findings))*9 {
		t.Errorf("the first of %d incidents is %s, with %d of %d findings", len(incidents), top.Level, top.FindingCount, len(attacked.findings))
	}
	checkSentences(t, attacked, incidents)
	clean := inquire(t, nil, sharedData(t, "host-clean-w10.zip"))
	for _, i := range clean.builder.Incidents() {
		if i.Level != "low" && i.Level != "informational" {
			t.Errorf("on the clean host %s is %s", i.ID, i.Level)
		}
	}
}
