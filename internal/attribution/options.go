package attribution

import (
	"iter"
	"time"

	"github.com/kulla-defence/kulla/internal/attribution/ranking"
	"github.com/kulla-defence/kulla/internal/detect"
	"github.com/kulla-defence/kulla/internal/incident"
	"github.com/kulla-defence/kulla/internal/knowledge"
)

// An Input is what Observe looks at.
type Input struct {
	// Base may not be nil; Incidents are those of one activity.
	Base      *knowledge.Base
	Incidents []*incident.Incident
	// Finding returns a finding by its number in the ledger. Without it, only
	// what the incidents say is compared.
	Finding func(number int64) (*detect.Finding, error)
	// Members yields the numbers of an incident's findings, of which the first
	// 50,000 are read. Without it, the examples that incidents name are read.
	// Either way the entities of all findings are compared.
	Members func(id string) iter.Seq[int64]
	// Given is what analysts and partners know and no log says.
	Given Given
	// Victim is who was attacked, as far as it is known.
	Victim Victim
}

// A Victim is who was attacked.
type Victim struct {
	Country string   // ISO 3166-1 alpha-2, any case
	Sectors []string // as the knowledge names them
}

// A Given is the content of an artefact file: docs/formats/artefacts.md.
type Given struct {
	Facts []Fact
}

// A Fact is one thing that analysts or partners know and no log says.
type Fact struct {
	// Kind is secret, malware, infrastructure, procedure, tool, habit, leak,
	// claim or sighting.
	Kind  string
	Field string
	Value string
	// RefersTo is the file or record that it was found in, as "sha256=…" or
	// "finding=17"; empty when it is of the whole.
	RefersTo   string
	Phase      string // one of Phases, or empty
	Country    string // of the partner, for a sighting
	ObservedAt time.Time
	Source     string
	// Reliability is A to F, Credibility 1 to 6, as in Item.
	Reliability string
	Credibility int
	TLP         string
	Note        string
	Line        int // where it stands in the file
}

// Options are what Assess needs beside knowledge and evidence. The zero value
// can be used.
type Options struct {
	// Cluster is the name under which the activity is published where no
	// actor's is: see ClusterOf. Empty is that of Incidents.
	Cluster string
	// Incidents are those the items are of: their names, and the times and
	// entities that hand-offs are judged by.
	Incidents []*incident.Incident
	// Knowledge is the identity of the base.
	Knowledge string
	// Ranker compares techniques with profiles; nil takes a plain comparison.
	Ranker Ranker
	// Temperature divides all sums, as stored with the calibration; 0 is 1.
	Temperature float64
	// CalibrationError is the model's measured expected calibration error;
	// 0 says that it was not measured.
	CalibrationError float64
	// SignedBy names those who signed the answer: one for a group or service,
	// two for a state.
	SignedBy []string
}

// A Ranker compares the ids of techniques and software with what actors are
// known for: internal/attribution/ranking.
type Ranker interface {
	Rank(features []string) ranking.Ranking
}
