package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/kulla-defence/kulla/internal/detect"
	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/sigma"
)

// hostile is text that each format would act on in its own way.
const hostile = "=cmd|' /C calc'!A0\"<script>alert(1)</script>|`x`[a](http://evil.example.test/)\u202e\x1b[2J\r\n, end"

func hostileDocument() *Document {
	place := event.Provenance{Source: &event.Source{Name: "dir/" + hostile}, Offset: 12, Size: 34, Line: 5}
	list := append(findings(), &detect.Finding{
		Rule: &detect.Rule{ID: hostile, Title: hostile, Level: sigma.Medium, Techniques: []string{"T1059"}},
		Time: time.Date(2022, 7, 15, 3, 0, 10, 0, time.UTC), Host: hostile, Place: place,
		Fields: []detect.Field{{Name: hostile, Value: hostile, Asked: true}},
	})
	s := summary()
	s.Groups = NewGroups()
	for _, f := range list {
		s.Groups.Add(f)
	}
	return &Document{Findings: streamOf(list), Summary: s, Digests: digests, Tool: "1.0"}
}

// Every format has its golden file, and lets nothing through that a terminal
// acts on.
func TestDocuments(t *testing.T) {
	t.Parallel()
	for name, write := range Documents() {
		var out bytes.Buffer
		if err := write(&out, hostileDocument()); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		golden(t, "findings-"+name+".golden", out.Bytes())
		for _, bad := range []string{"\x1b", "\u202e", "<script>"} {
			if name != "html" && name != "markdown" && bad == "<script>" {
				continue
			}
			if strings.Contains(out.String(), bad) {
				t.Errorf("%s lets %q through", name, bad)
			}
		}
	}
}

func document(t *testing.T, write func(io.Writer, *Document) error) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := write(&out, hostileDocument()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestCSVIsReadBack(t *testing.T) {
	t.Parallel()
	lines, err := csv.NewReader(bytes.NewReader(document(t, WriteCSV))).ReadAll()
	if err != nil || len(lines) != 7 {
		t.Fatalf("%d lines, %v", len(lines), err)
	}
	for _, line := range lines {
		for _, cell := range line {
			if cell != "" && strings.IndexByte("=+-@\t\r", cell[0]) >= 0 {
				t.Errorf("a spreadsheet computes %q", cell)
			}
		}
	}
}

// The properties that SARIF 2.1.0 asks for are there, and refer to one another.
func TestSARIFHoldsTogether(t *testing.T) {
	t.Parallel()
	var log struct {
		Version string
		Runs    []struct {
			Tool struct {
				Driver struct {
					Name  string
					Rules []struct{ ID string }
				}
			}
			Results []struct {
				RuleID    string `json:"ruleId"`
				RuleIndex *int   `json:"ruleIndex"`
				Level     string
				Message   struct{ Text string }
				Locations []struct {
					PhysicalLocation struct {
						ArtifactLocation struct{ URI string }
						Region           struct{ ByteOffset, ByteLength *int64 }
					}
				}
			}
			Invocations []struct{ ExecutionSuccessful *bool }
		}
	}
	if err := json.Unmarshal(document(t, WriteSARIF), &log); err != nil {
		t.Fatal(err)
	}
	if log.Version != "2.1.0" || len(log.Runs) != 1 || log.Runs[0].Tool.Driver.Name == "" || log.Runs[0].Invocations[0].ExecutionSuccessful == nil {
		t.Fatalf("not a log of SARIF 2.1.0: %+v", log)
	}
	run := log.Runs[0]
	if len(run.Results) != 6 {
		t.Errorf("%d results", len(run.Results))
	}
	for i, result := range run.Results {
		if result.RuleIndex == nil || *result.RuleIndex >= len(run.Tool.Driver.Rules) || run.Tool.Driver.Rules[*result.RuleIndex].ID != result.RuleID {
			t.Errorf("result %d names rule %q, which is not at its index", i, result.RuleID)
		}
		if result.Message.Text == "" || !strings.Contains("none note warning error", result.Level) || len(result.Locations) != 1 {
			t.Errorf("result %d: %+v", i, result)
			continue
		}
		place := result.Locations[0].PhysicalLocation
		if strings.ContainsAny(place.ArtifactLocation.URI, " <>\"`|\\^") || place.Region.ByteOffset == nil || place.Region.ByteLength == nil {
			t.Errorf("result %d is at %+v", i, place)
		}
	}
}

func TestNavigatorLayer(t *testing.T) {
	t.Parallel()
	var layer layerJSON
	if err := json.Unmarshal(document(t, WriteNavigator), &layer); err != nil {
		t.Fatal(err)
	}
	if layer.Versions["layer"] != "4.5" || layer.Domain != "enterprise-attack" || len(layer.Techniques) != 4 {
		t.Errorf("layer %+v", layer)
	}
	for _, technique := range layer.Techniques {
		if technique.Score < 1 || technique.Score > layer.Gradient.MaxValue {
			t.Errorf("score of %+v", technique)
		}
	}
}

func TestTimesketchFields(t *testing.T) {
	t.Parallel()
	n := 0
	for line := range bytes.Lines(document(t, WriteTimesketch)) {
		n++
		var row map[string]any
		if err := json.Unmarshal(line, &row); err != nil {
			t.Fatal(err)
		}
		if _, err := time.Parse(time.RFC3339Nano, row["datetime"].(string)); err != nil || row["message"] == "" || row["timestamp_desc"] == "" {
			t.Errorf("%s: %v", line, err)
		}
	}
	if n != 6 {
		t.Errorf("%d lines", n)
	}
}

func TestJSONDocument(t *testing.T) {
	t.Parallel()
	var whole struct {
		Summary  summaryJSON
		Findings []json.RawMessage
	}
	if err := json.Unmarshal(document(t, WriteJSON), &whole); err != nil || len(whole.Findings) != 6 || whole.Summary.Events != 1234567 {
		t.Errorf("%v, %d findings, %d events", err, len(whole.Findings), whole.Summary.Events)
	}
}

func TestDefang(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"no link":                          "no link",
		"http://a.example.test/x.html y.z": "hxxp://a[.]example[.]test/x.html y.z",
		"HTTPS://a.b ftp://c.d":            "hxxpS://a[.]b ftp[:]://c[.]d",
	} {
		if got := Defang(text); got != want {
			t.Errorf("Defang(%q) = %q, want %q", text, got, want)
		}
	}
}

// A failure to read findings back, or to write, reaches the caller.
func TestDocumentsPassErrorsOn(t *testing.T) {
	t.Parallel()
	failure := errors.New("disk failure")
	var failing iter.Seq2[*detect.Finding, error] = func(yield func(*detect.Finding, error) bool) { yield(nil, failure) }
	for name, write := range Documents() {
		d := hostileDocument()
		if err := write(brokenPipe{}, d); !errors.Is(err, errBroken) {
			t.Errorf("%s: error %v, want the one of the writer", name, err)
		}
		d.Findings = failing
		if err := write(&bytes.Buffer{}, d); !errors.Is(err, failure) {
			t.Errorf("%s: error %v, want the one of the findings", name, err)
		}
	}
}

// A page lists every finding of a group up to a bound, and says how many it
// leaves out; none stands twice.
func TestHTMLListsFurtherFindings(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		findings, listed int
		left             string
	}{{1, 0, ""}, {2, 1, ""}, {1 + maxFurther, maxFurther, ""}, {2 + maxFurther, maxFurther, "1 is not on this page"}, {9 + maxFurther, maxFurther, "8 are not on this page"}} {
		rule := &detect.Rule{ID: "r", Title: "Rule", Level: sigma.High}
		s := summary()
		s.Groups = NewGroups()
		var list []*detect.Finding
		for i := range test.findings {
			list = append(list, &detect.Finding{Rule: rule, Host: "ws01", Place: event.Provenance{Source: &event.Source{Name: "a.log"}, Offset: int64(i)},
				Fields: []detect.Field{{Name: "text", Value: strings.Repeat("<ë", 5000), Asked: true}}})
			s.Groups.Add(list[i])
		}
		var out bytes.Buffer
		if err := WriteHTML(&out, &Document{Findings: streamOf(list), Summary: s, Digests: digests}); err != nil {
			t.Fatal(err)
		}
		page := out.String()
		for i := range test.findings {
			want := 1
			if i > test.listed {
				want = 0
			}
			if got := strings.Count(page, FindingID(list[i], digests)); got != want {
				t.Errorf("%d findings: finding %d stands %d times, want %d", test.findings, i, got, want)
			}
		}
		if got := strings.Contains(page, "not on this page"); got != (test.left != "") || !strings.Contains(page, test.left) {
			t.Errorf("%d findings: it does not say %q", test.findings, test.left)
		}
	}
}

// RFC 3986: a reference without a scheme has no colon in its first segment.
func TestURIOf(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"a/b.evtx":           "a/b.evtx",
		"case.zip!web01/a:b": "case.zip%21web01/a:b",
		"a b:c%1#?[x]|ë":     "./a%20b:c%251%23%3F%5Bx%5D%7C%C3%AB",
		"/mnt/x":             "/mnt/x",
		`C:\Users\a b`:       "file:///C:/Users/a%20b",
		`\\server\share\x`:   "file:////server/share/x",
		"-":                  "-",
		"\x1b\xff":           "%1B%FF",
	} {
		got := uriOf(name)
		if got != want {
			t.Errorf("uriOf(%q) = %q, want %q", name, got, want)
		}
		if _, err := url.Parse(got); err != nil {
			t.Error(err)
		}
	}
}
