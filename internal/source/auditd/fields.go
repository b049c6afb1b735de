package auditd

import (
	"bytes"
	"encoding/hex"
)

// fields goes over the fields of records and makes columns of them.
type fields struct {
	names [][]byte
	cells [][]byte
	// text holds what was decoded.
	text []byte
}

func (f *fields) reset() { f.names, f.cells, f.text = f.names[:0], f.cells[:0], f.text[:0] }

// maxColumns bounds one event, with room for the longest of command lines that
// are of use.
const maxColumns = 8192

var typeName, message, keyName = []byte("type"), []byte("message"), []byte("key")

// add appends the columns of a record. It reports whether there was room.
func (f *fields) add(r *record) bool {
	f.column(typeName, r.kind)
	body := r.body
	if text := f.leading(&body); len(text) > 0 {
		f.column(message, text)
	}
	execve := string(r.kind) == "EXECVE"
	for len(body) > 0 {
		var name, value []byte
		name, value, body = field(body)
		switch {
		case len(name) == 0:
			continue
		case len(f.names) >= maxColumns:
			return false
		case string(name) == "msg" && len(value) > 0 && value[0] == '\'':
			continue // field() goes on inside the quotes
		}
		f.value(name, value, execve)
	}
	return true
}

// leading takes words before the first field, such as "avc:  denied { read }
// for".
func (f *fields) leading(body *[]byte) []byte {
	text := *body
	equals := bytes.IndexByte(text, '=')
	if equals < 0 {
		*body = nil
		return text
	}
	at := bytes.LastIndexByte(text[:equals], ' ')
	if at < 0 {
		return nil
	}
	*body = text[at+1:]
	return bytes.TrimRight(text[:at], " ")
}

// value appends a column, decoded where it is encoded. The kernel writes text
// that holds a quote, a space or a control character in hexadecimal, and
// without quotes.
func (f *fields) value(name, value []byte, execve bool) {
	if len(value) > 0 && value[0] == '"' {
		value = bytes.TrimSuffix(value[1:], []byte{'"'})
	} else if isHex(value) && isEncoded(name, execve) {
		value = f.decoded(value)
	}
	switch {
	case execve && bytes.IndexByte(name, '[') > 0:
		f.piece(name, value)
	case string(name) == "proctitle":
		f.column(name, f.spaced(value))
	case string(name) == "key":
		f.keys(value)
	default:
		f.column(name, value)
	}
}

func (f *fields) column(name, value []byte) {
	f.names = append(f.names, name)
	f.cells = append(f.cells, value)
}

// decoded decodes hexadecimal digits. What was decoded before stays valid when
// the text grows.
func (f *fields) decoded(value []byte) []byte {
	begin := len(f.text)
	f.text, _ = hex.AppendDecode(f.text, value) // isHex: no error
	return f.text[begin:len(f.text):len(f.text)]
}

// piece appends a part of a long argument, "a1[0]=...", to the part before.
func (f *fields) piece(name, value []byte) {
	at := bytes.IndexByte(name, '[')
	base := name[:at]
	last := len(f.names) - 1
	if string(name[at:]) == "[0]" || !bytes.Equal(f.names[last], base) {
		f.column(base, value)
		return
	}
	begin := len(f.text)
	f.text = append(append(f.text, f.cells[last]...), value...)
	f.cells[last] = f.text[begin:len(f.text):len(f.text)]
}

// spaced has the arguments of a command line apart by spaces, which the kernel
// ends with a zero.
func (f *fields) spaced(value []byte) []byte {
	value = bytes.TrimRight(value, "\x00")
	if bytes.IndexByte(value, 0) < 0 {
		return value
	}
	begin := len(f.text)
	for _, c := range value {
		if c == 0 {
			c = ' '
		}
		f.text = append(f.text, c)
	}
	return f.text[begin:len(f.text):len(f.text)]
}

// keys appends the keys of all rules that matched, which a 1 is between.
func (f *fields) keys(value []byte) {
	for more := true; more; {
		var one []byte
		one, value, more = bytes.Cut(value, []byte{1})
		f.column(keyName, one)
	}
}

// enrichment separates what the daemon added (audit's log_format ENRICHED).
const enrichment = 0x1d

func isSeparator(c byte) bool { return c == ' ' || c == enrichment }

// field takes the next field of a body. A value without quotes goes on to the
// next word that has a '=' ("op=adding user id=1").
func field(body []byte) (name, value, rest []byte) {
	for len(body) > 0 && (isSeparator(body[0]) || body[0] == '\'') {
		body = body[1:]
	}
	equals := bytes.IndexByte(body, '=')
	if equals < 0 {
		return nil, nil, nil
	}
	name, rest = body[:equals], body[equals+1:]
	if at := bytes.LastIndexByte(name, ' '); at >= 0 {
		name = name[at+1:]
	}
	switch {
	case len(rest) == 0:
		return name, nil, nil
	case rest[0] == '"':
		if end := bytes.IndexByte(rest[1:], '"'); end >= 0 {
			return name, rest[:end+2], rest[end+2:]
		}
	case rest[0] == '\'' && string(name) == "msg":
		return name, rest[:1], rest[1:]
	}
	end := valueEnd(rest)
	return name, bytes.TrimSuffix(rest[:end], []byte{'\''}), rest[end:]
}

// valueEnd is where a value without quotes ends.
func valueEnd(text []byte) int {
	end := wordEnd(text, 0)
	for end < len(text) && text[end] == ' ' {
		next := wordEnd(text, end+1)
		word := text[end+1 : next]
		if len(word) == 0 || bytes.IndexByte(word, '=') >= 0 || text[end-min(end, 1)] == '\'' {
			break
		}
		end = next
	}
	return end
}

func wordEnd(text []byte, from int) int {
	for i := from; i < len(text); i++ {
		if isSeparator(text[i]) {
			return i
		}
	}
	return len(text)
}

// isHex says whether text is whole bytes in upper-case hexadecimal.
func isHex(text []byte) bool {
	if len(text) == 0 || len(text)%2 != 0 {
		return false
	}
	for _, c := range text {
		if !('0' <= c && c <= '9' || 'A' <= c && c <= 'F') {
			return false
		}
	}
	return true
}

// isEncoded says whether a field is text that is encoded where need be (those
// of auparse's typetab.h with AUPARSE_TYPE_ESCAPED); of an EXECVE record, the
// arguments are.
func isEncoded(name []byte, execve bool) bool {
	switch string(name) {
	case "acct", "cgroup", "cmd", "comm", "cwd", "data", "device", "dir", "exe", "file", "grp", "invalid_context", "key", "name",
		"new-disk", "new-fs", "new-rng", "new-vm", "ocomm", "old-disk", "old-fs", "old-rng", "path", "proctitle", "root_dir", "sw", "vm", "watch":
		return true
	}
	return execve && len(name) > 1 && name[0] == 'a' && name[1]-'0' <= 9 && name[len(name)-1] != 'n' // not a0_len
}
