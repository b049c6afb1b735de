package archive

import (
	"fmt"
	"io"
)

// A Budget bounds what one archive, with all that is nested in it, may unpack
// to. It is not safe for concurrent use.
type Budget struct {
	// Bytes and Members are what is left.
	Bytes   int64
	Members int
	// Ratio is how many times larger than Packed the whole may become, once
	// more than ratioFloor bytes are unpacked.
	Ratio int64
	// Packed returns the size of the outermost archive, as far as known.
	Packed func() int64

	unpacked int64
	counted  int
}

// ratioFloor is how much may be unpacked before the ratio counts: below it,
// nothing is gained by refusing.
const ratioFloor = 64 << 20

// A LimitError says which limit an archive exceeded.
type LimitError struct {
	// Limit is "bytes", "members", "depth", "ratio" or "memory".
	Limit  string
	Reason string
}

func (e *LimitError) Error() string { return e.Reason }

// Member takes one member out of the budget.
func (b *Budget) Member() error {
	if b.Members <= 0 {
		return &LimitError{"members", fmt.Sprintf("archive has more members than the limit of %d", b.counted)}
	}
	b.Members--
	b.counted++
	return nil
}

// Unpack takes bytes out of the budget, before or after they are read. What
// does not fit takes nothing.
func (b *Budget) Unpack(bytes int64) error {
	if bytes > b.Bytes {
		return &LimitError{"bytes", fmt.Sprintf("archive unpacks to more than the limit of %d bytes", b.Bytes+b.unpacked)}
	}
	if total := b.unpacked + bytes; total > ratioFloor && total/max(b.Packed(), 1) >= b.Ratio {
		return &LimitError{"ratio", fmt.Sprintf("archive unpacks to more than the limit of %d times its size", b.Ratio)}
	}
	b.Bytes -= bytes
	b.unpacked += bytes
	return nil
}

// Reader takes what is read out of the budget, and fails when it is used up.
func (b *Budget) Reader(unpacked io.Reader) io.Reader {
	return &budgetReader{unpacked, b}
}

type budgetReader struct {
	reader io.Reader
	budget *Budget
}

func (r *budgetReader) Read(p []byte) (int, error) {
	n, err := r.reader.Read(p)
	if refused := r.budget.Unpack(int64(n)); refused != nil {
		return 0, refused
	}
	return n, err
}
