package report

import (
	"fmt"

	"github.com/kulla-defence/kulla/internal/detect"
	"github.com/kulla-defence/kulla/internal/source"
)

// Unseen is something that could not have been seen, and why.
type Unseen struct {
	What  string `json:"what"`
	Why   string `json:"why"`
	Count int64  `json:"count"`
}

// Unseen lists all that could not have been seen: evidence that could not be
// read, records that are missing, rules that were not loaded or could not have
// fired, events that correlations left out, and what times leave open.
func (s *Summary) Unseen() []Unseen {
	var list []Unseen
	for _, line := range problemsOf(s.Register) {
		list = append(list, Unseen{"evidence not read", line.name + ": " + line.reason, line.more + 1})
	}
	for _, cleared := range s.Result.Cleared {
		list = append(list, Unseen{"log cleared", fmt.Sprintf("%s on %s, %s", cleared.Place.Source.Name, hostName(cleared.Host), clock(cleared.Time, zoneOf(s))), 1})
	}
	list = append(list, missingRecords(s.Register)...)
	for _, line := range Unstated(s.Register) {
		list = append(list, Unseen{What: "times", Why: line})
	}
	if n := len(s.RuleProblems); n > 0 {
		list = append(list, Unseen{"rules not loaded", "the first: " + s.RuleProblems[0].Message, int64(n)})
	}
	for _, line := range s.Result.Uncorrelated {
		list = append(list, Unseen{What: "correlations", Why: line})
	}
	for _, blind := range s.Result.Blind {
		list = append(list, Unseen{"rules that could not have fired", blind.Reason, countRules(blind)})
	}
	return list
}

func countRules(blind detect.Blind) int64 { return int64(len(blind.Rules)) }

// missingRecords names the logs whose record numbers have gaps.
func missingRecords(register *source.Register) []Unseen {
	var list []Unseen
	for i := range register.Files {
		file := &register.Files[i]
		if len(file.Gaps) == 0 {
			continue
		}
		gap := file.Gaps[0]
		list = append(list, Unseen{"records missing", fmt.Sprintf("%s: %s, the first after record %d", file.Source.Name,
			quantity(file.GapCount, "gap", "gaps"), gap.After), int64(file.Missing)})
	}
	return list
}

// FileProblems says, a line each, what of a source could not be read, which
// records are missing, what its times leave open, and what is remarkable.
func FileProblems(file *source.File) []string {
	var lines []string
	for i, problem := range file.Problems {
		if i == maxListed {
			break
		}
		lines = append(lines, describeProblem(problem))
	}
	if more := file.ProblemCount - int64(len(lines)); more > 0 {
		lines = append(lines, quantity(more, "more problem", "more problems"))
	}
	if file.GapCount > 0 {
		lines = append(lines, fmt.Sprintf("%s missing in %s", quantity(int64(file.Missing), "record", "records"), quantity(file.GapCount, "gap", "gaps")))
	}
	if file.Backwards > 1 {
		lines = append(lines, fmt.Sprintf("record numbers go backwards %s", quantity(file.Backwards, "time", "times")))
	}
	if file.WithoutTime > 0 {
		lines = append(lines, quantity(file.WithoutTime, "event", "events")+" without a time")
	}
	if file.WithoutZone > 0 {
		lines = append(lines, fmt.Sprintf("times of %s state no zone: taken as UTC", quantity(file.WithoutZone, "event", "events")))
	}
	return append(lines, file.Notes...)
}
