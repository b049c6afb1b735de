// Package incident joins findings into incidents: which of them belong
// together, who and what took part, in what order, and what is missing.
//
// A Builder takes findings one by one and keeps them as incidents, so that the
// same code serves a folder of evidence and a live stream. What an event
// refers to (hosts, accounts, processes, addresses) is read by the sub-package
// entity. Every sentence of an incident's story names the findings it rests
// on; sentences are messages with values, put into words by internal/language.
//
// The package reads no files and writes none. Begin with Builder and Incident.
package incident
