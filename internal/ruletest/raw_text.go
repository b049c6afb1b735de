package ruletest

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kulla-defence/kulla/internal/logwriter"
)

// iisColumns are those that IIS 10 can write.
var iisColumns = []string{"date", "time", "s-sitename", "s-computername", "s-ip", "cs-method", "cs-uri-stem", "cs-uri-query", "s-port", "cs-username",
	"c-ip", "cs-version", "cs(User-Agent)", "cs(Cookie)", "cs(Referer)", "cs-host", "sc-status", "sc-substatus", "sc-win32-status", "sc-bytes", "cs-bytes", "time-taken"}

// proxyColumns are those of Blue Coat's main format, and the whole address,
// which can be added to it.
var proxyColumns = []string{"date", "time", "time-taken", "c-ip", "cs-username", "cs-auth-group", "x-exception-id", "sc-filter-result", "cs-categories",
	"cs(Referer)", "sc-status", "s-action", "cs-method", "rs(Content-Type)", "cs-uri-scheme", "cs-host", "cs-uri-port", "cs-uri-path", "cs-uri-query",
	"cs-uri-extension", "cs(User-Agent)", "s-ip", "sc-bytes", "cs-bytes", "cs-uri", "cs(Cookie)"}

// headerColumns are what rules call columns that W3C logs call otherwise.
var headerColumns = map[string]string{"cs-user-agent": "cs(User-Agent)", "cs-referer": "cs(Referer)", "cs-cookie": "cs(Cookie)", keywordColumn: "cs(Referer)"}

// writeIIS writes what a rule asks for as IIS would. IIS logs the path and the
// query apart; a rule sees them together too.
func writeIIS(r row) ([]byte, error) {
	log := &logwriter.W3C{Software: "Microsoft Internet Information Services 10.0", Fields: iisColumns}
	return writeW3C(log, r, logwriter.Field{Name: "cs-method", Value: "GET"}, logwriter.Field{Name: "cs-uri-stem", Value: "/"})
}

// writeProxy writes what a rule asks for as a proxy of Blue Coat would.
func writeProxy(r row) ([]byte, error) {
	log := &logwriter.W3C{Software: "SGOS 7.3", Fields: proxyColumns, Quoted: true}
	return writeW3C(log, r, logwriter.Field{Name: "s-action", Value: "TCP_NC_MISS"}, logwriter.Field{Name: "sc-filter-result", Value: "OBSERVED"})
}

func writeW3C(log *logwriter.W3C, r row, base ...logwriter.Field) ([]byte, error) {
	fields, at := base, Epoch
	for _, field := range r {
		name := field.Name
		if header := headerColumns[name]; header != "" {
			name = header
		}
		switch {
		case !slices.Contains(log.Fields, name):
			return nil, noColumn(field.Name)
		case field.Null:
			field.Text = "-"
		case field.Text == "" || !isOneLine(field.Text) || strings.ContainsAny(field.Text, "\t\"") || strings.Contains(field.Text, " ") && !log.Quoted:
			return nil, cannotHold(field)
		}
		if name == "time" {
			clock, err := time.Parse(time.TimeOnly, (field.Text + "00:00:00"[min(len(field.Text), 8):])) // a rule may ask for its beginning
			if err != nil {
				return nil, cannotHold(field)
			}
			at = at.Add(clock.Sub(clock.Truncate(24 * time.Hour)))
		}
		fields = slices.DeleteFunc(fields, func(f logwriter.Field) bool { return f.Name == name })
		fields = append(fields, logwriter.Field{Name: name, Value: field.Text})
	}
	return log.AppendLine(log.AppendHeader(nil, at), at, fields...), nil
}

// writeAccess writes a line of an access log. A keyword stands in the
// referrer.
func writeAccess(r row) ([]byte, error) {
	a := &logwriter.Access{Client: "192.0.2.1", Time: Epoch, Status: 200, Size: 1}
	method, stem, query, version := "GET", "/", "", "HTTP/1.1"
	for _, field := range r {
		if field.Null || field.Text == "" || !isOneLine(field.Text) {
			return nil, cannotHold(field)
		}
		var err error
		switch field.Name {
		case "c-ip":
			a.Client = field.Text
		case "cs-username":
			a.User = field.Text
		case "cs-method":
			method = field.Text
		case "cs-uri-stem":
			stem = field.Text
		case "cs-uri-query":
			query = "?" + strings.TrimPrefix(field.Text, "/?")
		case "cs-version":
			version = field.Text
		case "sc-status":
			a.Status, err = strconv.Atoi(field.Text)
		case "sc-bytes":
			a.Size, err = strconv.ParseInt(field.Text, 10, 64)
		case "cs-referer", keywordColumn:
			a.Referrer = field.Text
		case "cs-user-agent":
			a.Agent = field.Text
		default:
			return nil, noColumn(field.Name)
		}
		if err != nil {
			return nil, cannotHold(field)
		}
	}
	a.Request = method + " " + stem + query + " " + version
	return logwriter.AppendAccess(nil, a), nil
}

func writeZeek(path string, r row) ([]byte, error) {
	log := &logwriter.Zeek{Path: path, Fields: []string{"ts"}, Types: []string{"time"}}
	var fields []logwriter.Field
	for _, field := range r {
		if field.Null || slices.Contains(log.Fields, field.Name) {
			return nil, errors.New("a column has one value")
		}
		log.Fields, log.Types = append(log.Fields, field.Name), append(log.Types, "string")
		fields = append(fields, logwriter.Field{Name: field.Name, Value: field.Text})
	}
	return log.AppendLine(log.AppendHeader(nil, Epoch), Epoch, fields...), nil
}

// exchangeLogs are, by service, what the header names such a log, and what its
// first column is called.
var exchangeLogs = map[string][2]string{
	"":                 {"Message Tracking Log", "date-time"},
	"message-tracking": {"Message Tracking Log", "date-time"},
	"connectivity":     {"Connectivity Log", "date-time"},
	"smtp":             {"SMTP Receive Protocol Log", "date-time"},
	"httpproxy":        {"HttpProxy Logs", "DateTime"},
	"ews":              {"EWS Logs", "DateTime"},
	"imap":             {"IMAP4 Log", "dateTime"},
	"pop":              {"POP3 Log", "dateTime"},
	"admin-audit":      {"Admin Audit Log", "date-time"},
}

func exchangeFormats(service string) []rawFormat {
	kind, ok := exchangeLogs[service]
	if !ok {
		return nil
	}
	return []rawFormat{{name: "exchange", write: func(r row) ([]byte, error) {
		log := &logwriter.Exchange{Type: kind[0], Version: "15.01.2507.006", Fields: []string{kind[1], "server-ip"}, Named: kind[1] == "DateTime"}
		var fields []logwriter.Field
		for _, field := range r {
			name := field.Name
			if name == keywordColumn {
				name = "context"
			}
			if field.Null || field.Text == "" || !isOneLine(field.Text) || slices.Contains(log.Fields, name) {
				return nil, cannotHold(field)
			}
			log.Fields = append(log.Fields, name)
			fields = append(fields, logwriter.Field{Name: name, Value: field.Text})
		}
		return log.AppendLine(log.AppendHeader(nil, Epoch), Epoch, fields...), nil
	}}}
}
