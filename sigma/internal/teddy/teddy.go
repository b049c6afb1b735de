// Package teddy looks whether one of a few literals may stand in a text,
// thirty-two places at a time.
//
// It is the algorithm of the same name from Hyperscan (Wang et al., NSDI 2019,
// section 4): of each literal three characters are looked for, and a character
// is looked up by its two halves of four bits in tables that fit in registers.
// What is found is compared whole. Begin with New.
package teddy

import (
	"cmp"
	"math/bits"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	// gramLength is how many characters of a literal are looked for.
	gramLength = 3
	// bucketCount is how many groups of literals the tables tell apart.
	bucketCount = 8
	// maxLiterals is how many there may be before most places look like one.
	maxLiterals = 128
	// blockSize is how many places are looked at together.
	blockSize = 32
)

// tables say for each character of a gram, by the low and by the high half of
// a byte, which buckets have it: one bit each.
type tables [gramLength]table

type table struct{ low, high [16]uint8 }

func (t *table) add(c byte, bucket int) {
	t.low[c&15] |= 1 << bucket
	t.high[c>>4] |= 1 << bucket
}

func (t *table) of(c byte) uint8 { return t.low[c&15] & t.high[c>>4] }

// A Finder looks for literals. It is safe for use side by side.
type Finder struct {
	tables  tables
	buckets [bucketCount]bucket
}

// A bucket is literals with what tells most of them from a text at once: each
// gram, packed, with the literals that may stand where the text has it.
type bucket struct {
	grams    []uint32
	literals []literal // of the gram with the same index
}

// pack puts the characters of a gram in one number.
func pack(a, b, c byte) uint32 { return uint32(a) | uint32(b)<<8 | uint32(c)<<16 }

// A literal is found by its gram, which stands at an offset in bytes.
type literal struct {
	text   string
	offset int
	gram   string
	// step is set for another spelling of a gram in the encoding with that
	// step. Where it stands the literal may, too.
	step int
}

// New makes a finder of texts, which are in lower case as far as they are
// ASCII. There is no finder (nil) where the processor lacks the instructions,
// where a text is too short or has no gram that is looked for safely, and where
// there are too many.
func New(texts []string) *Finder {
	if len(texts) == 0 || len(texts) > maxLiterals || !canScan() {
		return nil
	}
	var literals []literal
	for _, text := range texts {
		found := spellings(text)
		if found == nil {
			return nil
		}
		literals = append(literals, found...)
	}
	slices.SortFunc(literals, func(a, b literal) int {
		return cmp.Or(cmp.Compare(reversed(a.gram), reversed(b.gram)), cmp.Compare(a.text, b.text))
	})
	f := &Finder{}
	for i, l := range literals {
		f.add(l, i*bucketCount/len(literals))
	}
	return f
}

// A spelling is a letter beyond ASCII that is the same without regard to case.
type spelling struct {
	ascii byte
	utf8  string
	low   byte // of its unit in UTF-16
}

// otherSpellings are all that letters of ASCII have: the Kelvin sign and the
// long s.
var otherSpellings = [...]spelling{{'k', "\u212a", 0x2a}, {'s', "\u017f", 0x7f}}

// spellings returns a literal with its rarest gram of letters with one spelling.
// Where there is none, it is one with a single other letter, and the other
// spellings of that come with it; nil without any.
func spellings(text string) []literal {
	if offset := rarestGram(text, 0); offset >= 0 {
		return []literal{{text, offset, text[offset:][:gramLength], 0}}
	}
	offset := rarestGram(text, 1)
	if offset < 0 {
		return nil
	}
	gram := text[offset:][:gramLength]
	return []literal{{text, offset, gram, 0}, {text, offset, otherUTF8(gram), 1}, {text, offset, gram, 2}}
}

// otherUTF8 returns the other spelling of a gram, as far as it is as long as a
// gram and has the letter that is spelled otherwise.
func otherUTF8(gram string) string {
	at := strings.IndexFunc(gram, hasOther)
	for _, other := range otherSpellings {
		if gram[at] == other.ascii {
			gram = gram[:at] + other.utf8 + gram[at+1:]
			return gram[max(0, at+len(other.utf8)-gramLength):][:gramLength]
		}
	}
	return gram
}

func hasOther(r rune) bool {
	return slices.ContainsFunc(otherSpellings[:], func(s spelling) bool { return rune(s.ascii) == r })
}

// reversed lets grams with the same end be neighbours.
func reversed(gram string) string {
	b := []byte(gram)
	slices.Reverse(b)
	return string(b)
}

// rarestGram returns where a gram stands in a text that other texts are least
// likely to have; -1 without one. It is of ASCII, without commas, which may join
// texts that stand apart, and with so many letters that have other spellings.
func rarestGram(text string, others int) int {
	best, highest := -1, 0
	for offset := 0; offset+gramLength <= len(text); offset++ {
		gram := text[offset:][:gramLength]
		if strings.ContainsFunc(gram, func(r rune) bool { return r >= utf8.RuneSelf || r == ',' }) || countOthers(gram) > others {
			continue
		}
		if rarity := rarityOf(gram); rarity > highest {
			best, highest = offset, rarity
		}
	}
	return best
}

func countOthers(gram string) (n int) {
	for _, r := range gram {
		if hasOther(r) {
			n++
		}
	}
	return n
}

// rarityOf is a rough measure of how seldom a gram is met in logs.
func rarityOf(gram string) int {
	sum := 0
	for _, c := range []byte(gram) {
		switch {
		case strings.IndexByte("etaoinr", c) >= 0:
			sum++
		case strings.IndexByte(`lcdmu\. `, c) >= 0:
			sum += 2
		case strings.IndexByte("gpfhbv0123456789-_/", c) >= 0:
			sum += 3
		case 'a' <= c && c <= 'z':
			sum += 4
		default:
			sum += 5
		}
	}
	return sum
}

func (f *Finder) add(l literal, number int) {
	b := &f.buckets[number]
	for _, gram := range l.grams() {
		b.grams = append(b.grams, pack(gram[0], gram[1], gram[2]))
		b.literals = append(b.literals, l)
		for i, c := range gram {
			f.tables[i].add(c, number)
			if 'a' <= c && c <= 'z' {
				f.tables[i].add(c-('a'-'A'), number)
			}
		}
	}
}

// grams are the bytes, in lower case, that the gram of a literal may have where
// it is looked for; of units their low halves.
func (l *literal) grams() [][gramLength]byte {
	gram := [gramLength]byte([]byte(l.gram))
	grams := [][gramLength]byte{gram}
	for i, c := range gram {
		for _, other := range otherSpellings {
			if c == other.ascii && l.step == 2 {
				spelled := gram
				spelled[i] = other.low
				grams = append(grams, spelled)
			}
		}
	}
	return grams
}

// UTF8 reports whether a literal may stand, in any case, in text in UTF-8 (or in
// any other encoding of ASCII with a byte a character), or in several of the
// texts in it with commas between.
func (f *Finder) UTF8(text []byte) bool { return f.find(text, 1) }

// UTF16 does so for little-endian UTF-16 that begins anywhere among other bytes.
func (f *Finder) UTF16(window []byte) bool { return f.find(window, 2) }

// find looks at a text whose characters are so many bytes apart.
func (f *Finder) find(text []byte, step int) bool {
	places := len(text) - (gramLength-1)*step
	if places < blockSize {
		return places > 0 && f.findSlowly(text, places, step)
	}
	for at := 0; at+blockSize <= places; {
		block, candidates := scan(&text[at], (places-at)&^(blockSize-1), step, &f.tables)
		if candidates == 0 {
			break
		}
		at += block
		if f.anyAt(text, at, candidates, step) {
			return true
		}
		at += blockSize
	}
	last := places - blockSize // what is left is looked at with some of what is before it
	_, candidates := scan(&text[last], blockSize, step, &f.tables)
	return f.anyAt(text, last, candidates, step)
}

// findSlowly looks at a text that is shorter than a block.
func (f *Finder) findSlowly(text []byte, places, step int) bool {
	for at := range places {
		if f.standsAt(text, at, step) {
			return true
		}
	}
	return false
}

// anyAt reports whether a literal may stand at one of the places of a block.
func (f *Finder) anyAt(text []byte, block int, candidates uint32, step int) bool {
	for ; candidates != 0; candidates &= candidates - 1 {
		if f.standsAt(text, block+bits.TrailingZeros32(candidates), step) {
			return true
		}
	}
	return false
}

// standsAt reports whether a literal may stand with its gram at a place.
func (f *Finder) standsAt(text []byte, at, step int) bool {
	buckets := f.tables[0].of(text[at])
	for i := 1; i < gramLength && buckets != 0; i++ {
		buckets &= f.tables[i].of(text[at+i*step])
	}
	if buckets == 0 {
		return false
	}
	gram := pack(lower(text[at]), lower(text[at+step]), lower(text[at+2*step]))
	for ; buckets != 0; buckets &= buckets - 1 {
		bucket := &f.buckets[bits.TrailingZeros8(buckets)]
		for i, have := range bucket.grams {
			if have == gram && bucket.literals[i].mayStand(text, at, step) {
				return true
			}
		}
	}
	return false
}

// mayStand compares a text with a literal the bytes of whose gram are at a
// place: that these are its characters, and what is behind and before it, where
// a character that is not ASCII may be another spelling, and a comma the end of
// a text.
func (l *literal) mayStand(text []byte, at, step int) bool {
	if l.step != 0 {
		return l.step == step
	}
	for i := range gramLength {
		if _, ascii := characterAt(text, at+i*step, step); !ascii {
			return false
		}
	}
	return l.agrees(text, at, step, l.offset+gramLength, len(l.text), 1) && l.agrees(text, at, step, l.offset-1, -1, -1)
}

// agrees compares characters of a literal in one direction up to an end.
func (l *literal) agrees(text []byte, at, step, from, end, direction int) bool {
	for i := from; i != end; i += direction {
		place := at + (i-l.offset)*step
		if place < 0 || place+step > len(text) {
			return l.text[i] == ','
		}
		c, ascii := characterAt(text, place, step)
		if !ascii || l.text[i] >= utf8.RuneSelf || l.text[i] == ',' {
			return true
		}
		if c != l.text[i] {
			return false
		}
	}
	return true
}

// characterAt gives the character at a place in lower case, if it is ASCII.
func characterAt(text []byte, place, step int) (c byte, ascii bool) {
	c = text[place]
	if c >= utf8.RuneSelf || step == 2 && (place+1 == len(text) || text[place+1] != 0) {
		return 0, false
	}
	return lower(c), true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + ('a' - 'A')
	}
	return c
}
