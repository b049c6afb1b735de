package main

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"io"
	"time"
)

// packed is the time of all members: when the last log ends.
var packed = time.Date(2022, time.July, 18, 0, 0, 0, 0, time.UTC)

// A member is one file of the archive.
type member struct {
	name string
	data []byte
}

func pack(members []member) ([]byte, error) {
	var archive bytes.Buffer
	w := zip.NewWriter(&archive)
	w.RegisterCompressor(zip.Deflate, func(out io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(out, flate.BestCompression)
	})
	for _, m := range members {
		part, err := w.CreateHeader(&zip.FileHeader{Name: m.name, Method: zip.Deflate, Modified: packed})
		if err != nil {
			return nil, err
		}
		if _, err := part.Write(m.data); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return archive.Bytes(), nil
}
