// Package row gives columns to events that are pieces of text: the Row is their
// values, Layouts finds the layout of those whose names vary.
//
// It holds no format. Begin with Row.
package row

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/kulla-defence/kulla/internal/event"
)

// A Row is the values of one event, one cell a column of its layout. It
// implements event.Values, event.Stored and event.Screened, and is used again
// for the next event.
type Row struct {
	Cells []Cell
	// Raw, when not nil, is the text of which every cell is a part as it
	// stands, so that a screen may look at all of it at once. Set it to nil
	// when a cell was unescaped or computed.
	Raw     []byte
	scratch []byte
}

// A Cell is one value.
type Cell struct {
	Text []byte
	// State is event.Present for text, also when it is empty.
	State event.State
}

// Reset empties the row for another event.
func (r *Row) Reset() { r.Cells, r.Raw = r.Cells[:0], nil }

// Add appends the next column.
func (r *Row) Add(text []byte) { r.Cells = append(r.Cells, Cell{text, event.Present}) }

// AddWritten appends a column of a log that writes a dash where there is
// nothing, as those of web servers do: the dash is null.
func (r *Row) AddWritten(text []byte) {
	if len(text) == 1 && text[0] == '-' {
		r.AddNull()
		return
	}
	r.Add(text)
}

// AddNull appends a column that is there without a value.
func (r *Row) AddNull() { r.Cells = append(r.Cells, Cell{nil, event.Null}) }

// AddAbsent appends a column that this event does not have.
func (r *Row) AddAbsent() { r.Cells = append(r.Cells, Cell{nil, event.Absent}) }

// AppendValue implements event.Values. A byte that is not UTF-8 is U+FFFD.
func (r *Row) AppendValue(dst []byte, column int) ([]byte, event.State) {
	cell := r.Cells[column]
	if cell.State != event.Present {
		return dst, cell.State
	}
	return AppendValid(dst, cell.Text), event.Present
}

// Stored implements event.Stored.
func (r *Row) Stored(column int) (bytes []byte, form uint16, ok bool) {
	cell := r.Cells[column]
	return cell.Text, uint16(cell.State), true
}

// Screen implements event.Screened. Columns are a line feed apart.
func (r *Row) Screen(screen event.Screen) bool {
	if r.Raw != nil && utf8.Valid(r.Raw) {
		return screen.Text(r.Raw)
	}
	r.scratch = r.scratch[:0]
	for _, cell := range r.Cells {
		if cell.State == event.Present {
			r.scratch = AppendValid(append(r.scratch, '\n'), cell.Text)
		}
	}
	return screen.Text(r.scratch)
}

// AppendValid appends text with each byte that is not UTF-8 as U+FFFD.
func AppendValid(dst, text []byte) []byte {
	if utf8.Valid(text) {
		return append(dst, text...)
	}
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		dst = utf8.AppendRune(dst, r)
		text = text[size:]
	}
	return dst
}

// A LogSource is what Sigma says of where events come from; empty is unknown.
type LogSource struct{ Product, Category, Service string }

// Layouts holds the layouts of one format, so that events with the same log
// source and names have the identical one. Parsers of several goroutines may
// share it.
type Layouts struct {
	mutex sync.Mutex
	known map[string]*event.Layout
	size  int
}

// maxSize bounds the bytes of names that are remembered. A crafted log may
// have new names in every line.
const maxSize = 4 << 20

// NewLayouts returns an empty set.
func NewLayouts() *Layouts { return &Layouts{known: map[string]*event.Layout{}} }

// Of returns the layout of a log source and names, which are copied when they
// are new. A Finder is faster for one goroutine.
func (l *Layouts) Of(source LogSource, names [][]byte) *event.Layout {
	var key strings.Builder
	for _, part := range []string{source.Product, source.Category, source.Service} {
		writeKey(&key, part)
	}
	for _, name := range names {
		writeKey(&key, string(name))
	}
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if known := l.known[key.String()]; known != nil {
		return known
	}
	if l.size += key.Len() + 128; l.size > maxSize {
		clear(l.known)
		l.size = key.Len()
	}
	made := &event.Layout{Product: source.Product, Category: source.Category, Service: source.Service}
	for _, name := range names {
		made.Names = append(made.Names, string(AppendValid(nil, name)))
	}
	l.known[key.String()] = made
	return made
}

// writeKey writes a part with its length, since a crafted name may hold any
// separator.
func writeKey(key *strings.Builder, part string) {
	key.WriteString(strconv.Itoa(len(part)))
	key.WriteByte(':')
	key.WriteString(part)
}

// A Finder finds layouts for one goroutine. It tries those it found last.
type Finder struct {
	Layouts *Layouts
	recent  [8]*event.Layout
	next    int
}

// Of returns the layout of a log source and names.
func (f *Finder) Of(source LogSource, names [][]byte) *event.Layout {
	for _, layout := range f.recent {
		if layout != nil && isOf(layout, source, names) {
			return layout
		}
	}
	layout := f.Layouts.Of(source, names)
	f.recent[f.next] = layout
	f.next = (f.next + 1) % len(f.recent)
	return layout
}

func isOf(layout *event.Layout, source LogSource, names [][]byte) bool {
	return layout.Product == source.Product && layout.Category == source.Category && layout.Service == source.Service &&
		slices.EqualFunc(layout.Names, names, func(a string, b []byte) bool { return a == string(b) })
}

// Unquote returns the text between double quotes, in which a doubled quote
// stands for one (RFC 4180 section 2). Text without quotes is returned as it
// is; dst is used when something has to be copied.
func Unquote(dst, text []byte) []byte {
	if len(text) < 2 || text[0] != '"' || text[len(text)-1] != '"' {
		return text
	}
	text = text[1 : len(text)-1]
	if !bytes.Contains(text, []byte(`""`)) {
		return text
	}
	return append(dst, bytes.ReplaceAll(text, []byte(`""`), []byte{'"'})...)
}
