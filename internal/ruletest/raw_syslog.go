package ruletest

import (
	"slices"
	"strconv"
	"strings"

	"github.com/kulla-defence/kulla/internal/logwriter"
)

// programs are who speaks of what a service of Linux logs.
var programs = map[string]string{"": "daemon", "syslog": "daemon", "sshd": "sshd", "sudo": "sudo", "auth": "su", "cron": "CRON",
	"clamav": "clamd", "vsftpd": "vsftpd", "guacamole": "guacd"}

// linuxFormats are those of Linux. Its events without a service are Sysmon's
// where they have a channel, and else anything that comes by syslog.
func linuxFormats(service string) []rawFormat {
	program, ok := programs[service]
	switch {
	case service == "auditd":
		return []rawFormat{{name: "auditd", write: writeAudit}}
	case !ok:
		return nil
	}
	return []rawFormat{{name: "syslog", write: func(r row) ([]byte, error) {
		if service == "" && r.has("Channel") {
			return writeSysmon(r)
		}
		return writeSyslog(program, r)
	}}}
}

// textOf takes a column out of a row; its values are joined by blanks.
func (r *row) textOf(name string) string {
	var texts []string
	*r = slices.DeleteFunc(slices.Clone(*r), func(field Field) bool {
		if field.Name == name {
			texts = append(texts, field.Text)
		}
		return field.Name == name
	})
	return strings.Join(texts, " ")
}

// writeSyslog writes a message of a program.
func writeSyslog(program string, r row) ([]byte, error) {
	for _, field := range r {
		if field.Null || !isOneLine(field.Text) {
			return nil, cannotHold(field)
		}
	}
	message := logwriter.Syslog{Facility: 3, Severity: 6, Time: Epoch, Host: "host", Program: program, PID: 7}
	message.Message = r.textOf(keywordColumn)
	if name := r.textOf("program"); name != "" {
		message.Program = name
	}
	switch program {
	case "sshd":
		message.Message += sshdMessage(&r)
	case "sudo":
		message.Message += sudoMessage(&r)
	}
	if len(r) > 0 {
		return nil, noColumn(r[0].Name)
	}
	if strings.TrimSpace(message.Message) != message.Message {
		return nil, cannotHold(Field{Name: keywordColumn, Text: message.Message})
	}
	return message.AppendRFC3164(nil), nil
}

// sshdMessage says who logged on, or did not.
func sshdMessage(r *row) string {
	if !r.has("user") && !r.has("src_ip") && !r.has("outcome") && !r.has("method") {
		return ""
	}
	verb := map[string]string{"success": "Accepted", "failure": "Failed"}[r.textOf("outcome")]
	return or(verb, "Failed") + " " + or(r.textOf("method"), "password") + " for " + or(r.textOf("user"), "root") + " from " +
		or(r.textOf("src_ip"), "192.0.2.1") + " port " + or(r.textOf("src_port"), "4711") + " ssh2"
}

// sudoMessage says who did what as whom.
func sudoMessage(r *row) string {
	if len(*r) == 0 {
		return ""
	}
	text := or(r.textOf("user"), "user") + " : "
	if reason := r.textOf("reason"); reason != "" {
		text += reason + " ; "
	}
	return text + "TTY=" + or(r.textOf("TTY"), "pts/0") + " ; PWD=" + or(r.textOf("PWD"), "/") + " ; USER=" + or(r.textOf("USER"), "root") +
		" ; COMMAND=" + or(r.textOf("COMMAND"), "/bin/true")
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// writeSysmon writes an event of Sysmon for Linux, as XML in a message.
func writeSysmon(r row) ([]byte, error) {
	event := &logwriter.EventXML{Provider: "Linux-Sysmon", Computer: "host", Time: Epoch}
	for _, field := range r {
		if !isOneLine(field.Text) {
			return nil, cannotHold(field)
		}
		switch field.Name {
		case "Channel":
			event.Channel = field.Text
		case "EventID":
			id, err := strconv.ParseUint(field.Text, 10, 16)
			if err != nil {
				return nil, cannotHold(field)
			}
			event.ID = uint16(id)
		case "Computer":
			event.Computer = field.Text
		default:
			event.Data = append(event.Data, logwriter.Field{Name: field.Name, Value: field.Text})
		}
	}
	message := logwriter.Syslog{Facility: 1, Severity: 6, Time: Epoch, Host: "host", Program: "sysmon", Message: event.String()}
	return message.AppendRFC3164(nil), nil
}

// writeAudit writes a record for each type that is asked for. Arguments stand
// in EXECVE, where the kernel encodes them.
func writeAudit(r row) ([]byte, error) {
	var types []string
	var fields []logwriter.Field
	for _, field := range r {
		name := field.Name
		if name == keywordColumn {
			name = "comm"
		}
		switch {
		case name == "type" && isOneLine(field.Text) && !strings.ContainsAny(field.Text, " ="):
			types = append(types, field.Text)
			continue
		case field.Null || field.Text == "" || strings.ContainsRune(field.Text, 0):
			return nil, cannotHold(field)
		case !logwriter.IsEncodedAudit(name) && (!isOneLine(field.Text) || strings.ContainsAny(field.Text, "\" \t'=")):
			return nil, cannotHold(field)
		}
		fields = append(fields, logwriter.Field{Name: name, Value: field.Text})
	}
	if len(types) == 0 {
		types = []string{"EXECVE"}
	}
	var log []byte
	at := max(0, slices.Index(types, "EXECVE"))
	for i, kind := range types {
		record := &logwriter.AuditRecord{Type: kind, Time: Epoch, Serial: 7}
		if i == at {
			record.Fields = fields
		}
		log = logwriter.AppendAudit(log, record)
	}
	return log, nil
}
