package rulepull

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"strings"
)

// A member is a file of rules, by its path in the archive.
type member struct {
	name string
	data []byte
}

// An unpacking collects the members of an archive, within limits.
type unpacking struct {
	ctx     context.Context
	limits  Limits
	files   []member
	others  int
	members int
	bytes   int64
	// seen are names in lower case: of two that differ in case only, a file
	// system may make one.
	seen map[string]bool
}

// unpack reads all files of rules of a zip or tar.gz, which it tells apart by
// their first bytes.
func unpack(ctx context.Context, file io.ReaderAt, size int64, limits Limits) (*unpacking, error) {
	u := &unpacking{ctx: ctx, limits: limits, seen: map[string]bool{}}
	head := make([]byte, 4)
	if _, err := file.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	var err error
	switch {
	case bytes.HasPrefix(head, []byte("PK")):
		err = u.zip(file, size)
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		err = u.tar(io.NewSectionReader(file, 0, size))
	default:
		err = errors.New("it is neither a zip nor a tar.gz")
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrArchive, err)
	}
	return u, nil
}

func (u *unpacking) zip(file io.ReaderAt, size int64) error {
	archive, err := zip.NewReader(file, size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return err
	}
	for _, entry := range archive.File {
		if entry.FileInfo().IsDir() {
			if err := u.count(entry.Name); err != nil {
				return err
			}
			continue
		}
		if err := u.add(entry.Name, entry.Mode().IsRegular(), func() (io.ReadCloser, error) { return entry.Open() }); err != nil {
			return err
		}
	}
	return nil
}

func (u *unpacking) tar(file io.Reader) error {
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		return err
	}
	// What is skipped is unpacked too, and counts.
	archive := tar.NewReader(&bounded{from: unzipped, left: u.limits.Unpacked})
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil && !errors.Is(err, tar.ErrInsecurePath) {
			return err
		}
		switch header.Typeflag {
		case tar.TypeDir, tar.TypeXGlobalHeader:
			err = u.count(header.Name)
		default:
			err = u.add(header.Name, header.Typeflag == tar.TypeReg, func() (io.ReadCloser, error) { return io.NopCloser(archive), nil })
		}
		if err != nil {
			return err
		}
	}
}

// count refuses names that leave the folder, and archives with too many.
func (u *unpacking) count(name string) error {
	if u.members++; u.members > u.limits.Members {
		return fmt.Errorf("it has more than %d members", u.limits.Members)
	}
	if strings.ContainsAny(name, "\\:\x00") || !filepath.IsLocal(filepath.FromSlash(name)) {
		return fmt.Errorf("the member %q would be written elsewhere", name)
	}
	return u.ctx.Err()
}

// add reads a file of rules; others are only counted. A link is refused: it
// could stand for any file.
func (u *unpacking) add(name string, regular bool, open func() (io.ReadCloser, error)) error {
	if err := u.count(name); err != nil {
		return err
	}
	if !isRuleFile(name) {
		u.others++
		return nil
	}
	if !regular {
		return fmt.Errorf("the member %q is a link or a device", name)
	}
	if name = path.Clean(name); u.seen[strings.ToLower(name)] {
		return fmt.Errorf("the member %q stands twice", name)
	}
	u.seen[strings.ToLower(name)] = true
	data, err := u.read(open)
	if err != nil {
		return fmt.Errorf("the member %q: %w", name, err)
	}
	u.files = append(u.files, member{name, data})
	return nil
}

func (u *unpacking) read(open func() (io.ReadCloser, error)) ([]byte, error) {
	content, err := open()
	if err != nil {
		return nil, err
	}
	defer content.Close()
	data, err := io.ReadAll(io.LimitReader(content, u.limits.Rule+1))
	if err != nil {
		return nil, err
	}
	u.bytes += int64(len(data))
	switch {
	case int64(len(data)) > u.limits.Rule:
		return nil, fmt.Errorf("it is larger than %d bytes", u.limits.Rule)
	case u.bytes > u.limits.Unpacked:
		return nil, fmt.Errorf("all members are larger than %d bytes", u.limits.Unpacked)
	}
	return data, nil
}

// isRuleFile leaves out the tests of rules, as the loader of rules does.
func isRuleFile(name string) bool {
	lower := strings.ToLower(name)
	extension := path.Ext(lower)
	return (extension == ".yml" || extension == ".yaml") && path.Ext(strings.TrimSuffix(lower, extension)) != ".test"
}

// bounded is a stream that fails when it is longer than expected.
type bounded struct {
	from io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.from.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, errors.New("it unpacks to more than is allowed")
	}
	return n, err
}
