package casereport

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/kulla-defence/kulla/internal/attribution"
	"github.com/kulla-defence/kulla/internal/detect"
	"github.com/kulla-defence/kulla/internal/incident"
)

// Bounds of what a page holds. What is past them is counted, and a command
// shows it.
const (
	maxRecords     = 500 // raw records on the page
	maxProof       = 5   // records that one sentence opens
	maxFields      = 60
	maxMembers     = 5  // events of a correlation that are shown
	maxDetailed    = 25 // incidents that are told in full
	maxStoryLength = 120
)

// A record is a finding with the bytes that it rests on, as a page shows it.
type record struct {
	*Finding
	Level string
	// Owner is the sentence that shows it; others refer to it.
	Owner  string
	Fields []detect.Field
	// More counts fields, or events of a correlation, that are left out.
	More    int
	Members []detect.Member
	// Command prints the record itself.
	Command string
}

// records are those that a page holds, by the finding's number.
type records struct {
	document *Document
	byNumber map[int64]*record
	order    []int64
}

// gatherRecords takes the findings that sentences cite: first one for each
// sentence, so that none is without proof, then the others while there is room.
func gatherRecords(d *Document, b brief) (*records, error) {
	r := &records{document: d, byNumber: map[int64]*record{}}
	proofs := citedProofs(d, b)
	for nth := range maxProof {
		for _, proof := range proofs {
			if nth >= len(proof) {
				continue
			}
			if err := r.take(proof[nth], nth == 0); err != nil {
				return nil, err
			}
		}
	}
	return r, nil
}

func (r *records) take(number int64, needed bool) error {
	if r.byNumber[number] != nil || !needed && len(r.order) >= maxRecords {
		return nil
	}
	f, err := r.document.Finding(number)
	if err != nil {
		return fmt.Errorf("finding %d: %w", number, err)
	}
	if f == nil {
		return fmt.Errorf("finding %d is not in the case", number)
	}
	r.byNumber[number] = newRecord(f)
	r.order = append(r.order, number)
	return nil
}

func newRecord(f *Finding) *record {
	one := &record{Finding: f, Level: f.Rule.Level.String(), Command: dumpCommand(f)}
	one.Fields = f.Fields
	if f.Correlation != nil {
		one.Fields = f.Correlation.Group
		one.Members = f.Correlation.Events[:min(len(f.Correlation.Events), maxMembers)]
	}
	if len(one.Fields) > maxFields {
		one.More = len(one.Fields) - maxFields
		one.Fields = askedFirst(one.Fields)[:maxFields]
	}
	return one
}

// askedFirst puts the fields that the rule looked at before the others.
func askedFirst(fields []detect.Field) []detect.Field {
	ordered := slices.Clone(fields)
	slices.SortStableFunc(ordered, func(a, b detect.Field) int { return cmp.Compare(asked(b), asked(a)) })
	return ordered
}

func asked(f detect.Field) int {
	if f.Asked {
		return 1
	}
	return 0
}

// dumpCommand is what prints a finding's record from the evidence. Of a log
// that does not number its records it is found by its place.
func dumpCommand(f *Finding) string {
	if f.Place.Source == nil {
		return ""
	}
	command := "kulla dump"
	if f.Place.Carved {
		command += " --carve"
	}
	if f.Place.RecordID != 0 {
		command += " --record " + strconv.FormatUint(f.Place.RecordID, 10)
	}
	command += " " + quoted(f.Place.Source.Name)
	if f.Place.RecordID == 0 {
		command += fmt.Sprintf(` | grep '"offset":%d,'`, f.Place.Offset)
	}
	return command
}

// quoted is a word of a shell command.
func quoted(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._/-+:=@%,", r)
	}
	if word != "" && strings.TrimFunc(word, plain) == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// citedProofs are the proofs of all sentences of a page, the most important
// sentences first.
func citedProofs(d *Document, b brief) [][]int64 {
	var proofs [][]int64
	for _, s := range slices.Concat(b.sentences(), sentences(d)) {
		proofs = append(proofs, s.Proof)
	}
	return proofs
}

// sentences are all that a page claims, in order of importance.
func sentences(d *Document) []incident.Sentence {
	var all []incident.Sentence
	for _, one := range detailed(d) {
		all = append(all, one.Title)
		all = append(all, toldStory(one)...)
		for _, part := range one.Score.Parts {
			all = append(all, part.Reason)
		}
		all = append(all, one.Benign...)
		for _, related := range one.Related {
			all = append(all, related.Reason)
		}
		for _, m := range one.Missing {
			all = append(all, m.What, m.Ask)
		}
	}
	return append(all, assessmentSentences(d.Assessment)...)
}

func assessmentSentences(a *attribution.Assessment) []incident.Sentence {
	if a == nil {
		return nil
	}
	all := []incident.Sentence{a.Answer.Sentence, a.Likelihood, a.Confidence.Sentence}
	if a.HandOver.Message != "" {
		all = append(all, a.HandOver)
	}
	for _, item := range a.Items {
		all = append(all, item.Claim)
	}
	all = append(all, a.Confidence.Reasons...)
	for _, h := range a.HandOffs {
		all = append(all, h.Reason)
	}
	for _, g := range a.Answer.Gates {
		all = append(all, g.Name)
	}
	for _, c := range a.Change {
		all = append(all, c.What, c.Ask)
	}
	return all
}

// detailed are the incidents that a page tells in full.
func detailed(d *Document) []*incident.Incident {
	return d.Incidents[:min(len(d.Incidents), maxDetailed)]
}

func toldStory(one *incident.Incident) []incident.Sentence {
	return one.Story[:min(len(one.Story), maxStoryLength)]
}
