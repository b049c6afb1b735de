// Package knowledge holds the small base of our own: actors, tools and
// artefacts of the public record, in our own words, each fact with its source.
//
// internal/knowledge reads it. Begin with README.md.
package knowledge

import "embed"

// FS holds the files of the base.
//
//go:embed *.yml
var FS embed.FS
