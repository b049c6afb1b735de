package logwriter

import (
	"strconv"
	"strings"
	"time"
)

// A Syslog message, in any of the forms it is written in.
type Syslog struct {
	// Facility is 0 to 23, Severity 0 (emergency) to 7 (debug).
	Facility, Severity int
	Time               time.Time
	Host, Program      string
	// PID is left out when it is 0.
	PID int
	// MessageID and Structured are parts of RFC 5424 only.
	MessageID  string
	Structured []StructuredElement
	Message    string
}

// A StructuredElement is one SD-ELEMENT of RFC 5424, section 6.3.
type StructuredElement struct {
	ID     string
	Fields []Field
}

// AppendFile appends a line as daemons keep it in /var/log: RFC 3164 without
// the priority, and so without a year and a zone.
func (s *Syslog) AppendFile(dst []byte) []byte {
	dst = s.Time.UTC().AppendFormat(dst, time.Stamp)
	dst = append(dst, " "+s.Host+" "+s.Program...)
	if s.PID != 0 {
		dst = append(append(strconv.AppendInt(append(dst, '['), int64(s.PID), 10), ']'), ':', ' ')
	} else if s.Program != "" {
		dst = append(dst, ':', ' ')
	}
	return append(appendOneLine(dst, s.Message), '\n')
}

// AppendRFC3164 appends a line as it is sent, with its priority.
func (s *Syslog) AppendRFC3164(dst []byte) []byte {
	return s.AppendFile(s.appendPriority(dst))
}

func (s *Syslog) appendPriority(dst []byte) []byte {
	dst = strconv.AppendInt(append(dst, '<'), int64(s.Facility*8+s.Severity), 10)
	return append(dst, '>')
}

// AppendRFC5424 appends a line of the newer form.
func (s *Syslog) AppendRFC5424(dst []byte) []byte {
	dst = append(s.appendPriority(dst), '1', ' ')
	dst = s.Time.UTC().AppendFormat(dst, "2006-01-02T15:04:05.000000Z")
	pid := ""
	if s.PID != 0 {
		pid = strconv.Itoa(s.PID)
	}
	for _, part := range []string{s.Host, s.Program, pid, s.MessageID} {
		dst = append(append(dst, ' '), orDash(part)...)
	}
	dst = append(dst, ' ')
	for _, element := range s.Structured {
		dst = appendStructured(dst, element)
	}
	if len(s.Structured) == 0 {
		dst = append(dst, '-')
	}
	if s.Message != "" {
		dst = append(dst, ' ')
	}
	return append(appendOneLine(dst, s.Message), '\n')
}

func appendStructured(dst []byte, element StructuredElement) []byte {
	dst = append(append(dst, '['), element.ID...)
	escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`, `]`, `\]`)
	for _, field := range element.Fields {
		dst = append(dst, " "+field.Name+`="`+escape.Replace(field.Value)+`"`...)
	}
	return append(dst, ']')
}

// AppendFramed appends a message with its length before it in place of the
// line feed after it, as RFC 6587 section 3.4.1 has it (octet counting). The
// message is a line that one of the other functions made.
func AppendFramed(dst, line []byte) []byte {
	if n := len(line); n > 0 && line[n-1] == '\n' {
		line = line[:n-1]
	}
	dst = strconv.AppendInt(dst, int64(len(line)), 10)
	return append(append(dst, ' '), line...)
}

func orDash(value string) string {
	if value == "" {
		return "-"
	}
	return value
}

// appendOneLine writes control characters as rsyslog does: # and three octal
// digits.
func appendOneLine(dst []byte, text string) []byte {
	for i := range len(text) {
		if c := text[i]; c < ' ' && c != '\t' {
			dst = append(dst, '#', '0'+c>>6, '0'+c>>3&7, '0'+c&7)
			continue
		}
		dst = append(dst, text[i])
	}
	return dst
}
