package ruletest

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/source"
	"github.com/kulla-defence/kulla/sigma"
)

// row is an event that a script writes down.
type row []Field

func (r row) AppendValue(dst []byte, column int) ([]byte, event.State) {
	if r[column].Null {
		return dst, event.Null
	}
	return append(dst, r[column].Text...), event.Present
}

func (r row) names() []string {
	names := make([]string, len(r))
	for i := range r {
		names[i] = r[i].Name
	}
	return names
}

// numbered returns the row with {n} replaced.
func (r row) numbered(n int) row {
	replaced := make(row, len(r))
	for i, field := range r {
		field.Text = strings.ReplaceAll(field.Text, "{n}", strconv.Itoa(n))
		replaced[i] = field
	}
	return replaced
}

// feed passes the evidence of an item to a sink.
func (r *Runner) feed(ctx context.Context, item *Item, own sigma.LogSource, sink source.Sink) error {
	if item.Lines != "" {
		return read(ctx, item, sink)
	}
	var record uint64
	for i := range item.Events {
		events := &item.Events[i]
		logSource, err := r.sourceOf(events, own)
		if err != nil {
			return err
		}
		if err := feedEvents(events, logSource, &record, sink); err != nil {
			return err
		}
	}
	return nil
}

// sourceOf is the log source of events.
func (r *Runner) sourceOf(events *Events, own sigma.LogSource) (sigma.LogSource, error) {
	switch stated := events.LogSource; {
	case stated.Product+stated.Category+stated.Service != "":
		return stated, nil
	case events.Rule == "" && own.Product+own.Category+own.Service == "":
		return stated, fmt.Errorf("%v: the tested rule has no log source of its own; give the event a source or a rule", events.At)
	case events.Rule == "":
		return own, nil
	}
	rule, _ := r.find(events.Rule)
	if rule == nil {
		return sigma.LogSource{}, fmt.Errorf("%v: no rule over events has the name, id or title %q", events.At, events.Rule)
	}
	return rule.LogSource, nil
}

var scriptSource = &event.Source{Name: "test", Format: "test"}

func feedEvents(events *Events, logSource sigma.LogSource, record *uint64, sink source.Sink) error {
	fields := row(events.Fields)
	if events.Host != "" && logSource.Product == "windows" && !fields.has("Computer") {
		fields = append(fields[:len(fields):len(fields)], Field{Name: "Computer", Text: events.Host})
	}
	layout := &event.Layout{Product: logSource.Product, Category: logSource.Category, Service: logSource.Service, Names: fields.names()}
	for n := 1; n <= events.Repeat; n++ {
		*record++
		e := event.Event{Layout: layout, Values: fields.numbered(n), Host: strings.ReplaceAll(events.Host, "{n}", strconv.Itoa(n)),
			Time:       Epoch.Add(events.Begin + time.Duration(n-1)*events.Every),
			Provenance: event.Provenance{Source: scriptSource, Offset: int64(*record), RecordID: *record}}
		if err := sink.Event(&e); err != nil {
			return err
		}
	}
	return nil
}

func (r row) has(name string) bool {
	for i := range r {
		if r[i].Name == name {
			return true
		}
	}
	return false
}

// read reads the lines of an item as hunt would, in UTC and the year of the
// test where they do not say.
func read(ctx context.Context, item *Item, sink source.Sink) error {
	year := item.Year
	if year == 0 {
		year = Epoch.Year()
	}
	register, err := source.Read(ctx, []string{"-"}, func(int) source.Sink { return sink }, source.Options{
		Workers: 1, Stdin: strings.NewReader(item.Lines), Given: []source.Given{{Format: item.As, Zone: time.UTC, Year: year}}})
	if err != nil {
		return err
	}
	for i := range register.Files {
		file := &register.Files[i]
		switch {
		case file.ProblemCount > 0:
			return fmt.Errorf("the lines cannot be read as %s: %s", nameOr(file.Source.Format, "any format"), file.Problems[0].Reason)
		case file.Records == 0:
			return fmt.Errorf("the lines hold no event of the format %s", file.Source.Format)
		}
	}
	return nil
}

func nameOr(name, otherwise string) string {
	if name == "" {
		return otherwise
	}
	return name
}
