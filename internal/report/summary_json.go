package report

import (
	"encoding/hex"
	"encoding/json"
	"io"
	"slices"
	"time"

	"github.com/kulla-defence/kulla/internal/detect"
	"github.com/kulla-defence/kulla/internal/source"
	"github.com/kulla-defence/kulla/internal/source/format"
	"github.com/kulla-defence/kulla/sigma"
)

// The summary as JSON is a contract: docs/formats/summary.md.
type summaryJSON struct {
	Interrupted bool             `json:"interrupted"`
	Events      int64            `json:"events"`
	OutsideTime int64            `json:"events_outside_range"`
	WithoutTime int64            `json:"events_without_time"`
	Findings    map[string]int64 `json:"findings"`
	Rules       rulesJSON        `json:"rules"`
	Channels    []countJSON      `json:"channels"`
	Hosts       []countJSON      `json:"hosts"`
	Evidence    []fileJSON       `json:"evidence"`
	Archives    []fileJSON       `json:"archives"`
	NotBegun    []string         `json:"evidence_not_begun,omitempty"`
	Cleared     []clearedJSON    `json:"logs_cleared"`
	ClearedMore int64            `json:"logs_cleared_not_listed"`
	Blind       []blindJSON      `json:"blind"`
	Limits      []string         `json:"correlation_limits"`
}

type rulesJSON struct {
	LookedFor  int             `json:"looked_for"`
	BelowLevel int             `json:"below_level"`
	NotLoaded  []notLoadedJSON `json:"not_loaded"`
}

type notLoadedJSON struct {
	RuleID string `json:"rule_id"`
	Title  string `json:"rule_title"`
	At     string `json:"at"`
	Kind   string `json:"kind"`
	Reason string `json:"reason"`
}

type countJSON struct {
	Name   string     `json:"name"`
	Events int64      `json:"events"`
	First  *time.Time `json:"first,omitempty"`
	Last   *time.Time `json:"last,omitempty"`
}

type fileJSON struct {
	Source      string        `json:"source"`
	Format      string        `json:"format"`
	Size        int64         `json:"size"`
	SHA256      *string       `json:"sha256"`
	Records     int64         `json:"records"`
	First       *time.Time    `json:"first,omitempty"`
	Last        *time.Time    `json:"last,omitempty"`
	WithoutTime int64         `json:"events_without_time,omitempty"`
	WithoutYear int64         `json:"events_without_year,omitempty"`
	WithoutZone int64         `json:"events_without_zone,omitempty"`
	Interrupted bool          `json:"interrupted,omitempty"`
	Problems    []problemJSON `json:"problems,omitempty"`
	ProblemsAll int64         `json:"problem_count,omitempty"`
	Gaps        []gapJSON     `json:"gaps,omitempty"`
	GapsAll     int64         `json:"gap_count,omitempty"`
	Missing     uint64        `json:"records_missing,omitempty"`
	Lost        int64         `json:"records_lost,omitempty"`
	LostBytes   int64         `json:"bytes_lost,omitempty"`
	Carved      int64         `json:"records_carved,omitempty"`
	Duplicates  int64         `json:"duplicate_record_ids,omitempty"`
	Notes       []string      `json:"notes,omitempty"`
}

type problemJSON struct {
	Reason string `json:"reason"`
	Limit  string `json:"limit,omitempty"`
	Offset *int64 `json:"offset,omitempty"`
	Line   int64  `json:"line,omitempty"`
	Record uint64 `json:"record_id,omitempty"`
	Lost   int64  `json:"bytes_lost,omitempty"`
	Read   bool   `json:"read,omitempty"`
}

type gapJSON struct {
	After      uint64     `json:"after"`
	Before     uint64     `json:"before"`
	AfterTime  *time.Time `json:"after_time,omitempty"`
	BeforeTime *time.Time `json:"before_time,omitempty"`
	Missing    uint64     `json:"missing"`
}

type clearedJSON struct {
	Time     *time.Time `json:"time"`
	Host     string     `json:"host"`
	Log      string     `json:"log"`
	Source   string     `json:"source"`
	Offset   int64      `json:"offset"`
	RecordID uint64     `json:"record_id"`
}

type blindJSON struct {
	Reason string        `json:"reason"`
	Rules  []ruleRefJSON `json:"rules"`
}

type ruleRefJSON struct {
	RuleID string `json:"rule_id"`
	Title  string `json:"rule_title"`
}

// WriteSummaryJSON writes the whole summary as one JSON object.
func WriteSummaryJSON(w io.Writer, s *Summary) error {
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	return out.Encode(s.toJSON())
}

func (s *Summary) toJSON() summaryJSON {
	levels := s.Groups.Levels()
	whole := summaryJSON{
		Interrupted: s.Interrupted,
		Events:      s.Result.Events,
		OutsideTime: s.Result.OutsideRange,
		WithoutTime: s.Result.WithoutTime,
		Findings:    map[string]int64{},
		Rules:       rulesJSON{LookedFor: s.Result.Rules, BelowLevel: s.Result.BelowLevel, NotLoaded: notLoaded(s.RuleProblems)},
		Channels:    each(s.Result.Channels, channelJSON),
		Hosts:       each(s.Result.Hosts, func(h detect.Host) countJSON { return countJSON{Name: h.Name, Events: h.Events} }),
		Evidence:    each(s.Register.Files, toFileJSON),
		Archives:    each(s.Register.Archives, toFileJSON),
		NotBegun:    s.Register.NotBegun,
		Cleared:     each(s.Result.Cleared, toClearedJSON),
		ClearedMore: s.Result.ClearedMore,
		Blind:       each(s.Result.Blind, toBlindJSON),
		Limits:      append([]string{}, s.Result.Uncorrelated...),
	}
	for level := sigma.Informational; level <= sigma.Critical; level++ {
		whole.Findings[levelName(level)] = levels[level]
	}
	if n := levels[sigma.NoLevel]; n > 0 {
		whole.Findings["none"] = n
	}
	return whole
}

// each converts a list; it is never null in JSON.
func each[A, B any](list []A, convert func(A) B) []B {
	converted := make([]B, len(list))
	for i, item := range list {
		converted[i] = convert(item)
	}
	return converted
}

func notLoaded(problems []sigma.Problem) []notLoadedJSON {
	return each(problems, func(p sigma.Problem) notLoadedJSON {
		return notLoadedJSON{p.ID, p.Title, p.At.String(), p.Kind.String(), p.Message}
	})
}

func channelJSON(c detect.Channel) countJSON {
	return countJSON{c.Name, c.Events, moment(c.First), moment(c.Last)}
}

func toFileJSON(f source.File) fileJSON {
	file := fileJSON{
		Source: f.Source.Name, Format: f.Source.Format, Size: f.Size, Records: f.Records,
		First: moment(f.First), Last: moment(f.Last),
		WithoutTime: f.WithoutTime, WithoutYear: f.WithoutYear, WithoutZone: f.WithoutZone, Interrupted: f.Interrupted,
		Problems: each(f.Problems, toProblemJSON), ProblemsAll: f.ProblemCount,
		Gaps: each(f.Gaps, toGapJSON), GapsAll: f.GapCount, Missing: f.Missing, Lost: f.LostRecords, LostBytes: f.LostBytes,
		Carved: f.Carved, Duplicates: f.Duplicates, Notes: f.Notes,
	}
	if f.CopyOf != "" {
		file.Notes = append(slices.Clone(f.Notes), copyNote(&f))
	}
	if !f.Interrupted && f.SHA256 != [32]byte{} {
		digest := hex.EncodeToString(f.SHA256[:])
		file.SHA256 = &digest
	}
	return file
}

func toProblemJSON(p source.Problem) problemJSON {
	converted := problemJSON{Reason: p.Reason, Limit: p.Limit, Line: p.Line, Record: p.Record, Lost: p.Lost, Read: p.Kind == format.ChecksumDiffers || p.Kind == format.ReadAnyway}
	if p.Offset >= 0 {
		converted.Offset = &p.Offset
	}
	return converted
}

func toGapJSON(g source.Gap) gapJSON {
	return gapJSON{g.After, g.Before, moment(g.AfterTime), moment(g.BeforeTime), g.Missing}
}

func toClearedJSON(m detect.Cleared) clearedJSON {
	return clearedJSON{moment(m.Time), m.Host, m.Log, m.Place.Source.Name, m.Place.Offset, m.Place.RecordID}
}

func toBlindJSON(b detect.Blind) blindJSON {
	return blindJSON{b.Reason, each(b.Rules, func(r *detect.Rule) ruleRefJSON { return ruleRefJSON{r.ID, r.Title} })}
}

// moment is a time for JSON: null when it is not known, UTC otherwise.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	utc := t.UTC()
	return &utc
}
