package entity

import (
	"time"

	"github.com/kulla-defence/kulla/internal/detect"
)

// A Mention is an entity as one event names it, before anything is known of
// its other names. Context.Resolve turns it into an Entity.
type Mention struct {
	Kind Kind
	Role Role
	// Value is how the event names it, without blanks around it: a host's or
	// account's name, a path, an address, the logon id of a session, the image
	// of a process. It may be empty where another part names the entity.
	Value string
	// Host is the machine that processes, sessions and local accounts belong
	// to, as the event names it.
	Host string
	// Time is that of the event; numbers of processes and sessions are used
	// again, and the time says which one is meant.
	Time time.Time

	// Domain and SID are an account's; Domain is as the event writes it.
	Domain, SID string
	// GUID and PID are a process's; PID is 0 where it is not known.
	GUID string
	PID  uint32
	// Hashes are a file's, or those of a process's image: "sha256=…", lower
	// case.
	Hashes []string
}

// Mentions reads the entities out of a finding: out of its fields, and for a
// correlation out of its group and the fields of its members. Each is there
// once for each role, in the order of the fields. Placeholders such as "-",
// the null SID, loopback addresses and the sessions of Windows itself are left
// out.
func Mentions(f *detect.Finding) []Mention {
	return nil
}
