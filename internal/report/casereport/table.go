package casereport

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/kulla-defence/kulla/internal/detect"
	"github.com/kulla-defence/kulla/internal/findingjson"
	"github.com/kulla-defence/kulla/internal/report"
)

// writeCSV writes all findings as RFC 4180 has it: a header, and one line
// each. What a spreadsheet would take for a formula begins with an apostrophe.
func writeCSV(w io.Writer, d *Document, _ string) error {
	out := bufio.NewWriterSize(w, 64<<10)
	out.Write(appendCells(nil, "number", "incident", "time", "time_as_written", "level", "rule_title", "rule_id", "techniques", "host", "fields",
		"source", "sha256", "offset", "size", "line", "record_id", "record_sha256", "finding_id"))
	var line []byte
	for f, err := range d.Findings {
		if err != nil {
			return err
		}
		line = appendCells(line[:0], strconv.FormatInt(f.Number, 10), f.Incident, isoTime(f.Time), f.TimeText, findingjson.LevelName(f.Rule.Level),
			f.Rule.Title, f.Rule.ID, strings.Join(d.currentTechniques(f.Rule.Techniques), " "), f.Host, fieldsText(f.Finding), sourceName(f), digestText(f.SHA256),
			strconv.FormatInt(f.Place.Offset, 10), strconv.FormatInt(f.Place.Size, 10), strconv.FormatInt(f.Place.Line, 10),
			strconv.FormatUint(f.Place.RecordID, 10), digestText(f.Record), f.ID)
		if _, err := out.Write(line); err != nil {
			return err
		}
	}
	return out.Flush()
}

func sourceName(f *Finding) string {
	if f.Place.Source == nil {
		return ""
	}
	return f.Place.Source.Name
}

func digestText(digest [32]byte) string {
	if digest == [32]byte{} {
		return ""
	}
	return hex.EncodeToString(digest[:])
}

// fieldsText is what a finding says, in one line.
func fieldsText(f *detect.Finding) string {
	fields := f.Fields
	if f.Correlation != nil {
		fields = f.Correlation.Group
	}
	var out strings.Builder
	for _, field := range fields {
		if field.Value == "" || out.Len() > maxValue {
			continue
		}
		if out.Len() > 0 {
			out.WriteByte(' ')
		}
		out.WriteString(field.Name + "=" + field.Value)
	}
	return clip(out.String(), maxValue)
}

// appendCells appends one line of a CSV file.
func appendCells(dst []byte, cells ...string) []byte {
	for i, cell := range cells {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendCell(dst, cell)
	}
	return append(dst, "\r\n"...)
}

// appendCell appends a cell that no spreadsheet computes. Control characters
// are visible, so that a cell stays on its line.
func appendCell(dst []byte, text string) []byte {
	cell := report.Visible(text)
	if first, _ := utf8.DecodeRuneInString(text); text != "" && strings.ContainsRune("=+-@\t\r＝＋－＠", first) {
		cell = "'" + cell
	}
	dst = append(dst, '"')
	dst = append(dst, strings.ReplaceAll(cell, `"`, `""`)...)
	return append(dst, '"')
}

// writeTimesketch writes all findings for Timesketch, one JSON object a line,
// with the fields it asks for (message, datetime, timestamp_desc) and others
// beside them. Findings without a time are at the beginning of 1970, and say so.
func writeTimesketch(w io.Writer, d *Document, _ string) error {
	out := bufio.NewWriterSize(w, 64<<10)
	var line []byte
	for f, err := range d.Findings {
		if err != nil {
			return err
		}
		line = appendSketch(line[:0], f, d.currentTechniques(f.Rule.Techniques))
		if _, err := out.Write(line); err != nil {
			return err
		}
	}
	return out.Flush()
}

func appendSketch(dst []byte, f *Finding, techniques []string) []byte {
	at, describes := f.Time, "Event Time"
	if at.IsZero() {
		at, describes = time.Unix(0, 0), "Time Unknown"
	}
	tags := []string{"kulla", f.Rule.Level.String()}
	if f.Incident != "" {
		tags = append(tags, f.Incident)
	}
	for _, technique := range techniques {
		tags = append(tags, "attack."+strings.ToLower(technique))
	}
	o := findingjson.Begin(dst)
	o.Text("message", strings.TrimSpace(f.Rule.Title+" · "+fieldsText(f.Finding)))
	o.Text("datetime", at.UTC().Format("2006-01-02T15:04:05.000000-07:00"))
	o.Text("timestamp_desc", describes)
	o.Number("number", f.Number)
	o.Text("incident", f.Incident)
	o.Text("finding_id", f.ID)
	o.Text("rule_id", f.Rule.ID)
	o.Text("rule_title", f.Rule.Title)
	o.Text("level", findingjson.LevelName(f.Rule.Level))
	o.Texts("techniques", techniques)
	o.Texts("tag", tags)
	o.Text("hostname", f.Host)
	o.Place(f.Place, f.digests)
	o.Text("record_sha256", digestText(f.Record))
	o.Fields("event", f.Fields)
	return append(o.JSON, "}\n"...)
}

// A layer of the ATT&CK Navigator, in version 4.5 of its format.
type layerJSON struct {
	Name        string              `json:"name"`
	Versions    map[string]string   `json:"versions"`
	Domain      string              `json:"domain"`
	Description string              `json:"description"`
	Sorting     int                 `json:"sorting"`
	Techniques  []layerTechnique    `json:"techniques"`
	Gradient    layerGradient       `json:"gradient"`
	LegendItems []map[string]string `json:"legendItems"`
}

type layerTechnique struct {
	ID      string `json:"techniqueID"`
	Score   int64  `json:"score"`
	Color   string `json:"color"`
	Comment string `json:"comment"`
	Enabled bool   `json:"enabled"`

	level     string
	incidents []string
}

type layerGradient struct {
	Colors   []string `json:"colors"`
	MinValue int64    `json:"minValue"`
	MaxValue int64    `json:"maxValue"`
}

var levelColors = map[string]string{"critical": "#d73027", "high": "#f46d43", "medium": "#fee090", "low": "#74add1", "informational": "#bdbdbd"}

// attackVersion is the version of ATT&CK whose numbers techniques have: that of
// the knowledge. Without the changes of version 19 they are as rules have them.
func (d *Document) attackVersion() string {
	if d.currentTechnique("T1562.001") == "T1685" {
		return "19"
	}
	return "18"
}

// writeNavigator writes the techniques of all incidents as a layer: the score
// is the number of findings, the colour that of the gravest incident, the
// comment names the incidents.
func writeNavigator(w io.Writer, d *Document, _ string) error {
	layer := layerJSON{Name: "Kulla: " + report.Visible(d.Name), Domain: "enterprise-attack", Sorting: 3,
		Versions:    map[string]string{"attack": d.attackVersion(), "layer": "4.5", "navigator": "5.1.0"},
		Description: "Techniques of the case's incidents. The score is the number of findings. What is empty was not found, which does not say that it did not happen.",
		Techniques:  []layerTechnique{}, LegendItems: []map[string]string{}, Gradient: layerGradient{Colors: []string{"#ffffff", "#d73027"}, MaxValue: 1}}
	for _, level := range levelNames {
		layer.LegendItems = append(layer.LegendItems, map[string]string{"label": level, "color": levelColors[level]})
	}
	techniques := layerTechniques(d)
	for _, id := range slices.Sorted(maps.Keys(techniques)) {
		t := techniques[id]
		t.Color = levelColors[t.level]
		t.Comment = report.Visible(fmt.Sprintf("%s; %s", t.level, list(t.incidents, 10)))
		layer.Techniques = append(layer.Techniques, *t)
		layer.Gradient.MaxValue = max(layer.Gradient.MaxValue, t.Score)
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(layer)
}

func layerTechniques(d *Document) map[string]*layerTechnique {
	techniques := map[string]*layerTechnique{}
	for _, one := range d.Incidents {
		for _, use := range d.techniquesOf(one) {
			t := techniques[use.ID]
			if t == nil {
				t = &layerTechnique{ID: report.Visible(use.ID), Enabled: true}
				techniques[use.ID] = t
			}
			t.Score += use.Count
			t.incidents = append(t.incidents, one.ID)
			if levelRank(one.Level) >= levelRank(t.level) {
				t.level = one.Level
			}
		}
	}
	return techniques
}
