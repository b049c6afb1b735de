package incident

import (
	"fmt"
	"testing"
	"time"

	"github.com/kulla-defence/kulla/internal/detect"
	"github.com/kulla-defence/kulla/internal/language"
	"github.com/kulla-defence/kulla/sigma"
)

// A sentence made from a correlation says whom its events are about: what each
// of them names, and else what they were grouped by.
func TestStoryNamesWhoCorrelationsAreAbout(t *testing.T) {
	t.Parallel()
	const sid = "S-1-5-21-1-2-3-2207"
	failed := fieldsOf("Channel", "Security", "EventID", "4625", "TargetUserName", "bob", "IpAddress", "10.10.51.200", "LogonType", "3")
	for _, test := range []struct {
		name   string
		tactic string
		group  []detect.Field
		events [][]detect.Field
		want   string
	}{
		{"an account that was made and raised", "persistence", fieldsOf("account", sid), [][]detect.Field{
			fieldsOf("Channel", "Security", "EventID", "4720", "TargetUserName", "svc-update", "TargetSid", sid, "SubjectUserName", "svc-sharepoint"),
			fieldsOf("Channel", "Security", "EventID", "4732", "MemberSid", sid, "TargetUserName", "Administrators", "SubjectUserName", "svc-sharepoint")},
			"First, on web01, a way to come back was made or used: Rule of several; account: svc-update; changed by svc-sharepoint."},
		{"an account that guessed", "credential-access", fieldsOf("IpAddress", "10.10.51.200"), [][]detect.Field{failed,
			fieldsOf("Channel", "Security", "EventID", "4624", "TargetUserName", "bob", "IpAddress", "10.10.51.200", "LogonType", "3")},
			"First, by the logs of web01, somebody sought passwords or keys: Rule of several; account: bob; from 10.10.51.200."},
		{"events that were not kept", "credential-access", fieldsOf("user", "bob", "src_ip", "203.0.113.9", "dst_ip", "10.10.1.1"), [][]detect.Field{nil, nil},
			"First, by the logs of web01, somebody sought passwords or keys: Rule of several; account: bob; from 203.0.113.9; to 10.10.1.1."},
		{"many accounts", "credential-access", nil, [][]detect.Field{failed, fieldsOf("Channel", "Security", "EventID", "4625", "TargetUserName", "eve"),
			fieldsOf("Channel", "Security", "EventID", "4625", "TargetUserName", "ana"), fieldsOf("Channel", "Security", "EventID", "4625", "TargetUserName", "dan")},
			"First, by the logs of web01, somebody sought passwords or keys: Rule of several; account: bob, eve, ana, …; from 10.10.51.200."},
		{"nobody", "discovery", nil, [][]detect.Field{fieldsOf("x", "y")}, "First, by the logs of web01, somebody looked around: Rule of several."},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := &detect.Finding{Rule: &detect.Rule{ID: "x", Title: "Rule of several", Level: sigma.High, Tactics: []string{test.tactic}, Correlation: true},
				Time: curtain.Add(time.Hour), Host: web, Correlation: &detect.Correlation{Group: test.group}}
			for i, fields := range test.events {
				f.Correlation.Events = append(f.Correlation.Events, detect.Member{Time: curtain.Add(time.Duration(i) * time.Minute), Host: web, Fields: fields})
			}
			if got := spoken(t, language.English, tellOne(t, f)); got != test.want {
				t.Errorf("told\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

// tellOne is the last sentence of the story of one finding.
func tellOne(t testing.TB, f *detect.Finding) Sentence {
	t.Helper()
	b := New(play(t, ordinary()...).context, Options{})
	if err := b.Add(1, f); err != nil {
		t.Fatal(err)
	}
	story := b.Incidents()[0].Story
	return story[len(story)-1]
}

// spoken puts a sentence into words.
func spoken(t testing.TB, tag string, s Sentence) string {
	t.Helper()
	catalogue, err := language.Load()
	if err != nil {
		t.Fatal(err)
	}
	var values []language.Value
	for _, v := range s.Values {
		values = append(values, language.Value{Name: v.Name, Text: v.Text, Message: v.Message, Number: v.Number, Kind: string(v.Kind)})
	}
	return fmt.Sprint(language.Plain(catalogue.Text(tag, s.Message, values...)))
}

func fieldsOf(pairs ...string) []detect.Field {
	var fields []detect.Field
	for i := 0; i+1 < len(pairs); i += 2 {
		fields = append(fields, detect.Field{Name: pairs[i], Value: pairs[i+1]})
	}
	return fields
}
