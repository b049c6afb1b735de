package incident

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kulla-defence/kulla/internal/detect"
	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/incident/entity"
	"github.com/kulla-defence/kulla/sigma"
)

// A record is one event of a scene; with a rule it is a finding, too.
type record struct {
	at     string // after the scene's first moment, as time.ParseDuration reads it
	host   string
	rule   string // "level tactic title"; empty for an ordinary event
	fields string // "Name=value" with "; " between
}

var curtain = time.Date(2024, 3, 4, 8, 0, 0, 0, time.UTC)

// texts gives the columns of a record to an observer.
type texts []string

func (v texts) AppendValue(dst []byte, column int) ([]byte, event.State) {
	return append(dst, v[column]...), event.Present
}

// A scene is findings and a context that saw all events.
type scene struct {
	context  *entity.Context
	findings []*detect.Finding
}

func play(t testing.TB, records ...record) *scene {
	t.Helper()
	s := &scene{context: entity.NewContext()}
	observer := s.context.Observer()
	sources, rules := map[string]*event.Source{}, map[string]*detect.Rule{}
	for n, r := range records {
		after, err := time.ParseDuration(r.at)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		var values texts
		var fields []detect.Field
		for pair := range strings.SplitSeq(r.fields, "; ") {
			name, value, _ := strings.Cut(pair, "=")
			names, values = append(names, name), append(values, value)
			fields = append(fields, detect.Field{Name: name, Value: value, Asked: true})
		}
		log := r.host + "/" + columns(fields).get("Channel")
		if sources[log] == nil {
			sources[log] = &event.Source{Name: log, Format: "evtx"}
		}
		e := &event.Event{Layout: &event.Layout{Product: "windows", Names: names}, Values: values, Time: curtain.Add(after), Host: r.host,
			Provenance: event.Provenance{Source: sources[log], Offset: int64(n) * 512, Size: 512, RecordID: uint64(n)}}
		if err := observer.Event(e); err != nil {
			t.Fatal(err)
		}
		if r.rule == "" {
			continue
		}
		if rules[r.rule] == nil {
			rules[r.rule] = ruleOf(t, r.rule)
		}
		s.findings = append(s.findings, &detect.Finding{Rule: rules[r.rule], Time: e.Time, Host: r.host, Place: e.Provenance, Fields: fields,
			Record: sha256.Sum256(fmt.Append(nil, r.host, n))})
	}
	s.context.Finish()
	return s
}

func ruleOf(t testing.TB, text string) *detect.Rule {
	t.Helper()
	parts := strings.SplitN(text, " ", 3)
	levels := map[string]sigma.Level{"informational": sigma.Informational, "low": sigma.Low, "medium": sigma.Medium, "high": sigma.High, "critical": sigma.Critical}
	level, ok := levels[parts[0]]
	if !ok || len(parts) < 3 {
		t.Fatalf("%q is no rule", text)
	}
	return &detect.Rule{ID: text, Title: parts[2], Level: level, Tactics: strings.Split(parts[1], ",")}
}

// join adds findings in an order and returns the builder.
func (s *scene) join(t testing.TB, order []int) *Builder {
	t.Helper()
	b := New(s.context, Options{})
	for _, n := range order {
		if err := b.Add(int64(n), s.findings[n]); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

func (s *scene) inOrder() []int {
	order := make([]int, len(s.findings))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return s.findings[a].Time.Compare(s.findings[b].Time) })
	return order
}

// parts are the incidents as lists of findings, "0 1 | 2".
func parts(b *Builder) string {
	var all []string
	for _, i := range b.Incidents() {
		all = append(all, strings.Trim(fmt.Sprint(slices.Collect(b.Members(i.ID))), "[]"))
	}
	slices.Sort(all)
	return strings.Join(all, " | ")
}

const (
	sysmon   = "Channel=Microsoft-Windows-Sysmon/Operational; "
	security = "Channel=Security; "
)

// started is Sysmon's event 1.
func started(guid, parent int, image, parentImage, user string) string {
	return fmt.Sprintf(sysmon+"EventID=1; ProcessGuid={11111111-2222-3333-4444-%012d}; ProcessId=%d; Image=%s; CommandLine=%s; User=%s; "+
		"ParentProcessGuid={11111111-2222-3333-4444-%012d}; ParentProcessId=%d; ParentImage=%s; LogonId=0x%x",
		guid, 1000+guid, image, image, user, parent, 1000+parent, parentImage, 0x10000+guid)
}
