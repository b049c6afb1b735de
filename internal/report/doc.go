// Package report writes findings for people and programs: one pure writer for
// each format.
//
// Everything in a finding that comes from evidence is hostile text, and each
// writer neutralises it for where it will be shown: see Visible for terminals.
// Bytes written depend only on what is passed in, so that the same evidence
// gives the same report.
//
// The package decides nothing about what is found, and reads neither clock
// nor environment. Begin with WriteFindings and Table.
package report
