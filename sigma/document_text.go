package sigma

import (
	"bytes"
	"crypto/sha256"
	"slices"
)

// Digest is a SHA-256 that says which documents these are: over the digests
// of the contents of all files, sorted. Names and order of files do not count.
func (d *Documents) Digest() [sha256.Size]byte {
	contents := make([][]byte, len(d.sources))
	for i, source := range d.sources {
		sum := sha256.Sum256(source.data)
		contents[i] = sum[:]
	}
	slices.SortFunc(contents, bytes.Compare)
	return sha256.Sum256(bytes.Join(contents, nil))
}

// Text returns the YAML document that a position lies in, as it was read, and
// nil where there is none. A file may hold several, parted by lines of "---".
func (d *Documents) Text(at Position) []byte {
	for _, source := range d.sources {
		if source.file == at.File {
			return documentAround(source.data, at.Line)
		}
	}
	return nil
}

// documentAround cuts a document out of a stream; lines count from 1.
func documentAround(data []byte, line int) []byte {
	start, number := 0, 0
	for at := 0; at < len(data); {
		number++
		end := len(data)
		if i := bytes.IndexByte(data[at:], '\n'); i >= 0 {
			end = at + i + 1
		}
		if isDocumentMarker(data[at:end]) {
			if number > line {
				return data[start:at]
			}
			start = end
		}
		at = end
	}
	if line > number {
		return nil
	}
	return data[start:]
}

// isDocumentMarker recognises the line between two documents.
func isDocumentMarker(line []byte) bool {
	rest, ok := bytes.CutPrefix(line, []byte("---"))
	return ok && len(bytes.TrimSpace(rest)) == 0
}
