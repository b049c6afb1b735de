package evtx_test

import (
	"strings"
	"testing"

	"github.com/kulla-defence/kulla/evtx"
)

// decode reads all records of a chunk.
func decode(t testing.TB, chunk []byte, visit func(*evtx.Record)) []*evtx.CorruptError {
	t.Helper()
	d := evtx.NewDecoder(nil)
	d.Reset(chunk, 0, evtx.FileHeaderSize)
	for d.Next() {
		visit(d.Record())
	}
	return d.Errors()
}

// columns writes a record's columns as lines, absent ones as "name absent".
func columns(r *evtx.Record) string {
	var lines []string
	for i, c := range r.Layout().Columns {
		value, state := r.AppendValue(nil, i)
		line := c.Name + "=" + string(value)
		if state != evtx.Present {
			line = c.Name + [...]string{" absent", " null"}[state]
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// one decodes a chunk with a single record made of a fragment.
func one(t *testing.T, content fragment, visit func(*evtx.Record)) {
	t.Helper()
	c := newChunk()
	c.add(content)
	n := 0
	errs := decode(t, c.bytes(), func(r *evtx.Record) { n++; visit(r) })
	if len(errs) != 0 || n != 1 {
		t.Fatalf("%d records, %v", n, errs)
	}
}

func TestRecord(t *testing.T) {
	t.Parallel()
	one(t, event(`C:\a&b.exe `), func(r *evtx.Record) {
		want := strings.Join([]string{
			"Provider_Name=Maker", "EventID_Qualifiers absent", "EventID=4242", "TimeCreated_SystemTime=2022-06-18T04:26:40.0000001Z",
			"Channel=Test/Operational", "Computer=HOST", `Image=C:\a&b.exe `, "Gone absent", "Empty null",
		}, "\n")
		if got := columns(r); got != want {
			t.Errorf("columns:\n%s\nwant:\n%s", got, want)
		}
		wantXML := `<Event xmlns='urn:x'><System><Provider Name='Maker'/><EventID>4242</EventID><TimeCreated SystemTime='2022-06-18T04:26:40.0000001Z'/>` +
			`<Channel>Test/Operational</Channel><Computer>HOST</Computer></System>` +
			`<EventData><Data Name='Image'>C:\a&amp;b.exe </Data><Data Name='Empty'></Data></EventData></Event>`
		if got := string(r.AppendXML(nil)); got != wantXML {
			t.Errorf("xml:\n%s\nwant:\n%s", got, wantXML)
		}
		wantJSON := `{"Event":{"#attributes":{"xmlns":"urn:x"},"System":{"Provider":{"#attributes":{"Name":"Maker"}},"EventID":4242,` +
			`"TimeCreated":{"#attributes":{"SystemTime":"2022-06-18T04:26:40.0000001Z"}},"Channel":"Test/Operational","Computer":"HOST"},` +
			`"EventData":{"Image":"C:\\a&b.exe ","Gone":null,"Empty":null}}}`
		if got := string(r.AppendJSON(nil)); got != wantJSON {
			t.Errorf("json:\n%s\nwant:\n%s", got, wantJSON)
		}
		id, ok := r.EventID()
		if id != 4242 || !ok || r.ID != 1 || r.Offset != 4096+512 {
			t.Errorf("event %d, record %d at %d", id, r.ID, r.Offset)
		}
		if got := r.TimeCreated().Format("15:04:05.0000000"); got != "04:26:40.0000001" {
			t.Errorf("time %s", got)
		}
		if l := r.Layout(); !l.Columns[l.Channel].Folded || string(r.AppendChannel(nil)) != "Test/Operational" || string(r.AppendComputer(nil)) != "HOST" || string(r.AppendProvider(nil)) != "Maker" {
			t.Error("the accessors disagree with the columns")
		}
	})
}
