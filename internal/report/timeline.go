package report

import (
	"bufio"
	"fmt"
	"io"
	"iter"
	"strconv"
	"time"

	"github.com/kulla-defence/kulla/internal/timeline"
)

// TimelineFormats names the formats of WriteTimeline.
func TimelineFormats() []string { return []string{"table", "jsonl", "csv", "timesketch"} }

// WriteTimeline writes one line for each event, in one of TimelineFormats.
// The zone concerns only the table.
func WriteTimeline(w io.Writer, format string, entries iter.Seq2[*timeline.Entry, error], zone *time.Location) error {
	out := bufio.NewWriterSize(w, 64<<10)
	text := map[string]func([]byte, *timeline.Entry) []byte{
		"jsonl": appendEntryJSON, "csv": appendEntryCSV, "timesketch": appendEntrySketch,
		"table": func(dst []byte, e *timeline.Entry) []byte { return appendEntryText(dst, e, zone) },
	}[format]
	if format == "csv" {
		out.Write(appendCells(nil, "time", "time_as_written", "host", "source", "log", "event_id", "message", "offset", "size", "line", "record_id"))
	}
	var line []byte
	for e, err := range entries {
		if err != nil {
			return err
		}
		line = text(line[:0], e)
		if _, err := out.Write(line); err != nil {
			return err
		}
	}
	return out.Flush()
}

func appendEntryText(dst []byte, e *timeline.Entry, zone *time.Location) []byte {
	when := "time unknown"
	if !e.Time.IsZero() {
		when = e.Time.In(zone).Format("2006-01-02 15:04:05.000Z07:00")
	}
	log := e.Log
	if e.ID != "" {
		log += " " + e.ID
	}
	return fmt.Appendf(dst, "%s  %s  %s  %s  %s\n", when, hostName(e.Host), Visible(log), Visible(e.Message), entryPlace(e))
}

// entryPlace is file:offset, so that the record can be looked up.
func entryPlace(e *timeline.Entry) string {
	place := fmt.Sprintf("%s:%d", Visible(e.Source), e.Offset)
	if e.Carved {
		place += " (carved)"
	}
	return place
}

func appendEntryJSON(dst []byte, e *timeline.Entry) []byte {
	o := begin(dst)
	o.Time("time", e.Time)
	if e.TimeText != "" {
		o.Text("time_as_written", e.TimeText)
	}
	o.entry(e)
	o.Text("message", e.Message)
	return append(o.JSON, "}\n"...)
}

func (o *object) entry(e *timeline.Entry) {
	o.Text("host", e.Host)
	o.Text("source", e.Source)
	o.Text("log", e.Log)
	o.Text("event_id", e.ID)
	o.Number("offset", int64(e.Offset))
	o.Number("size", int64(e.Size))
	if e.Line != 0 {
		o.Number("line", int64(e.Line))
	}
	o.Key("record_id")
	o.JSON = strconv.AppendUint(o.JSON, e.Record, 10)
	if e.Carved {
		o.Key("carved")
		o.JSON = append(o.JSON, "true"...)
	}
}

func appendEntryCSV(dst []byte, e *timeline.Entry) []byte {
	number := func(n uint64) string { return strconv.FormatUint(n, 10) }
	return appendCells(dst, isoTime(e.Time), e.TimeText, e.Host, e.Source, e.Log, e.ID, e.Message,
		number(e.Offset), number(e.Size), number(e.Line), number(e.Record))
}

func appendEntrySketch(dst []byte, e *timeline.Entry) []byte {
	o := begin(dst)
	message := e.Log
	if e.ID != "" {
		message += " " + e.ID
	}
	o.Text("message", message+" · "+e.Message)
	o.sketchTime(e.Time, "Event Time")
	o.entry(e)
	return append(o.JSON, "}\n"...)
}
