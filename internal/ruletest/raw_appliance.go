package ruletest

import (
	"strings"

	"github.com/kulla-defence/kulla/internal/logwriter"
)

// applianceFormats are those of network appliances, which speak by syslog.
func applianceFormats(product, service string) []rawFormat {
	switch product + "/" + service {
	case "fortios/", "fortios/event":
		return []rawFormat{{name: "fortios", write: writeFortiOS(nil)}}
	case "fortios/sslvpnd":
		return []rawFormat{{name: "fortios", write: writeFortiOS(fortiVPN)}}
	case "cisco/", "cisco/syslog":
		return cisco("%SYS-5-RESTART: ")
	case "cisco/aaa":
		return cisco("%PARSER-5-CFGLOG_LOGGEDCMD: User:admin  logged command:")
	case "cisco/bgp":
		return cisco("%BGP-3-NOTIFICATION: ")
	case "cisco/ldp":
		return cisco("%LDP-5-NBRCHG: ")
	case "paloalto/globalprotect":
		return []rawFormat{{name: "pan-os", write: writeGlobalProtect}}
	}
	return nil
}

// cisco writes messages of one kind.
func cisco(tag string) []rawFormat {
	return []rawFormat{{name: "cisco", write: func(r row) ([]byte, error) {
		return applianceLine(r, "", func(text string, _ []logwriter.Field) string { return tag + text })
	}}}
}

// applianceLine writes what a rule asks for as one line. Columns are pairs,
// whose names in the line may be others.
func applianceLine(r row, keyword string, body func(text string, pairs []logwriter.Field) string) ([]byte, error) {
	text := r.textOf(keywordColumn)
	var pairs []logwriter.Field
	for _, field := range r {
		if field.Null || !isOneLine(field.Text) || strings.TrimSpace(field.Text) != field.Text {
			return nil, cannotHold(field)
		}
		pairs = append(pairs, logwriter.Field{Name: field.Name, Value: field.Text})
	}
	switch {
	case !isOneLine(text) || strings.TrimSpace(text) != text:
		return nil, cannotHold(Field{Name: keywordColumn, Text: text})
	case keyword == "" && len(pairs) > 0:
		return nil, noColumn(pairs[0].Name)
	case keyword != "" && text != "":
		pairs = append(pairs, logwriter.Field{Name: keyword, Value: text})
	}
	message := logwriter.Syslog{Facility: 16, Severity: 5, Time: Epoch, Host: "gate", Message: body(text, pairs)}
	return message.AppendRFC3164(nil), nil
}

// fortiVPN are what FortiOS calls the columns of category vpn, and the pairs
// by which such a message is known.
var fortiVPN = map[string]string{"src_ip": "remip", "dst_ip": "dstip", "src_country": "srccountry", "bytes_out": "sentbyte", "bytes_in": "rcvdbyte",
	"action=login": "tunnel-up", "action=logout": "tunnel-down", "action=failed": "ssl-login-fail"}

// writeFortiOS writes a message of a VPN, or of another kind where there are
// no names.
func writeFortiOS(names map[string]string) func(r row) ([]byte, error) {
	return func(r row) ([]byte, error) {
		return applianceLine(r, "msg", func(_ string, pairs []logwriter.Field) string {
			for i := range pairs {
				if value := names[pairs[i].Name+"="+pairs[i].Value]; value != "" {
					pairs[i].Value = value
				}
				if name := names[pairs[i].Name]; name != "" {
					pairs[i].Name = name
				}
			}
			base := []logwriter.Field{{Name: "date", Value: "2024-01-01"}, {Name: "time", Value: "00:00:00"}, {Name: "devname", Value: "gate"}}
			if !hasPath(pairs, "type") {
				base = append(base, logwriter.Field{Name: "type", Value: "event"})
			}
			if names != nil {
				base = append(base, logwriter.Field{Name: "subtype", Value: "vpn"})
			}
			return logwriter.KeyValue(append(base, pairs...)...)
		})
	}
}

// cefNames are what CEF calls the columns of category firewall.
var cefNames = map[string]string{"src_ip": "src", "dst_ip": "dst", "src_port": "spt", "dst_port": "dpt", "action": "act", "user": "suser",
	"bytes_out": "out", "bytes_in": "in"}

func writeCEF(r row) ([]byte, error) {
	return applianceLine(r, "msg", func(_ string, pairs []logwriter.Field) string {
		for i := range pairs {
			if name := cefNames[pairs[i].Name]; name != "" {
				pairs[i].Name = name
			}
		}
		for _, one := range []logwriter.Field{{Name: "src", Value: "192.0.2.1"}, {Name: "dst", Value: "192.0.2.2"}} {
			if !hasPath(pairs, one.Name) {
				pairs = append(pairs, one)
			}
		}
		return logwriter.CEF(logwriter.Device{Vendor: "Example", Product: "Firewall", Version: "1"}, "1", "traffic", 3, pairs...)
	})
}

// globalProtect are the values of PAN-OS before the reason of a message of
// GlobalProtect (PAN-OS Administrator's Guide, Syslog Field Descriptions).
var globalProtect = strings.Split("future_use,receive_time,serial,type,subtype,future_use,time_generated,vsys,eventid,stage,auth_method,tunnel_type,"+
	"srcuser,srcregion,machinename,public_ip,public_ipv6,private_ip,private_ipv6,hostid,serialnumber,client_ver,client_os,client_os_ver,repeatcnt,reason", ",")

func writeGlobalProtect(r row) ([]byte, error) {
	const at = "2024/01/01 00:00:00"
	values := map[string]string{"future_use": "1", "receive_time": at, "time_generated": at, "serial": "007", "type": "GLOBALPROTECT", "eventid": "gateway-connected"}
	for _, field := range r {
		if field.Name != keywordColumn && values[field.Name] == "" {
			known := false
			for _, name := range globalProtect {
				known = known || name == field.Name
			}
			if !known {
				return nil, noColumn(field.Name)
			}
			values[field.Name] = field.Text
		}
	}
	values["reason"] += r.textOf(keywordColumn)
	ordered := make([]string, len(globalProtect))
	for i, name := range globalProtect {
		if !isOneLine(values[name]) {
			return nil, cannotHold(Field{Name: name, Text: values[name]})
		}
		ordered[i] = values[name]
	}
	line := strings.TrimRight(string(logwriter.AppendCSV(nil, ordered...)), "\r\n")
	message := logwriter.Syslog{Facility: 16, Severity: 5, Time: Epoch, Host: "gate", Message: line}
	return message.AppendRFC3164(nil), nil
}
