// Package entity says who and what events are about: hosts, accounts, logon
// sessions, processes, files, addresses, domains, URLs, services, mailboxes.
//
// A Context watches all events, also those that match no rule, and keeps what
// is needed to join findings: which process started which, who logged on from
// where, which names and addresses are one host, which clocks are wrong.
// Mentions reads the entities out of one finding; Context.Resolve gives each
// mention its canonical Entity.
//
// The package decides nothing about incidents. Begin with Context.
package entity
