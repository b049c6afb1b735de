package jsonlog

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kulla-defence/kulla/internal/source/format"
)

// The same event in the shapes that tools give it.
func TestShapes(t *testing.T) {
	t.Parallel()
	for name, document := range map[string]string{
		"winlogbeat": `{"@timestamp":"2024-03-01T10:00:00.5Z","host":{"name":"other"},"winlog":{"channel":"Security","event_id":4688,
			"provider_name":"P","computer_name":"dc01","record_id":77,"event_data":{"CommandLine":"cmd /c \"x\"","Empty":""}}}`,
		"winlogbeat, dotted": `{"@timestamp":"2024-03-01T12:00:00.5+02:00","winlog.channel":"Security","winlog.event_id":"4688",
			"winlog.provider_name":"P","winlog.computer_name":"dc01","winlog.record_id":"77","winlog.event_data.CommandLine":"cmd /c \"x\"","winlog.event_data.Empty":""}`,
		"elasticsearch hit": `{"_index":"i","_source":{"@timestamp":1709287200500,"winlog":{"channel":"Security","event_id":4688,
			"provider_name":"P","computer_name":"dc01","record_id":77,"event_data":{"CommandLine":"cmd /c \"x\"","Empty":""}}}}`,
		"flat": `{"EventTime":"2024-03-01 09:00:00","@timestamp":"2024-03-01T10:00:00.5Z","Hostname":"dc01","Channel":"Security","EventID":4688,
			"SourceName":"P","RecordNumber":77,"CommandLine":"cmd /c \"x\"","Empty":""}`,
		"attributes": `{"Event":{"#attributes":{"xmlns":"u"},"System":{"Provider":{"#attributes":{"Name":"P"}},"EventID":{"#attributes":{"Qualifiers":0},"#text":4688},
			"TimeCreated":{"#attributes":{"SystemTime":"2024-03-01T10:00:00.5Z"}},"EventRecordID":77,"Correlation":null,"Channel":"Security","Computer":"dc01"},
			"EventData":{"CommandLine":"cmd /c \"x\"","Empty":""}}}`,
		"separate attributes": `{"Event":{"System":{"Provider_attributes":{"Name":"P"},"EventID":4688,
			"TimeCreated_attributes":{"SystemTime":"2024-03-01T10:00:00.5Z"},"EventRecordID":77,"Channel":"Security","Computer":"dc01"},
			"EventData":{"CommandLine":"cmd /c \"x\"","Empty":""}}}`,
		"names as values": `{"Event":{"System":{"Provider":{"@Name":"P"},"EventID":"4688","TimeCreated":{"@SystemTime":"2024-03-01T10:00:00.5Z"},
			"EventRecordID":"77","Channel":"Security","Computer":"dc01"},"EventData":{"Data":[{"@Name":"CommandLine","#text":"cmd /c \"x\""},{"#text":"","@Name":"Empty"}]}}}`,
		"values": `{"System":{"Provider":{"Name":"P","Guid":"G"},"EventID":{"Value":4688,"Qualifiers":0},"Version":2,"TimeCreated":{"SystemTime":1709287200.5},
			"EventRecordID":77,"Correlation":{},"Execution":{"ProcessID":4,"ThreadID":8},"Channel":"Security","Computer":"dc01","Security":{}},
			"EventData":{"CommandLine":"cmd /c \"x\"","Empty":""},"Message":"m"}`,
		"values, small": `{"Event":{"System":{"Provider":{"Name":"P"},"EventID":{"value":"4688","Qualifiers":"0"},"TimeCreated":{"SystemTime":"2024-03-01T10:00:00.5Z"},
			"EventRecordID":"77","Channel":"Security","Computer":"dc01"},"EventData":{"Data":{"CommandLine":"cmd /c \"x\"","Empty":""}}}}`,
		"attributes of data": `{"Event":{"System":{"Provider":{"#attributes":{"Name":"P"}},"EventID":4688,"TimeCreated":{"#attributes":{"SystemTime":"2024-03-01T10:00:00.5Z"}},
			"EventRecordID":77,"Channel":"Security","Computer":"dc01"},"EventData":{"Data":[{"#attributes":{"Name":"CommandLine"},"#text":"cmd /c \"x\""},
			{"#text":"", "#attributes" : { "Name" : "Empty" } }]}}}`,
		"float": `{"TimeCreated":"2024-03-01T10:00:00.5Z","Hostname":"dc01","Channel":"Security","EventID":4688.0,"SourceName":"P","RecordNumber":77,"CommandLine":"cmd /c \"x\"","Empty":""}`,
		"splunk": `{"preview":false,"offset":3,"lastrow":true,"result":{"EventID":"4688","Channel":"Security","SourceName":"P","Computer":"dc01","EventRecordID":"77",
			"CommandLine":"cmd /c \"x\"","Empty":"","_time":"2024-03-01 10:00:00.500 UTC"}}`,
		"splunk, event code": `{"preview":false,"result":{"EventCode":"4688","LogName":"Security","SourceName":"P","ComputerName":"dc01","RecordNumber":"77",
			"CommandLine":"cmd /c \"x\"","Empty":"","_time":"2024-03-01T10:00:00.500+00:00","_raw":"LogName=Security\nEventCode=4688"}}`,
		"splunk, sections": `{"preview":false,"result":{"Event":{"System":{"Provider":{"@Name":"P"},"EventID":"4688","TimeCreated":{"@SystemTime":"2024-03-01T10:00:00.5Z"},
			"EventRecordID":"77","Channel":"Security","Computer":"dc01"},"EventData":{"Data":[{"@Name":"CommandLine","#text":"cmd /c \"x\""},{"#text":"","@Name":"Empty"}]}}}}`,
		"azure, json": `{"TimeGenerated":"2024-03-01T10:00:00.5Z","Computer":"dc01","Channel":"Security","EventID":4688,"Provider":"P","EventRecordId":"77",
			"EventData":"{\"CommandLine\":\"cmd /c \\\"x\\\"\",\"Empty\":\"\"}"}`,
		"azure, xml": `{"TimeGenerated":"2024-03-01T10:00:00.5Z","Computer":"dc01","Channel":"Security","EventID":4688,"EventSourceName":"P","EventRecordId":"77",
			"EventData":"\u003cEventData xmlns=\"u\"\u003e\r\n<Data Name=\"CommandLine\">cmd /c &quot;&#120;&#x22;</Data><Data Name='Empty'></Data></EventData>"}`,
		"payload": `{"PayloadData1":"p","EventId":4688,"Channel":"Security","Provider":"P","Computer":"dc01","EventRecordId":"77","TimeCreated":"2024-03-01T10:00:00.5000000+00:00",
			"Payload":"{\"EventData\":{\"Data\":[{\"@Name\":\"CommandLine\",\"#text\":\"cmd /c \\\"x\\\"\"},{\"@Name\":\"Empty\",\"#text\":\"\"}]}}"}`,
		"powershell": `{"Id":4688,"LogName":"Security","ProviderName":"P","MachineName":"dc01","RecordId":77,"TimeCreated":"\/Date(1709287200500)\/","CommandLine":"cmd /c \"x\"","Empty":""}`,
	} {
		got := parseAll([]byte(document), len(document), 1<<20)
		if len(got.records) != 1 || len(got.problems) > 0 {
			t.Errorf("%s: %d records, problems %v", name, len(got.records), got.problems)
			continue
		}
		r := got.records[0]
		for _, want := range []pair{{"EventID", "=4688"}, {"Channel", "=Security"}, {"Provider_Name", "=P"}, {"Computer", "=dc01"},
			{"EventRecordID", "=77"}, {"CommandLine", `=cmd /c "x"`}, {"Empty", "="}} {
			if !slices.Contains(r.pairs, want) {
				t.Errorf("%s: no %v in %q", name, want, r.pairs)
			}
		}
		when := time.Date(2024, 3, 1, 10, 0, 0, 500_000_000, time.UTC)
		if e := r.event; e.Layout.Product != "windows" || e.Host != "dc01" || e.Provenance.RecordID != 77 || !e.Time.Equal(when) || e.TimeText != "" {
			t.Errorf("%s: product %q, host %q, id %d, time %v %q", name, e.Layout.Product, e.Host, e.Provenance.RecordID, e.Time, e.TimeText)
		}
	}
}

func TestFields(t *testing.T) {
	t.Parallel()
	for document, want := range map[string]string{
		`{"a":{"b":[1,[2,{"c":null}]],"d":{}},"e":true}`:                           `a.b=1 a.b=2 a.b.cnull e=true`,
		`{"a":[],"b":[ ],"c":{},"d":[[]],"e":[1,[]],"f":[{}],"g":{"h":[]}}`:        `anull bnull dnull e=1 enull g.hnull`,
		`{"requestParameters":[],"a":{"resources":[]}}`:                            `requestParameters=[] a.resourcesnull`,
		`{"Properties":"{\"a\":[],\"b\":1}"}`:                                      `Properties.anull Properties.b=1`,
		`{"Event":{"System":[],"EventData":[],"UserData":[]},"a":1}`:               `a=1`,
		`{"Event":{"EventData":{"Data":[]}},"a":1}`:                                `a=1`,
		`{"EventData":{"Data":[]},"EventData":{},"EventData":"[]","a":1}`:          `a=1`,
		`{"EventData":"","EventData":{"A":[]}}`:                                    `Data= Anull`,
		`{"winlog":{"event_data":[],"user_data":{}},"winlog.event_data":[]}`:       ``,
		`{"_source":{"EventData":{"Data":[[],[]]}},"EventData_dynamic":[]}`:        ``,
		`{"Event":{"EventData":{"Data":["x","y"]}}}`:                               `Data=x Data=y`,
		`{"Event":{"EventData":{"Data":{"#text":["x","y"]}}}}`:                     `Data=x Data=y`,
		`{"Event":{"EventData":{"Data":{"@Name":"N","#text":"v"}}}}`:               `N=v`,
		`{"Event":{"EventData":{"Data":[{"@Name":"N"},{"other":1}]}}}`:             `Nnull other=1`,
		`{"EventData":{"Data":{"#text":"v","#attributes":{"Name":"N"}}}}`:          `N=v`,
		`{"EventData":{"Data":[{"#attributes":{"Name":"N"}}]}}`:                    `Nnull`,
		`{"EventData":{"Data":[{"#attributes":{}},{"#attributes":"x"},5]}}`:        `#attributes=x Data=5`,
		`{"EventID":4720.0,"Level":1.0}`:                                           `EventID=4720 Level=1.0`,
		`{"EventID":4720,"a":{"EventID":1.0}}`:                                     `EventID=4720 a.EventID=1.0`,
		`{"EventID":"1.0"}`:                                                        `EventID=1.0`,
		`{"EventID":1.5}`:                                                          `EventID=1.5`,
		`{"EventID":null}`:                                                         `EventIDnull`,
		`{"EventID":[]}`:                                                           `EventIDnull`,
		`{"preview":true,"offset":1,"result":{"a":"b","EventCode":"1"}}`:           `preview=true offset=1 a=b EventCode=1`,
		`{"preview":false,"result":{"EventID":"1","EventCode":"1","Channel":"c"}}`: `preview=false EventID=1 EventCode=1 Channel=c`,
		`{"Event":{"UserData":{"LogFileCleared":{"SubjectUserName":"u"}}}}`:        `SubjectUserName=u`,
		`{"EventData_dynamic":"[\"x\",\"y\"]"}`:                                    `Data=x Data=y`,
		`{"EventData":"{\"broken\":"}`:                                             `Data={"broken":`,
		`{"EventData":"<Data>a</Data><Data/>"}`:                                    `Data=a Datanull`,
		`{"a":"\u0041\ud83e\udd85\ud800\q\/"}`:                                     "a=A🦅\ufffd\\q/",
		`{"n":1.50e+3,"big":123456789012345678901234567890}`:                       `n=1.50e+3 big=123456789012345678901234567890`,
		`{"winlog":{"event_data":{"a.b":"c"},"keywords":["k","l"]}}`:               `a.b=c Keywords=k Keywords=l`,
		`{"Hostname":"h","SourceName":"s"}`:                                        `Hostname=h SourceName=s`,
		`{"EventID":1,"Channel":"c","Computer":"x","Hostname":"h","host":"y"}`:     `EventID=1 Channel=c Computer=x Hostname=h host=y`,
	} {
		got := parseAll([]byte(document), len(document), 1<<20)
		if len(got.records) != 1 {
			t.Errorf("%s: %v", document, got.problems)
			continue
		}
		var list []string
		for _, p := range got.records[0].pairs {
			list = append(list, p.name+p.text)
		}
		if text := strings.Join(list, " "); text != want {
			t.Errorf("%s:\n got %s\nwant %s", document, text, want)
		}
	}
}

// What is broken costs itself only, and says where it was.
func TestDamage(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat(`{"a":`, 70) + "1" + strings.Repeat("}", 70)
	wide := `{"a":[` + strings.Repeat("1,", 20_000) + "1]}"
	for damaged, want := range map[string]string{
		`{"a":"cut`:         "not valid JSON",
		`{"a":1,"b":tru`:    "not valid JSON",
		`{"a":1,}`:          "not valid JSON",
		`{"a":[1}`:          "not valid JSON",
		`plain text`:        "not a JSON object",
		`{"a":01x}`:         "not valid JSON",
		deep:                "nested more than 64 levels deep",
		wide:                "more than 16384 fields",
		`{"a":{"b":"c"}} }`: "not a JSON object",
	} {
		text := `{"first":1}` + "\n" + damaged + "\n" + `{"last":2}` + "\n" + `{"end":3}` + "\n"
		got := parseAll([]byte(text), len(text), 1<<20)
		last := got.records[len(got.records)-1]
		if len(got.problems) != 1 || got.problems[0].Reason != want || got.problems[0].Line != 2 || got.problems[0].Offset < 12 {
			t.Errorf("%.40s: problems %v, want %s", damaged, got.problems, want)
		}
		if len(got.records) < 3 || last.pairs[0].name != "end" || last.event.Provenance.Line != 4 {
			t.Errorf("%.40s: records %v", damaged, got.records)
		}
	}
	cut := parseAll([]byte(`{"a":1}`+"\n"+`{"a":"cu`), 100, 1<<20)
	if len(cut.records) != 1 || len(cut.problems) != 1 || cut.problems[0].Reason != "document ends too early" || cut.problems[0].Lost != 8 {
		t.Errorf("%+v", cut)
	}
}

// A source with ever new keys is not remembered without bound.
func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&text, "{\"key%d\":1,\"k%d\":[1,2]}\n", i, i*7)
	}
	shared := newShapes()
	p := newParser(shared)
	c := new(counter)
	block := format.Block{Data: []byte(text.String()), State: state{}, Line: 1, First: true}
	if err := p.Parse(&block, c); err != nil || c.events != 100_000 {
		t.Fatal(c.events, err)
	}
	if p.scanner.trie.nodes > maxNodes+maxColumns || len(p.scanner.trie.root.children) > maxChildren || shared.bytes > maxBytes {
		t.Errorf("%d nodes, %d children, %d bytes", p.scanner.trie.nodes, len(p.scanner.trie.root.children), shared.bytes)
	}
}

func TestSteadyStateDoesNotAllocate(t *testing.T) {
	text := sample(100_000)
	p, c := newParser(newShapes()), new(counter)
	block := format.Block{Data: text, State: state{}, Line: 1, First: true}
	p.Parse(&block, c)
	if n := testing.AllocsPerRun(10, func() { p.Parse(&block, c) }); n > 0 {
		t.Errorf("%v allocations in %d events", n, c.events/12)
	}
}
