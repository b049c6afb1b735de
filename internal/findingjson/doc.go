// Package findingjson is a finding as JSON (docs/formats/finding.md): Append
// writes it, Parse reads it back, ID names it by what it rests on.
package findingjson
