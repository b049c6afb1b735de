package cli

import (
	"encoding/json"
	"fmt"
	"iter"
	"path/filepath"
	"strings"

	"github.com/kulla-defence/kulla/internal/incident/entity"
	"github.com/kulla-defence/kulla/internal/knowledge"
	"github.com/kulla-defence/kulla/internal/report"
	"github.com/kulla-defence/kulla/internal/report/casereport"
	"github.com/kulla-defence/kulla/internal/store"
)

// Names under which a case keeps what is no leaf of its ledger. The leaf of the
// run binds it.
const (
	metaUnseen = "unseen"
	metaClocks = "clocks"
	metaLogs   = "logs"
)

// documentOf gathers all that reports show of a case.
func documentOf(path string, kept *store.Case, base *knowledge.Base) (*casereport.Document, error) {
	d := &casereport.Document{Name: strings.TrimSuffix(filepath.Base(path), caseExtension), Base: base,
		Findings: shownFindings(kept),
		Finding: func(number int64) (*casereport.Finding, error) {
			f, err := kept.Finding(number)
			return shownFinding(f), err
		}}
	for _, fill := range []func(*casereport.Document, *store.Case) error{
		fillResults, fillEvidence, fillUnseen, fillClocks, fillNotes, fillVersions,
	} {
		if err := fill(d, kept); err != nil {
			return nil, fmt.Errorf("case %s: %w", path, err)
		}
	}
	return d, nil
}

func shownFinding(f *store.Finding) *casereport.Finding {
	if f == nil {
		return nil
	}
	return &casereport.Finding{Number: f.Number, ID: f.ID, Incident: f.Incident, Record: f.Record, SHA256: f.SHA256, Finding: f.Finding}
}

func shownFindings(kept *store.Case) iter.Seq2[*casereport.Finding, error] {
	return func(yield func(*casereport.Finding, error) bool) {
		for f, err := range kept.Findings(store.Filter{}) {
			if !yield(shownFinding(f), err) {
				return
			}
		}
	}
}

func fillResults(d *casereport.Document, kept *store.Case) (err error) {
	if d.Incidents, err = kept.Incidents(); err != nil {
		return err
	}
	if d.Assessment, err = kept.Assessment(); err != nil {
		return err
	}
	d.Levels, err = kept.Levels()
	return err
}

func fillEvidence(d *casereport.Document, kept *store.Case) error {
	files, err := kept.Evidence()
	if err != nil {
		return err
	}
	for _, f := range files {
		d.Evidence = append(d.Evidence, casereport.Evidence{Name: f.Name, Format: f.Format, Size: f.Size, SHA256: f.SHA256,
			Records: f.Records, First: f.First, Last: f.Last, Problems: f.Problems, Aliases: f.Aliases})
	}
	return nil
}

func fillUnseen(d *casereport.Document, kept *store.Case) error {
	list, err := recall[[]report.Unseen](kept, metaUnseen)
	for _, one := range list {
		d.Unseen = append(d.Unseen, casereport.Unseen(one))
	}
	return err
}

func fillClocks(d *casereport.Document, kept *store.Case) (err error) {
	d.Clocks, err = recall[[]entity.Skew](kept, metaClocks)
	return err
}

// remember keeps a value under a name in a case.
func remember(kept *store.Case, name string, value any) error {
	data, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return kept.SetMeta(name, string(data))
}

// recall returns what remember kept, the zero value if it kept nothing.
func recall[T any](kept *store.Case, name string) (value T, err error) {
	text, err := kept.Meta(name)
	if err != nil || text == "" {
		return value, err
	}
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		return value, fmt.Errorf("%s: %w", name, err)
	}
	return value, nil
}

func fillNotes(d *casereport.Document, kept *store.Case) error {
	notes, err := kept.Notes()
	if err != nil {
		return err
	}
	for _, n := range notes {
		d.Notes = append(d.Notes, casereport.Note{Time: n.Time, Author: n.Author, Text: n.Text, Kind: n.Kind, Ref: n.Ref, Status: n.Status})
	}
	return nil
}

func fillVersions(d *casereport.Document, kept *store.Case) error {
	changed, finished, err := kept.LastRun()
	if err != nil {
		return err
	}
	d.Generated, d.Unfinished = changed, !finished
	sets, err := kept.RuleSets()
	if err != nil {
		return err
	}
	used := make([]string, len(sets))
	for i, set := range sets {
		used[i] = fmt.Sprintf("%s, %s, SHA-256 %s", counted(int(set.Count), "rule"), set.Name, set.SHA256)
	}
	d.Rules = strings.Join(used, "; ")
	known, err := kept.Knowledge()
	if err != nil {
		return err
	}
	d.Knowledge = fmt.Sprintf("%s, SHA-256 %s", strings.Join(known.Sources, ", "), known.SHA256)
	d.Tool = thisProgram().Version
	return fillLedger(d, kept)
}

func fillLedger(d *casereport.Document, kept *store.Case) error {
	size, err := kept.Size()
	if err != nil {
		return err
	}
	root, err := kept.Ledger().Root(size)
	if err != nil {
		return err
	}
	keys, err := kept.Keys()
	if err != nil {
		return err
	}
	notes, err := kept.Checkpoints()
	if err != nil {
		return err
	}
	d.Ledger = casereport.Ledger{Size: size, Root: root.String(), PublicKey: strings.Join(keys, " ")}
	if len(notes) > 0 {
		d.Ledger.Checkpoint = string(notes[len(notes)-1])
	}
	return nil
}
