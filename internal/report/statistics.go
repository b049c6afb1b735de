package report

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/kulla-defence/kulla/internal/source"
	"github.com/kulla-defence/kulla/internal/timeline"
)

// The statistics as JSON are a contract: docs/formats/events.md.
type statisticsJSON struct {
	Events      int64           `json:"events"`
	WithoutTime int64           `json:"events_without_time"`
	Formats     []countJSON     `json:"formats"`
	Hosts       []countJSON     `json:"hosts"`
	Kinds       []countJSON     `json:"kinds"`
	Hours       []hourJSON      `json:"hours"`
	Logons      []logonJSON     `json:"logons"`
	Cleared     []countJSON     `json:"logs_cleared"`
	Gaps        []sourceGapJSON `json:"gaps"`
}

type hourJSON struct {
	Begin  time.Time `json:"begin"`
	Events int64     `json:"events"`
}

type logonJSON struct {
	Who       string     `json:"who"`
	From      string     `json:"from"`
	To        string     `json:"to"`
	Type      string     `json:"type"`
	First     *time.Time `json:"first"`
	Last      *time.Time `json:"last"`
	Successes int64      `json:"successes"`
	Failures  int64      `json:"failures"`
}

type sourceGapJSON struct {
	Source string `json:"source"`
	gapJSON
}

// WriteStatisticsJSON writes all statistics as one JSON object.
func WriteStatisticsJSON(w io.Writer, s *timeline.Statistics, register *source.Register) error {
	named := func(c timeline.Count) countJSON { return countJSON{Name: c.Name, Events: c.Events} }
	whole := statisticsJSON{Events: s.Events, WithoutTime: s.WithoutTime, Formats: each(s.Formats, named), Hosts: each(s.Hosts, named),
		Kinds: each(s.Kinds, named), Cleared: each(s.Cleared, named), Gaps: []sourceGapJSON{},
		Hours: each(s.Hours, func(h timeline.Hour) hourJSON { return hourJSON(h) }),
		Logons: each(s.Logons, func(l timeline.Logon) logonJSON {
			return logonJSON{l.Who, l.From, l.To, l.Type, moment(l.First), moment(l.Last), l.Successes, l.Failures}
		})}
	for i := range register.Files {
		for _, gap := range register.Files[i].Gaps {
			whole.Gaps = append(whole.Gaps, sourceGapJSON{register.Files[i].Source.Name, toGapJSON(gap)})
		}
	}
	text, err := json.Marshal(whole)
	if err != nil {
		return err
	}
	_, err = w.Write(append(appendHarmlessJSON(nil, text), '\n'))
	return err
}

// WriteStatistics writes the statistics for a person.
func WriteStatistics(w io.Writer, s *timeline.Statistics, register *source.Register, zone *time.Location) error {
	out := bufio.NewWriterSize(w, 64<<10)
	fmt.Fprintf(out, "%s, %s without a time\n", quantity(s.Events, "event", "events"), Thousands(s.WithoutTime))
	for _, part := range []struct {
		name   string
		counts []timeline.Count
	}{{"Formats", s.Formats}, {"Hosts", s.Hosts}, {"Kinds of events", s.Kinds}, {"Logs cleared", s.Cleared}} {
		if len(part.counts) > 0 {
			fmt.Fprintf(out, "\n%s\n", part.name)
		}
		for _, c := range part.counts {
			fmt.Fprintf(out, "%14s  %s\n", Thousands(c.Events), Visible(c.Name))
		}
	}
	writeHours(out, s.Hours, zone)
	if len(s.Logons) > 0 {
		out.WriteString("\nLogons\n")
	}
	for _, l := range s.Logons {
		fmt.Fprintf(out, "  %s  %s → %s  %s  %s succeeded, %s failed  %s\n", Visible(l.Who), orUnknown(l.From), orUnknown(l.To),
			Visible(l.Type), Thousands(l.Successes), Thousands(l.Failures), span(l.First, l.Last, zone))
	}
	for i := range register.Files {
		for j, gap := range register.Files[i].Gaps {
			if j == 0 {
				fmt.Fprintf(out, "\nGaps in %s\n", Visible(register.Files[i].Source.Name))
			}
			fmt.Fprintf(out, "%14s  missing after %d (%s)\n", Thousands(int64(gap.Missing)), gap.After, clock(gap.AfterTime, zone))
		}
	}
	return out.Flush()
}

func orUnknown(text string) string {
	if text == "" {
		return "(unknown)"
	}
	return Visible(text)
}

// writeHours draws the hours as bars, the longest of forty marks.
func writeHours(out *bufio.Writer, hours []timeline.Hour, zone *time.Location) {
	var most int64 = 1
	for _, hour := range hours {
		most = max(most, hour.Events)
	}
	if len(hours) > 0 {
		out.WriteString("\nHours\n")
	}
	for _, hour := range hours {
		bar := "########################################"[:1+39*hour.Events/most]
		fmt.Fprintf(out, "  %s %12s  %s\n", hour.Begin.In(zone).Format("2006-01-02 15:04Z07:00"), Thousands(hour.Events), bar)
	}
}
