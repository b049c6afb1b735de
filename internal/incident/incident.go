package incident

import (
	"time"

	"github.com/kulla-defence/kulla/internal/incident/entity"
)

// An Incident is findings that belong together.
type Incident struct {
	// ID is short and speakable, such as "I-7F3KQ": made of the finding that
	// the incident is anchored at, so that more evidence keeps it.
	ID    string   `json:"id"`
	Title Sentence `json:"title"`
	// Level is the incident's own: informational, low, medium, high or
	// critical, from its score.
	Level string `json:"level"`
	Score Score  `json:"score"`
	// First and Last are the times of the earliest and latest finding; zero
	// when no finding has a time.
	First time.Time `json:"first"`
	Last  time.Time `json:"last"`
	// FindingCount is the number of findings; Rules counts them by rule.
	FindingCount int64     `json:"finding_count"`
	Rules        []RuleUse `json:"rules"`
	// Stages are in order of time.
	Stages     []Stage        `json:"stages"`
	Techniques []TechniqueUse `json:"techniques"`
	// Entities are those that took part, the rarest and most involved first.
	Entities []EntityUse `json:"entities"`
	// Links say how entities are connected, for the graph, in order of time.
	Links []Link `json:"links"`
	// Story tells what happened in order of time, with the smallest set of
	// findings that explains it.
	Story []Sentence `json:"story"`
	// Benign is how the same findings would read if nothing were wrong.
	Benign []Sentence `json:"benign"`
	// Missing is evidence that would confirm or refute, and where to ask.
	Missing []Missing `json:"missing"`
	// Joins say why these findings are one incident: the strongest.
	Joins []Join `json:"joins"`
	// Related are incidents that share something telling, though too little to
	// be one: perhaps an earlier or later part of the same intrusion.
	Related []Related `json:"related,omitempty"`

	anchor anchor
}

// Related is an incident that shares something with another.
type Related struct {
	ID     string   `json:"id"`
	Score  float64  `json:"score"`
	Reason Sentence `json:"reason"`
}

// A Join is why two findings, and with them all that are joined to either, are
// in one incident.
type Join struct {
	Findings [2]int64 `json:"findings"`
	// Score is the sum over all they share; Kind, Entity and Weight are those
	// of what weighed most: "process", "session", "address", "host" …
	Score  float64    `json:"score"`
	Kind   string     `json:"kind"`
	Entity entity.Key `json:"entity,omitempty"`
	Weight float64    `json:"weight"`
}

// A Sentence is a claim: a message of the catalogue (internal/language), the
// values it speaks of, and the findings it rests on.
type Sentence struct {
	// Message is the key of the message, such as "story.process".
	Message string  `json:"message"`
	Values  []Value `json:"values,omitempty"`
	// Proof holds the numbers of findings in the case's ledger, the most
	// telling first. Only sentences that say what is not there have none.
	Proof []int64 `json:"proof,omitempty"`
	// Time is when what it tells began; zero for sentences outside time.
	Time time.Time `json:"time,omitzero"`
}

// A Value is what stands in a sentence for {name}.
type Value struct {
	Name string `json:"name"`
	// Text is evidence, never translated; empty for a number.
	Text string `json:"text,omitempty"`
	// Number counts, for messages with plural forms.
	Number int64 `json:"number,omitempty"`
	// Message is set in place of Text where the value is itself a message,
	// such as the name of a stage.
	Message string `json:"message,omitempty"`
	// Kind is the kind of entity that Text names; empty for other values.
	Kind entity.Kind `json:"kind,omitempty"`
}

// A Score is how much an incident matters, 0 to 100, and what it is made of.
type Score struct {
	Total int         `json:"total"`
	Parts []ScorePart `json:"parts"`
}

// A ScorePart adds points for one reason.
type ScorePart struct {
	Reason Sentence `json:"reason"`
	Points int      `json:"points"`
}

// A RuleUse is one rule's part in an incident.
type RuleUse struct {
	ID    string    `json:"id"`
	Title string    `json:"title"`
	Level string    `json:"level"`
	Count int64     `json:"count"`
	First time.Time `json:"first,omitzero"`
	Last  time.Time `json:"last,omitzero"`
	// Example is the number of one finding.
	Example int64 `json:"example"`
}

// A Stage is a part of an intrusion: an ATT&CK tactic as it stands in rules'
// tags ("initial-access"), and when its findings were.
type Stage struct {
	Tactic   string    `json:"tactic"`
	First    time.Time `json:"first,omitzero"`
	Last     time.Time `json:"last,omitzero"`
	Count    int64     `json:"count"`
	Hosts    []string  `json:"hosts"`
	Findings []int64   `json:"findings"` // examples
}

// A TechniqueUse is one ATT&CK technique seen in an incident.
type TechniqueUse struct {
	ID       string    `json:"id"`
	Tactics  []string  `json:"tactics"`
	Count    int64     `json:"count"`
	First    time.Time `json:"first,omitzero"`
	Last     time.Time `json:"last,omitzero"`
	Findings []int64   `json:"findings"` // examples
}

// An EntityUse is an entity and its part in an incident.
type EntityUse struct {
	entity.Entity
	// Roles are what it was in the findings' events.
	Roles []entity.Role `json:"roles"`
	Count int64         `json:"count"`
	First time.Time     `json:"first,omitzero"`
	Last  time.Time     `json:"last,omitzero"`
	// Weight is how rare the entity is in all the evidence, 0 (everywhere)
	// to 1 (only here); entities that are everywhere join nothing.
	Weight float64 `json:"weight"`
	// Example is the number of one finding.
	Example int64 `json:"example"`
}

// A Link connects two entities, by their keys.
type Link struct {
	From entity.Key `json:"from"`
	To   entity.Key `json:"to"`
	// Kind says how: "spawned", "logged_on", "connected", "wrote",
	// "requested", "mailbox_of", "resolved" …
	Kind    string    `json:"kind"`
	Time    time.Time `json:"time,omitzero"`
	Finding int64     `json:"finding,omitempty"`
}

// Missing is evidence that was not there.
type Missing struct {
	// What is missing, and why it would matter.
	What Sentence `json:"what"`
	// Ask is where it could be had.
	Ask Sentence `json:"ask"`
}
