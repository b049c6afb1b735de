package cli

import (
	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/source"
)

// A readContent is a content, and what was said of it: logs of one content are
// other evidence where they were written in another zone.
type readContent struct {
	sha256 [32]byte
	format string
	given  source.Given
}

// countOnce drops files whose content was read under another name, too, and says
// so in the register: an archive beside the folder that was unpacked from it is
// not twice the attack. The first by name is kept.
func countOnce(register *source.Register, drop func(*event.Source)) {
	kept := map[readContent]string{}
	for i := range register.Files {
		f := &register.Files[i]
		if f.Records == 0 || f.Interrupted {
			continue
		}
		content := readContent{f.SHA256, f.Source.Format, f.Given}
		content.given.Pattern = ""
		first, known := kept[content]
		if !known {
			kept[content] = f.Source.Name
			continue
		}
		drop(f.Source)
		f.CopyOf = first
	}
}
