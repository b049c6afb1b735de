package sigma

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/kulla-defence/kulla/sigma/internal/teddy"
)

// A Screened event can be asked at once whether keywords may stand anywhere in
// it. Only where they may are its columns looked at one by one.
type Screened interface {
	// Screen passes the texts of the event's columns to the screen until one
	// of them may hold a keyword, and reports whether one did. It may leave
	// out columns that are a number (decimal, hexadecimal, NaN, +Inf), a time,
	// an identifier (GUID or SID), hexadecimal binary or a boolean. The second
	// result is false when the event cannot tell.
	Screen(screen *Screen) (possible, ok bool)
}

// A Screen looks whether keywords may stand in a text. It is quick, and errs
// only on the side of yes.
type Screen struct {
	tables []gramTable
	folded []byte
	// finder looks at much text at once; nil where it cannot.
	finder *teddy.Finder
	// verbatim is set when the keywords stand in JSON as they are, ascii when
	// they are.
	verbatim, ascii bool
	// innocent are the keys of recurring texts in which no keyword stands, the
	// one that was met last first.
	innocent [8]any
	// texts and units are UTF-8 and UTF-16 in which no keyword stands.
	texts, units innocentTexts
}

// A gramSet is what a screen looks for: an index for each length of grams.
type gramSet [edge + 1]*gramIndex

// screenFor returns the screen for the keywords of an index. Buckets that look
// for the same keywords share it, and what it remembers.
func (s *Session) screenFor(index *fieldIndex) *Screen {
	var set gramSet
	for _, table := range index.contains {
		set[table.width] = table.gramIndex
	}
	known, ok := s.screens[set]
	if !ok {
		texts := set.texts()
		known = &Screen{tables: index.contains, verbatim: index.verbatim, finder: teddy.New(texts),
			ascii: !slices.ContainsFunc(texts, func(text string) bool { return !isASCII([]byte(text)) })}
		s.screens[set] = known
	}
	return known
}

func (g *gramSet) texts() (texts []string) {
	for _, index := range g {
		if index != nil {
			texts = append(texts, index.texts...)
		}
	}
	return texts
}

// worthFinding is the length from which a finder is quicker than a look here
// and there, and than memory.
const worthFinding = 64

// Window looks at bytes in which text stands anywhere as UTF-16, and if narrow
// also with a byte a character. Where it finds nothing, no keyword stands in one
// of these texts, nor where some of them are joined by commas. It returns false
// for ok when it cannot tell: then the texts must be looked at one by one.
func (s *Screen) Window(window []byte, narrow bool) (possible, ok bool) {
	if s.finder == nil {
		return false, false
	}
	return s.finder.UTF16(window) || narrow && s.finder.UTF8(window), true
}

// Recurring looks at UTF-8 that is the same whenever the key is. Keys are
// pointers.
func (s *Screen) Recurring(key any, text []byte) bool {
	if s.isInnocent(key) {
		return false
	}
	possible := s.Text(text)
	if !possible {
		copy(s.innocent[1:], s.innocent[:])
		s.innocent[0] = key
	}
	return possible
}

// isInnocent reports whether a key is known to be innocent.
func (s *Screen) isInnocent(key any) bool {
	for i := range s.innocent {
		if s.innocent[i] == key {
			copy(s.innocent[1:], s.innocent[:i])
			s.innocent[0] = key
			return true
		}
	}
	return false
}

// Text looks at UTF-8.
func (s *Screen) Text(text []byte) bool {
	if s.finder != nil && len(text) >= worthFinding {
		return s.finder.UTF8(text)
	}
	known := s.texts.place(text)
	if known.is(text) {
		return false
	}
	s.folded = Fold(s.folded[:0], text)
	for _, grams := range s.tables {
		if grams.mayHold(s.folded) {
			return true
		}
	}
	known.keep(text)
	return false
}

// JSON looks at a JSON document as it stands, keys and all. It returns false
// for ok when a keyword may stand there in another spelling: then the texts
// must be looked at one by one.
func (s *Screen) JSON(document []byte) (possible, ok bool) {
	if !s.verbatim || mayEscape(document) {
		return false, false
	}
	return s.Text(document), true
}

// mayEscape reports whether a character may be written as a number.
func mayEscape(document []byte) bool {
	if finder := escapes(); finder != nil {
		return finder.UTF8(document)
	}
	return bytes.Contains(document, []byte(`\u`))
}

// escapes finds how characters begin that are written as a number in JSON.
var escapes = sync.OnceValue(func() *teddy.Finder {
	const digits = "0123456789abcdef"
	begin := make([]string, len(digits))
	for i := range begin {
		begin[i] = `\u` + digits[i:i+1]
	}
	return teddy.New(begin)
})

// standsInJSON reports whether a text is spelled in JSON as it is, unless by
// \u escapes: ASCII without quotes, slashes and control characters. A
// backslash is doubled, and so is found where it is the first character.
func standsInJSON(text string) bool {
	for i := range len(text) {
		switch c := text[i]; {
		case c < ' ' || c >= utf8.RuneSelf || c == '"' || c == '/':
			return false
		case c == '\\' && i > 0:
			return false
		}
	}
	return true
}

// UTF16 looks at little-endian UTF-16 as it stands. Text that is not ASCII
// where it looks may hold anything; and keywords that are not ASCII may stand
// anywhere, as a place in them is not a place in UTF-16.
func (s *Screen) UTF16(text []byte) bool {
	if s.finder != nil && len(text) >= worthFinding {
		return s.finder.UTF16(text)
	}
	if !s.ascii {
		return true
	}
	known := s.units.place(text)
	if known.is(text) {
		return false
	}
	for _, grams := range s.tables {
		if grams.mayHoldUTF16(text) {
			return true
		}
	}
	known.keep(text)
	return false
}

// innocentTexts remembers texts that were looked at in vain: in logs, half of
// all text is what stood there a few records before.
type innocentTexts [innocents]innocentText

type innocentText []byte

// Texts of other lengths are not remembered: short ones are looked at as
// quickly, and long ones are seldom met again.
const (
	innocents        = 128 // a power of two
	shortestInnocent = 32
	longestInnocent  = 512
)

// place returns where a text would be; nil where it is not remembered.
func (t *innocentTexts) place(text []byte) *innocentText {
	n := len(text)
	if n < shortestInnocent || n > longestInnocent {
		return nil
	}
	hash := uint64(n)
	for _, at := range [...]int{0, n/2 - 4, n - 16, n - 8} {
		hash = (hash ^ binary.LittleEndian.Uint64(text[at:])) * 0x9e3779b97f4a7c15
		hash ^= hash >> 32
	}
	return &t[hash%innocents]
}

func (t *innocentText) is(text []byte) bool { return t != nil && bytes.Equal(*t, text) }

func (t *innocentText) keep(text []byte) {
	if t != nil {
		*t = append((*t)[:0], text...)
	}
}

func (g *gramIndex) mayHold(text []byte) bool {
	for at := 0; at+g.width <= len(text); at += g.stride {
		var gram uint32
		if at+edge <= len(text) {
			gram = binary.LittleEndian.Uint32(text[at:])
		} else {
			var last [edge]byte
			copy(last[:], text[at:])
			gram = binary.LittleEndian.Uint32(last[:])
		}
		for _, l := range g.literals(gram & g.mask) {
			if start := at - l.offset; start >= 0 && bytes.HasPrefix(text[start:], l.text) {
				return true
			}
		}
	}
	return false
}

func (g *gramIndex) mayHoldUTF16(text []byte) bool {
	const notASCII = 0xff80ff80ff80ff80
	for at := 0; at+2*g.width <= len(text); at += 2 * g.stride {
		var units uint64
		if at+2*edge <= len(text) {
			units = binary.LittleEndian.Uint64(text[at:])
		} else {
			var last [2 * edge]byte
			copy(last[:], text[at:])
			units = binary.LittleEndian.Uint64(last[:])
		}
		if units&notASCII != 0 {
			return true
		}
		for _, l := range g.literals(lowerGram(units) & g.mask) {
			if start := at - 2*l.offset; start >= 0 && mayBeginUTF16(text[start:], l.text) {
				return true
			}
		}
	}
	return false
}

// mayBeginUTF16 reports whether text may begin with a folded literal: a
// character that is not ASCII may be the other form of one that is.
func mayBeginUTF16(text, literal []byte) bool {
	if len(text) < 2*len(literal) {
		return false
	}
	for i, c := range literal {
		unit := binary.LittleEndian.Uint16(text[2*i:])
		if unit >= utf8.RuneSelf {
			return true
		}
		if lowerByte(byte(unit)) != c {
			return false
		}
	}
	return true
}

// lowerGram puts the low bytes of four units side by side, in lower case.
func lowerGram(units uint64) uint32 {
	units |= units >> 8
	units = units&0xffff | units>>16&0xffff0000
	return uint32(lowerWord(units & 0xffffffff))
}

// literals returns those that have a gram.
func (g *gramIndex) literals(gram uint32) []gramLiteral {
	hash := gram * gramPrime
	place := hash >> g.thin
	if g.bitmap[place>>6]&(1<<(place&63)) == 0 {
		return nil
	}
	return g.at(gram, hash)
}

// onlyFreeText reports whether no atom can stand in a column that a screened
// event may leave out.
func (b *indexBuilder) onlyFreeText() bool {
	for kind, texts := range b.order {
		if atomKind(kind) != atomContains && len(texts) > 0 {
			return false
		}
		if slices.ContainsFunc(texts, maybeLeftOut) {
			return false
		}
	}
	return true
}

// maybeLeftOut reports whether a folded text may stand in a number, a time, an
// identifier, binary or a boolean.
func maybeLeftOut(text string) bool {
	const characters = "0123456789abcdefstxz.:+-{}"
	return strings.Trim(text, characters) == "" ||
		slices.ContainsFunc([]string{"true", "false", "nan", "+inf", "-inf"}, func(word string) bool { return strings.Contains(word, text) })
}

// isKeywords reports whether a field stands for every column.
func (m *Matcher) isKeywords(number int32) bool {
	return m.fields.fields[number].name == "" && m.fields.fields[number].source == nil
}

// impossible reports whether the keywords of a screen stand nowhere in the
// current event.
func (s *Session) impossible(screen *Screen) bool {
	event, ok := s.event.(Screened)
	if !ok {
		return false
	}
	possible, ok := event.Screen(screen)
	return ok && !possible
}
