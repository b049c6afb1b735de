package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

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
		what := "evidence not read"
		if line.severity == damaged {
			what = "evidence damaged"
		}
		list = append(list, Unseen{what, line.name + ": " + line.reason, line.problems})
	}
	for _, cleared := range s.Result.Cleared {
		list = append(list, Unseen{"log cleared", fmt.Sprintf("%s on %s, %s", clearedIn(cleared), hostName(cleared.Host), clock(cleared.Time, zoneOf(s))), 1})
	}
	list = append(list, missingRecords(s.Register)...)
	list = append(list, unstatedTimes(s.Register)...)
	if n := len(s.RuleProblems); n > 0 {
		list = append(list, RulesNotLoaded(int64(n), s.RuleProblems[0].Message))
	}
	for _, line := range s.Result.Uncorrelated {
		list = append(list, Uncorrelated(line))
	}
	for _, blind := range s.Result.Blind {
		list = append(list, CouldNotFire(blind.Reason, int64(len(blind.Rules))))
	}
	return list
}

// clearedIn names the log that was cleared, and where that is said.
func clearedIn(cleared detect.Cleared) string {
	if cleared.Log == "" {
		return cleared.Place.Source.Name
	}
	return cleared.Log + " (" + cleared.Place.Source.Name + ")"
}

// Correlations is what is said of events that correlations left out, and
// EvidenceAltered of evidence that is not what it was.
const (
	Correlations    = "correlations"
	EvidenceAltered = "evidence altered"
)

// couldNotFire is what is said of rules that no event could have matched.
const couldNotFire = "rules that could not have fired"

// clocksNotCompared is what is said of hosts of which it is not known how far
// their clocks are wrong.
const clocksNotCompared = "clocks not compared"

// UnseenClocks is that the clocks of hosts could not be compared; empty for no
// hosts.
func UnseenClocks(hosts []string) []Unseen {
	const most = 20
	if len(hosts) == 0 {
		return nil
	}
	names := strings.Join(hosts[:min(len(hosts), most)], ", ")
	if more := len(hosts) - most; more > 0 {
		names = fmt.Sprintf("%s and %d more", names, more)
	}
	return []Unseen{{clocksNotCompared, "logs of no other host record often enough what these recorded, so that their clocks may be wrong unseen: " + names, int64(len(hosts))}}
}

// MergeUnseen puts together what two readings of one case could not see. A
// reason why rules could not have fired only stays if it held in both, and of
// clocks only what is said now, which is of all evidence.
func MergeUnseen(earlier, now []Unseen) []Unseen {
	var merged []Unseen
	for _, one := range earlier {
		at := slices.IndexFunc(now, func(other Unseen) bool { return one.What == other.What && one.Why == other.Why })
		switch {
		case at >= 0 && one.What == couldNotFire:
			one.Count = min(one.Count, now[at].Count)
		case at >= 0:
			one.Count = now[at].Count
		case one.What == couldNotFire || one.What == clocksNotCompared:
			continue
		}
		merged = append(merged, one)
	}
	for _, one := range now {
		known := slices.ContainsFunc(earlier, func(other Unseen) bool { return one.What == other.What && one.Why == other.Why })
		if !known && one.What != couldNotFire {
			merged = append(merged, one)
		}
	}
	return merged
}

// RulesNotLoaded says that so many rules could not be used, and why the first
// could not.
func RulesNotLoaded(count int64, first string) Unseen {
	return Unseen{"rules not loaded", "the first: " + first, count}
}

// Uncorrelated is what correlation rules could not take into account.
func Uncorrelated(line string) Unseen { return Unseen{What: Correlations, Why: line} }

// CouldNotFire says that no event could have matched so many rules, and why.
func CouldNotFire(reason string, count int64) Unseen { return Unseen{couldNotFire, reason, count} }

// unstatedTimes names the sources of whose times something is left open.
func unstatedTimes(register *source.Register) []Unseen {
	var list []Unseen
	for i := range register.Files {
		file := &register.Files[i]
		name := file.Source.Name
		if file.WithoutZone > 0 {
			list = append(list, Unseen{"times", name + ": times state no zone: taken as UTC; give --source-tz", 1})
		}
		if file.WithoutYear > 0 {
			list = append(list, Unseen{"times", fmt.Sprintf("%s: times state no year: %s without a time; give --source-year", name, quantity(file.WithoutYear, "event", "events")), 1})
		}
		if n := file.WithoutTime - file.WithoutYear; n > 0 {
			list = append(list, Unseen{"times", fmt.Sprintf("%s: %s without a time", name, quantity(n, "event", "events")), 1})
		}
	}
	return list
}

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

func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// FileProblems says, a line each, what of a source could not be read, which
// records are missing, what its times leave open, and what is remarkable.
func FileProblems(file *source.File) []string {
	var lines []string
	problems := slices.Clone(file.Problems)
	slices.SortStableFunc(problems, func(a, b source.Problem) int { // losses first, the greatest of them before
		return cmp.Or(compareBools(b.Kind.Loses(), a.Kind.Loses()), cmp.Compare(b.Lost, a.Lost))
	})
	for _, problem := range problems[:min(len(problems), maxListed)] {
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
	if file.Carved > 0 {
		lines = append(lines, quantity(file.Carved, "record", "records")+" carved from bytes that the log no longer counts")
	}
	if file.WithoutTime > 0 {
		lines = append(lines, quantity(file.WithoutTime, "event", "events")+" without a time")
	}
	if file.WithoutZone > 0 {
		lines = append(lines, fmt.Sprintf("times of %s state no zone: taken as UTC", quantity(file.WithoutZone, "event", "events")))
	}
	return append(lines, file.Notes...)
}
