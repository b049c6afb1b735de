package casereport

import (
	"cmp"
	"iter"
	"strings"
	"time"

	"github.com/kulla-defence/kulla/internal/attribution"
	"github.com/kulla-defence/kulla/internal/detect"
	"github.com/kulla-defence/kulla/internal/incident"
	"github.com/kulla-defence/kulla/internal/incident/entity"
	"github.com/kulla-defence/kulla/internal/knowledge"
)

// A Document is all that a report shows. Writers do not change it.
type Document struct {
	Name      string // of the case
	Generated time.Time
	// Unfinished: no run came to its end, so that nothing was investigated, and
	// all that follows is empty.
	Unfinished bool
	// Incidents, the most important first.
	Incidents []*incident.Incident
	// Assessment is nil where nothing was attributed.
	Assessment *attribution.Assessment
	// Evidence is the register, by name.
	Evidence []Evidence
	// Unseen is what could not be seen, in the order of importance.
	Unseen []Unseen
	// Clocks are the differences between the clocks of sources.
	Clocks []entity.Skew
	Notes  []Note
	Ledger Ledger
	// Rules and Knowledge are the versions used; Tool that of this program.
	Rules, Knowledge, Tool string
	// Base names techniques and what to do against them.
	Base *knowledge.Base
	// Finding returns a finding by its number in the ledger.
	Finding func(number int64) (*Finding, error)
	// Findings yields all, in order of time.
	Findings iter.Seq2[*Finding, error]
	// Levels counts all findings by level.
	Levels map[string]int64
	// TLP is the marking of what is shared: clear, green, amber, amber+strict
	// or red; empty is amber+strict.
	TLP string
	// RuleText returns the YAML of a rule by its id, of a correlation with that
	// of the rules that it is about; empty where it is not at hand; nil when no
	// rules are.
	RuleText func(id string) string
}

// Marking is the marking in the words of TLP 2.0.
func (d *Document) Marking() string { return strings.ToUpper("TLP:" + cmp.Or(d.TLP, defaultTLP)) }

// A Finding is a finding of the case.
type Finding struct {
	Number   int64
	ID       string // as docs/formats/finding.md
	Incident string // the id; empty when it is in none
	// Record is the SHA-256 of the record's bytes, SHA256 of its source's.
	Record, SHA256 [32]byte
	*detect.Finding
}

// Evidence is one file of the evidence.
type Evidence struct {
	Name, Format string
	Size         int64
	SHA256       [32]byte
	Records      int64
	First, Last  time.Time
	// Problems are in words: what could not be read, gaps, and so on.
	Problems []string
	// Aliases are other names of the same content.
	Aliases []string
}

// Unseen is something that could not have been seen, and why.
type Unseen struct {
	What, Why string
	Count     int64
}

// A Note is what an analyst wrote, or decided.
type Note struct {
	Time   time.Time
	Author string
	Text   string
	Kind   string // note, decision, status
	Ref    string // what it is about: an incident, a finding's number, attribution; may be empty
	Status string // with the kind status: what the case then was
}

// Status is the last decision on the status of the case, nil before any.
func (d *Document) Status() *Note {
	for i := len(d.Notes) - 1; i >= 0; i-- {
		if d.Notes[i].Kind == "status" {
			return &d.Notes[i]
		}
	}
	return nil
}

// isStatus says whether a text is a status that a case can have.
func isStatus(text string) bool { return text == "open" || text == "contained" || text == "closed" }

// A Ledger is where the case's proof stands.
type Ledger struct {
	Size      int64
	Root      string // base64, as in the checkpoint
	PublicKey string
	// Checkpoint is the last one, signed, to be kept elsewhere; empty without.
	Checkpoint string
}
