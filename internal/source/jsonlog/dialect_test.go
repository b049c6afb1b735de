package jsonlog

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/kulla-defence/kulla/internal/source/format"
	"github.com/kulla-defence/kulla/internal/source/formattest"
)

// One record of each dialect: where it belongs, when it was, and one column.
func TestDialects(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ document, want, column string }{
		{`{"_path":"conn","ts":1709287200.5,"uid":"C1","id.orig_h":"192.0.2.1","id.resp_h":"192.0.2.2"}`, "zeek//conn 2024-03-01T10:00:00.5Z", `id.orig_h="192.0.2.1"`},
		{`{"ts":"2024-03-01T10:00:00Z","uid":"C1","id.orig_h":"192.0.2.1","id.resp_h":"192.0.2.2","conn_state":"SF"}`, "zeek//conn 2024-03-01T10:00:00Z", `conn_state="SF"`},
		{`{"timestamp":"2024-03-01T10:00:00.5+0000","event_type":"alert","src_ip":"192.0.2.1","alert":{"signature":"S"}}`, "suricata//alert 2024-03-01T10:00:00.5Z", `alert.signature="S"`},
		{`{"eventVersion":"1.08","eventTime":"2024-03-01T10:00:00Z","eventSource":"s","eventName":"n","requestParameters":{"a":{"b":"c"}}}`, "aws//cloudtrail 2024-03-01T10:00:00Z", `requestParameters="{\"a\":{\"b\":\"c\"}}" requestParameters.a.b="c"`},
		{`{"EventTime":"2024-03-01 12:00:00+02:00","CloudTrailEvent":"{\"eventVersion\":\"1\",\"eventTime\":\"2024-03-01T10:00:00Z\",\"eventSource\":\"s\",\"eventName\":\"n\"}"}`, "aws//cloudtrail 2024-03-01T10:00:00Z", `eventName="n"`},
		{`{"CreationTime":"2024-03-01T10:00:00","Operation":"Set-Mailbox","Workload":"Exchange","Parameters":[{"Name":"ForwardTo","Value":"a@example.test"}]}`, "m365//audit 2024-03-01T10:00:00Z", `Parameters.ForwardTo="a@example.test"`},
		{`{"RecordType":1,"AuditData":"{\"CreationTime\":\"2024-03-01T10:00:00\",\"Operation\":\"o\",\"Workload\":\"w\"}"}`, "m365//audit 2024-03-01T10:00:00Z", `Operation="o"`},
		{`{"TimeGenerated":"2024-03-01T10:00:00Z","OperationName":"Sign-in activity","ResultType":"50126","UserPrincipalName":"u","AppId":"a","IPAddress":"192.0.2.1"}`, "azure//signinlogs 2024-03-01T10:00:00Z", `resultType="50126" properties.userPrincipalName="u"`},
		{`{"createdDateTime":"2024-03-01T10:00:00Z","userPrincipalName":"u","appId":"a","status":{"errorCode":50126}}`, "azure//signinlogs 2024-03-01T10:00:00Z", `resultType="50126"`},
		{`{"TimeGenerated":"2024-03-01T10:00:00Z","ActivityDisplayName":"Add user","TargetResources":"[{\"type\":\"User\"}]"}`, "azure//auditlogs 2024-03-01T10:00:00Z", `properties.targetResources.type="User"`},
		{`{"time":"2024-03-01T10:00:00Z","resourceId":"r","operationName":"O","category":"Administrative","properties":{"message":"m"}}`, "azure//activitylogs 2024-03-01T10:00:00Z", `properties.message="m"`},
		{`{"logName":"l","protoPayload":{"methodName":"m","serviceName":"compute.googleapis.com"},"timestamp":"2024-03-01T10:00:00Z"}`, "gcp//gcp.audit 2024-03-01T10:00:00Z", `protoPayload.methodName="m"`},
		{`{"protoPayload":{"methodName":"m","serviceName":"login.googleapis.com"},"timestamp":"2024-03-01T10:00:00Z"}`, "gcp//google_workspace.login 2024-03-01T10:00:00Z", `protoPayload.methodName="m"`},
		{`{"id":{"time":"2024-03-01T10:00:00Z","applicationName":"admin"},"events":[{"name":"E","parameters":[{"name":"NEW_VALUE","value":"v"}]}]}`, "gcp//google_workspace.admin 2024-03-01T10:00:00Z", `eventName="E" NEW_VALUE="v"`},
		{`{"eventType":"user.session.start","published":"2024-03-01T10:00:00Z","actor":{"alternateId":"a"}}`, "okta//okta 2024-03-01T10:00:00Z", `actor.alternateId="a"`},
		{`{"auditID":"i","verb":"get","requestURI":"/","requestReceivedTimestamp":"2024-03-01T10:00:00Z"}`, "kubernetes//audit 2024-03-01T10:00:00Z", `verb="get"`},
		{`{"ts":1709287200,"request":{"method":"GET","uri":"/a?b=c","client_ip":"192.0.2.1"},"status":200}`, "/webserver/caddy 2024-03-01T10:00:00Z", `cs-uri-stem="/a" cs-uri-query="b=c"`},
		{`{"TimeGenerated":"2024-03-01T10:00:01Z","SyslogMessage":"<Event><System><EventID>1</EventID><TimeCreated SystemTime=\"2024-03-01T10:00:00Z\"/><Channel>Linux-Sysmon/Operational</Channel><Computer>h</Computer></System><EventData><Data Name=\"Image\">/bin/sh</Data></EventData></Event>"}`, "linux// 2024-03-01T10:00:00Z on h", `Image="/bin/sh"`},
		{`{"SyslogMessage":"type=EXECVE audit(1:2): SchemaVersion=\"1\" comm=\"a b\" x=y z","Facility":"user","SeverityLevel":"info","ProcessName":"auoms","EventTime":"2024-03-01T10:00:00Z"}`, "linux//auditd 2024-03-01T10:00:00Z", `SchemaVersion="1" comm="a b" x="y z"`},
		{`{"unknown":{"shape":[1,2]},"time":"2024-03-01 10:00:00"}`, "// 2024-03-01T10:00:00Z (2024-03-01 10:00:00)", `unknown.shape="1" unknown.shape="2"`},
	} {
		got := formattest.Read(t, Format(), []byte(c.document), len(c.document), format.Options{})
		if len(got.Events) != 1 || len(got.Problems) > 0 || !strings.Contains(got.Events[0], " "+c.want+" ") || !strings.Contains(got.Events[0], c.column) {
			t.Errorf("%s:\n got %q %q\nwant %s … %s", c.document, got.Events, got.Problems, c.want, c.column)
		}
	}
}

// The records of an envelope are events at their own places, however the source
// is cut.
func TestEnvelopes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		`{"Records":[{"a":1},{"a":{"b":[2]}},{"a":3}]}`:                                                                      3,
		`{"@odata.context":"c","value":[{"a":1},{"a":2}],"@odata.nextLink":"n{"}`:                                            2,
		`{"kind":"k","etag":"e","items":[{"a":1},{"a":2}]}`:                                                                  2,
		`{"took":1,"hits":{"total":{"value":2},"hits":[{"a":1},{"a":2}]},"z":{}}`:                                            2,
		"{\"records\":[{\"a\":1}]}\n{\"records\":[{\"a\":2},{\"a\":3}]}\n":                                                   3,
		`{"preview":false,"messages":[],"fields":[{"name":"a"}],"results":[{"a":1},{"a":2}]}`:                                2,
		`{"preview":false,"fields":[` + strings.Repeat(`{"name":"a"},`, 1000) + `{"name":"b"}],"results":[{"a":1},{"a":2}]}`: 2,
		`{"results":[{"a":1}],"b":1}`:                                                                                        1,
		`{"preview":false,"result":{"a":1}}` + "\n" + `{"preview":false,"result":{"a":2}}`:                                   2,
		`{"Records":[]}`:               0,
		`{"items":[{"a":1},{"a":2}]}`:  1,
		`{"records":"none","value":1}`: 1,
	} {
		whole := formattest.Read(t, Format(), []byte(text), len(text), format.Options{})
		if len(whole.Events) != want || len(whole.Problems) > 0 {
			t.Errorf("%s: %q %q", text, whole.Events, whole.Problems)
		}
		for piece := 1; piece < len(text); piece += 3 {
			split := formattest.Read(t, Format(), []byte(text), piece, format.Options{})
			if !slices.Equal(split.Events, whole.Events) || len(split.Problems) > 0 {
				t.Errorf("%s in pieces of %d: %q %q", text, piece, split.Events, split.Problems)
			}
		}
	}
}

// Every line of the public samples is an event of the log source it is from.
func TestSamples(t *testing.T) {
	t.Parallel()
	for pattern, source := range map[string]string{
		"cloud/aws*": "aws//cloudtrail", "cloud/azure*": "azure//activitylogs", "cloud/gcp*": "gcp//", "cloud/microsoft*": "m365//audit",
		"suricata/*eve*": "suricata//", "web/caddy*": "/",
	} {
		for name, text := range formattest.Samples(t, pattern) {
			got := formattest.Read(t, Format(), text, 1000, format.Options{})
			documents := bytes.Count(append([]byte{'\n'}, text...), []byte("\n{"))
			if len(got.Events) != documents {
				t.Errorf("%s: %d events of %d lines, %q", name, len(got.Events), documents, got.Problems)
			}
			for _, e := range got.Events {
				if !strings.Contains(e, " "+source) {
					t.Errorf("%s: %.200s", name, e)
				}
			}
		}
	}
}
