package report

import (
	"bufio"
	"io"
	"strings"
	"time"

	"github.com/kulla-defence/kulla/internal/detect"
)

// WriteTimesketch writes findings for Timesketch, one JSON object a line, with
// the fields it asks for (message, datetime, timestamp_desc) and others beside
// them. Findings without a time are at the beginning of 1970, and say so.
func WriteTimesketch(w io.Writer, d *Document) error {
	out := bufio.NewWriterSize(w, 64<<10)
	err := eachLine(out, d.Findings, "", "", func(dst []byte, f *detect.Finding) []byte {
		o := begin(dst)
		o.Text("message", messageOf(f))
		o.sketchTime(f.Time, "Event Time")
		o.Text("finding_id", FindingID(f, d.Digests))
		o.Text("rule_id", f.Rule.ID)
		o.Text("rule_title", f.Rule.Title)
		o.Text("level", levelName(f.Rule.Level))
		o.Texts("techniques", f.Rule.Techniques)
		o.Texts("tag", sketchTags(f.Rule))
		o.Text("hostname", f.Host)
		o.Place(f.Place, d.Digests)
		o.Fields("event", f.Fields)
		return append(o.JSON, "}\n"...)
	})
	if err != nil {
		return err
	}
	return out.Flush()
}

// sketchTime writes the fields of a time that Timesketch asks for.
func (o *object) sketchTime(t time.Time, describes string) {
	if t.IsZero() {
		t, describes = time.Unix(0, 0), "Time Unknown"
	}
	o.Text("datetime", t.UTC().Format("2006-01-02T15:04:05.000000-07:00"))
	o.Text("timestamp_desc", describes)
}

func sketchTags(rule *detect.Rule) []string {
	tags := []string{"kulla"}
	if rule.Level > 0 {
		tags = append(tags, levelName(rule.Level))
	}
	for _, technique := range rule.Techniques {
		tags = append(tags, "attack."+strings.ToLower(technique))
	}
	return tags
}
