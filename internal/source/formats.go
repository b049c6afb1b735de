package source

import (
	"github.com/kulla-defence/kulla/internal/source/evtxlog"
	"github.com/kulla-defence/kulla/internal/source/format"
	"github.com/kulla-defence/kulla/internal/source/winjson"
)

// formats are asked in this order: those with a signature first.
func formats() []*format.Format {
	return []*format.Format{
		evtxlog.Format(),
		winjson.Format(),
	}
}

// recognise returns the format of a file that begins with head, or nil.
func (r *reading) recognise(head []byte) (int, *format.Format) {
	for i, f := range r.formats {
		if f.Recognise(head) {
			return i, f
		}
	}
	return 0, nil
}
