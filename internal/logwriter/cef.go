package logwriter

import (
	"strconv"
	"strings"
)

// A Device is what the header of CEF and LEEF says of who wrote a message.
type Device struct{ Vendor, Product, Version string }

// CEF returns a message of the ArcSight Common Event Format, version 0, which
// is sent in a Syslog.
func CEF(device Device, id, name string, severity int, fields ...Field) string {
	header := strings.NewReplacer(`\`, `\\`, `|`, `\|`, "\n", " ", "\r", " ")
	escape := strings.NewReplacer(`\`, `\\`, `=`, `\=`, "\n", `\n`, "\r", `\r`)
	parts := []string{"CEF:0", device.Vendor, device.Product, device.Version, id, name, strconv.Itoa(severity)}
	for i := range parts[1:] {
		parts[i+1] = header.Replace(parts[i+1])
	}
	return strings.Join(parts, "|") + "|" + pairs(fields, " ", escape)
}

// LEEF returns a message of QRadar's Log Event Extended Format, version 1.0,
// which is sent in a Syslog. Values cannot hold tabs.
func LEEF(device Device, id string, fields ...Field) string {
	plain := strings.NewReplacer("\t", " ", "\n", " ", "\r", " ")
	return "LEEF:1.0|" + strings.Join([]string{device.Vendor, device.Product, device.Version, id}, "|") + "|" + pairs(fields, "\t", plain)
}

func pairs(fields []Field, between string, escape *strings.Replacer) string {
	var text strings.Builder
	for i, field := range fields {
		if i > 0 {
			text.WriteString(between)
		}
		text.WriteString(field.Name + "=" + escape.Replace(field.Value))
	}
	return text.String()
}

// KeyValue returns pairs of key and value as firewalls send them in a Syslog:
// a value with a blank, a quote or nothing in it stands in double quotes.
func KeyValue(fields ...Field) string {
	var text strings.Builder
	for i, field := range fields {
		if i > 0 {
			text.WriteByte(' ')
		}
		text.WriteString(field.Name + "=")
		if field.Value == "" || strings.ContainsAny(field.Value, " \t\"=,") {
			text.WriteString(`"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(field.Value) + `"`)
			continue
		}
		text.WriteString(field.Value)
	}
	return text.String()
}
