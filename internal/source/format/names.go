package format

// Names makes strings of bytes that come again and again, such as the names of
// hosts, without allocating each time. It is for one goroutine.
type Names struct {
	last  string
	known map[string]string
}

// maxNames bounds how many names are remembered.
const maxNames = 4096

// String returns the text as a string.
func (n *Names) String(text []byte) string {
	if string(text) == n.last {
		return n.last
	}
	known, ok := n.known[string(text)]
	if !ok {
		if n.known == nil || len(n.known) >= maxNames {
			n.known = map[string]string{}
		}
		known = string(text)
		n.known[known] = known
	}
	n.last = known
	return known
}
