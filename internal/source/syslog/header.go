package syslog

import "bytes"

// A header is what stands in front of a message. Its texts are nil where they
// are absent.
type header struct {
	// priority is facility*8+severity; -1 when it is absent.
	priority int
	stamp    stamp
	// stamped says that there is a stamp.
	stamped                        bool
	host, program, process, kindID []byte
	// structured is the structured data of RFC 5424 section 6.3.
	structured []byte
	// body is the message, rest the same with the program in front.
	body, rest []byte
}

// parseHeader reads the header of a message; ok is false when there is none.
func parseHeader(text []byte) (h header, ok bool) {
	var rest []byte
	h.priority, rest, ok = cutPriority(text)
	if ok && len(rest) > 2 && rest[0] == '1' && rest[1] == ' ' && h.parse5424(rest[2:]) {
		return h, true
	}
	var stamped bool
	if h.stamp, rest, stamped = headStamp(rest); stamped {
		h.stamped = true
		if h.stamp.text[0] <= '9' { // BIND writes into files of its own without a host
			if _, isBind := parseBind(rest); isBind {
				h.rest, h.body = rest, rest
				return h, true
			}
		}
		rest = h.cutHost(rest)
	}
	if message := ciscoMessage(rest); message != nil {
		h.ciscoHead(rest[:len(rest)-len(message)])
		h.rest, h.body = message, message
		return h, ok || h.stamped
	}
	h.rest = rest
	h.cutProgram(rest)
	return h, ok || stamped
}

// cutPriority reads <PRI>, from 0 to 191.
func cutPriority(text []byte) (priority int, rest []byte, ok bool) {
	if len(text) < 3 || text[0] != '<' {
		return -1, text, false
	}
	priority, rest = digits(text[1:], 3)
	if priority < 0 || priority > 191 || len(rest) == 0 || rest[0] != '>' {
		return -1, text, false
	}
	return priority, rest[1:], true
}

// headStamp reads the time of a header. Cisco's devices may write a number and
// a colon before it, a mark for a clock that is not set, and a zone and a colon
// after it.
func headStamp(text []byte) (s stamp, rest []byte, ok bool) {
	rest = text
	if n, after := digits(rest, 9); n >= 0 && len(after) > 1 && after[0] == ':' && after[1] == ' ' {
		rest = after
	}
	if len(rest) > 0 && rest[0] == ':' {
		rest = skipSpaces(rest[1:])
	}
	if len(rest) > 0 && (rest[0] == '*' || rest[0] == '.') {
		rest = rest[1:]
	}
	if s, rest, ok = parseStamp(rest); !ok {
		return s, text, false
	}
	if after, found := cutZoneWord(rest); found {
		s.zoned, rest = true, after
	}
	if len(rest) > 0 && rest[0] == ':' {
		rest = rest[1:]
	}
	if len(rest) > 0 && rest[0] != ' ' {
		return s, text, false
	}
	return s, skipSpaces(rest), true
}

// cutZoneWord takes UTC away where it is followed by a colon; without one it
// might be the name of a host.
func cutZoneWord(text []byte) (rest []byte, found bool) {
	for _, word := range []string{" UTC:", " GMT:"} {
		if len(text) >= len(word) && string(text[:len(word)]) == word {
			return text[len(word)-1:], true
		}
	}
	return text, false
}

// cutHost reads the host, which is absent where a program or a message follows
// at once.
func (h *header) cutHost(text []byte) (rest []byte) {
	end := bytes.IndexByte(text, ' ')
	if end <= 0 {
		return text
	}
	host := text[:end]
	switch last := host[end-1]; {
	case last == ':' && !bytes.HasSuffix(host, []byte("::")), last == ',', last == ']' && host[0] != '[', host[0] == '%', host[0] == '-':
		return text
	}
	if bytes.IndexByte(host, '=') >= 0 || bytes.IndexByte(host, ',') >= 0 || bytes.IndexByte(host, '|') >= 0 {
		return text
	}
	h.host = host
	return skipSpaces(text[end:])
}

// cutProgram reads the tag, a program with or without the id of its process
// (RFC 3164 section 4.1.3). Text without one is all message.
func (h *header) cutProgram(text []byte) {
	h.body = text
	end := 0
	for end < len(text) && text[end] > ' ' && text[end] != ':' && text[end] != '[' && text[end] != '=' && text[end] != '|' && text[end] != ',' {
		end++
	}
	if end == 0 || end > maxProgram || end == len(text) || text[0] == '%' {
		return
	}
	program, rest := text[:end], text[end:]
	var process []byte
	if rest[0] == '[' {
		close := bytes.IndexByte(rest, ']')
		if close < 0 || close > maxProgram || close+1 < len(rest) && rest[close+1] != ':' && rest[close+1] != ' ' {
			return
		}
		process, rest = rest[1:close], rest[close+1:]
	} else if rest[0] != ':' || len(rest) > 1 && rest[1] != ' ' {
		return
	}
	h.program, h.process = program, process
	h.body = skipSpaces(bytes.TrimPrefix(rest, []byte{':'}))
}

// maxProgram is longer than the names of programs and processes are.
const maxProgram = 128

// parse5424 reads what follows the version in RFC 5424 section 6.
func (h *header) parse5424(text []byte) bool {
	if text[0] == '-' {
		text = text[1:]
	} else {
		var ok bool
		if h.stamp, text, ok = parseStamp(text); !ok {
			return false
		}
		h.stamped = true
	}
	if len(text) == 0 || text[0] != ' ' {
		return false
	}
	text = text[1:]
	for _, field := range []*[]byte{&h.host, &h.program, &h.process, &h.kindID} {
		var value []byte
		var found bool
		if value, text, found = bytes.Cut(text, []byte{' '}); !found && field != &h.kindID {
			return false
		}
		if len(value) != 1 || value[0] != '-' {
			*field = value
		}
	}
	h.structured, text = cutStructured(text)
	text = bytes.TrimPrefix(text, []byte{' '})
	h.body = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	h.rest = h.body
	return true
}

// cutStructured takes the structured data from the text behind it. What is
// not well formed is message.
func cutStructured(text []byte) (structured, rest []byte) {
	if len(text) > 0 && text[0] == '-' {
		return nil, text[1:]
	}
	end := 0
	for end < len(text) && text[end] == '[' {
		size := elementSize(text[end:])
		if size == 0 {
			break
		}
		end += size
	}
	return text[:end], text[end:]
}

// elementSize is the length of [id name="value" ...]; 0 when it has no end.
func elementSize(text []byte) int {
	quoted := false
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			if quoted {
				i++
			}
		case '"':
			quoted = !quoted
		case ']':
			if !quoted {
				return i + 1
			}
		}
	}
	return 0
}
