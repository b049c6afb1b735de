package ruletest

import (
	"strings"
	"testing"

	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/logwriter"
)

// texts keeps the columns of the events it is given.
type texts struct{ events []string }

func (x *texts) Event(e *event.Event) error {
	var columns []string
	for i, name := range e.Layout.Names {
		value, _ := e.Values.AppendValue(nil, i)
		columns = append(columns, name+"="+string(value))
	}
	x.events = append(x.events, strings.Join(columns, "\n"))
	return nil
}

// What logwriter writes in forms that no self-test uses is read back as well.
func TestReadBack(t *testing.T) {
	t.Parallel()
	message := &logwriter.Syslog{Facility: 4, Severity: 2, Time: Epoch, Host: "gate", Program: "daemon", PID: 7, Message: `a "quoted" text`,
		Structured: []logwriter.StructuredElement{{ID: "ex@32473", Fields: []logwriter.Field{{Name: "a", Value: `q"]\`}}}}}
	leef := *message
	leef.Program, leef.PID = "", 0
	leef.Message = logwriter.LEEF(logwriter.Device{Vendor: "Example", Product: "P", Version: "1"}, "7", logwriter.Field{Name: "src", Value: "192.0.2.1"},
		logwriter.Field{Name: "usrName", Value: "a b"})
	framed := logwriter.AppendFramed(logwriter.AppendFramed(nil, message.AppendRFC5424(nil)), message.AppendRFC5424(nil))
	for name, test := range map[string]struct {
		log    []byte
		events int
		want   []string
	}{
		"file":     {message.AppendFile(nil), 1, []string{"hostname=gate", "program=daemon", "pid=7", `Message=a "quoted" text`}},
		"rfc 5424": {message.AppendRFC5424(nil), 1, []string{"facility=auth", "severity=crit", `ex.a=q"]\`, `Message=a "quoted" text`}},
		"framed":   {framed, 2, []string{`ex.a=q"]\`, `Message=a "quoted" text`}},
		"leef":     {leef.AppendRFC3164(nil), 1, []string{"src=192.0.2.1", "usrName=a b"}},
	} {
		found := &texts{}
		if err := read(t.Context(), &Item{Lines: string(test.log)}, found); err != nil {
			t.Errorf("%s: %v: %q", name, err, test.log)
			continue
		}
		if len(found.events) != test.events {
			t.Errorf("%s: %d events, want %d", name, len(found.events), test.events)
		}
		for _, event := range found.events {
			for _, want := range test.want {
				if !strings.Contains("\n"+event+"\n", "\n"+want+"\n") {
					t.Errorf("%s: no column %s in\n%s", name, want, event)
				}
			}
		}
	}
}
