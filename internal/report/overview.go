package report

import (
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/kulla-defence/kulla/internal/detect"
	"github.com/kulla-defence/kulla/internal/source"
	"github.com/kulla-defence/kulla/sigma"
)

// An overviewItem is one line on top of a document.
type overviewItem struct{ name, text string }

// overview says what was read, and what was found, in a few lines.
func overview(s *Summary) []overviewItem {
	var bytes, records int64
	for i := range s.Register.Files {
		bytes += s.Register.Files[i].Size
		records += s.Register.Files[i].Records
	}
	items := []overviewItem{{"Evidence", fmt.Sprintf("%s, %s bytes, %s", quantity(int64(len(s.Register.Files)), "file", "files"),
		Thousands(bytes), quantity(records, "record", "records"))}}
	if s.Interrupted {
		items = append(items, overviewItem{"Interrupted", "the evidence was not read to its end; this is what was found so far"})
	}
	if first, last := s.period(); !first.IsZero() {
		items = append(items, overviewItem{"Period", clock(first, zoneOf(s)) + " … " + clock(last, zoneOf(s))})
	}
	const most = 8
	items = append(items,
		overviewItem{"Events", joinCounts(s.Result.Channels, most, "sources", func(c detect.Channel) (string, int64) { return c.Name, c.Events })},
		overviewItem{"Hosts", joinCounts(s.Result.Hosts, most, "hosts", func(h detect.Host) (string, int64) { return h.Name, h.Events })},
		overviewItem{"Findings", levelCounts(s.Groups)},
		overviewItem{"Rules", quantity(int64(s.Result.Rules), "rule", "rules") + " looked for"})
	return items
}

func levelCounts(groups *Groups) string {
	var parts []string
	for level := sigma.Critical; ; level-- {
		if n := groups.Levels()[level]; n > 0 {
			parts = append(parts, levelTitle(level)+" "+Thousands(n))
		}
		if level == sigma.NoLevel {
			break
		}
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ", ")
}

func levelTitle(level sigma.Level) string {
	if level == sigma.NoLevel {
		return "without a level"
	}
	return levelName(level)
}

// unseenLines say all that could not have been seen.
func unseenLines(s *Summary) []string {
	var lines []string
	for _, m := range s.Result.Cleared {
		lines = append(lines, fmt.Sprintf("%s %s: %s was cleared: %s record %d", clock(m.Time, zoneOf(s)), hostName(m.Host), clearedName(m), m.Place.Source.Name, m.Place.RecordID))
	}
	for _, g := range s.gaps() {
		lines = append(lines, fmt.Sprintf("%s missing between %d (%s) and %d (%s): %s", quantity(int64(g.gap.Missing), "record", "records"),
			g.gap.After, clock(g.gap.AfterTime, zoneOf(s)), g.gap.Before, clock(g.gap.BeforeTime, zoneOf(s)), g.file.Source.Name))
	}
	for _, line := range unfinished(s.Register) {
		lines = append(lines, "interrupted: "+line.fit(0))
	}
	lines = append(lines, unreadLines(s.Register)...)
	lines = append(lines, Unstated(s.Register)...)
	if n := len(s.RuleProblems); n > 0 {
		lines = append(lines, quantity(int64(n), "rule was", "rules were")+" not loaded")
	}
	unable := " could not have fired: "
	if s.Interrupted {
		unable = " could not have fired on what was read before the interruption: "
	}
	for _, blind := range s.Result.Blind {
		lines = append(lines, quantity(int64(len(blind.Rules)), "rule", "rules")+unable+blind.Reason)
	}
	return append(lines, s.Result.Uncorrelated...)
}

func unreadLines(register *source.Register) []string {
	var lines []string
	for _, line := range problemsOf(register) {
		what := "not read: "
		if line.severity == damaged {
			what = ""
		}
		lines = append(lines, what+line.String())
	}
	return lines
}

func hexText(bytes []byte) string { return hex.EncodeToString(bytes) }
