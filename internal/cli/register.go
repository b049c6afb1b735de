package cli

import (
	"slices"

	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/report"
	"github.com/kulla-defence/kulla/internal/source"
)

// digestsOf gives the digests of all files that were read to their end.
func digestsOf(register *source.Register) report.Digests {
	digests := make(map[*event.Source][32]byte, len(register.Files))
	for i := range register.Files {
		if file := &register.Files[i]; !file.Interrupted {
			digests[file.Source] = file.SHA256
		}
	}
	return func(s *event.Source) ([32]byte, bool) {
		digest, ok := digests[s]
		return digest, ok
	}
}

// anyUnread reports whether some input, or a part of it, could not be read.
func anyUnread(register *source.Register) bool {
	unread := func(f source.File) bool { return f.Unread() }
	return slices.ContainsFunc(register.Files, unread) || slices.ContainsFunc(register.Archives, unread)
}
