package main

import (
	"archive/zip"
	"compress/flate"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// packed is the time of all members: when the last log ends.
var packed = time.Date(2022, time.July, 18, 0, 0, 0, 0, time.UTC)

// An output takes the files of the evidence, one after the other.
type output interface {
	file(name string, data []byte) error
	close() error
}

// create returns the output for a path.
func create(name string) (output, error) {
	if !strings.HasSuffix(name, ".zip") {
		return folder(name), os.MkdirAll(name, 0o755)
	}
	file, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	return newArchive(file), nil
}

type archive struct {
	*zip.Writer
	out io.WriteCloser
}

func newArchive(out io.WriteCloser) *archive {
	w := zip.NewWriter(out)
	w.RegisterCompressor(zip.Deflate, func(out io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(out, flate.BestCompression)
	})
	return &archive{w, out}
}

func (a *archive) file(name string, data []byte) error {
	part, err := a.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: packed})
	if err != nil {
		return err
	}
	_, err = part.Write(data)
	return err
}

func (a *archive) close() error {
	if err := a.Writer.Close(); err != nil {
		return err
	}
	return a.out.Close()
}

// A folder is one on disk.
type folder string

func (f folder) file(name string, data []byte) error {
	full := filepath.Join(string(f), filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(full, data, 0o644); err != nil {
		return err
	}
	return os.Chtimes(full, packed, packed)
}

func (f folder) close() error { return nil }
