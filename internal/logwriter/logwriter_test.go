package logwriter

import (
	"testing"
	"time"
)

var noon = time.Date(2024, time.March, 5, 12, 0, 1, 250e6, time.FixedZone("", 3600))

func TestLines(t *testing.T) {
	t.Parallel()
	w3c := &W3C{Software: "Microsoft Internet Information Services 10.0", Fields: []string{"date", "time", "cs-uri-stem", "cs(User-Agent)", "cs-username"}}
	exchange := &Exchange{Type: "Message Tracking Log", Version: "15.01.2507.006", Fields: []string{"date-time", "client-ip", "message-subject"}}
	proxy := &Exchange{Type: "HttpProxy Logs", Version: "15.01.2507.006", Fields: []string{"DateTime", "UrlStem"}, Named: true}
	message := &Syslog{Facility: 4, Severity: 2, Time: noon, Host: "fw1", Program: "sshd", PID: 17, Message: "a\nb"}
	modern := &Syslog{Facility: 10, Severity: 6, Time: noon, Host: "fw1", MessageID: "ID47", Message: "text",
		Structured: []StructuredElement{{"ex@32473", []Field{{"a", `q"]\`}}}}}
	for name, test := range map[string]struct{ got, want string }{
		"w3c header": {string(w3c.AppendHeader(nil, noon)),
			"#Software: Microsoft Internet Information Services 10.0\r\n#Version: 1.0\r\n#Date: 2024-03-05 11:00:01\r\n" +
				"#Fields: date time cs-uri-stem cs(User-Agent) cs-username\r\n"},
		"w3c": {string(w3c.AppendLine(nil, noon, Field{"cs(User-Agent)", "a b"}, Field{"cs-uri-stem", "/x y.aspx"})),
			"2024-03-05 11:00:01 /x%20y.aspx a+b -\r\n"},
		"exchange header": {string(exchange.AppendHeader(nil, noon)),
			"\ufeff#Software: Microsoft Exchange Server\r\n#Version: 15.01.2507.006\r\n#Log-type: Message Tracking Log\r\n" +
				"#Date: 2024-03-05T11:00:01.250Z\r\n#Fields: date-time,client-ip,message-subject\r\n"},
		"exchange": {string(exchange.AppendLine(nil, noon, Field{"message-subject", `a, "b"`})),
			"2024-03-05T11:00:01.250Z,,\"a, \"\"b\"\"\"\r\n"},
		"exchange named": {string(proxy.AppendHeader(nil, noon)[:len("\ufeffDateTime,UrlStem\r\n")]), "\ufeffDateTime,UrlStem\r\n"},
		"syslog file":    {string(message.AppendFile(nil)), "Mar  5 11:00:01 fw1 sshd[17]: a#012b\n"},
		"rfc 3164":       {string(message.AppendRFC3164(nil)), "<34>Mar  5 11:00:01 fw1 sshd[17]: a#012b\n"},
		"rfc 5424": {string(modern.AppendRFC5424(nil)),
			"<86>1 2024-03-05T11:00:01.250000Z fw1 - - ID47 [ex@32473 a=\"q\\\"\\]\\\\\"] text\n"},
		"framed": {string(AppendFramed(nil, []byte("<34>a\n"))), "5 <34>a"},
		"access": {string(AppendAccess(nil, &Access{Client: "192.0.2.1", Time: noon, Request: `GET /"\ HTTP/1.1`, Status: 200, Size: -1, Agent: "a\tb"})),
			`192.0.2.1 - - [05/Mar/2024:11:00:01 +0000] "GET /\"\\ HTTP/1.1" 200 - "-" "a\x09b"` + "\n"},
		"common": {string(AppendAccess(nil, &Access{Time: noon, Request: "GET / HTTP/1.1", Status: 404, Size: 9, WithoutQuotedParts: true})),
			`- - - [05/Mar/2024:11:00:01 +0000] "GET / HTTP/1.1" 404 9` + "\n"},
		"cef": {CEF(Device{"V|x", "P", "1"}, "100", "name", 5, Field{"msg", "a=b\nc"}, Field{"src", "192.0.2.1"}),
			`CEF:0|V\|x|P|1|100|name|5|msg=a\=b\nc src=192.0.2.1`},
		"leef":      {LEEF(Device{"V", "P", "1"}, "7", Field{"src", "192.0.2.1"}, Field{"usrName", "a b"}), "LEEF:1.0|V|P|1|7|src=192.0.2.1\tusrName=a b"},
		"key value": {KeyValue(Field{"action", "deny"}, Field{"msg", `a "b"`}, Field{"e", ""}), `action=deny msg="a \"b\"" e=""`},
		"audit": {string(AppendAudit(nil, &AuditRecord{"EXECVE", noon, 12, []Field{{"argc", "2"}, {"a0", "ls"}, {"a1", "a b"}}})),
			`type=EXECVE msg=audit(1709636401.250:12): argc=2 a0="ls" a1=612062` + "\n"},
		"zeek": {string((&Zeek{Path: "http", Fields: []string{"ts", "uri", "method", "host", "user"}}).AppendLine(nil, noon, Field{"uri", "a\tb"}, Field{"host", ""}, Field{"user", "-"})),
			"1709636401.250000\ta\\x09b\t-\t(empty)\t\\x2d\n"},
		"zeek header": {string((&Zeek{Path: "dns", Fields: []string{"ts", "query"}, Types: []string{"time", "string"}}).AppendHeader(nil, noon)),
			"#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tdns\n#open\t2024-03-05-11-00-01\n#fields\tts\tquery\n#types\ttime\tstring\n"},
		"json": {string(AppendJSON(nil, []Field{{"a.b", "<1>"}, {"c", "2"}, {"a.d", "x"}, {"a.d", "y"}}, "c")),
			`{"a":{"b":"<1>","d":["x","y"]},"c":2}` + "\n"},
	} {
		if test.got != test.want {
			t.Errorf("%s:\n%q, want\n%q", name, test.got, test.want)
		}
	}
}
