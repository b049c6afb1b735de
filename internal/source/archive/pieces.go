package archive

import "io"

// pieceSize is how much InPieces reads at a time.
const pieceSize = 4 << 10

// InPieces reads always as much of a stream, however it is read itself. Of
// damaged data the packages that unpack xz, bzip2 and LZMA give more or less
// depending on how much is asked for; what is read of a file must not.
func InPieces(in io.Reader) io.Reader { return &pieces{in: in} }

type pieces struct {
	in      io.Reader
	piece   [pieceSize]byte
	pending []byte
	err     error
}

func (r *pieces) Read(p []byte) (int, error) {
	for len(r.pending) == 0 && r.err == nil {
		var n int
		n, r.err = r.in.Read(r.piece[:])
		r.pending = r.piece[:n]
	}
	n := copy(p, r.pending)
	r.pending = r.pending[n:]
	if len(r.pending) > 0 {
		return n, nil
	}
	return n, r.err
}
