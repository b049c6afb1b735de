package store

import (
	"context"
	"errors"
	"iter"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/kulla-defence/kulla/internal/attribution"
	"github.com/kulla-defence/kulla/internal/custody"
	"github.com/kulla-defence/kulla/internal/detect"
	"github.com/kulla-defence/kulla/internal/findingjson"
	"github.com/kulla-defence/kulla/internal/incident"
	"github.com/kulla-defence/kulla/sigma"
)

var (
	// ErrBusy: another process writes the case. The error is a *BusyError.
	ErrBusy = errors.New("the case is in use")
	// ErrNotCase: the file is something else.
	ErrNotCase = errors.New("not a case")
	// ErrVersion: the case was written by a newer version of the program.
	ErrVersion = errors.New("the case is of a newer version")
	// ErrReadOnly: the case was opened for reading.
	ErrReadOnly = errors.New("the case is open for reading only")
	errSoon     = errors.New("store: not written yet")
)

// Options say how a case is opened.
type Options struct {
	// ReadOnly leaves the file as it is and takes no lock.
	ReadOnly bool
	// Create makes the case when there is no file.
	Create bool
	// Now is the clock for notes and checkpoints.
	Now func() time.Time
	// Signer signs checkpoints (custody.OpenSigner); PublicKey is its public
	// half, kept in the case.
	Signer    note.Signer
	PublicKey string
}

// A Case is an open case. Its methods may be called by one goroutine at a time.
//
// What is put takes effect with Commit; Close without it leaves the case as
// it was.
type Case struct{}

// Evidence is one file of the evidence.
type Evidence struct {
	Name        string    `json:"name"`
	Format      string    `json:"format"`
	Size        int64     `json:"size"`
	SHA256      [32]byte  `json:"-"`
	Records     int64     `json:"records"`
	First, Last time.Time `json:"-"`
	// Problems are in words: what could not be read, gaps, and so on.
	Problems []string `json:"problems"`
}

// Rules is the identity of a rule set.
type Rules struct {
	Count  int64  `json:"count"`
	SHA256 string `json:"sha256"` // lower-case hexadecimal, over all rules
	Name   string `json:"name"`   // in words: "built in", a folder
}

// Knowledge is the identity of the knowledge used.
type Knowledge struct {
	SHA256  string   `json:"sha256"`
	Sources []string `json:"sources"` // names and versions
}

// A Finding is a finding of the case.
type Finding struct {
	Number   int64  // of its leaf in the ledger
	ID       string // as docs/formats/finding.md
	Incident string // the id; empty when it is in none
	// Record is the SHA-256 of the record's bytes, SHA256 of its source's;
	// zero where not known.
	Record, SHA256 [32]byte
	*detect.Finding
}

// A Filter chooses findings; its zero value all.
type Filter struct {
	From, To time.Time // To is not included
	MinLevel sigma.Level
	Incident string
	Rule     string // id or title
	Host     string
}

// A Note is what an analyst wrote, or decided.
type Note struct {
	Number int64 // of its leaf
	Time   time.Time
	Author string
	Text   string
	Kind   string // note, decision, status
	Ref    string // what it is about: an incident, a finding's number; may be empty
}

// Statuses of a case.
const (
	StatusOpen      = "open"
	StatusContained = "contained"
	StatusClosed    = "closed"
)

// An Hour is the number of findings in one hour.
type Hour struct {
	Start  time.Time // zero: findings without a time
	Levels [sigma.Critical + 1]int64
}

// Open opens the case in a file, or makes it with Options.Create.
func Open(ctx context.Context, path string, options Options) (*Case, error) { return nil, errSoon }

// Close ends the work; what was not committed is lost.
func (c *Case) Close() error { return nil }

// Commit keeps what was put since the last Commit.
func (c *Case) Commit() error { return errSoon }

// Ledger is the case's ledger.
func (c *Case) Ledger() *custody.Ledger { return nil }

// Checkpoint signs the ledger as it is, if it grew since the last time.
func (c *Case) Checkpoint() error { return errSoon }

// PutEvidence registers files, new ones and those with another content.
func (c *Case) PutEvidence(files []Evidence) (added int, err error) { return 0, errSoon }

// Evidence is the register, by name.
func (c *Case) Evidence() ([]Evidence, error) { return nil, errSoon }

// PutRules notes the rule set, if it is not the one before.
func (c *Case) PutRules(rules Rules) (changed bool, err error) { return false, errSoon }

// Rules is the rule set put last.
func (c *Case) Rules() (Rules, error) { return Rules{}, errSoon }

// PutKnowledge notes the knowledge, if it is not the one before.
func (c *Case) PutKnowledge(knowledge Knowledge) (changed bool, err error) { return false, errSoon }

// Knowledge is the knowledge put last.
func (c *Case) Knowledge() (Knowledge, error) { return Knowledge{}, errSoon }

// PutFindings adds the findings that the case does not have yet, by id.
func (c *Case) PutFindings(findings iter.Seq2[*detect.Finding, error], digests findingjson.Digests) (added int64, err error) {
	return 0, errSoon
}

// Findings yields findings in order of time.
func (c *Case) Findings(filter Filter) iter.Seq2[*Finding, error] {
	return func(func(*Finding, error) bool) {}
}

// Finding returns a finding by its number.
func (c *Case) Finding(number int64) (*Finding, error) { return nil, errSoon }

// FindingCount is the number of findings.
func (c *Case) FindingCount() (int64, error) { return 0, errSoon }

// PutContext keeps the marshalled entity.Context; it is no leaf.
func (c *Case) PutContext(data []byte) error { return errSoon }

// Context is what PutContext kept; nil before.
func (c *Case) Context() ([]byte, error) { return nil, errSoon }

// PutIncidents replaces the incidents; those that changed become leaves.
func (c *Case) PutIncidents(list []*incident.Incident, members func(id string) iter.Seq[int64]) (changed int, err error) {
	return 0, errSoon
}

// Incidents are those put last, in their order.
func (c *Case) Incidents() ([]*incident.Incident, error) { return nil, errSoon }

// Members are the numbers of an incident's findings, ascending.
func (c *Case) Members(incident string) ([]int64, error) { return nil, errSoon }

// PutAssessment keeps the assessment, if it changed.
func (c *Case) PutAssessment(assessment *attribution.Assessment) (changed bool, err error) {
	return false, errSoon
}

// Assessment is the one put last; nil before.
func (c *Case) Assessment() (*attribution.Assessment, error) { return nil, errSoon }

// PutArtefact keeps what an analyst or partner gave, one JSON object, if it is new.
func (c *Case) PutArtefact(data []byte) (added bool, err error) { return false, errSoon }

// Artefacts are all that were put, in that order.
func (c *Case) Artefacts() ([][]byte, error) { return nil, errSoon }

// AddNote adds a note (kind "note") or a decision; it returns the leaf's number.
func (c *Case) AddNote(author, text, kind, ref string) (number int64, err error) { return 0, errSoon }

// Notes are all notes and decisions, oldest first.
func (c *Case) Notes() ([]Note, error) { return nil, errSoon }

// SetStatus decides that the case is open, contained or closed.
func (c *Case) SetStatus(author, status, reason string) error { return errSoon }

// Status is what was decided last; open before.
func (c *Case) Status() (string, error) { return "", errSoon }

// Timeline counts the findings of every hour that has any, in order.
func (c *Case) Timeline() ([]Hour, error) { return nil, errSoon }

// Levels counts the findings by level: "informational" … "critical", "" without.
func (c *Case) Levels() (map[string]int64, error) { return nil, errSoon }

// SetMeta keeps a value under a name; it is no leaf.
func (c *Case) SetMeta(name, value string) error { return errSoon }

// Meta is what SetMeta kept; empty before.
func (c *Case) Meta(name string) (string, error) { return "", errSoon }

// What follows is custody.Storage.

var _ custody.Storage = (*Case)(nil)

func (c *Case) Size() (int64, error)                               { return 0, errSoon }
func (c *Case) Leaf(number int64) (custody.Leaf, error)            { return custody.Leaf{}, errSoon }
func (c *Case) ReadHashes(indexes []int64) ([]tlog.Hash, error)    { return nil, errSoon }
func (c *Case) Append(leaf custody.Leaf, hashes []tlog.Hash) error { return errSoon }
func (c *Case) Checkpoints() ([][]byte, error)                     { return nil, errSoon }
func (c *Case) AppendCheckpoint(note []byte) error                 { return errSoon }
func (c *Case) Keys() ([]string, error)                            { return nil, errSoon }
func (c *Case) AddKey(public string) error                         { return errSoon }
func (c *Case) Secret() ([]byte, error)                            { return nil, errSoon }
