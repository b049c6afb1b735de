package timeline

import (
	"testing"
	"time"

	"github.com/kulla-defence/kulla/internal/event"
)

type values []string

func (v values) AppendValue(dst []byte, column int) ([]byte, event.State) {
	return append(dst, v[column]...), event.Present
}

// Events come in order of time, of any year; those without one come last.
func TestOrderOfTime(t *testing.T) {
	t.Parallel()
	line := New(time.Time{}, time.Time{}, t.TempDir())
	defer line.Close()
	layout := &event.Layout{Product: "linux", Names: []string{"EventID", "user", "empty"}}
	source := &event.Source{Name: "a.log"}
	at := []time.Time{{}, time.Date(2022, 7, 15, 0, 0, 0, 5, time.UTC), time.Date(1601, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2022, 7, 15, 0, 0, 0, 4, time.UTC)}
	sinks := []*Sink{line.Sink(), line.Sink()}
	for i, when := range at {
		err := sinks[i%2].Event(&event.Event{Layout: layout, Values: values{"7", "anna", ""}, Time: when, Host: "ws01",
			Provenance: event.Provenance{Source: source, Offset: int64(i), Size: 9, Line: int64(i + 1), RecordID: 4, Carved: i%2 == 0}})
		if err != nil {
			t.Fatal(err)
		}
	}
	var got []Entry
	for e, err := range line.Entries() {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, *e)
	}
	for i, from := range []int{2, 3, 1, 0} {
		want := Entry{Time: at[from], Host: "ws01", Source: "a.log", Log: "linux", ID: "7", Message: "user: anna",
			Offset: uint64(from), Size: 9, Line: uint64(from + 1), Record: 4, Carved: from%2 == 0}
		if got[i] != want {
			t.Errorf("%d: got %+v, want %+v", i, got[i], want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte("x"))
	f.Add(make([]byte, 60))
	f.Fuzz(func(t *testing.T, item []byte) {
		if e, err := decode(item); (e == nil) == (err == nil) {
			t.Errorf("entry %v, error %v", e, err)
		}
	})
}
