package attribution

import (
	"time"

	"github.com/kulla-defence/kulla/internal/incident"
)

// A Kind is a kind of evidence; it bounds how much an Item may weigh.
type Kind string

const (
	Technique      Kind = "technique"      // an ATT&CK technique
	Procedure      Kind = "procedure"      // a rare way of doing it: names, paths, arguments, order
	Tool           Kind = "tool"           // a tool anybody can have
	Malware        Kind = "malware"        // exclusive malware, shared code
	Secret         Kind = "secret"         // licence key, signing key, builder id
	Infrastructure Kind = "infrastructure" // addresses and domains, bounded in time
	Victimology    Kind = "victimology"    // victims, sightings by partners
	Habit          Kind = "habit"          // hours, holidays, locale
	Leak           Kind = "leak"           // what the leak proves of the intrusion
	Claim          Kind = "claim"          // what a persona says of itself: weighs nothing
)

// An Item is one piece of evidence.
type Item struct {
	ID   string `json:"id"` // "E-01", in order of the assessment
	Kind Kind   `json:"kind"`
	// What it says.
	Claim incident.Sentence `json:"claim"`
	// Value is what was compared: "T1505.003", "sha256=…", "license_key=…".
	Value string `json:"value"`
	// Phase is the part of the intrusion it is of: one of Phases.
	Phase      string    `json:"phase"`
	ObservedAt time.Time `json:"observed_at,omitzero"`
	// Reliability of the source, A (always) to F (cannot be judged);
	// Credibility of the fact, 1 (confirmed) to 6 (cannot be judged).
	Reliability string `json:"reliability"`
	Credibility int    `json:"credibility"`
	// Spoof is what it costs to fake, 0 nothing to 3 much.
	Spoof int `json:"spoof"`
	// Rarity is the inverse frequency over actors, in nats.
	Rarity float64 `json:"rarity"`
	// Dependency names the group of items that are not independent.
	Dependency string `json:"dependency"`
	// CollectedBy is "kulla" or who gave it; TLP its marking.
	CollectedBy string `json:"collected_by"`
	TLP         string `json:"tlp,omitempty"`
	// Artefact is the id of the artefact in the knowledge that it matched,
	// Extraction the rule or reader that extracted it, with its version.
	Artefact   string `json:"artefact,omitempty"`
	Extraction string `json:"extraction"`
	// Weights are what it adds to each leading hypothesis, in nats, after caps
	// and dependencies; those it says nothing of are left out. What it adds to
	// a service or state is the mean over their groups, by posterior.
	Weights []Weight `json:"weights"`
	// Contradicts is set where it speaks against the leading hypothesis.
	Contradicts bool `json:"contradicts,omitempty"`
}

// A Weight is the log likelihood ratio of an item for a hypothesis, in nats.
type Weight struct {
	Hypothesis string  `json:"hypothesis"`
	Nats       float64 `json:"nats"`
}

// Phases are the parts of an intrusion that different actors may have done.
var Phases = []string{"access", "persistence", "movement", "mail", "discovery", "impairment", "destruction", "leak"}

// A Hypothesis is an answer to "who?".
type Hypothesis struct {
	// ID is "state:IR", "service:IR/MOIS", "group:G1055", "unknown",
	// "false_flag:" and the id of a group, or "false_flag": of any other, which
	// has no name.
	ID     string `json:"id"`
	Kind   string `json:"kind"` // state, service, group, unknown, false_flag
	Name   string `json:"name"`
	Parent string `json:"parent,omitempty"`
	// Prior and Posterior are probabilities. Those of one kind "group",
	// "unknown" and "false_flag" together sum to 1; service and state sum
	// their groups.
	Prior     float64 `json:"prior"`
	Posterior float64 `json:"posterior"`
	// Low and High bound the posterior: the least and the most that it is when
	// any one dependency group is left out.
	Low  float64 `json:"low"`
	High float64 `json:"high"`
	// Word is ICD 203's: "almost_no_chance" … "almost_certain".
	Word string `json:"word"`
	// Nats is the sum of the items' weights.
	Nats float64 `json:"nats"`
}

// An Assessment is the answer, and all it rests on.
type Assessment struct {
	// Cluster is the name under which the activity is published where no
	// actor's is, such as "KC-4711"; see ClusterOf.
	Cluster   string   `json:"cluster"`
	Incidents []string `json:"incidents"`
	// Knowledge is the identity (SHA-256) of the knowledge used.
	Knowledge string `json:"knowledge"`
	Items     []Item `json:"items"` // contradictions first, then by weight
	// Hypotheses of the whole, the likeliest of each kind first.
	Hypotheses []Hypothesis `json:"hypotheses"`
	Phases     []Phase      `json:"phases"`
	HandOffs   []HandOff    `json:"hand_offs"`
	// Answer is what is published, per level.
	Answer Answer `json:"answer"`
	// Focus is the hypothesis that Likelihood is of: the published one, or else
	// the unknown actor or the false flag.
	Focus string `json:"focus"`
	// Temperature is what sums of nats are divided by.
	Temperature float64 `json:"temperature"`
	// HandOver says where the intrusion was likeliest handed over; empty where
	// that is nowhere likelier than not, or only for a pause.
	HandOver incident.Sentence `json:"hand_over,omitzero"`
	// Likelihood and Confidence are one sentence each, never one for both.
	Likelihood incident.Sentence `json:"likelihood"`
	Confidence Confidence        `json:"confidence"`
	// Without says what the answer would be without each item.
	Without []Without `json:"without"`
	// Change is what would change it most, by expected information for its cost;
	// empty where nothing would change it by much.
	Change []Change `json:"change"`
}

// A Phase is the same question asked of one part of the intrusion.
type Phase struct {
	Name  string    `json:"name"`
	First time.Time `json:"first,omitzero"`
	Last  time.Time `json:"last,omitzero"`
	Items []string  `json:"items"`
	// Level is what Hypotheses are of: that of the answer on the whole, "state"
	// where that is a cluster. They are the likeliest of it, the unknown actor
	// and false flags, the likeliest first.
	Level      string       `json:"level"`
	Hypotheses []Hypothesis `json:"hypotheses"`
	// Answer is what may be published of this part.
	Answer Answer `json:"answer"`

	group *Hypothesis // the likeliest, by which hand-offs are judged
}

// A HandOff is a place where one actor may have passed on to another.
type HandOff struct {
	From        string            `json:"from"` // phase
	To          string            `json:"to"`
	Probability float64           `json:"probability"` // that the actors differ
	Reason      incident.Sentence `json:"reason"`
}

// An Answer is what may be published, and which gates let it.
type Answer struct {
	// Level is "group", "service", "state" or "cluster".
	Level string `json:"level"`
	// Hypothesis is the published one's id; empty for a cluster.
	Hypothesis string            `json:"hypothesis,omitempty"`
	Sentence   incident.Sentence `json:"sentence"`
	Gates      []Gate            `json:"gates"`
	// FalseFlag is set where a false flag is the likelier reading.
	FalseFlag bool `json:"false_flag,omitempty"`
}

// A Gate is a condition of publication.
type Gate struct {
	Level  string            `json:"level"`
	Name   incident.Sentence `json:"name"`
	Passed bool              `json:"passed"`
	// Human marks a gate that people open by signing. Until then the answer is
	// shown as not signed; it does not change the level.
	Human bool `json:"human,omitempty"`
}

// Confidence is the analytic confidence: how good the basis is, not how
// likely the answer.
type Confidence struct {
	Level    string              `json:"level"` // low, moderate, high
	Sentence incident.Sentence   `json:"sentence"`
	Reasons  []incident.Sentence `json:"reasons"`
}

// Without is what would be without an item.
type Without struct {
	Item string `json:"item"`
	// Leading is the hypothesis that would lead, on the level of the likelihood
	// sentence; Posterior that of the hypothesis that the sentence is of.
	Leading   string  `json:"leading"`
	Posterior float64 `json:"posterior"`
	// Published is what could be published without the item, empty for a
	// cluster; Changes says that this is another answer.
	Published string `json:"published,omitempty"`
	Changes   bool   `json:"changes,omitempty"`
}

// A Change is a piece of evidence not yet had.
type Change struct {
	What incident.Sentence `json:"what"`
	Ask  incident.Sentence `json:"ask"`
	// Information is the expected gain in nats; Cost is 1 (a search of one's own
	// evidence), 2 (an examination) or 3 (asking others).
	Information float64 `json:"information"`
	Cost        int     `json:"cost"`
}
