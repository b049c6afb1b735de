package cli_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"
)

// A stage is a part of the record that the sample tells, and when.
type stage struct{ name, from, to string }

// sampleStages follow examples/generate, whose own test demands rule by rule
// that each is found. Here their times alone count, so that any rules can be
// measured.
var sampleStages = []stage{
	{"probing", "2021-05-10T22:00", "2021-05-11T00:00"},
	{"initial access", "2021-05-11T09:13", "2021-05-11T09:15"},
	{"web shells", "2021-05-11T09:15", "2021-05-27T03:00"},
	{"credentials", "2021-06-03T20:00", "2021-06-10T00:00"},
	{"movement", "2021-07-06T00:00", "2021-07-06T03:00"},
	{"Exchange account", "2021-10-04T22:00", "2021-10-05T00:00"},
	{"mail theft", "2021-10-12T00:00", "2021-10-12T03:00"},
	{"return by VPN", "2022-05-24T02:00", "2022-05-24T03:00"},
	{"discovery", "2022-05-24T03:00", "2022-05-25T03:00"},
	{"passwords of the domain", "2022-06-08T00:00", "2022-06-08T02:00"},
	{"backdoor", "2022-06-15T07:00", "2022-06-15T09:00"},
	{"defences down", "2022-07-15T05:00", "2022-07-15T06:00"},
	{"spread", "2022-07-15T06:00", "2022-07-15T06:07"},
	{"encryption", "2022-07-15T06:07", "2022-07-15T07:00"},
	{"wiping", "2022-07-15T14:00", "2022-07-15T15:10"},
}

// daysOfIntrusion are those on which the intruders do something; what is found
// on others is a false positive, or asks about the odd administrator.
var daysOfIntrusion = []string{"2021-05-10", "2021-05-11", "2021-05-12", "2021-05-26", "2021-05-27", "2021-06-03", "2021-06-09", "2021-07-06", "2021-07-15", "2021-09-02",
	"2021-10-04", "2021-10-12", "2021-11-09", "2021-12-14", "2022-01-12", "2022-05-24", "2022-05-25", "2022-06-08", "2022-06-15", "2022-07-15"}

// TestRecallOfSample prints the table of the sample in docs/detection.md: for
// each stage how many rules, at level low or above, find something in its time,
// and how many findings there are on days without the intrusion.
//
//	go test -run TestRecall -v ./internal/cli
func TestRecallOfSample(t *testing.T) {
	t.Parallel()
	sample := filepath.Join("..", "..", "examples", "evidence.zip")
	ours := recallFindings(t, "builtin", sample)
	public := recallFindings(t, filepath.Join(recallData(t), "sigma-rules.zip"), sample)
	for _, s := range sampleStages {
		if rulesIn(ours, s) == 0 {
			t.Errorf("%s: our rules find nothing", s.name)
		}
		t.Logf("| %s | %d | %d |", s.name, rulesIn(ours, s), rulesIn(public, s))
	}
	t.Logf("| days without the intrusion | %s | %s |", strays(ours), strays(public))
	if got, want := strays(ours), "0 high, 2 medium, 0 low"; got != want {
		t.Errorf("on days without the intrusion our rules find %s, want %s", got, want)
	}
}

// rulesIn counts the rules that find something during a stage.
func rulesIn(findings []recallFinding, s stage) int {
	rules := map[string]bool{}
	for _, finding := range findings {
		if at := finding.Time.Format("2006-01-02T15:04"); at >= s.from && at < s.to {
			rules[finding.RuleID] = true
		}
	}
	return len(rules)
}

// strays counts findings on days without the intrusion.
func strays(findings []recallFinding) string {
	days := map[string]bool{}
	for _, day := range daysOfIntrusion {
		days[day] = true
	}
	levels := map[string]int{}
	for _, finding := range findings {
		if !days[finding.Time.Format(time.DateOnly)] {
			levels[finding.Level]++
		}
	}
	return fmt.Sprintf("%d high, %d medium, %d low", levels["critical"]+levels["high"], levels["medium"], levels["low"])
}
