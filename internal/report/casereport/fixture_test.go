package casereport

import (
	"crypto/sha256"
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/kulla-defence/kulla/internal/attribution"
	"github.com/kulla-defence/kulla/internal/detect"
	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/incident"
	"github.com/kulla-defence/kulla/internal/incident/entity"
	"github.com/kulla-defence/kulla/internal/knowledge"
	"github.com/kulla-defence/kulla/sigma"
)

// What evidence may hold to harm who reads a report of it.
const (
	hostileTag     = `<script>alert("1")</script><img src=x onerror=alert(2)>`
	hostileBidi    = "invoice\u202excod.exe"
	hostileLink    = "https://evil.example.test/drop.exe?a=1"
	hostileFormula = `=HYPERLINK("http://evil.example.test","open")`
	hostileControl = "\x1b]0;title\x07\x00\r\nnext line"
	hostileTable   = "a | b `code` [link](http://evil.example.test) <b>"
)

func at(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return t
}

func textValue(name, text string) incident.Value { return incident.Value{Name: name, Text: text} }
func countValue(name string, n int64) incident.Value {
	return incident.Value{Name: name, Number: n}
}

// fixtureFindings are those of a small case: a web shell, a logon, a wiper.
func fixtureFindings() []*Finding {
	source := &event.Source{Name: "evidence.zip!WEB01/Sysmon.evtx", Format: "evtx"}
	log := &event.Source{Name: "evidence.zip!WEB01/u_ex210511.log", Format: "w3c"}
	shell := &detect.Rule{ID: "6c4f2a1e-0001-4000-8000-000000000001", Title: "Web shell in a web folder", Level: sigma.Critical,
		Tactics: []string{"persistence"}, Techniques: []string{"T1505.003"}}
	logon := &detect.Rule{ID: "6c4f2a1e-0002-4000-8000-000000000002", Title: "Logon to an administrative share", Level: sigma.High,
		Tactics: []string{"lateral-movement"}, Techniques: []string{"T1021.002"}}
	wiper := &detect.Rule{ID: "6c4f2a1e-0003-4000-8000-000000000003", Title: "Raw disk driver is installed", Level: sigma.Critical,
		Tactics: []string{"impact"}, Techniques: []string{"T1561.002"}}
	probe := &detect.Rule{ID: "6c4f2a1e-0004-4000-8000-000000000004", Title: "Many pages are not there", Level: sigma.Low, Correlation: true,
		Tactics: []string{"reconnaissance"}, Techniques: []string{"T1595.003"}}
	find := func(rule *detect.Rule, when, host string, place event.Provenance, fields ...detect.Field) *detect.Finding {
		return &detect.Finding{Rule: rule, Time: at(when), Host: host, Place: place, Fields: fields}
	}
	at1 := event.Provenance{Source: source, Offset: 4096, Size: 1144, RecordID: 37817}
	list := []*detect.Finding{
		find(probe, "2021-05-10T22:44:25Z", "WEB01", event.Provenance{Source: log, Offset: 12372, Size: 120, Line: 104}),
		find(shell, "2021-05-11T09:14:03Z", "WEB01.corp.example.test", at1,
			detect.Field{Name: "Image", Value: `C:\Windows\System32\inetsrv\w3wp.exe`, Asked: true},
			detect.Field{Name: "TargetFilename", Value: `C:\inetpub\` + hostileBidi, Asked: true},
			detect.Field{Name: "User", Value: hostileTag}, detect.Field{Name: "Hashes", Null: true}),
		find(logon, "2021-07-06T13:00:00Z", "FILE01.corp.example.test", event.Provenance{Source: source, Offset: 9000, Size: 700, RecordID: 41000},
			detect.Field{Name: "SubjectUserName", Value: hostileFormula}, detect.Field{Name: "Url", Value: hostileLink}),
		find(wiper, "2022-07-15T05:10:31Z", "FILE01.corp.example.test", event.Provenance{Source: source, Offset: 20000, Size: 800, RecordID: 41684},
			detect.Field{Name: "ServiceName", Value: hostileControl}, detect.Field{Name: "ImagePath", Value: hostileTable}),
	}
	list[0].Correlation = &detect.Correlation{First: at("2021-05-10T22:41:07Z"), Last: list[0].Time, Count: 100, Value: 100,
		Group:  []detect.Field{{Name: "c-ip", Value: "203.0.113.77"}},
		Events: []detect.Member{{Rule: probe, Time: at("2021-05-10T22:41:07Z"), Host: "WEB01", Place: list[0].Place, Fields: []detect.Field{{Name: "cs-uri", Value: "/a"}}}}}
	findings := make([]*Finding, len(list))
	for i, f := range list {
		f.Record = sha256.Sum256(fmt.Append(nil, "record", i))
		findings[i] = &Finding{Number: int64(100 + i), ID: fmt.Sprintf("%032x", i+1), Incident: "I-7F3KQ", Finding: f,
			Record: f.Record, SHA256: sha256.Sum256([]byte(f.Place.Source.Name))}
	}
	return findings
}

func fixtureIncident() *incident.Incident {
	host := func(key, name string, aliases ...string) incident.EntityUse {
		return incident.EntityUse{Entity: entity.Entity{Key: entity.Key("host:" + key), Kind: entity.Host, Name: name, Aliases: aliases},
			Roles: []entity.Role{entity.At}, Count: 3, First: at("2021-05-10T22:44:25Z"), Last: at("2022-07-15T05:10:31Z"), Weight: .3, Example: 101}
	}
	address := incident.EntityUse{Entity: entity.Entity{Key: "address:203.0.113.77", Kind: entity.Address, Name: "203.0.113.77"},
		Roles: []entity.Role{entity.Source}, Count: 2, Weight: .95, Example: 100}
	account := incident.EntityUse{Entity: entity.Entity{Key: "account:x", Kind: entity.Account, Name: hostileTag}, Roles: []entity.Role{entity.Actor}, Count: 1, Weight: .5, Example: 101}
	return &incident.Incident{
		ID: "I-7F3KQ", Level: "critical", FindingCount: 4, First: at("2021-05-10T22:44:25Z"), Last: at("2022-07-15T05:10:31Z"),
		Title: incident.Sentence{Message: "title.rule", Values: []incident.Value{textValue("rule", "Web shell in a web folder")}, Proof: []int64{101}},
		Score: incident.Score{Total: 88, Parts: []incident.ScorePart{{Points: 55,
			Reason: incident.Sentence{Message: "score.level", Values: []incident.Value{textValue("level", "critical"), textValue("rule", "Web shell in a web folder")}, Proof: []int64{101}}}}},
		Rules: []incident.RuleUse{{ID: "6c4f2a1e-0001-4000-8000-000000000001", Title: "Web shell in a web folder", Level: "critical", Count: 1, First: at("2021-05-11T09:14:03Z"), Last: at("2021-05-11T09:14:03Z"), Example: 101}},
		Stages: []incident.Stage{
			{Tactic: "persistence", Count: 1, Hosts: []string{"WEB01.corp.example.test"}, Findings: []int64{101}},
			{Tactic: "impact", Count: 1, Hosts: []string{"FILE01.corp.example.test"}, Findings: []int64{103}}},
		Techniques: []incident.TechniqueUse{
			{ID: "T1505.003", Tactics: []string{"persistence", "execution"}, Count: 1, Findings: []int64{101}},
			{ID: "T1561.002", Tactics: []string{"impact"}, Count: 1, Findings: []int64{103}}},
		Entities: []incident.EntityUse{address, host("web01.corp.example.test", "WEB01.corp.example.test", "WEB01"), host("file01.corp.example.test", "FILE01.corp.example.test"), account},
		Links: []incident.Link{{From: "address:203.0.113.77", To: "host:web01.corp.example.test", Kind: "requested", Finding: 100},
			{From: "host:web01.corp.example.test", To: "host:file01.corp.example.test", Kind: "logged_on", Finding: 102}},
		Story: []incident.Sentence{
			{Message: "story.chapter_first", Values: []incident.Value{textValue("date", "2021-05-10")}, Proof: []int64{100}, Time: at("2021-05-10T22:44:25Z")},
			{Message: "story.file", Values: []incident.Value{{Name: "when", Message: "story.when.first"}, textValue("host", "WEB01"), textValue("by", "w3wp.exe"),
				textValue("object", `C:\inetpub\`+hostileBidi), textValue("rule", "Web shell in a web folder"), countValue("count", 1)}, Proof: []int64{101}, Time: at("2021-05-11T09:14:03Z")},
			{Message: "story.logon", Values: []incident.Value{{Name: "when", Message: "story.when.then"}, textValue("host", "FILE01"), textValue("by", hostileTag), textValue("from", hostileLink),
				textValue("rule", "Logon to an administrative share"), countValue("count", 12)}, Proof: []int64{102, 101}, Time: at("2021-07-06T13:00:00Z")},
			{Message: "story.service", Values: []incident.Value{{Name: "when", Message: "story.when.then"}, textValue("host", "FILE01"), textValue("object", hostileControl), textValue("detail", hostileTable),
				textValue("rule", "Raw disk driver is installed"), countValue("count", 1)}, Proof: []int64{103}, Time: at("2022-07-15T05:10:31Z")}},
		Benign: []incident.Sentence{{Message: "benign.alone", Values: []incident.Value{textValue("rule", hostileTable)}, Proof: []int64{102}}},
		Missing: []incident.Missing{{What: incident.Sentence{Message: "missing.cleared", Values: []incident.Value{textValue("host", "FILE01"), textValue("time", "2022-07-15 05:16")}, Proof: []int64{103}},
			Ask: incident.Sentence{Message: "ask.forwarded", Values: []incident.Value{textValue("host", "FILE01")}}}},
	}
}

func fixtureAssessment() *attribution.Assessment {
	say := func(key string, proof []int64, values ...incident.Value) incident.Sentence {
		return incident.Sentence{Message: key, Values: values, Proof: proof}
	}
	rule := textValue("rule", "Web shell in a web folder")
	return &attribution.Assessment{
		Cluster: "KC-0001", Incidents: []string{"I-7F3KQ"},
		Items: []attribution.Item{
			{ID: "E-01", Kind: attribution.Secret, Claim: say("title.rule", []int64{103}, rule), Value: "license_key=" + hostileTable, Phase: "destruction", Reliability: "A", Credibility: 2, Spoof: 3, Dependency: "key",
				Weights: []attribution.Weight{{Hypothesis: "group:G0001", Nats: 2.5}, {Hypothesis: "unknown", Nats: -.7}}},
			{ID: "E-02", Kind: attribution.Technique, Claim: say("title.rule", []int64{101}, rule), Value: "T1505.003", Phase: "access", Reliability: "B", Credibility: 3, Contradicts: true,
				Weights: []attribution.Weight{{Hypothesis: "group:G0001", Nats: -.2}, {Hypothesis: "group:G0002", Nats: .4}}}},
		Hypotheses: []attribution.Hypothesis{
			{ID: "state:ZZ", Kind: "state", Name: "ZZ", Prior: .2, Posterior: .8, Low: .4, High: .9, Word: "very_likely"},
			{ID: "group:G0001", Kind: "group", Name: "Example Group", Prior: .1, Posterior: .7, Low: .3, High: .85, Word: "likely", Nats: 2.3},
			{ID: "unknown", Kind: "unknown", Prior: .5, Posterior: .2, Low: .1, High: .6, Word: "unlikely"},
			{ID: "false_flag:G0001", Kind: "false_flag", Name: "Example Group", Prior: .1, Posterior: .06, Low: .01, High: .1, Word: "very_unlikely"},
			{ID: "group:G0002", Kind: "group", Name: hostileTag, Prior: .1, Posterior: .04, Low: 0, High: .1, Word: "almost_no_chance"}},
		Phases: []attribution.Phase{{Name: "access", Items: []string{"E-02"}, Hypotheses: []attribution.Hypothesis{{ID: "unknown", Kind: "unknown", Posterior: .6}}},
			{Name: "destruction", Items: []string{"E-01"}, Hypotheses: []attribution.Hypothesis{{ID: "group:G0001", Kind: "group", Name: "Example Group", Posterior: .7}}}},
		HandOffs: []attribution.HandOff{{From: "access", To: "destruction", Probability: .4, Reason: say("title.rule", []int64{101, 103}, rule)}},
		Answer: attribution.Answer{Level: "cluster", Sentence: say("title.rule", []int64{103}, rule),
			Gates: []attribution.Gate{{Level: "group", Name: say("title.rule", nil, rule)}, {Level: "state", Name: say("title.rule", nil, rule), Passed: true}}},
		Likelihood: say("title.rule", []int64{103}, rule),
		Confidence: attribution.Confidence{Level: "low", Sentence: say("title.rule", nil, rule), Reasons: []incident.Sentence{say("title.rule", []int64{101}, rule)}},
		Without:    []attribution.Without{{Item: "E-01", Leading: "unknown", Posterior: .5}, {Item: "E-02", Leading: "group:G0001", Posterior: .75}},
		Change:     []attribution.Change{{What: say("title.rule", nil, rule), Ask: say("title.rule", nil, rule), Information: .8, Cost: 2}},
	}
}

// fixture is a small case with everything a report shows.
func fixture(t testing.TB) *Document {
	t.Helper()
	findings := fixtureFindings()
	return &Document{
		Name: "ministry-2022", Generated: at("2026-11-24T03:00:00Z"),
		Incidents: []*incident.Incident{fixtureIncident()}, Assessment: fixtureAssessment(),
		Evidence: []Evidence{{Name: "evidence.zip!WEB01/Sysmon.evtx", Format: "evtx", Size: 69632, SHA256: sha256.Sum256([]byte("a")), Records: 35,
			First: at("2021-05-10T22:44:25Z"), Last: at("2022-07-15T05:10:31Z"), Problems: []string{"2 records missing in 1 gap " + hostileTag}}},
		Unseen: []Unseen{{What: "log cleared", Why: "Security.evtx on FILE01 " + hostileLink, Count: 1}, {What: "something new", Why: hostileBidi, Count: 7}},
		Clocks: []entity.Skew{{Source: "WEB01", Offset: -90 * time.Second, Pairs: 12, Spread: 2 * time.Second, Against: "FILE01"}},
		Notes: []Note{{Time: at("2026-11-24T04:00:00Z"), Author: "analyst", Kind: "decision", Text: hostileFormula, Ref: "I-7F3KQ"},
			{Time: at("2026-11-24T05:00:00Z"), Author: "analyst", Kind: "status", Status: "contained"}},
		Ledger: Ledger{Size: 120, Root: "3q2+7w==", PublicKey: "kulla+1234+AQ==", Checkpoint: "kulla.case/1f0c9a2b3c4d5e6f\n120\n3q2+7w==\ntime 2026-11-24T03:00:00Z\n\n— kulla 1+q3dw==\n"},
		Rules:  "405 rules", Knowledge: "builtin", Tool: "1.0.0",
		Base: &knowledge.Base{Techniques: []*knowledge.Technique{
			{ID: "T1505.003", Name: "Web Shell", Tactics: []string{"persistence"}, Mitigations: []knowledge.Mitigation{{ID: "M1042", Name: "Disable or Remove Feature or Program"}}},
			{ID: "T1561.002", Name: "Disk Structure Wipe", Tactics: []string{"impact"}, Mitigations: []knowledge.Mitigation{{ID: "M1053", Name: "Data Backup"}}}}},
		Levels: map[string]int64{"critical": 2, "high": 1, "low": 1},
		Finding: func(number int64) (*Finding, error) {
			for _, f := range findings {
				if f.Number == number {
					return f, nil
				}
			}
			return nil, fmt.Errorf("no finding %d", number)
		},
		Findings: eachOf(findings),
	}
}

func eachOf(findings []*Finding) iter.Seq2[*Finding, error] {
	return func(yield func(*Finding, error) bool) {
		for _, f := range findings {
			if !yield(f, nil) {
				return
			}
		}
	}
}
