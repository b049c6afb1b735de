// Package entity says who and what events are about: hosts, accounts, logon
// sessions, processes, files, addresses, domains, URLs, services, mailboxes.
//
// A Context watches all events, also those that match no rule, and keeps what
// is needed to join findings: which process started which, who logged on from
// where, which names and addresses are one host, which clocks are wrong, and
// how common accounts, addresses and programs are. Mentions reads the entities
// out of one finding; Context.Resolve gives each mention its canonical Entity.
//
// Two tables say what is read: families (fields.go) what the fields of each log
// name, interests (interest.go) which events tell something of the whole. What
// they tell is kept as facts that are the same in any order of events; all
// answers follow from the facts (hosts.go, accounts.go, processes.go,
// rarity.go, clocks.go).
//
// The package decides nothing about incidents. Begin with Context.
package entity
