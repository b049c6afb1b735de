package source

import (
	"bytes"
	"io"

	"github.com/kulla-defence/kulla/internal/source/archive"
	"github.com/kulla-defence/kulla/internal/source/archive/sevenzip"
	"github.com/kulla-defence/kulla/internal/source/format"
)

// sevenZip reads the members of a 7z archive as they come in its folders, one
// folder after another, so that no more than one dictionary is held.
func (r *reading) sevenZip(name string, packed io.ReaderAt, size int64, c container) error {
	directory, err := sevenzip.Open(packed, size, r.options.Limits.Memory)
	if err != nil {
		return err
	}
	for _, member := range directory.Empty {
		if member.Kind == sevenzip.Directory {
			continue
		}
		if err := r.sevenZipMember(name, member, bytes.NewReader(nil), nil, c); err != nil {
			return err
		}
	}
	for i := range directory.Folders {
		if err := r.sevenZipFolder(name, directory, &directory.Folders[i], c); err != nil {
			return err
		}
	}
	return nil
}

func (r *reading) sevenZipFolder(name string, directory *sevenzip.Archive, folder *sevenzip.Folder, c container) error {
	unpacked, refused := directory.OpenFolder(folder)
	stream := sevenzip.NewStream(c.budget.Reader(unpacked))
	for _, member := range folder.Members {
		if r.ctx.Err() != nil {
			return nil
		}
		if refused == nil {
			stream.Next(member)
		}
		if err := r.sevenZipMember(name, member, stream, refused, c); err != nil {
			return err
		}
	}
	return nil
}

// sevenZipMember reads a member, or enters why it is refused. An error ends the
// archive.
func (r *reading) sevenZipMember(name string, member sevenzip.Member, data io.Reader, refused error, c container) error {
	if err := c.budget.Member(); err != nil {
		return err
	}
	r.options.Progress.FilesTotal.Add(1)
	name += "!" + archive.MemberName(member.Name)
	switch {
	case member.Kind == sevenzip.SymbolicLink:
		r.unread(name, member.Place, Problem{Offset: -1, Kind: format.PassedOver, Reason: "symbolic link, not followed"})
	case member.Kind == sevenzip.Deletion:
		r.unread(name, member.Place, Problem{Offset: -1, Kind: format.PassedOver, Reason: "mark of a deleted file, without data"})
	case refused != nil:
		r.unread(name, member.Place, problemOf(refused, -1))
	default:
		r.source(name, member.Place, data, c)
	}
	return nil
}
