package source

import "sync/atomic"

// Progress counts while Read runs. It may be read at any time.
type Progress struct {
	// FilesTotal is how many files are known so far; members of archives are
	// added when their archive is opened.
	FilesTotal, FilesDone atomic.Int64
	// BytesTotal is the size of the files on disk that are known so far, and
	// BytesRead how much of them has been read.
	BytesTotal, BytesRead atomic.Int64
	// Unpacked is how many bytes went to the parsers, from archives or not.
	Unpacked atomic.Int64
	// Records and Problems are what the parsers found.
	Records, Problems atomic.Int64
}
