package cli

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kulla-defence/kulla/internal/evtxwriter"
	"github.com/kulla-defence/kulla/internal/logwriter"
)

// hostileValues are what an intruder may have written into a log for those who
// read a case of it.
func hostileValues() []string {
	return []string{
		`<script>window.pwned=1</script>`, `"><img src=x onerror=window.pwned=1>`, `</script><svg/onload=window.pwned=1>`, `]]><!--`, `{{.}} {host} {count} ${x} %s%n`,
		"report.what.title", "story.opening", "host:web01", "javascript:window.pwned=1", "invoice\u202excod.exe\u2066\u200b\u200d\ufeff\U000e0041", "\x1b]0;owned\x07\x1b[2J\u009b31m",
		"a\x00b\r\nkulla: error: x\u2028\u2029", "\xff\xfe\xed\xa0\x80", `=HYPERLINK("http://evil.example.test","x")`, "+1+cmd|' /C calc'!A0", "@SUM(1)", "-2+3", "\t=1", "\uff1d1",
		"[x](javascript:window.pwned=1) ![y](http://evil.example.test/p.png) <b> `|` **z** # h", `' OR process:pid > '0' --\'] FOLLOWEDBY [x:y = 'z`, `"},{"x":"\u0000\`,
		"\u05d0\u05d1\u05d2.\u0645\u062b\u0627\u0644", "www.evil.example.test a@evil.example.test http://evil.example.test/x", "z" + strings.Repeat("\u0301", 300), "", "-", " ", ".", "..", `..\..\x`, "../../etc/passwd",
		strings.Repeat("A", 20_000), "\u0130\u0130\u0130C:\\a b.exe x", "\u212a\u212aC:\\a b.sys", "WEB01", "web01.", "ｗｅｂ０１", "wеb01", "CORP\\WEB01$", "S-1-5-21-999999999999999999999999", "CN=,CN=\\,", "[::ffff:192.0.2.1]:99999",
		"0xffffffffffffffffff", "{00000000-0000-0000-0000-00000000000g}", "SHA256=" + strings.Repeat("0g", 32) + ",MD5=", `\\`, `\\?\UNC\x`, `"`, `""`, `"C:\x`, "C:", "/", "a/b\\c", "http://[::1", "1e999", "NaN",
	}
}

// hostileColumns are those that entities, stories and attribution are read from.
var hostileColumns = strings.Fields(`Image CommandLine ParentImage ParentCommandLine User ProcessGuid ParentProcessGuid ProcessId LogonId Hashes TargetFilename TargetObject
	DestinationIp DestinationHostname SourceIp SourceHostname QueryName QueryResults ImageLoaded PipeName SubjectUserName SubjectDomainName SubjectUserSid SubjectLogonId TargetUserName
	TargetDomainName TargetUserSid TargetLogonId LogonType IpAddress IpPort WorkstationName ServiceName ServiceFileName ImagePath TaskName TaskContent MemberName MemberSid ShareName
	RelativeTargetName ObjectName ObjectType NewProcessName NewProcessId ParentProcessName ScriptBlockText Path AccountName Param1 Param2 Param3`)

var hostileTimes = []string{"2022-07-15T10:00:00Z", "1601-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "", "0001-01-01T00:00:00Z", "99999-01-01T00:00:00Z", "2022-07-15"}

// hostileJSON is one event a line: each value in all columns of one, and then
// a different one in each.
func hostileJSON() []byte {
	var log []byte
	values := hostileValues()
	ids := []string{"1", "3", "11", "13", "22", "4624", "4625", "4688", "4697", "4720", "4732", "5145", "7045", "1102", "4104"}
	for n := range 3 * len(values) {
		of := func(column int) string {
			if n < len(values) {
				return values[n]
			}
			return values[(n*7+column*(n%5+1))%len(values)]
		}
		id := ids[n%len(ids)]
		provider, channel := "Microsoft-Windows-Security-Auditing", "Security"
		if len(id) < 3 {
			provider, channel = "Microsoft-Windows-Sysmon", "Microsoft-Windows-Sysmon/Operational"
		}
		fields := []logwriter.Field{{Name: "Event.System.Provider.#attributes.Name", Value: provider}, {Name: "Event.System.EventID", Value: id}, {Name: "Event.System.Channel", Value: channel}}
		if n%6 > 0 {
			fields = append(fields, logwriter.Field{Name: "Event.System.Computer", Value: of(0)})
		}
		if at := hostileTimes[n%len(hostileTimes)]; at != "" {
			fields = append(fields, logwriter.Field{Name: "Event.System.TimeCreated.#attributes.SystemTime", Value: at})
		}
		for column, name := range hostileColumns {
			fields = append(fields, logwriter.Field{Name: "Event.EventData." + name, Value: of(column + 1)})
		}
		log = logwriter.AppendJSON(log, fields)
	}
	return append(log, `{"Event":{"System":{"Provider":{"#attributes":{"Name":"\ud800\udc00\udc00"}},"EventID":1,"Channel":"Security","Computer":"\udc80\ud800"},"EventData":{"Image":"\ud83d"}}}`+"\n"...)
}

// hostileEVTX is the same in the binary form, as far as that holds it.
func hostileEVTX(t *testing.T) []byte {
	t.Helper()
	var events []evtxwriter.Event
	for n, value := range hostileValues() {
		value = value[:min(len(value), 4000)] // a record has 64 KiB
		event := evtxwriter.Event{Provider: "Microsoft-Windows-Sysmon", EventID: 1, Channel: "Microsoft-Windows-Sysmon/Operational", Computer: value,
			RecordID: uint64(n + 1), Time: time.Date(2022, 7, 15, 10, n, 0, 0, time.UTC)}
		for _, name := range []string{"Image", "CommandLine", "ParentImage", "User", "Hashes", "ProcessGuid"} {
			event.Data = append(event.Data, evtxwriter.Field{Name: name, Value: evtxwriter.String(value)})
		}
		events = append(events, event)
	}
	log, err := evtxwriter.Encode(evtxwriter.Options{}, events...)
	if err != nil {
		t.Fatal(err)
	}
	return log
}

// hostileRequests is a web server's log.
func hostileRequests() []byte {
	var log []byte
	for n, value := range hostileValues() {
		log = logwriter.AppendAccess(log, &logwriter.Access{Client: "203.0.113.7", User: value, Time: time.Date(2022, 7, 15, 11, n, 0, 0, time.UTC),
			Request: "POST /" + value + " HTTP/1.1", Status: 200, Size: 1, Referrer: value, Agent: value})
	}
	return log
}

const hostileRules = `title: Any process
id: 6c4f2a1e-0000-4000-8000-000000000001
level: high
tags: [attack.execution, attack.t1059]
logsource: {product: windows}
detection: {any: {Channel|exists: true}, condition: any}
---
title: Any event at all
id: 6c4f2a1e-0000-4000-8000-000000000002
level: critical
tags: [attack.persistence, attack.t1505.003]
logsource: {product: windows}
detection: {any: {EventID|exists: true}, condition: any}
---
title: Any request
id: 6c4f2a1e-0000-4000-8000-000000000003
level: high
tags: [attack.initial-access, attack.t1190]
logsource: {category: webserver}
detection: {any: {cs-method: POST}, condition: any}
---
title: Many events of one computer
id: 6c4f2a1e-0000-4000-8000-000000000004
level: high
tags: [attack.discovery]
correlation: {type: event_count, rules: [6c4f2a1e-0000-4000-8000-000000000001], group-by: [Computer, Image], timespan: 30d, condition: {gte: 1}}
`

// hostileEvidence is an archive, and rules that find something in all of it.
func hostileEvidence(t *testing.T) (evidence, rules string) {
	t.Helper()
	folder := t.TempDir()
	evidence, rules = filepath.Join(folder, "hostile.zip"), filepath.Join(folder, "rules.yml")
	write(t, rules, hostileRules)
	var archive bytes.Buffer
	w := zip.NewWriter(&archive)
	add := func(name string, data []byte) {
		out, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := out.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	add("a/events.json", hostileJSON())
	add("b/Sysmon.evtx", hostileEVTX(t))
	add("c/access.log", hostileRequests())
	line, _, _ := bytes.Cut(hostileJSON(), []byte("\n"))
	for n, name := range []string{`<img src=x onerror=window.pwned=1>`, "=1+1", "a\u202enosj", "[x](javascript:1)|b`c", "-rf", "\x1b[2J", "\xff"} {
		add("d/"+name+".json", append(bytes.Replace(line, []byte("Security"), fmt.Appendf(nil, "Security%d", n), 1), '\n'))
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(evidence, archive.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return evidence, rules
}

// Whatever evidence holds, it becomes a case, the same with any number of
// workers, that verifies; and nothing that is printed or written of it acts.
func TestHostileEvidence(t *testing.T) {
	t.Parallel()
	slow(t)
	evidence, rules := hostileEvidence(t)
	folder := t.TempDir()
	file, key := filepath.Join(folder, "x"+caseExtension), filepath.Join(folder, "signing.key")
	investigate := func(file, workers string) string {
		out, errors, code := answering(t, "investigate", "--rules", rules, "--key", key, "--workers", workers, "--no-progress", "-o", file, evidence)
		if code != exitDone && code != exitUnreadable {
			t.Fatalf("code %d: %s%s", code, out, errors)
		}
		if bad := raw(out + errors); bad != "" {
			t.Errorf("kulla investigate prints %s", bad)
		}
		return out
	}
	investigate(file, "1")
	again := filepath.Join(folder, "y"+caseExtension)
	investigate(again, "3")
	if told(t, file) != told(t, again) {
		t.Error("three workers tell another story than one")
	}
	if out, _, code := answering(t, "verify", file, evidence); code != exitDone && code != exitUnreadable {
		t.Errorf("it does not verify: %s", out)
	}
	requireHarmless(t, "hostile evidence", append(commandsOn(file, evidence), shownOf(t, file)...))
	requireReportsHarmless(t, file)
	if page, err := os.ReadFile(strings.TrimSuffix(file, caseExtension) + ".html"); err != nil || len(page) > 4<<20 || bytes.Count(page, []byte("<script")) != 1 {
		t.Errorf("a page of %d bytes with %d scripts, %v", len(page), bytes.Count(page, []byte("<script")), err)
	}
}

// shownOf are commands that show incidents and findings of a case.
func shownOf(t *testing.T, file string) (commands [][]string) {
	t.Helper()
	out, _ := kulla(t, "case", "entities", file)
	ids := regexp.MustCompile(`(?m)^I-\w+`).FindAllString(out, -1)
	if ids = slices.Compact(ids); len(ids) < 3 {
		t.Fatalf("%d incidents", len(ids))
	}
	for _, id := range ids[:min(len(ids), 12)] {
		commands = append(commands, []string{"case", "show", file, id}, []string{"case", "entities", file, id}, []string{"case", "timeline", "--incident", id, file})
	}
	for number := 14; number < 400; number += 13 {
		commands = append(commands, []string{"case", "show", file, fmt.Sprint(number)})
	}
	return commands
}

// requireReportsHarmless looks into the reports that other programs read.
func requireReportsHarmless(t *testing.T, file string) {
	t.Helper()
	report := func(format string) string {
		out, _ := kulla(t, "case", "report", "-f", format, file)
		return out
	}
	for _, format := range []string{"json", "stix", "navigator"} {
		if !json.Valid([]byte(report(format))) {
			t.Errorf("%s: no JSON", format)
		}
	}
	for line := range strings.Lines(report("timesketch")) {
		if !json.Valid([]byte(line)) {
			t.Fatalf("timesketch: no JSON: %s", line)
		}
	}
	rows, err := csv.NewReader(strings.NewReader(report("csv"))).ReadAll()
	if err != nil || len(rows) < 100 {
		t.Errorf("csv: %d rows, %v", len(rows), err)
	}
	for _, row := range rows {
		for _, cell := range row {
			if cell != "" && strings.ContainsRune("=+-@\t\r＝", []rune(cell)[0]) {
				t.Errorf("csv: a formula: %.80s", cell)
			}
		}
	}
	for _, bad := range []string{"<", "](", "![", "`", "://", "www."} {
		if text := report("markdown"); strings.Contains(text, bad) {
			at := strings.Index(text, bad)
			t.Errorf("markdown: %q", text[max(at-80, 0):at+80])
		}
	}
}
