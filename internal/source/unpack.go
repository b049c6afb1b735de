package source

import (
	"archive/tar"
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/klauspost/compress/zip"

	"github.com/kulla-defence/kulla/internal/source/archive"
	"github.com/kulla-defence/kulla/internal/source/format"
)

// A container is the archive a member is in.
type container struct {
	// depth is 0 for what is not in an archive.
	depth  int
	budget *archive.Budget
}

// open reads one file on disk, or standard input.
func (r *reading) open(found foundFile) {
	if r.ctx.Err() != nil {
		r.register.leaveOut(found.name)
		return
	}
	if found.reason != "" {
		r.unread(found.name, 0, Problem{Offset: -1, Kind: found.kind, Reason: found.reason})
		return
	}
	if found.name == standardInput {
		r.source(found.name, 0, r.counted(r.options.Stdin, true), container{})
		return
	}
	file, err := openFile(r.ctx, found)
	if r.ctx.Err() != nil && err != nil {
		r.register.leaveOut(found.name)
		return
	}
	if err != nil {
		r.unread(found.name, 0, problemOf(err, -1))
		return
	}
	defer file.Close()
	head, rest := readHead(r.counted(file, found.stream))
	if kind := archive.Recognise(head); !found.stream && (kind == archive.Zip || kind == archive.SevenZip) {
		r.options.Progress.BytesRead.Add(-int64(len(head))) // what is read in place is counted there
		r.inPlace(kind, found, file)
		return
	}
	r.begun(found.name, 0, head, rest, container{})
}

// inPlace reads a zip or 7z file on disk.
func (r *reading) inPlace(kind archive.Kind, found foundFile, file *os.File) {
	entry := r.register.beginArchive(found.name, string(kind), 0)
	budget := r.newBudget(func() int64 { return found.size })
	if err := r.directory(kind, found.name, file, found.size, container{depth: 1, budget: budget}); err != nil {
		r.problem(entry, problemOf(err, -1))
	}
	if kind == archive.SevenZip { // members share what is packed, and do not know their part
		r.options.Progress.BytesRead.Add(found.size)
	}
	r.finishArchive(entry, &hashingReader{in: io.NewSectionReader(file, 0, found.size), hash: sha256.New()})
}

// directory reads an archive that has to be read at any place.
func (r *reading) directory(kind archive.Kind, name string, packed io.ReaderAt, size int64, c container) error {
	if kind == archive.SevenZip {
		return r.sevenZip(name, packed, size, c)
	}
	return r.zip(name, packed, size, c)
}

func (r *reading) newBudget(packed func() int64) *archive.Budget {
	limits := r.options.Limits
	return &archive.Budget{Bytes: limits.Bytes, Members: limits.Members, Ratio: limits.Ratio, Packed: packed}
}

// unread enters a file that nothing was read from.
func (r *reading) unread(name string, place int, p Problem) {
	if p.Kind != format.PassedOver {
		p.Kind = format.NothingRead
	}
	r.problem(r.register.begin(name, "", place), p)
	r.options.Progress.FilesDone.Add(1)
}

// source reads a stream: a log, or an archive of whatever kind.
func (r *reading) source(name string, place int, in io.Reader, c container) {
	head, rest := readHead(in)
	r.begun(name, place, head, rest, c)
}

// begun is source for a stream of which the head was read.
func (r *reading) begun(name string, place int, head []byte, rest io.Reader, c container) {
	kind := archive.Recognise(head)
	if kind == archive.None {
		r.leaf(name, place, head, rest)
		return
	}
	r.unpack(kind, name, place, io.MultiReader(bytes.NewReader(head), rest), c)
}

// readHead reads what formats are recognised by. An error comes back from the
// rest of the stream.
func readHead(in io.Reader) (head []byte, rest io.Reader) {
	head = make([]byte, format.HeadSize)
	for n := 0; ; {
		m, err := in.Read(head[n:])
		n += m
		switch {
		case err != nil:
			return head[:n], failed{err}
		case n == len(head):
			return head, in
		}
	}
}

// failed is the rest of a stream that has ended.
type failed struct{ err error }

func (f failed) Read([]byte) (int, error) { return 0, f.err }

// unpack reads an archive from a stream.
func (r *reading) unpack(kind archive.Kind, name string, place int, in io.Reader, c container) {
	entry := r.register.beginArchive(name, string(kind), place)
	packed := &hashingReader{in: in, hash: sha256.New()}
	c.depth++
	if c.budget == nil {
		c.budget = r.newBudget(func() int64 { return packed.size })
	}
	if most := r.options.Limits.Depth; c.depth > most {
		r.problem(entry, Problem{Offset: -1, Limit: "depth", Reason: fmt.Sprintf("archive is nested more deeply than the limit of %d", most)})
	} else {
		r.members(kind, entry, name, packed, c)
	}
	r.finishArchive(entry, packed)
}

func (r *reading) members(kind archive.Kind, entry *file, name string, packed io.Reader, c container) {
	var err error
	switch kind {
	case archive.Zip, archive.SevenZip:
		err = r.spool(kind, name, packed, c)
	case archive.Tar:
		err = r.tar(name, packed, c)
	default:
		err = r.decompress(kind, name, packed, c)
	}
	if err != nil {
		r.problem(entry, problemOf(err, -1))
	}
}

// decompress reads what a compressed stream holds. A tar archive in it is
// not named a second time.
func (r *reading) decompress(kind archive.Kind, name string, packed io.Reader, c container) error {
	stream, err := archive.Decompress(kind, packed, r.options.Limits.Memory)
	if err != nil {
		return err
	}
	defer stream.Close()
	if err := c.budget.Member(); err != nil {
		return err
	}
	head, rest := readHead(c.budget.Reader(stream))
	whole := io.MultiReader(bytes.NewReader(head), rest)
	if archive.Recognise(head) == archive.Tar {
		return r.tar(name, whole, c)
	}
	r.options.Progress.FilesTotal.Add(1)
	r.source(name+"!"+archive.ContentName(name), 0, whole, c)
	return nil
}

// tar reads the members of a tar archive as they come, and then those of archives
// that follow it.
func (r *reading) tar(name string, in io.Reader, c container) error {
	place := 0
	for r.ctx.Err() == nil {
		if err := r.tarMembers(name, in, &place, c); err != nil {
			return err
		}
		next, err := archive.NextTar(&cancellable{r.ctx, in})
		switch {
		case r.ctx.Err() != nil: // finishArchive says so
		case next == nil:
			return err
		}
		in = io.MultiReader(bytes.NewReader(next), in)
	}
	return nil
}

// cancellable ends when its context is done.
type cancellable struct {
	ctx context.Context
	in  io.Reader
}

func (c *cancellable) Read(p []byte) (int, error) {
	if err := context.Cause(c.ctx); err != nil {
		return 0, err
	}
	return c.in.Read(p)
}

func (r *reading) tarMembers(name string, in io.Reader, place *int, c container) error {
	members := tar.NewReader(in)
	for ; r.ctx.Err() == nil; *place++ {
		header, err := members.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if header.Typeflag == tar.TypeDir {
			continue
		}
		if err := c.budget.Member(); err != nil {
			return err
		}
		r.options.Progress.FilesTotal.Add(1)
		r.tarMember(name+"!"+archive.MemberName(header.Name), *place, header, members, c)
	}
	return nil
}

func (r *reading) tarMember(name string, place int, header *tar.Header, data io.Reader, c container) {
	switch header.Typeflag {
	case tar.TypeReg, tar.TypeCont, tar.TypeGNUSparse:
	case tar.TypeSymlink:
		r.unread(name, place, Problem{Offset: -1, Kind: format.PassedOver, Reason: "symbolic link, not followed"})
		return
	case tar.TypeLink:
		r.unread(name, place, Problem{Offset: -1, Kind: format.PassedOver, Reason: "hard link, read under its other name"})
		return
	default:
		r.unread(name, place, Problem{Offset: -1, Kind: format.PassedOver, Reason: "not a regular file"})
		return
	}
	if archive.Sparse(header) { // its holes cost nothing in the archive
		data = c.budget.Reader(data)
	}
	r.source(name, place, data, c)
}

// spool puts a nested archive aside whose directory is not at its beginning.
func (r *reading) spool(kind archive.Kind, name string, packed io.Reader, c container) error {
	spool, err := archive.NewSpool(packed, r.options.Limits.Memory, r.options.TempDir)
	if err != nil {
		return err
	}
	defer spool.Close()
	return r.directory(kind, name, spool, spool.Size, c)
}

// A zipMember is a member that may be read.
type zipMember struct {
	*zip.File
	name  string
	place int
}

// zip reads the members of a zip archive, several at once where readers are
// free. Members that are archives themselves wait until the others are read,
// and then come one by one, so that what the budget is spent on does not
// depend on chance.
func (r *reading) zip(name string, packed io.ReaderAt, size int64, c container) error {
	directory, err := archive.OpenZip(packed, size)
	if err != nil {
		return err
	}
	var (
		wait   sync.WaitGroup
		mutex  sync.Mutex
		nested []zipMember
	)
	members, refused := r.plan(name, directory.File, c.budget)
	for _, member := range members {
		wait.Add(1)
		task := func() error {
			defer wait.Done()
			if r.zipMember(member) {
				mutex.Lock()
				nested = append(nested, member)
				mutex.Unlock()
			}
			return nil
		}
		if !r.readers.TryGo(task) {
			task()
		}
	}
	wait.Wait()
	slices.SortFunc(nested, func(a, b zipMember) int { return cmp.Compare(a.place, b.place) })
	for _, member := range nested {
		r.nestedArchive(member, c)
	}
	if front := archive.Front(directory, packed); front > 0 && refused == nil {
		return &archive.RestError{Size: front, Where: "in front of the archive"}
	}
	return refused
}

// plan sorts members and takes them out of the budget by the size that the
// directory states, to which they are held.
func (r *reading) plan(name string, files []*zip.File, budget *archive.Budget) ([]zipMember, error) {
	var members []zipMember
	for _, file := range files {
		if !strings.HasSuffix(file.Name, "/") {
			members = append(members, zipMember{File: file, name: name + "!" + archive.MemberName(file.Name)})
		}
	}
	slices.SortStableFunc(members, func(a, b zipMember) int { return cmp.Compare(a.name, b.name) })
	affordable := members[:0]
	for place, member := range members {
		if err := budget.Member(); err != nil {
			return affordable, err
		}
		r.options.Progress.FilesTotal.Add(1)
		member.place = place
		if reason := archive.Refuse(member.File); reason != "" {
			r.unread(member.name, place, Problem{Offset: -1, Reason: reason})
		} else if err := budget.Unpack(archive.DeclaredSize(member.File)); err != nil {
			r.unread(member.name, place, problemOf(err, -1))
		} else {
			affordable = append(affordable, member)
		}
	}
	return affordable, nil
}

// zipMember reads a member, unless it is an archive.
func (r *reading) zipMember(member zipMember) (nested bool) {
	if r.ctx.Err() != nil {
		return false
	}
	data, err := archive.OpenMember(member.File)
	if err != nil {
		r.unread(member.name, member.place, problemOf(err, -1))
		return false
	}
	defer data.Close()
	head, rest := readHead(data)
	if archive.Recognise(head) != archive.None {
		return true
	}
	r.leaf(member.name, member.place, head, rest)
	r.options.Progress.BytesRead.Add(int64(member.CompressedSize64))
	return false
}

func (r *reading) nestedArchive(member zipMember, c container) {
	if r.ctx.Err() != nil {
		return
	}
	data, err := archive.OpenMember(member.File)
	if err != nil {
		r.unread(member.name, member.place, problemOf(err, -1))
		return
	}
	defer data.Close()
	r.source(member.name, member.place, data, c)
}
