// Package casereport writes the report of a case: one pure writer for each
// format, from one Document.
//
// report.html is one self-contained file, readable without script and without
// a network. Every sentence that makes a claim opens the raw records it rests
// on. Begin with Document and Write.
package casereport
