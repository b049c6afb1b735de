package store

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/kulla-defence/kulla/internal/custody"
)

// A Note is what an analyst wrote, or decided.
type Note struct {
	Number int64 // of its leaf
	Time   time.Time
	Author string
	Text   string
	Kind   string // note, decision, status
	Ref    string // what it is about: an incident, a finding's number; may be empty
	Status string // with the kind status: what the case then was
}

// noteLeaf is a Note as a leaf has it.
type noteLeaf struct {
	Time   time.Time `json:"time,omitzero"`
	Author string    `json:"author"`
	Kind   string    `json:"kind"`
	Status string    `json:"status,omitempty"`
	Ref    string    `json:"ref,omitempty"`
	Text   string    `json:"text"`
}

// Kinds of notes.
const (
	NoteKind     = "note"
	DecisionKind = "decision"
	StatusKind   = "status"
)

// Statuses of a case.
const (
	StatusOpen      = "open"
	StatusContained = "contained"
	StatusClosed    = "closed"
)

// AddNote adds a note or a decision (NoteKind, DecisionKind) about ref, and
// returns its leaf's number.
func (c *Case) AddNote(author, text, kind, ref string) (number int64, err error) {
	if kind != NoteKind && kind != DecisionKind {
		return 0, fmt.Errorf("add a note: unknown kind %q", kind)
	}
	return c.addNote(noteLeaf{Author: author, Text: text, Kind: kind, Ref: ref})
}

// SetStatus decides that the case is open, contained or closed.
func (c *Case) SetStatus(author, status, reason string) error {
	if status != StatusOpen && status != StatusContained && status != StatusClosed {
		return fmt.Errorf("a case is %s, %s or %s, not %q", StatusOpen, StatusContained, StatusClosed, status)
	}
	_, err := c.addNote(noteLeaf{Author: author, Text: reason, Kind: StatusKind, Status: status})
	return err
}

func (c *Case) addNote(leaf noteLeaf) (int64, error) {
	leaf.Time = c.options.Now().UTC()
	kind := custody.KindDecision
	if leaf.Kind == NoteKind {
		kind = custody.KindNote
	}
	data, err := json.Marshal(leaf)
	if err != nil {
		return 0, err
	}
	number, err := c.Ledger().Append(custody.Leaf{Kind: kind, Data: data})
	if err != nil {
		return 0, fmt.Errorf("add a note: %w", err)
	}
	return number, c.hold(custody.KindNote, strconv.FormatInt(number, 10), 0, number)
}

// Notes are all notes and decisions, oldest first.
func (c *Case) Notes() ([]Note, error) {
	numbers, err := c.currentLeaves(custody.KindNote, "leaf")
	if err != nil {
		return nil, err
	}
	notes := make([]Note, 0, len(numbers))
	for _, number := range numbers {
		var leaf noteLeaf
		if err := c.decode(number, &leaf); err != nil {
			return nil, err
		}
		notes = append(notes, Note{number, leaf.Time, leaf.Author, leaf.Text, leaf.Kind, leaf.Ref, leaf.Status})
	}
	return notes, nil
}

// Status is what was decided last; open before.
func (c *Case) Status() (string, error) {
	notes, err := c.Notes()
	status := StatusOpen
	for _, note := range notes {
		if note.Kind == StatusKind {
			status = note.Status
		}
	}
	return status, err
}
