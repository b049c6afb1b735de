package jsonlog

import (
	"slices"

	"github.com/kulla-defence/kulla/internal/source/row"
)

// suricata is Suricata's EVE: one object an event, of a type that is the
// service. https://docs.suricata.io/en/latest/output/eve/eve-json-format.html
var suricata = dialect{
	marks: [][]string{
		{"event_type", "timestamp", "src_ip"},
		{"event_type", "timestamp", "flow_id"},
		{"event_type", "timestamp", "stats."},
		{"event_type", "timestamp", "engine."},
	},
	source:  row.LogSource{Product: "suricata"},
	decider: "event_type",
	decide:  anyService("suricata", ""),
	times:   []string{"timestamp"},
	hosts:   []string{"host"},
}

// zeek is a log of Zeek as JSON (LogAscii::use_json=T, or the package
// json-streaming-logs, which adds _path). Without _path the log is known by
// its fields. https://docs.zeek.org/en/master/script-reference/log-files.html
var zeek = dialect{
	marks: [][]string{
		{"_path", "ts"}, {"_path", "@timestamp"},
		{"ts", "uid", "id.orig_h", "id.resp_h"},
		{"ts", "fuid", "tx_hosts"}, {"ts", "fuid", "source", "analyzers"},
		{"ts", "certificate.serial"},
		{"ts", "note", "actions"},
	},
	source:  row.LogSource{Product: "zeek"},
	decider: zeekPath,
	decide:  anyService("zeek", ""),
	times:   []string{"ts", "@timestamp"},
	hosts:   []string{"_system_name"},
}

// zeekPath is the name of the log a record is from.
const zeekPath = "_path"

// zeekFields are fields that only one log of Zeek has, or that tell it from
// those further down.
var zeekFields = []struct {
	service string
	fields  []string
}{
	{"x509", []string{"certificate.serial"}},
	{"notice", []string{"note", "actions"}},
	{"weird", []string{"name", "notice", "peer"}},
	{"files", []string{"fuid", "analyzers"}},
	{"dce_rpc", []string{"endpoint", "operation"}},
	{"dns", []string{"trans_id", "rejected"}},
	{"http", []string{"trans_depth", "request_body_len"}},
	{"kerberos", []string{"request_type"}},
	{"ntlm", []string{"server_nb_computer_name"}},
	{"rdp", []string{"cookie", "security_protocol"}},
	{"smb_files", []string{"action", "name"}},
	{"smb_mapping", []string{"share_type"}},
	{"smtp", []string{"trans_depth", "helo"}},
	{"ssl", []string{"established", "resumed"}},
	{"ssh", []string{"auth_attempts"}},
	{"snmp", []string{"get_requests"}},
	{"tunnel", []string{"tunnel_type"}},
	{"ftp", []string{"command", "reply_code"}},
	{"conn", []string{"conn_state"}},
}

// zeekService returns the log that has some fields; empty when it is not clear.
func zeekService(names []string) string {
	for _, log := range zeekFields {
		if !slices.Contains(names, zeekPath) && hasAll(names, log.fields) {
			return log.service
		}
	}
	return ""
}
