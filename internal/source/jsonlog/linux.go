package jsonlog

import (
	"bytes"
	"errors"
	"slices"
	"strings"

	"github.com/kulla-defence/kulla/internal/source/eventxml"
	"github.com/kulla-defence/kulla/internal/source/row"
)

// sysmonForLinuxChannel is the channel of Sysmon for Linux.
const sysmonForLinuxChannel = "Linux-Sysmon/Operational"

// sysmonForLinux is an event as XML in a message of syslog, in the Syslog table
// of Azure.
var sysmonForLinux = dialect{
	marks:  [][]string{{"SyslogMessage.EventID", "SyslogMessage.Channel"}},
	source: row.LogSource{Product: "linux"},
	names:  syslogNames,
	times:  []string{"TimeCreated_SystemTime", "TimeGenerated"},
	utc:    true,
	hosts:  []string{"Computer"},
}

// azureSyslog is the Syslog table of Azure Monitor.
var azureSyslog = dialect{
	marks:   [][]string{{"SyslogMessage", "Facility", "SeverityLevel"}},
	source:  row.LogSource{Product: "linux", Service: "syslog"},
	decider: "ProcessName",
	decide: services("linux", map[string]string{
		"auoms": "auditd", "auditd": "auditd", "audispd": "auditd",
		"sshd": "sshd", "sudo": "sudo", "cron": "cron", "crond": "cron", "vsftpd": "vsftpd", "clamd": "clamav",
	}),
	names: syslogNames,
	times: []string{"EventTime", "TimeGenerated"},
	utc:   true,
	hosts: []string{"Computer", "HostName"},
}

// azureConnection is the VMConnection table of Azure Monitor.
var azureConnection = dialect{
	marks:  [][]string{{"TimeGenerated", "ConnectionId", "ProcessName", "SourceIp", "DestinationIp"}},
	source: row.LogSource{Product: "azure", Service: "vmconnection"},
	times:  []string{"TimeGenerated"},
	utc:    true,
	hosts:  []string{"Computer"},
}

// syslogNames gives the fields inside of a message their own names. A field of
// the table with the same name keeps it behind "Syslog.".
func syslogNames(paths []string) []string {
	names := make([]string, len(paths))
	for i, path := range paths {
		names[i] = path
		if inner, ok := strings.CutPrefix(path, "SyslogMessage."); ok {
			names[i] = inner
		} else if slices.Contains(paths, "SyslogMessage."+path) {
			names[i] = "Syslog." + path
		}
	}
	return names
}

var errTooManyFields = errors.New(string(tooManyFields))

// embeddedEvent scans an event as XML.
func (s *scanner) embeddedEvent(start int, within *node) (*node, bool) {
	n := within
	_, fault, err := s.xml.Scan(s.scratch[start:], func(f eventxml.Field) error {
		n = s.trie.step(n, within, f.Name, named)
		from, k := len(s.scratch), plain
		s.scratch = eventxml.AppendText(s.scratch, f.Text)
		if f.Empty {
			k = null
		}
		if s.scratchColumn(from, len(s.scratch), k) != "" {
			return errTooManyFields
		}
		return nil
	})
	return s.trie.step(n, within, nil, closing), fault == "" && err == nil
}

// auditPrefix begins a record of the audit system as the agent of Azure
// forwards it: `type=AUOMS_EXECVE audit(1652292621.986:84138): key=value …`.
var auditPrefix = []byte("type=")

// embeddedAudit scans pairs of key=value. A value reaches to the next key, since
// the agent does not quote all that has blanks, nor quotes in quotes.
func (s *scanner) embeddedAudit(start int, within *node) (*node, bool) {
	n, end := within, len(s.scratch)
	for at := start; at < end; {
		text := s.scratch[at:end]
		equals := bytes.IndexByte(text, '=')
		if equals <= 0 {
			return n, false
		}
		size := equals + 1 + auditValue(text[equals+1:])
		value := bytes.TrimRight(text[equals+1:size], " ")
		from := at + equals + 1
		if at == start { // of the type: time and number of the event follow
			value, _, _ = bytes.Cut(value, []byte(" audit("))
		}
		if len(value) > 1 && value[0] == '"' && value[len(value)-1] == '"' {
			value = value[1 : len(value)-1]
			from++
		}
		n = s.trie.step(n, within, text[:equals], named)
		if s.scratchColumn(from, from+len(value), plain) != "" {
			return n, false
		}
		at += size
	}
	return s.trie.step(n, within, nil, closing), true
}

// auditValue returns the size of a value with the blank behind it, up to the
// next key.
func auditValue(text []byte) int {
	for i := 1; i < len(text); i++ {
		if text[i-1] == ' ' && beginsWithKey(text[i:]) {
			return i
		}
	}
	return len(text)
}

// beginsWithKey says whether a word and an equals sign come first.
func beginsWithKey(text []byte) bool {
	i := 0
	for i < len(text) && (text[i]|0x20 >= 'a' && text[i]|0x20 <= 'z' || text[i] == '_' || i > 0 && text[i]-'0' <= 9) {
		i++
	}
	return i > 0 && i < len(text) && text[i] == '='
}
