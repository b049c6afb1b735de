package exchange

import (
	"bytes"
	"strings"

	"github.com/kulla-defence/kulla/internal/source/row"
)

// maxFields bounds the columns that a crafted directive can ask for.
const maxFields = 1024

// A header is what the lines up to some place said of those behind them. It
// never changes.
type header struct {
	// begun says that there was a line.
	begun bool
	// kind is what #Log-type names, such as "Message Tracking Log".
	kind string
	// text is what stands behind #Fields, and fields are its names.
	text   string
	fields []string
}

// after is the header at the end of a block: after its first line, which may
// be one of names, and its directives.
func (h *header) after(block []byte) *header {
	block = bytes.TrimPrefix(block, []byte("\ufeff"))
	for at := 0; ; {
		if h.begun && len(block) > 0 && block[0] != '#' {
			if at = bytes.Index(block, []byte("\n#")) + 1; at == 0 {
				return h
			}
		}
		if len(block) == 0 {
			return h
		}
		first, rest, _ := bytes.Cut(block[at:], []byte{'\n'})
		if first = bytes.TrimSuffix(first, []byte{'\r'}); len(first) > 0 {
			h = h.with(first)
		}
		block, at = rest, 0
	}
}

// with is the header after a directive, or after the first line of all.
func (h *header) with(text []byte) *header {
	changed := *h
	changed.begun = true
	name, value, found := bytes.Cut(text, []byte(": "))
	switch {
	case found && string(name) == "#Log-type":
		changed.kind = string(bytes.TrimSpace(value))
	case found && string(name) == "#Fields":
		changed.text = string(bytes.TrimSpace(value))
		changed.fields = fieldNames(changed.text)
	case found && text[0] == '#':
	case !h.begun:
		changed.text = string(bytes.TrimSpace(text))
		changed.fields = fieldNames(changed.text)
		if changed.fields == nil {
			changed.kind, changed.text = headless(text)
			changed.fields = fieldNames(changed.text)
		}
	}
	if changed.begun == h.begun && changed.kind == h.kind && changed.text == h.text {
		return h
	}
	return &changed
}

// fieldNames are the names in a line, nil when it is not one of names.
func fieldNames(text string) []string {
	names := strings.Split(text, ",")
	if len(names) < 2 || len(names) > maxFields {
		return nil
	}
	for i, name := range names {
		names[i] = strings.Trim(name, ` "`)
		if !isName(names[i]) {
			return nil
		}
	}
	return names
}

// isName says whether a text may be the name of a column: it begins with a
// letter, which times and numbers do not.
func isName(text string) bool {
	text = strings.TrimPrefix(text, "#")
	if text == "" || len(text) > 128 || text[0]|0x20 < 'a' || text[0]|0x20 > 'z' {
		return false
	}
	return strings.IndexFunc(text, func(c rune) bool { return c < ' ' || c > '~' || strings.ContainsRune(`"=;@\/`, c) }) < 0
}

// The columns of the protocol logs, for those without a header.
const (
	clientFields = "dateTime,sessionId,seqNumber,sIp,cIp,user,duration,rqsize,rpsize,command,parameters,context,puid"
	smtpFields   = "date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context"
)

// headless tells the kind and columns of a protocol log by one of its lines;
// none when it is not one.
func headless(text []byte) (kind, fields string) {
	var values row.Separated
	values.Cut(text[:min(len(text), 4096)], ',')
	v := values.Values
	if _, ok := parseTime(v[0]); !ok {
		return "", ""
	}
	switch {
	case len(v) >= 12 && isSession(v[1]) && isEndpoint(v[3]):
		if bytes.HasSuffix(v[3], []byte(":143")) || bytes.HasSuffix(v[3], []byte(":993")) {
			return "IMAP4 Log", clientFields
		}
		if bytes.HasSuffix(v[3], []byte(":110")) || bytes.HasSuffix(v[3], []byte(":995")) {
			return "POP3 Log", clientFields
		}
	case len(v) >= 8 && isSession(v[2]) && len(v[6]) == 1 && bytes.IndexByte([]byte("+-*<>"), v[6][0]) >= 0:
		return "SMTP Protocol Log", smtpFields
	}
	return "", ""
}

// isSession says whether text is 16 hexadecimal digits.
func isSession(text []byte) bool {
	return len(text) == 16 && len(bytes.Trim(text, "0123456789ABCDEFabcdef")) == 0
}

func isEndpoint(text []byte) bool {
	return bytes.IndexByte(text, ':') > 0 && len(bytes.Trim(text, "0123456789abcdefABCDEF:.[]%")) == 0
}

// service is the name that rules have for a kind of log.
func (h *header) service() string {
	kind := strings.ToLower(h.kind)
	for _, known := range []struct{ part, service string }{
		{"message tracking", "message-tracking"}, {"httpproxy", "httpproxy"}, {"ews", "ews"},
		{"imap", "imap"}, {"pop3", "pop"}, {"smtp", "smtp"}, {"connectivity", "connectivity"},
	} {
		if strings.Contains(kind, known.part) {
			return known.service
		}
	}
	kind = strings.TrimSuffix(strings.TrimSuffix(kind, " logs"), " log")
	return strings.Join(strings.Fields(kind), "-")
}
