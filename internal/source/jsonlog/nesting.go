package jsonlog

// A nesting is what is open around a document: arrays, and the objects of
// envelopes. A source that ends while something is open was cut off.
type nesting struct {
	arrays, objects int
}

// none says that nothing is open.
func (n nesting) none() bool { return n == nesting{} }

// reason says within what a source ends.
func (n nesting) reason() string {
	if n.arrays > 0 {
		return "truncated: the file ends within an array"
	}
	return "truncated: the file ends within an envelope"
}

func (n *nesting) closeArray()  { n.arrays = max(n.arrays-1, 0) }
func (n *nesting) closeObject() { n.objects = max(n.objects-1, 0) }

// separators skips what may stand between documents: white space, commas, and
// the brackets of an array around all of them.
func (n *nesting) separators(text []byte, at int) int {
	for ; at < len(text); at++ {
		switch text[at] {
		case ' ', '\t', '\r', '\n', ',', 0x1e: // 0x1e: RFC 7464
		case '[':
			n.arrays++
		case ']':
			n.closeArray()
		default:
			return at
		}
	}
	return at
}

// enter takes the beginning of an envelope, up to its first record.
func (n *nesting) enter(head []byte) {
	for i := 0; i < len(head); i++ {
		switch head[i] {
		case '"':
			if i = closingQuote(head, i+1); i < 0 {
				return
			}
		case '[':
			n.arrays++
		case '{':
			n.objects++
		case ']':
			n.closeArray()
		case '}':
			n.closeObject()
		}
	}
}

// pass takes text that is no document. It may hold the end of an array; what
// it may open is not believed.
func (n *nesting) pass(text []byte) {
	opened := 0
	for _, c := range text {
		switch {
		case c == '[':
			opened++
		case c == ']' && opened > 0:
			opened--
		case c == ']':
			n.closeArray()
		}
	}
}
