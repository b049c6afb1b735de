package source

import (
	"cmp"
	"fmt"
	"slices"
	"sync"

	"github.com/kulla-defence/kulla/internal/event"
)

// A ledger collects files as they are finished.
type ledger struct {
	mutex    sync.Mutex
	files    []*file
	archives []*file
	notBegun []string
}

// A file is a source that is being read. Its blocks come back from the workers
// in any order and are put together in that of the file.
type file struct {
	File
	// place orders files of the same name: the member's position in its archive.
	place    int
	numbered bool
	given    *given

	mutex sync.Mutex
	total tally
	next  int
	early map[int]*tally
}

// begin enters a file in the register.
func (l *ledger) begin(name, formatName string, place int) *file {
	f := newFile(name, formatName, place)
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.files = append(l.files, f)
	return f
}

func (l *ledger) beginArchive(name, kind string, place int) *file {
	f := newFile(name, kind, place)
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.archives = append(l.archives, f)
	return f
}

// leaveOut enters a file that an interruption came before.
func (l *ledger) leaveOut(name string) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.notBegun = append(l.notBegun, name)
}

func newFile(name, formatName string, place int) *file {
	return &file{
		File:  File{Source: &event.Source{Name: name, Format: formatName}},
		place: place,
		early: map[int]*tally{},
	}
}

// add takes what the block of that number came to.
func (f *file) add(sequence int, t *tally) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.early[sequence] = t
	for {
		next, ok := f.early[f.next]
		if !ok {
			return
		}
		delete(f.early, f.next)
		f.next++
		f.total.append(next)
	}
}

// problem enters a problem that concerns the file as it was read. It stands
// behind those of its records.
func (r *reading) problem(f *file, p Problem) {
	r.options.Progress.Problems.Add(1)
	f.Losses.Problem(p)
}

// finish returns the register; all workers have ended.
func (l *ledger) finish(interrupted bool) *Register {
	slices.Sort(l.notBegun)
	return &Register{
		Files:       finished(l.files),
		Archives:    finished(l.archives),
		Interrupted: interrupted,
		NotBegun:    l.notBegun,
	}
}

func finished(files []*file) []File {
	slices.SortFunc(files, func(a, b *file) int {
		return cmp.Or(cmp.Compare(a.Source.Name, b.Source.Name), cmp.Compare(a.place, b.place))
	})
	list := make([]File, len(files))
	for i, f := range files {
		list[i] = f.summary()
	}
	return list
}

func (f *file) summary() File {
	t := &f.total
	t.Losses.append(&f.Losses)
	f.Losses, f.Carved = t.Losses, t.carved
	f.Records, f.First, f.Last = t.records, t.first, t.last
	f.WithoutTime, f.WithoutYear, f.WithoutZone = t.withoutTime, t.withoutYear, t.withoutZone
	f.Interrupted = f.Interrupted || t.interrupted
	f.Given = f.given.used(t)
	if f.numbered {
		f.numbers(t.runs)
		if t.runsDropped > 0 {
			t.Note(fmt.Sprintf("record ids are in disorder; after %d stretches they were no longer checked for gaps", maxRuns))
		}
	}
	f.Notes = t.notes
	return f.File
}
