package w3c

import (
	"bytes"
	"slices"
	"strings"
)

// maxFields bounds the columns that a crafted directive can ask for.
const maxFields = 1024

// A header is what the directives up to some place said. It never changes.
type header struct {
	software string
	// date is that of #Date, such as "2024-01-31"; empty when unknown.
	date string
	// universal says that #Time Format names universal time.
	universal bool
	// text is what stands behind #Fields, and fields are its names.
	text   string
	fields []string
}

func (h *header) isIIS() bool {
	return strings.HasPrefix(h.software, "Microsoft Internet Information Ser")
}
func (h *header) isFirewall() bool { return strings.Contains(h.software, "Windows Firewall") }

// after is the header at the end of a block.
func (h *header) after(block []byte) *header {
	for {
		at := 0
		if !bytes.HasPrefix(bytes.TrimPrefix(block, []byte("\ufeff")), []byte{'#'}) {
			if at = bytes.Index(block, []byte("\n#")) + 1; at == 0 {
				return h
			}
		}
		text := bytes.TrimPrefix(block[at:], []byte("\ufeff"))
		end := bytes.IndexByte(text, '\n')
		if end < 0 {
			return h.with(bytes.TrimSuffix(text, []byte{'\r'}))
		}
		h = h.with(bytes.TrimSuffix(text[:end], []byte{'\r'}))
		block = text[end+1:]
	}
}

// with is the header after one more directive.
func (h *header) with(directive []byte) *header {
	name, value, found := bytes.Cut(directive[1:], []byte{':'})
	value = bytes.TrimSpace(value)
	if !found {
		return h
	}
	changed := *h
	switch strings.ToLower(string(name)) {
	case "software":
		changed.software = string(value)
	case "date":
		changed.date = string(value[:min(len(value), len("2006-01-02"))])
	case "time format":
		changed.universal = !strings.EqualFold(string(value), "Local")
	case "fields":
		if string(value) == h.text {
			return h
		}
		changed.text, changed.fields = string(value), fieldNames(string(value))
	default:
		return h
	}
	return &changed
}

// fieldNames are the names that a directive lists, none when they are those of
// another format.
func fieldNames(text string) []string {
	names := strings.Fields(text)
	if len(names) > maxFields || slices.ContainsFunc(names, func(name string) bool { return strings.ContainsAny(name, ",;\"") }) {
		return nil
	}
	return names
}
