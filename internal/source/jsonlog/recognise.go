package jsonlog

import (
	"bytes"

	"github.com/kulla-defence/kulla/internal/source/charset"
)

// recognise knows JSON by an object or an array of objects. Head may end
// anywhere.
func recognise(head []byte) bool {
	if e := charset.Of(head); e != charset.UTF8 {
		head = e.Decode(nil, head)
	}
	head = bytes.TrimLeft(bytes.TrimPrefix(head, charset.Mark), " \t\r\n")
	if bytes.HasPrefix(head, []byte("[")) {
		rest := bytes.TrimLeft(head, "[ \t\r\n")
		if len(rest) == 0 || rest[0] == ']' {
			return true
		}
		head = rest
	}
	if !bytes.HasPrefix(head, []byte("{")) {
		return false
	}
	rest := bytes.TrimLeft(head[1:], " \t\r\n")
	return len(rest) == 0 || rest[0] == '"' || rest[0] == '}'
}
