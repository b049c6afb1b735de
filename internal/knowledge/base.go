package knowledge

import "time"

// A Base is what is known. Lists are ordered by id.
type Base struct {
	// Sources are what the base was made of.
	Sources    []Source     `json:"sources"`
	Actors     []*Actor     `json:"actors"`
	Software   []*Software  `json:"software"`
	Artefacts  []*Artefact  `json:"artefacts"`
	Campaigns  []*Campaign  `json:"campaigns"`
	Techniques []*Technique `json:"techniques"`
	// Renamed maps ids of techniques that ATT&CK changed to what they are
	// now: "T1562.001" -> "T1685".
	Renamed map[string]string `json:"renamed,omitempty"`
	// Conflicts are what the sources do not agree on; nothing was joined on it.
	Conflicts []Conflict `json:"conflicts,omitempty"`
}

// A Conflict is a place where facts of several sources do not fit together.
type Conflict struct {
	// What is "alias" (several have it: it joins nothing) or "state" (sources
	// differ: the first base's is kept, and nothing is joined on an alias).
	What  string `json:"what"`
	Value string `json:"value"`
	// IDs are those of the actors or software in question, in order.
	IDs []string `json:"ids"`
}

// An Omission counts what of a source was left out, and says why.
type Omission struct {
	What  string `json:"what"` // "intrusion-set", "relationship" …
	Why   string `json:"why"`  // "revoked", "mobile" …
	Count int    `json:"count"`
}

// A Source is a file or data set that facts came from.
type Source struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	SHA256  string `json:"sha256,omitempty"` // lower-case hexadecimal
	// Left is what of it is not in the base.
	Left []Omission `json:"left,omitempty"`
}

// An Actor is a group, under all its names.
type Actor struct {
	// ID is ATT&CK's ("G1055") or our own ("KA-0001").
	ID      string   `json:"id"`
	Name    string   `json:"name"`
	Aliases []string `json:"aliases,omitempty"`
	// State is an ISO 3166-1 alpha-2 code, Service the part of the state;
	// empty where no source says. A persona's own claim never sets them.
	State   string `json:"state,omitempty"`
	Service string `json:"service,omitempty"`
	// Roles are what the group is known for in joint operations: "access",
	// "mail", "destruction" …; empty when unknown.
	Roles    []string  `json:"roles,omitempty"`
	Features []Feature `json:"features,omitempty"`
	Victims  []Victim  `json:"victims,omitempty"`
	// Confusable are ids of groups that are easily taken for this one.
	Confusable []string `json:"confusable,omitempty"`
	// Claims are what is said of it without an assessment, by itself or by
	// others. They are kept to be shown, and weigh nothing.
	Claims    []Claim    `json:"claims,omitempty"`
	Citations []Citation `json:"citations,omitempty"`
}

// A Claim is a statement that nobody answers for.
type Claim struct {
	// Field is what it is about: "country", "identity", "motive".
	Field     string     `json:"field"`
	Value     string     `json:"value"`
	Citations []Citation `json:"citations,omitempty"`
}

// A Feature is something an actor was seen to use.
type Feature struct {
	// Kind is "technique" or "software".
	Kind string `json:"kind"`
	// ID is the technique's or the software's.
	ID        string     `json:"id"`
	Citations []Citation `json:"citations,omitempty"`
}

// A Citation is the report that a fact is from.
type Citation struct {
	// Name is the source's key, such as "Microsoft Albania 2022".
	Name string `json:"name"`
	URL  string `json:"url,omitempty"`
	// Published is when; zero when unknown.
	Published time.Time `json:"published,omitzero"`
}

// A Victim is a country or sector that an actor was seen against.
type Victim struct {
	Country   string     `json:"country,omitempty"` // ISO 3166-1 alpha-2
	Sector    string     `json:"sector,omitempty"`
	Citations []Citation `json:"citations,omitempty"`
}

// Software is a tool or malware.
type Software struct {
	ID      string   `json:"id"`
	Name    string   `json:"name"`
	Aliases []string `json:"aliases,omitempty"`
	// Public says that anybody can have it.
	Public bool `json:"public,omitempty"`
	// Features are the techniques that it is known to do.
	Features  []Feature  `json:"features,omitempty"`
	Citations []Citation `json:"citations,omitempty"`
}

// An Artefact is something concrete that points at actors: a key, a
// certificate, a hash, a name, an address.
type Artefact struct {
	ID string `json:"id"` // "KF-0001"
	// Kind is as in internal/attribution: "secret", "infrastructure",
	// "malware", "procedure", "tool", "claim" …
	Kind string `json:"kind"`
	// Field says what Value is compared with: "license_key",
	// "certificate_sha1", "signer", "sha256", "md5", "file_name", "path",
	// "account", "service", "device", "address", "domain", "command",
	// "mailbox", "user_agent".
	Field string `json:"field"`
	// Value is compared without case; with Pattern it is a regular
	// expression (RE2) over the whole value.
	Value   string `json:"value"`
	Pattern bool   `json:"pattern,omitempty"`
	// Actors are ids of those seen with it; Software of the tools it is of.
	Actors   []string `json:"actors"`
	Software []string `json:"software,omitempty"`
	// Seen is when it was in use, for what decays.
	SeenFirst time.Time `json:"seen_first,omitzero"`
	SeenLast  time.Time `json:"seen_last,omitzero"`
	// Spoof is what it costs to fake: 0 nothing, 1 little, 2 some, 3 much.
	Spoof int `json:"spoof"`
	// Shared is how many others are known to have it; 0 is unknown or none.
	Shared      int        `json:"shared,omitempty"`
	Reliability string     `json:"reliability"` // of the source, A to F
	Credibility int        `json:"credibility"` // of the fact, 1 to 6
	Note        string     `json:"note,omitempty"`
	Citations   []Citation `json:"citations"`
}

// A Campaign is a series of acts against named victims.
type Campaign struct {
	ID        string     `json:"id"`
	Name      string     `json:"name"`
	Actors    []string   `json:"actors,omitempty"` // as attributed
	Features  []Feature  `json:"features,omitempty"`
	First     time.Time  `json:"first,omitzero"`
	Last      time.Time  `json:"last,omitzero"`
	Citations []Citation `json:"citations,omitempty"`
}

// A Technique is an ATT&CK technique.
type Technique struct {
	ID      string   `json:"id"`
	Name    string   `json:"name"`
	Tactics []string `json:"tactics"` // as in rules' tags: "initial-access"
	// Mitigations are what to do against it, most important first.
	Mitigations []Mitigation `json:"mitigations,omitempty"`
}

// A Mitigation is an ATT&CK mitigation or a step of our own.
type Mitigation struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}
