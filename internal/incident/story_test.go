package incident

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/language"
)

func messages(sentences []Sentence) []string {
	var keys []string
	for _, s := range sentences {
		keys = append(keys, s.Message)
	}
	return keys
}

func incidentsOf(t testing.TB, records ...record) []*Incident {
	t.Helper()
	s := play(t, append(ordinary(), records...)...)
	return s.join(t, s.inOrder()).Incidents()
}

func TestLevels(t *testing.T) {
	t.Parallel()
	finding := func(at, rule, image string) record {
		return record{at, web, rule, started(len(image)*3, 1, `C:\Tools\`+image, `C:\Windows\explorer.exe`, `CORP\ana`)}
	}
	for _, test := range []struct {
		name    string
		records []record
		want    string
	}{
		{"a lone informational finding", []record{finding("0s", "informational discovery Question", "a.exe")}, "informational"},
		{"a lone medium finding", []record{finding("0s", "medium execution Odd program", "a.exe")}, "low"},
		{"the same medium finding a hundred times", slices.Repeat([]record{finding("0s", "medium execution Odd program", "a.exe")}, 100), "low"},
		{"two medium findings of one stage", []record{finding("0s", "medium execution Odd program", "a.exe"), finding("1s", "medium execution Odder program", "ab.exe")}, "low"},
		{"a lone high finding", []record{finding("0s", "high execution Odd program", "a.exe")}, "medium"},
		{"a lone critical finding", []record{finding("0s", "critical execution Odd program", "a.exe")}, "high"},
		{"the same informational finding on many days", daily("informational discovery Question", 60), "informational"},
		{"five stages in order", []record{finding("0s", "high initial-access In", "a.exe"), finding("1m", "high execution Run", "ab.exe"), finding("2m", "medium persistence Stay", "abc.exe"),
			finding("3m", "high credential-access Steal", "abcd.exe"), finding("4m", "critical impact Break", "abcde.exe")}, "critical"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			incidents := incidentsOf(t, test.records...)
			if len(incidents) != 1 || incidents[0].Level != test.want {
				t.Fatalf("%d incidents, the first %s (%d); want one, %s", len(incidents), incidents[0].Level, incidents[0].Score.Total, test.want)
			}
			sum := 0
			for _, part := range incidents[0].Score.Parts {
				sum += part.Points
			}
			if sum != incidents[0].Score.Total {
				t.Errorf("the parts sum to %d, the score is %d", sum, incidents[0].Score.Total)
			}
		})
	}
}

// daily are findings of a rule, one a day.
func daily(rule string, days int) []record {
	var records []record
	for day := range days {
		records = append(records, record{fmt.Sprintf("%dh", day*24), web, rule, started(7, 1, `C:\Tools\daily.exe`, `C:\Windows\explorer.exe`, `CORP\ana`)})
	}
	return records
}

// An incident within a minute is not told as a time from and to.
func TestOpeningOfAMoment(t *testing.T) {
	t.Parallel()
	incidents := incidentsOf(t,
		record{"0s", web, "high execution Run", started(2, 1, `C:\Tools\a.exe`, `C:\Tools\b.exe`, `CORP\ana`)},
		record{"40s", web, "high execution Start", started(3, 2, `C:\Tools\c.exe`, `C:\Tools\a.exe`, `CORP\ana`)})
	const want = "At 2024-03-04 08:00 (UTC), 2 findings on web01 belong together."
	if got := spoken(t, language.English, incidents[0].Story[0]); got != want {
		t.Errorf("the story opens with %q, want %q", got, want)
	}
}

// A start of a process that a finding rests on is not missing, whatever its
// log left out.
func TestStartsAreNotMissing(t *testing.T) {
	t.Parallel()
	s := play(t, append(ordinary(), record{"0s", web, "high execution Run",
		sysmon + `EventID=1; Image=C:\Tools\a.exe; CommandLine=a.exe; ProcessId=7`})...)
	b := New(s.context, Options{Logs: []Log{{Host: web, Kind: Records, First: curtain.AddDate(0, 0, -9), Last: curtain.AddDate(0, 0, 9), Count: 9}}})
	if err := b.Add(0, s.findings[0]); err != nil {
		t.Fatal(err)
	}
	for _, m := range b.Incidents()[0].Missing {
		if m.What.Message == "missing.processes" {
			t.Error("starts of processes are said to be missing")
		}
	}
	if kinds := kindsOf(&event.Layout{Names: []string{"EventID", "Image", "CommandLine"}}); !slices.Contains(kinds, ProcessStarts) {
		t.Errorf("Sysmon's event 1 without the GUID of the parent has records of %v", kinds)
	}
}

// How long after, and in what order, goes by the right clock where logs of two
// hosts tell how far one's is ahead; times stay as they are written.
func TestStoryGoesByTheRightClock(t *testing.T) {
	t.Parallel()
	const other = "file01"
	connected := func(began bool) string {
		return sysmon + "EventID=3; Initiated=" + fmt.Sprint(began) + "; SourceIp=192.0.2.7; SourcePort=%d; DestinationIp=192.0.2.8; DestinationPort=445"
	}
	var records []record
	for i := range 8 {
		records = append(records, record{fmt.Sprintf("%dm", i), web, "", fmt.Sprintf(connected(true), 3000+i)},
			record{fmt.Sprintf("%dm", i+5), other, "", fmt.Sprintf(connected(false), 3000+i)})
	}
	// By their clocks the first is four minutes and a half before the other.
	records = append(records,
		record{"60m30s", web, "high lateral-movement Tool sent", started(2, 1, `C:\Tools\a.exe`, `C:\Tools\b.exe`, `CORP\ana`)},
		record{"65m", other, "high execution Tool runs", started(9, 8, `C:\Tools\a.exe`, `C:\Windows\c.exe`, `CORP\ana`)})
	s := play(t, append(ordinary(), records...)...)
	ahead := s.context.AheadOf("host:"+other) - s.context.AheadOf("host:"+web)
	if ahead != 5*time.Minute {
		t.Fatalf("%s is %v ahead", other, ahead)
	}
	incidents := s.join(t, s.inOrder()).Incidents()
	if len(incidents) != 1 {
		t.Fatalf("%d incidents, want 1", len(incidents))
	}
	story := incidents[0].Story
	if got := messages(story[1:3]); !slices.Equal(got, []string{"story.process", "story.process"}) {
		t.Fatalf("the story is %q", messages(story))
	}
	first, second := spoken(t, language.English, story[1]), spoken(t, language.English, story[2])
	if !strings.HasPrefix(first, "First, on file01, ") || !strings.HasPrefix(second, "Seconds later, on web01, ") {
		t.Errorf("the story is\n%s\n%s", first, second)
	}
	if want := curtain.Add(65 * time.Minute); !story[1].Time.Equal(want) {
		t.Errorf("the first sentence is of %s, as written it is %s", story[1].Time, want)
	}
}

// A story names the request and the process that it made, and says when the
// next chapter begins.
func TestStory(t *testing.T) {
	t.Parallel()
	incidents := incidentsOf(t,
		record{"0s", web, "high initial-access Form sent to a page", "cs-method=POST; cs-uri-stem=/upload.aspx; c-ip=203.0.113.9; s-computername=WEB01"},
		record{"9s", web, "high execution Web server starts a shell", started(2, 1, `C:\Windows\System32\cmd.exe`, `C:\Windows\System32\inetsrv\w3wp.exe`, `IIS APPPOOL\shop`)},
		record{"90h", web, "high credential-access Memory of LSASS read", started(4, 3, `C:\Users\Public\dump.exe`, `C:\Windows\System32\cmd.exe`, `CORP\ana`)},
	)
	if len(incidents) != 1 {
		t.Fatalf("%d incidents, want 1", len(incidents))
	}
	story := incidents[0].Story
	want := []string{"story.opening", "story.chapter_first", "story.request_and_process", "story.chapter", "story.process"}
	if got := messages(story); !slices.Equal(got, want) {
		t.Fatalf("story %q, want %q", got, want)
	}
	for _, v := range story[2].Values {
		if v.Name == "seconds" && v.Number != 9 {
			t.Errorf("%d seconds between the request and the process, want 9", v.Number)
		}
	}
	if !slices.Equal(story[2].Proof, []int64{1, 0}) {
		t.Errorf("the sentence rests on %v", story[2].Proof)
	}
}

// A story begins with what the incident began with, however small it was.
func TestStoryBeginsWithTheFirstFinding(t *testing.T) {
	t.Parallel()
	started := func(at, rule, image string) record {
		return record{at, web, rule, started(len(image)*3, 1, `C:\Tools\`+image, `C:\Windows\explorer.exe`, `CORP\ana`)}
	}
	incidents := incidentsOf(t, started("0s", "medium defense-evasion Protection goes off", "a.exe"), started("7m", "high defense-evasion Protection switched off", "ab.exe"),
		started("9m", "critical credential-access Theft", "abc.exe"))
	if len(incidents) != 1 {
		t.Fatalf("%d incidents, want 1", len(incidents))
	}
	for _, s := range incidents[0].Story {
		if !strings.HasPrefix(s.Message, "story.opening") && !strings.HasPrefix(s.Message, "story.chapter") {
			if !s.Time.Equal(incidents[0].First) {
				t.Errorf("the story begins at %v, the incident at %v", s.Time, incidents[0].First)
			}
			return
		}
	}
	t.Error("no story")
}

// Of several gravest findings, the title names the one that says most of what
// the incident came to, wherever it stands.
func TestTitleSaysWhatItCameTo(t *testing.T) {
	t.Parallel()
	started := func(at, rule, image string) record {
		return record{at, web, rule, started(len(image)*3, 1, `C:\Tools\`+image, `C:\Windows\explorer.exe`, `CORP\ana`)}
	}
	incidents := incidentsOf(t, started("0s", "critical defense-evasion Protection switched off", "a.exe"), started("2m", "critical impact Disks overwritten", "ab.exe"),
		started("3m", "critical lateral-movement Tool copied", "abc.exe"), started("4m", "critical impact Files encrypted", "abcd.exe"))
	if len(incidents) != 1 {
		t.Fatalf("%d incidents, want 1", len(incidents))
	}
	values := map[string]string{}
	for _, v := range incidents[0].Title.Values {
		values[v.Name] = v.Message + v.Text
	}
	if values["stage"] != "stage.impact" || values["rule"] != "Disks overwritten" {
		t.Errorf("the title is about %v", values)
	}
}

// What is missing depends on what the evidence has.
func TestMissing(t *testing.T) {
	t.Parallel()
	s := play(t, append(ordinary(), record{"0s", web, "high credential-access Memory of LSASS read", started(4, 3, `C:\Users\Public\dump.exe`, `C:\Windows\System32\cmd.exe`, `CORP\ana`)})...)
	log := func(kind RecordKind, days int) Log {
		return Log{Host: web, Kind: kind, First: curtain.AddDate(0, 0, -days), Last: curtain.AddDate(0, 0, 1), Count: 9}
	}
	for _, test := range []struct {
		name string
		logs []Log
		want []string
	}{
		{"nothing is known of logs", nil, []string{"missing.entry"}},
		{"no logons", []Log{log(Records, 30), log(ProcessStarts, 30)}, []string{"missing.logons", "missing.entry"}},
		{"all there", []Log{log(Records, 30), log(ProcessStarts, 30), log(Logons, 30)}, []string{"missing.entry"}},
		{"since this morning", []Log{log(Records, 0), log(ProcessStarts, 0), log(Logons, 0)}, []string{"missing.entry", "missing.before"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := New(s.context, Options{Logs: test.logs})
			if err := b.Add(0, s.findings[0]); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, m := range b.Incidents()[0].Missing {
				got = append(got, m.What.Message)
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("missing %q, want %q", got, test.want)
			}
		})
	}
}

// Findings without a time have no date, and the years between others are
// counted, however many.
func TestStoryOfStrangeTimes(t *testing.T) {
	t.Parallel()
	s := play(t, append(ordinary(),
		record{"0s", web, "high execution Run", started(2, 1, `C:\Tools\a.exe`, `C:\Tools\b.exe`, `CORP\ana`)},
		record{"1s", web, "high execution Start", started(3, 2, `C:\Tools\c.exe`, `C:\Tools\a.exe`, `CORP\ana`)},
		record{"2s", web, "high execution Begin", started(4, 3, `C:\Tools\d.exe`, `C:\Tools\c.exe`, `CORP\ana`)})...)
	s.findings[0].Time = time.Time{}
	s.findings[1].Time = time.Date(1601, 1, 1, 0, 0, 0, 0, time.UTC)
	incidents := s.join(t, s.inOrder()).Incidents()
	if len(incidents) != 1 {
		t.Fatalf("%d incidents, want 1", len(incidents))
	}
	headings, days := 0, int64(0)
	for _, sentence := range incidents[0].Story {
		for _, value := range sentence.Values {
			if strings.HasPrefix(value.Text, "0001-") {
				t.Errorf("%s says %s", sentence.Message, value.Text)
			}
			if value.Name == "days" {
				days = value.Number
			}
		}
		if strings.HasPrefix(sentence.Message, "story.chapter") {
			headings++
		}
	}
	if headings != 2 || days < 154_000 || days > 155_000 {
		t.Errorf("%d chapters, the last after %d days: %q", headings, days, messages(incidents[0].Story))
	}
}
