package casereport

import (
	"strconv"
	"strings"

	"github.com/kulla-defence/kulla/internal/incident"
)

// reasonOf is why something could not be seen, as a sentence. A case keeps
// reasons in English, as internal/report writes them; those that are not known
// here stay so.
func reasonOf(one Unseen) incident.Sentence {
	for _, reads := range []func(string) *incident.Sentence{noEvents, noField, uncorrelated, zoneless, cleared, gaps} {
		if s := reads(one.Why); s != nil {
			return *s
		}
	}
	return incident.Sentence{Message: "report.why.other", Values: []incident.Value{{Name: "reason", Text: one.Why}}}
}

func because(message string, values ...incident.Value) *incident.Sentence {
	return &incident.Sentence{Message: "report.why." + message, Values: values}
}

func noEvents(why string) *incident.Sentence {
	if where, ok := strings.CutPrefix(why, "no events of "); ok {
		return because("no_events", incident.Value{Name: "where", Text: strings.ReplaceAll(where, ", or ", " / ")})
	}
	return nil
}

func noField(why string) *incident.Sentence {
	if field, ok := strings.CutPrefix(why, "no event it looks at has the field "); ok {
		return because("no_field", incident.Value{Name: "field", Text: field})
	}
	return nil
}

// uncorrelated reads "TITLE: 3 of 12 matches lack the value to measure".
func uncorrelated(why string) *incident.Sentence {
	rest, ok := strings.CutSuffix(why, " matches lack the value to measure")
	at := strings.LastIndex(rest, ": ")
	if !ok || at < 0 {
		return nil
	}
	part, whole, ok := strings.Cut(rest[at+2:], " of ")
	if !ok {
		return nil
	}
	return because("no_value", incident.Value{Name: "rule", Text: rest[:at]}, incident.Value{Name: "part", Number: count(part)}, incident.Value{Name: "whole", Number: count(whole)})
}

// zoneless reads "times of 2 sources state no zone: taken as UTC; give --source-tz".
func zoneless(why string) *incident.Sentence {
	rest, ok := strings.CutPrefix(why, "times of ")
	number, rest, cut := strings.Cut(rest, " ")
	if !ok || !cut || !strings.Contains(rest, "state no zone") {
		return nil
	}
	return because("no_zone", incident.Value{Name: "count", Number: count(number)})
}

// cleared reads "LOG on HOST, TIME".
func cleared(why string) *incident.Sentence {
	at := strings.LastIndex(why, ", 2")
	if at < 0 || len(why)-at > len(", 2006-01-02 15:04:05.000+00:00") {
		return nil
	}
	log, host, ok := strings.Cut(why[:at], " on ")
	if !ok {
		return nil
	}
	return because("cleared", incident.Value{Name: "source", Text: log}, incident.Value{Name: "host", Text: host}, incident.Value{Name: "time", Text: why[at+2:]})
}

// gaps reads "LOG: 2 gaps, the first after record 28361".
func gaps(why string) *incident.Sentence {
	rest, record, ok := strings.Cut(why, ", the first after record ")
	at := strings.LastIndex(rest, ": ")
	if !ok || at < 0 {
		return nil
	}
	number, _, _ := strings.Cut(rest[at+2:], " ")
	return because("gaps", incident.Value{Name: "source", Text: rest[:at]}, incident.Value{Name: "count", Number: count(number)}, incident.Value{Name: "record", Text: record})
}

// count reads a number as it is written for people.
func count(text string) int64 {
	n, _ := strconv.ParseInt(strings.ReplaceAll(text, ",", ""), 10, 64)
	return n
}
