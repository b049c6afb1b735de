// Package format is the contract between internal/source, which reads bytes,
// and the packages that understand one kind of log each.
//
// A Format recognises its logs by their first bytes. Its Splitter cuts the
// stream into blocks that can be parsed on their own, and runs once per file,
// in order. Its Parsers turn blocks into events; there is one per worker, and
// blocks of one file reach several of them at once, in any order. What a block
// needs to know of earlier ones (a header line, say) the Splitter puts into
// its State.
//
// The package holds no reading and no parsing. Begin with Format.
package format

import "github.com/kulla-defence/kulla/internal/event"

// A Format is one kind of log.
type Format struct {
	// Name is the short name that is shown, such as "evtx".
	Name string
	// Recognise says whether a file that begins with head is of this format.
	// Head is HeadSize bytes, or the whole file when it is smaller.
	Recognise func(head []byte) bool
	// NewSplitter returns a splitter for one file.
	NewSplitter func(options Options) Splitter
	// NewParser returns a parser for one worker, for as many files as come.
	NewParser func() Parser
	// Numbered says that record ids count the records of one file, so that a
	// missing number is a missing record.
	Numbered bool
	// Yearless says that its times may state no year, which Options give.
	Yearless bool
}

// HeadSize is how much of a file a Format sees to recognise it: 4 KiB, and a
// signature behind a header of that size.
const HeadSize = 4096 + 8

// Options are the bounds a splitter keeps to.
type Options struct {
	// Record is the size in bytes past which a record is not read but
	// reported as lost.
	Record int
	// Carve says to recover also records that a log no longer counts.
	Carve bool
	// Year is the year of the first record, for logs whose times have none;
	// 0 when it was not given.
	Year int
}

// A Splitter cuts one stream into blocks.
type Splitter interface {
	// Split is given what follows the previous cut. It returns how much of it
	// belongs together. A cut of size 0 asks for more data; it is not allowed
	// when final is set, which says that nothing follows. Data is given again
	// from the same place, longer, until it is cut.
	Split(data []byte, final bool) Cut
}

// A Cut is the next piece of a stream.
type Cut struct {
	// Size is the number of bytes, from the beginning of the data.
	Size int
	// Lost says that these bytes are not to be parsed; Problem says why. Its
	// offset and line need not be set.
	Lost bool
	// Lines is the number of line feeds in the piece, in formats made of lines.
	Lines int64
	// State is handed to the parser with the block.
	State any
	// Problem, when not nil, is one the splitter found here.
	Problem *Problem
}

// A Block is a piece of a source that can be parsed on its own.
type Block struct {
	Source *event.Source
	Data   []byte
	// Offset is the position of Data in the source.
	Offset int64
	// Line is the number of the first line, counted from 1.
	Line int64
	// First and Last say that the block begins, or ends, the source.
	First, Last bool
	State       any
}

// A Parser turns blocks into events.
type Parser interface {
	// Parse passes the events of a block to out in their order. It returns
	// only errors of out, which it passes on at once.
	Parse(block *Block, out Output) error
}

// Output takes what a parser finds.
type Output interface {
	// Event takes one event, valid during the call.
	Event(e *event.Event) error
	// Problem takes something that could not be read.
	Problem(p Problem)
	// Note takes a remark on the source that loses nothing. It is kept once.
	Note(text string)
}

// A Problem is something that could not be read, and what it cost.
type Problem struct {
	// Offset is where in the source it is, in bytes; -1 when it concerns the
	// whole source.
	Offset int64
	// Line counts from 1 in formats made of lines, 0 elsewhere.
	Line int64
	// Record is the number of the record concerned, 0 when unknown.
	Record uint64
	// Reason is one line, in plain words.
	Reason string
	// Limit names the limit that was hit, such as "depth"; empty when none was.
	Limit string
	// Lost is how many bytes were not read; 0 when unknown.
	Lost int64
	// Kind says what could not be read.
	Kind Kind
}

// A Kind says what a problem cost.
type Kind uint8

// The kinds of problems. A problem is a loss of a part unless it says more.
const (
	// PartLost: a part of the source was not read.
	PartLost Kind = iota
	// Truncated: the source ends before its end.
	Truncated
	// NothingRead: nothing of the source could be read.
	NothingRead
	// ChecksumDiffers: what is there was read, and is not what was written.
	ChecksumDiffers
	// ReadAnyway: it is not as it should be, and was read all the same.
	ReadAnyway
	// Unrecognised: the format is not known, so that nobody looked into it.
	Unrecognised
	// PassedOver: it is no file that evidence is read from, such as a link.
	PassedOver
	// Empty: there is nothing to read.
	Empty
	// Kinds is how many there are.
	Kinds
)

// Loses reports whether something was there that was not read.
func (k Kind) Loses() bool { return k != ChecksumDiffers && k != ReadAnyway && k != Empty }
