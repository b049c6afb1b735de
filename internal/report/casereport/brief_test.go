package casereport

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kulla-defence/kulla/internal/detect"
	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/incident"
	"github.com/kulla-defence/kulla/sigma"
)

// What a minister reads: since when, the way in, what was taken and destroyed.
func TestBrief(t *testing.T) {
	t.Parallel()
	source := &event.Source{Name: "x.log"}
	rule := func(id string, level sigma.Level, tactic string, techniques ...string) *detect.Rule {
		return &detect.Rule{ID: id, Level: level, Tactics: []string{tactic}, Techniques: techniques}
	}
	read, told := rule("read", sigma.Medium, "collection", "T1114.002"), rule("told", sigma.Critical, "collection", "T1114.002")
	wipe, known := rule("wipe", sigma.High, "impact", "T1561.002"), rule("known", sigma.Critical, "impact", "T1486", "T1561.002")
	steps := []struct {
		rule       *detect.Rule
		time, host string
		offset     int64
		bytes      string
	}{
		{rule("probe", sigma.Low, "reconnaissance", "T1595"), "2021-05-10T10:00:00Z", "WEB01", 1, ""},
		{rule("form", sigma.Medium, "initial-access", "T1190"), "2021-05-11T10:00:00Z", "WEB01", 2, ""},
		{rule("guess", sigma.High, "credential-access", "T1110"), "2021-05-12T10:00:00Z", "VPN01", 3, ""},
		{rule("lsass", sigma.High, "credential-access", "T1003.001"), "2021-06-03T10:00:00Z", "DC01", 4, ""},
		{read, "2021-10-12T01:00:00Z", "MAIL01", 5, "1500000000"}, {told, "2021-10-12T01:00:00Z", "MAIL01", 5, "1500000000"},
		{read, "2022-01-12T01:00:00Z", "MAIL01", 6, "950000000"}, {told, "2022-01-12T01:00:00Z", "MAIL01", 6, "950000000"},
		{known, "2022-07-15T05:00:00Z", "PRINT01", 7, ""}, // one rule of two techniques: which of them?
		{known, "2022-07-15T06:00:00Z", "FILE01", 8, ""}, {wipe, "2022-07-15T06:00:00Z", "FILE01", 9, ""},
		{known, "2022-07-15T06:00:00Z", "WS01", 10, ""}, {wipe, "2022-07-15T06:00:00Z", "WS01", 11, ""},
	}
	var findings []*Finding
	for i, s := range steps {
		f := &detect.Finding{Rule: s.rule, Time: at(s.time), Host: s.host, Place: event.Provenance{Source: source, Offset: s.offset}}
		if s.bytes != "" {
			f.Fields = []detect.Field{{Name: "sc-bytes", Value: s.bytes}}
		}
		findings = append(findings, &Finding{Number: int64(i + 1), Incident: "I-1", Finding: f})
	}
	findings = append(findings, &Finding{Number: 99, Incident: "I-2", Finding: findings[len(findings)-1].Finding})
	d := &Document{Incidents: []*incident.Incident{{ID: "I-1", Level: "critical"}, {ID: "I-2", Level: "low"}}, Findings: eachOf(findings)}
	want := `By the evidence, intruders were inside at least from 2021-05-11 to 2022-07-15, 429 days. [2 13]
The way in was a service of WEB01 that faces the internet, on 2021-05-11. [2]
They went for passwords and keys on 2021-06-03, on DC01. [4]
They took at least 2.4 GB of mail between 2021-10-12 and 2022-01-12, from MAIL01. [6]
They destroyed or locked data on 2022-07-15, on 2 machines (FILE01, WS01). [10 12]
`
	if got := said(t, d); got != want {
		t.Errorf("got\n%s, want\n%s", got, want)
	}
	d.Incidents[0].Level = "medium"
	if got := said(t, d); got != "" {
		t.Errorf("of no grave incident it is said: %s", got)
	}
}

func said(t *testing.T, d *Document) string {
	t.Helper()
	b, err := briefOf(d)
	if err != nil {
		t.Fatal(err)
	}
	english, err := English()
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, s := range b.sentences() {
		fmt.Fprintln(&out, english(s), s.Proof)
	}
	return out.String()
}
