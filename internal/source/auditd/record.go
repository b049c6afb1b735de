package auditd

import (
	"bytes"
	"hash/fnv"
	"time"
)

// A record is one line, parsed as far as its id.
type record struct {
	// node is the machine, when the line names it.
	node []byte
	kind []byte
	id   id
	body []byte
	// forwarded says that the line came through syslog.
	forwarded bool
}

// An id is what the records of one event share.
type id struct {
	// milliseconds are those since 1970.
	milliseconds int64
	serial       uint64
	// node tells machines apart in a log of several.
	node uint64
}

func (i id) time() time.Time { return time.UnixMilli(i.milliseconds).UTC() }

// parse reads "[node=NAME ]type=TYPE msg=audit(SECONDS.MILLISECONDS:SERIAL): "
// and the kernel's own "type=NUMBER audit(...): ". Before it there may be the
// header of syslog, up to a colon and a space.
func (r *record) parse(text []byte) bool {
	*r = record{}
	head, rest, ok := bytes.Cut(text, []byte("audit("))
	if !ok || !r.id.parse(&rest) {
		return false
	}
	r.body = bytes.TrimLeft(bytes.TrimLeft(rest, ":"), " ")
	head = bytes.TrimSuffix(head, []byte("msg="))
	at := bytes.LastIndex(head, []byte("type="))
	if at < 0 {
		return false
	}
	r.kind = bytes.TrimRight(head[at+len("type="):], " ")
	if len(r.kind) == 0 || bytes.IndexByte(r.kind, ' ') >= 0 {
		return false
	}
	r.kind = nameOf(r.kind)
	if !r.parseOrigin(head[:at]) {
		return false
	}
	if len(r.node) > 0 {
		hash := fnv.New64a()
		hash.Write(r.node)
		r.id.node = hash.Sum64()
	}
	return true
}

// parseOrigin reads what is before the type.
func (r *record) parseOrigin(text []byte) bool {
	text = bytes.TrimRight(text, " ")
	if len(text) == 0 {
		return true
	}
	if at := bytes.LastIndex(text, []byte("node=")); at >= 0 && bytes.IndexByte(text[at:], ' ') < 0 {
		r.node = text[at+len("node="):]
		text = bytes.TrimRight(text[:at], " ")
		if len(text) == 0 {
			return true
		}
	}
	r.forwarded = true
	tag := bytes.TrimSuffix(text, []byte("audit:")) // "kernel: [12.3] audit: type=1300"
	if len(tag) == len(text) && text[len(text)-1] != ':' {
		return false
	}
	if len(r.node) == 0 {
		r.node = hostBefore(text)
	}
	return true
}

// hostBefore finds the host in a header of syslog: the word before the first
// that ends with a colon and is no time.
func hostBefore(header []byte) []byte {
	var last []byte
	for len(header) > 0 {
		var word []byte
		word, header, _ = bytes.Cut(header, []byte{' '})
		if len(word) > 1 && word[len(word)-1] == ':' {
			return last
		}
		if len(word) > 0 {
			last = word
		}
	}
	return nil
}

// parse reads "1364481363.243:24287)" from the beginning of text.
func (i *id) parse(text *[]byte) bool {
	seconds, ok := digits(text, '.')
	if !ok {
		return false
	}
	before := len(*text)
	milliseconds, ok := digits(text, ':')
	if !ok || before-len(*text) != len("243:") {
		return false
	}
	serial, ok := digits(text, ')')
	if !ok || seconds > 1<<36 { // past the year 4000
		return false
	}
	i.milliseconds, i.serial = int64(1000*seconds+milliseconds), serial
	return true
}

// digits takes a decimal number and the character after it.
func digits(text *[]byte, end byte) (n uint64, ok bool) {
	for i, c := range *text {
		if c == end && i > 0 {
			*text = (*text)[i+1:]
			return n, true
		}
		if c < '0' || c > '9' || i > 18 {
			return 0, false
		}
		n = 10*n + uint64(c-'0')
	}
	return 0, false
}

// nameOf returns the name of a type that the kernel wrote as its number
// (include/uapi/linux/audit.h); others stay as they are.
func nameOf(kind []byte) []byte {
	if kind[0] < '0' || kind[0] > '9' {
		return kind
	}
	switch string(kind) {
	case "1006":
		return []byte("LOGIN")
	case "1100":
		return []byte("USER_AUTH")
	case "1101":
		return []byte("USER_ACCT")
	case "1103":
		return []byte("CRED_ACQ")
	case "1104":
		return []byte("CRED_DISP")
	case "1105":
		return []byte("USER_START")
	case "1106":
		return []byte("USER_END")
	case "1112":
		return []byte("USER_LOGIN")
	case "1114":
		return []byte("ADD_USER")
	case "1115":
		return []byte("DEL_USER")
	case "1123":
		return []byte("USER_CMD")
	case "1130":
		return []byte("SERVICE_START")
	case "1131":
		return []byte("SERVICE_STOP")
	case "1300":
		return []byte("SYSCALL")
	case "1302":
		return []byte("PATH")
	case "1305":
		return []byte("CONFIG_CHANGE")
	case "1306":
		return []byte("SOCKADDR")
	case "1307":
		return []byte("CWD")
	case "1309":
		return []byte("EXECVE")
	case "1320":
		return []byte("EOE")
	case "1326":
		return []byte("SECCOMP")
	case "1327":
		return []byte("PROCTITLE")
	case "1334":
		return []byte("BPF")
	case "1400":
		return []byte("AVC")
	}
	return kind
}
