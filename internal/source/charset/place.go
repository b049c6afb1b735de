package charset

import "bytes"

// A Place follows where a parser is in a source, while it goes over the decoded
// text.
type Place struct {
	Encoding Encoding
	// Offset is in bytes of the source, Line counts from 1.
	Offset, Line int64
}

// Move goes forward over a text.
func (p *Place) Move(passed []byte) {
	p.Offset += p.Encoding.EncodedSize(passed)
	p.Line += int64(bytes.Count(passed, []byte{'\n'}))
}
