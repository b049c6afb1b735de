package stix

import (
	"encoding/json"
	"time"
)

// An Object is anything that stands in a bundle.
type Object interface {
	// Identifier is the object's id: its type, "--" and a UUID.
	Identifier() string
}

// A Time is a timestamp: RFC 3339 in UTC with three to nine digits of a second
// (section 2.16).
type Time struct{ time.Time }

// MarshalJSON writes the time with as many digits as it needs, three at least.
func (t Time) MarshalJSON() ([]byte, error) {
	layout := "2006-01-02T15:04:05.000Z"
	switch n := t.Nanosecond(); {
	case n%1000 != 0:
		layout = "2006-01-02T15:04:05.000000000Z"
	case n%1_000_000 != 0:
		layout = "2006-01-02T15:04:05.000000Z"
	}
	return json.Marshal(t.UTC().Format(layout))
}

// Common holds the properties that all domain and relationship objects have
// (section 3.2).
type Common struct {
	Type        string `json:"type"`
	SpecVersion string `json:"spec_version"`
	ID          string `json:"id"`
	// CreatedBy is the id of an Identity.
	CreatedBy string `json:"created_by_ref,omitempty"`
	Created   Time   `json:"created"`
	Modified  Time   `json:"modified"`
	Revoked   bool   `json:"revoked,omitempty"`
	// Labels are free words. Confidence is 0 to 100; nil is not stated.
	Labels             []string            `json:"labels,omitempty"`
	Confidence         *int                `json:"confidence,omitempty"`
	Lang               string              `json:"lang,omitempty"`
	ExternalReferences []ExternalReference `json:"external_references,omitempty"`
	// Markings are ids of marking definitions, such as TLPAmber.ID.
	Markings   []string       `json:"object_marking_refs,omitempty"`
	Extensions map[string]any `json:"extensions,omitempty"`
}

// Identifier returns the id.
func (c *Common) Identifier() string { return c.ID }

// NewCommon returns the properties of an object of a kind, with the id that
// NewID makes of the name.
func NewCommon(kind, name string, created time.Time) Common {
	at := Time{created.UTC().Truncate(time.Microsecond)}
	return Common{Type: kind, SpecVersion: "2.1", ID: NewID(kind, name), Created: at, Modified: at}
}

// An ExternalReference points out of STIX (section 2.5).
type ExternalReference struct {
	SourceName  string            `json:"source_name"`
	Description string            `json:"description,omitempty"`
	URL         string            `json:"url,omitempty"`
	Hashes      map[string]string `json:"hashes,omitempty"`
	ExternalID  string            `json:"external_id,omitempty"`
}

// A KillChainPhase is a phase of a kill chain (section 2.11).
type KillChainPhase struct {
	KillChain string `json:"kill_chain_name"`
	Phase     string `json:"phase_name"`
}

// An Identity is who something is from or about (section 4.5).
type Identity struct {
	Common
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	// Class is from identity-class-ov: organization, system, group …
	Class   string   `json:"identity_class,omitempty"`
	Sectors []string `json:"sectors,omitempty"`
}

// An Incident is a stub in the specification (section 4.6).
type Incident struct {
	Common
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
}

// A Grouping holds objects that share a context (section 4.4).
type Grouping struct {
	Common
	Name        string   `json:"name,omitempty"`
	Description string   `json:"description,omitempty"`
	Context     string   `json:"context"` // grouping-context-ov
	Objects     []string `json:"object_refs"`
}

// An Indicator is a pattern to look for (section 4.7).
type Indicator struct {
	Common
	Name           string           `json:"name,omitempty"`
	Description    string           `json:"description,omitempty"`
	IndicatorTypes []string         `json:"indicator_types,omitempty"`
	Pattern        string           `json:"pattern"`
	PatternType    string           `json:"pattern_type"` // stix, sigma …
	PatternVersion string           `json:"pattern_version,omitempty"`
	ValidFrom      Time             `json:"valid_from"`
	ValidUntil     *Time            `json:"valid_until,omitempty"`
	KillChain      []KillChainPhase `json:"kill_chain_phases,omitempty"`
}

// ObservedData is what was seen, as observables (section 4.14).
type ObservedData struct {
	Common
	First   Time     `json:"first_observed"`
	Last    Time     `json:"last_observed"`
	Number  int64    `json:"number_observed"`
	Objects []string `json:"object_refs"`
}

// An AttackPattern is a technique (section 4.1).
type AttackPattern struct {
	Common
	Name        string           `json:"name"`
	Description string           `json:"description,omitempty"`
	Aliases     []string         `json:"aliases,omitempty"`
	KillChain   []KillChainPhase `json:"kill_chain_phases,omitempty"`
}

// An IntrusionSet is the activity of one actor (section 4.9).
type IntrusionSet struct {
	Common
	Name              string   `json:"name"`
	Description       string   `json:"description,omitempty"`
	Aliases           []string `json:"aliases,omitempty"`
	ResourceLevel     string   `json:"resource_level,omitempty"`
	PrimaryMotivation string   `json:"primary_motivation,omitempty"`
}

// A Campaign is a series of acts under one name (section 4.2).
type Campaign struct {
	Common
	Name        string   `json:"name"`
	Description string   `json:"description,omitempty"`
	Aliases     []string `json:"aliases,omitempty"`
	FirstSeen   *Time    `json:"first_seen,omitempty"`
	LastSeen    *Time    `json:"last_seen,omitempty"`
	Objective   string   `json:"objective,omitempty"`
}

// A CourseOfAction is what to do (section 4.3).
type CourseOfAction struct {
	Common
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
}

// A Note is a text about objects (section 4.13).
type Note struct {
	Common
	Abstract string   `json:"abstract,omitempty"`
	Content  string   `json:"content"`
	Authors  []string `json:"authors,omitempty"`
	Objects  []string `json:"object_refs"`
}

// An Opinion is how far a producer agrees with an object (section 4.15).
type Opinion struct {
	Common
	Explanation string   `json:"explanation,omitempty"`
	Authors     []string `json:"authors,omitempty"`
	Opinion     string   `json:"opinion"` // opinion-enum
	Objects     []string `json:"object_refs"`
}

// A Relationship joins two objects (section 5.1).
type Relationship struct {
	Common
	Kind        string `json:"relationship_type"`
	Description string `json:"description,omitempty"`
	Source      string `json:"source_ref"`
	Target      string `json:"target_ref"`
	Start       *Time  `json:"start_time,omitempty"`
	Stop        *Time  `json:"stop_time,omitempty"`
}
