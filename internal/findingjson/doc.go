// Package findingjson is a finding as JSON (docs/formats/finding.md): Append
// writes it, a Parser reads it back, and ID names it by what it rests on.
//
// An Object writes other JSON that holds parts of a finding, with strings that
// are safe to look at. Begin with Append.
package findingjson
