package report

import (
	"fmt"
	"time"

	"github.com/kulla-defence/kulla/internal/detect"
	"github.com/kulla-defence/kulla/internal/event"
)

// AppendEvent appends an event as a JSON object: its place, and its columns by
// name, as in a finding.
func AppendEvent(dst []byte, e *event.Event) []byte {
	o := begin(dst)
	o.Time("time", e.Time)
	if e.TimeText != "" {
		o.Text("time_as_written", e.TimeText)
	}
	o.Text("host", e.Host)
	o.PlaceWithoutDigest(e.Provenance)
	o.Fields("event", fieldsOf(e))
	return append(o.JSON, '}')
}

func fieldsOf(e *event.Event) []detect.Field {
	var fields []detect.Field
	for column, name := range e.Layout.Names {
		value, state := e.Values.AppendValue(nil, column)
		if state != event.Absent {
			fields = append(fields, detect.Field{Name: name, Value: string(value), Null: state == event.Null})
		}
	}
	return fields
}

// AppendEventText appends an event as one line for a person: when, on which
// host, where its record stands, and all that it says.
func AppendEventText(dst []byte, e *event.Event) []byte {
	dst = fmt.Appendf(dst, "%s  %s  %s:%d ", clock(e.Time, time.UTC), hostName(e.Host), Visible(e.Provenance.Source.Name), e.Provenance.Offset)
	for _, field := range fieldsOf(e) {
		if field.Value != "" {
			dst = fmt.Appendf(dst, " %s=%s", Visible(field.Name), Visible(field.Value))
		}
	}
	return append(dst, '\n')
}
