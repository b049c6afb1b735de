// Package source reads evidence: paths in, events out, each with its
// provenance, in parallel and in bounded memory.
//
// Read walks files, folders, archives and standard input. Formats are
// recognised by content; formats.go lists them. One goroutine reads a file from
// beginning to end, hashes it on the way and cuts it into blocks; workers parse
// blocks and pass events to their own Sink. Nothing depends on which worker had
// which block: the Register comes out the same for any number of them.
//
// Evidence is hostile. What cannot be read is a Problem in the Register and
// never ends the reading; archives are unpacked within Limits.
//
// The package knows no log format itself: those are in sub-folders and keep to
// the contract of package format. Begin with Read.
package source

import (
	"io"
	"io/fs"
	"time"

	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/source/format"
)

// Options say how to read. The zero value is usable.
type Options struct {
	// Workers is the number of goroutines that parse; 0 is one per processor.
	Workers int
	// InOrder gives all events to one sink, file by file in the order of their
	// names, whatever Workers is.
	InOrder bool
	// BlockSize is how many bytes are read and parsed at a time; 0 is 1 MiB.
	BlockSize int
	// Limits bound what archives and records may cost.
	Limits Limits
	// Stdin is what the path "-" reads.
	Stdin io.Reader
	// Progress, when not nil, is updated while reading.
	Progress *Progress
	// TempDir is where archives that cannot be read from a stream are put
	// aside when they exceed Limits.Memory; the files are removed again. When
	// empty nothing is put aside, and such an archive is a Problem.
	TempDir string
	// Given is what the user says of sources that do not say it themselves.
	Given []Given
	// Skip, when not nil, says of a file on disk that it is no evidence: it is
	// left out, and listed in Register.Skipped.
	Skip func(path string, info fs.FileInfo) bool
	// Known, when not nil, is what was said of a source by that name before;
	// Given counts more. It is called from several goroutines.
	Known func(name string) Given
	// Marks, when not nil, are what may have been of a source before it grew, of
	// which head is how it begins now: the register has the digests of these
	// beginnings. It is called from several goroutines.
	Marks func(name string, head []byte) []Mark
	// Now, when not nil, is the clock by which Progress measures how long
	// blocks of each format took.
	Now func() time.Time
}

// Given is what a user says of some sources. What is left empty is not said.
type Given struct {
	// Pattern selects sources by name, as path.Match has it, by the whole
	// name or by what follows its last '/' or '!'; empty is every source.
	Pattern string
	// Format is the name of a format that is taken in place of the one that
	// would be recognised.
	Format string
	// Zone is where times were written that state no zone.
	Zone *time.Location
	// Year is that of the first record, for logs whose times have none.
	Year int
	// Product, Category and Service are the log source, in Sigma's words, of
	// events whose format does not know it.
	Product, Category, Service string
	// Carve says to recover also records that event logs no longer count: from
	// the unused parts of chunks, and from chunks without a header.
	Carve bool
}

// Limits bound the unpacking of each archive that is given or found on disk,
// with all that is nested in it, and the size of single records. 0 takes the
// default. What exceeds a limit is a Problem that names it.
type Limits struct {
	// Bytes is the unpacked size; 1 TiB.
	Bytes int64
	// Members is the number of members; 1,000,000.
	Members int
	// Depth is the number of archives within one another; 8.
	Depth int
	// Ratio is the unpacked size divided by the packed size of one archive,
	// once more than 64 MiB are unpacked; 1,000.
	Ratio int64
	// Memory is the size up to which a nested zip or 7z file is kept in memory
	// while it is read, and the largest dictionary of xz, LZMA and LZMA2 and
	// the largest directory of a 7z file that are taken; 64 MiB.
	Memory int64
	// Record is the size of a single record or document; 8 MiB.
	Record int
}

// A Sink takes the events of one worker. It is never shared.
type Sink interface {
	// Event takes one event, which is valid only during the call. An error
	// ends the reading.
	Event(e *event.Event) error
}

// A Register lists what was read. Two readings of the same evidence give equal
// registers.
type Register struct {
	// Files are all files, archive members and streams, by name.
	Files []File
	// Archives are the files that Files were unpacked from, by name.
	Archives []File
	// Skipped are the files that Options.Skip left out, by name.
	Skipped []string
	// Interrupted says that reading ended early. Files that were not
	// finished say so too; members of an archive that were not begun are missing.
	Interrupted bool
	// NotBegun are the files on disk that were not begun by then, by name.
	NotBegun []string
}

// A File is one source that was read.
type File struct {
	// Source carries the name and the format; an empty format was not
	// recognised. Events refer to the same Source.
	Source *event.Source
	// Size and SHA256 are of the unpacked bytes that were read.
	Size   int64
	SHA256 [32]byte
	// Beginnings are those that Options.Marks asked for, as far as the file
	// reaches.
	Beginnings []Beginning
	// Given is what was said of the file and made a difference, but for its
	// Pattern.
	Given Given
	// Records is the number of events.
	Records int64
	// First and Last are the earliest and latest times of events, zero when
	// there are none.
	First, Last time.Time
	// WithoutTime is how many events do not say when they happened. WithoutYear
	// is how many of them say all but the year, which Given.Year settles.
	WithoutTime, WithoutYear int64
	// WithoutZone is how many events have a time that states no zone, and was
	// taken as UTC.
	WithoutZone int64
	Losses
	// Gaps are the first of GapCount ranges of missing record ids, by id.
	Gaps     []Gap
	GapCount int64
	// Missing is the number of record ids in all gaps.
	Missing uint64
	// Carved is how many records were carved.
	Carved int64
	// Duplicates is how many records had an id that stood in the file already.
	Duplicates int64
	// Backwards is how often an id was smaller than the one before it. Once
	// is usual in a log that overwrites its oldest records.
	Backwards int64
	// CopyOf is the name of the file with the same content that is counted in its
	// place; empty where it counts itself.
	CopyOf string
	// Notes are remarks that lose nothing, such as that the log was in use.
	Notes []string
	// Interrupted says that the file was not read to its end.
	Interrupted bool
}

// Unread reports whether the file, or a part of it, could not be read. A file
// of an unknown format counts, since nobody looked into it; an empty one does
// not, nor one of which all was read although it is damaged.
func (f *File) Unread() bool {
	for kind, n := range f.OfKind {
		if n > 0 && format.Kind(kind).Loses() {
			return true
		}
	}
	return f.Interrupted
}

// Losses are the problems of a source, and what they come to.
type Losses struct {
	// Problems are the first of ProblemCount problems.
	Problems     []Problem
	ProblemCount int64
	// OfKind counts them by format.Kind. LostRecords and LostBytes are what all
	// of them say was lost; where it is not known of records, only of bytes.
	OfKind                 [format.Kinds]int64
	LostRecords, LostBytes int64
}

// Problem enters a problem.
func (l *Losses) Problem(p Problem) {
	l.ProblemCount++
	l.OfKind[p.Kind]++
	l.LostBytes += p.Lost
	if p.Record != 0 && p.Lost > 0 {
		l.LostRecords++
	}
	if len(l.Problems) < maxProblems {
		l.Problems = append(l.Problems, p)
	}
}

// append enters the problems of what follows.
func (l *Losses) append(next *Losses) {
	l.ProblemCount += next.ProblemCount
	for kind, n := range next.OfKind {
		l.OfKind[kind] += n
	}
	l.LostRecords += next.LostRecords
	l.LostBytes += next.LostBytes
	room := maxProblems - len(l.Problems)
	l.Problems = append(l.Problems, next.Problems[:min(room, len(next.Problems))]...)
}

// A Mark stands for the first bytes of a file, as they are or as they were:
// formats that are not only written at their end have another head then.
type Mark struct {
	Size int64
	// Head is taken in place of as many first bytes; empty is none.
	Head string
}

// A Beginning is the digest of the first bytes of a file.
type Beginning struct {
	Mark
	SHA256 [32]byte
	// Replaced says that the file has another head than the mark.
	Replaced bool
}

// A Problem is something that could not be read, and what it cost.
type Problem = format.Problem

// A Gap is a range of record ids that are not in a log.
type Gap struct {
	// After and Before are the ids next to the gap that are there.
	After, Before         uint64
	AfterTime, BeforeTime time.Time
	// Missing is how many ids lie between.
	Missing uint64
}
