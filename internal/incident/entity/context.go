package entity

import (
	"time"

	"github.com/kulla-defence/kulla/internal/event"
)

// A Context is what all the evidence says of its hosts, accounts, sessions and
// processes. Observers fill it; after Finish it answers, and may then be used
// by several goroutines.
type Context struct{}

// NewContext returns an empty Context.
func NewContext() *Context { return &Context{} }

// An Observer shows events to a Context. It is for one goroutine.
type Observer struct{}

// Observer returns a new observer. Any number may work at once; each must be
// done before Finish.
func (c *Context) Observer() *Observer { return &Observer{} }

// Event looks at one event. It keeps no part of it. The error is always nil.
func (o *Observer) Event(e *event.Event) error { return nil }

// Finish brings together what the observers saw. The result does not depend on
// their number, nor on the order of events.
func (c *Context) Finish() {}

// Merge adds what another finished Context knows, as if both had seen all
// events. Events that both have seen are counted once.
func (c *Context) Merge(other *Context) {}

// MarshalBinary encodes a finished Context: equal ones as equal bytes.
func (c *Context) MarshalBinary() ([]byte, error) { return nil, nil }

// UnmarshalBinary replaces the Context by one that MarshalBinary encoded.
func (c *Context) UnmarshalBinary(data []byte) error { return nil }

// Limits says in sentences what did not fit in memory, and how many were left
// out; empty when everything was kept.
func (c *Context) Limits() []string { return nil }

// Resolve gives a mention its entity, under all names that the evidence joins.
func (c *Context) Resolve(m Mention) Entity { return Entity{} }

// Parent returns the process that started another.
func (c *Context) Parent(process Key) (Key, bool) { return "", false }

// ProcessChain returns the processes above one, its parent first; each is
// there once, and at most 32.
func (c *Context) ProcessChain(process Key) []Key { return nil }

// A Start is the beginning of a process.
type Start struct {
	Process Key
	// Parent is empty where the event does not name it, or where what it names
	// is not known.
	Parent Key
	Host   Key
	// Image is the path of the program, ParentImage that of the parent's.
	Image, ParentImage string
	// Account ran it, in Session; empty where unknown.
	Account Key
	Session Key
	Time    time.Time
}

// ProcessStart returns how a process began.
func (c *Context) ProcessStart(process Key) (Start, bool) { return Start{}, false }

// A Logon is the beginning of a session.
type Logon struct {
	Session Key
	Host    Key // where the session is
	Account Key
	// Address is where it came from, empty for the machine itself, and
	// Workstation what the client calls itself, which the client may choose.
	Address     string
	Workstation string
	// Source is the host it came from, where the address, or else the
	// workstation, names a known one; empty otherwise.
	Source Key
	// Type is Windows' logon type: 2 interactive, 3 network, 4 batch, 5
	// service, 7 unlock, 8 network in clear text, 9 new credentials, 10 remote
	// interactive; 0 where the log does not have any.
	Type int
	Time time.Time
}

// SessionOf returns the logon that a session began with.
func (c *Context) SessionOf(session Key) (Logon, bool) { return Logon{}, false }

// HostOf returns the host that has an address, if only one has.
func (c *Context) HostOf(address string) (Key, bool) { return "", false }

// Rarity says how rare an entity is in all the evidence: 1 is seen on one host
// and on few days, 0 everywhere always. Entities that were not counted, such as
// files, have 1. The meaning is that of inverse document frequency, the
// documents being hosts and days.
func (c *Context) Rarity(key Key) float64 { return 1 }

// IsDomainController reports whether a host issued Kerberos tickets or
// replicated a directory.
func (c *Context) IsDomainController(host Key) bool { return false }

// IsMachineAccount reports whether an account is a computer's own (WEB01$),
// and IsSystemAccount whether Windows or the system itself acts under it.
func (c *Context) IsMachineAccount(account Key) bool { return false }

func (c *Context) IsSystemAccount(account Key) bool { return false }

// Skews are the clocks that could be compared, by source; those that agree
// have an Offset of 0.
func (c *Context) Skews() []Skew { return nil }
