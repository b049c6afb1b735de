package entity

// A Kind is a kind of entity.
type Kind string

const (
	Host    Kind = "host"
	Account Kind = "account"
	Session Kind = "session"
	Process Kind = "process"
	File    Kind = "file"
	Address Kind = "address"
	Domain  Kind = "domain"
	URL     Kind = "url"
	Service Kind = "service"
	Mailbox Kind = "mailbox"
)

// Kinds are all kinds.
var Kinds = []Kind{Host, Account, Session, Process, File, Address, Domain, URL, Service, Mailbox}

// A Role is what an entity was in an event.
type Role string

const (
	At     Role = "at"      // where it happened: the host of the log
	Actor  Role = "actor"   // who or what did it
	Parent Role = "parent"  // what started the actor
	Target Role = "target"  // what it was done to
	Source Role = "source"  // where it came from
	Named  Role = "mention" // named without a known part
)

// A Key names an entity uniquely in a case: its kind, a colon, and the
// canonical value in lower case, such as "host:web01.corp.example.test".
type Key string

// An Entity is one thing that events speak of, under all its names.
type Entity struct {
	Key  Key  `json:"key"`
	Kind Kind `json:"kind"`
	// Name is how it is shown.
	Name string `json:"name"`
	// Aliases are its other names: short names, addresses, SIDs, hashes as
	// "sha256=…", paths.
	Aliases []string `json:"aliases,omitempty"`
	// Known says of each alias how it is known, in the order of Aliases.
	Known []Basis `json:"known,omitempty"`
	// Host is the key of the host that processes, sessions and local
	// accounts belong to; empty for others.
	Host Key `json:"host,omitempty"`
}

// A Basis is how an alias is known to be one.
type Basis string

const (
	Stated    Basis = "stated"    // one record names both
	Prefixed  Basis = "prefixed"  // a short name that only one full name begins with
	Answered  Basis = "answered"  // DNS or DHCP
	Connected Basis = "connected" // the host's own side of its connections
	// Authenticated is a machine that logged on from an address with its own
	// account.
	Authenticated Basis = "authenticated"
	Claimed       Basis = "claimed"  // a client says so of itself: weak
	OnlyOne       Basis = "only-one" // the only one of that name in the evidence: weak
	Renamed       Basis = "renamed"  // the log itself goes on under another name
)
