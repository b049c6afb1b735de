// Package jsonlog makes events of JSON: Windows events as the usual tools
// export them, and any other objects as they are.
//
// A source is a sequence of objects: one per line, in one array, or printed
// over many lines one after another. No tree is built. A scanner goes over the
// bytes once and notes where values begin and end; text is unescaped only when
// it is asked for. Events with the same keys in the same order share a Layout,
// which is found by predicting each key from the event before (see trie).
//
// docs/sources.md says which shapes are known and how their fields are named.
// Begin with Format, then parser.Parse and scanner.container.
package jsonlog

import (
	"github.com/kulla-defence/kulla/internal/source/format"
)

// Format returns the format. Its parsers share what they learn.
func Format() *format.Format {
	shared := newShapes()
	return &format.Format{
		Name:        "json",
		Recognise:   recognise,
		NewSplitter: func(options format.Options) format.Splitter { return newSplitter(options) },
		NewParser:   func() format.Parser { return newParser(shared) },
	}
}
