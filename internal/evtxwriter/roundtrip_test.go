package evtxwriter

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/kulla-defence/kulla/evtx"
)

// fieldsOf reads a file back with the house's own reader: for each record,
// the values of each field as text.
func fieldsOf(t *testing.T, file []byte) []map[string][]string {
	t.Helper()
	f, err := evtx.Open(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	var all []map[string][]string
	for record, err := range f.Records(t.Context(), evtx.Options{Workers: 1, Verify: true}) {
		if err != nil {
			t.Fatal(err)
		}
		fields := map[string][]string{}
		for i, column := range record.Layout().Columns {
			text, state := record.AppendValue(nil, i)
			if state == evtx.Present {
				fields[column.Name] = append(fields[column.Name], string(text))
			}
		}
		all = append(all, fields)
	}
	return all
}

func compare(t *testing.T, e *Event, got map[string][]string) {
	t.Helper()
	want := map[string]string{
		"Channel": e.Channel, "Computer": e.Computer, "Provider_Name": e.Provider,
		"EventID": Uint16(e.EventID).Text(), "Keywords": Hex64(e.Keywords).Text(),
		"TimeCreated_SystemTime": FileTime(e.Time).Text(),
	}
	for _, field := range e.Data {
		if field.Value.kind != nullType {
			want[field.Name] = field.Value.Text()
		}
	}
	for name, text := range want {
		if joined := strings.Join(got[name], "\n"); joined != text {
			t.Errorf("%s of %s: read %q, wrote %q", name, e.Provider, joined, text)
		}
	}
}

func TestReaderGivesBackTheSamples(t *testing.T) {
	t.Parallel()
	var events []Event
	for _, e := range samples() {
		if e.UserData == nil && e.EventID != 7036 {
			events = append(events, e)
		}
	}
	read := fieldsOf(t, encode(t, Options{}, events...))
	if len(read) != len(events) {
		t.Fatalf("read %d of %d events", len(read), len(events))
	}
	for i := range events {
		compare(t, &events[i], read[i])
	}
}

func TestReaderGivesBackUserDataAndUnnamedData(t *testing.T) {
	t.Parallel()
	read := fieldsOf(t, encode(t, Options{}, cleared(), plain(cleared()), classic()))
	for _, fields := range read[:2] {
		if strings.Join(fields["SubjectUserName"], "\n") != "admin-t1" || strings.Join(fields["SubjectLogonId"], "\n") != "0x1f2e3d" {
			t.Errorf("UserData is read as %q", fields)
		}
	}
	if got := strings.Join(read[2]["Data"], "|"); got != "first|second|0102" {
		t.Errorf("unnamed data is read as %q", got)
	}
	if got := strings.Join(read[2]["EventID_Qualifiers"], "|"); got != "16384" {
		t.Errorf("qualifiers are read as %q", got)
	}
}

// A log copied from a running system has a header that says nothing yet.
func TestReaderDoesNotTrustAStaleHeader(t *testing.T) {
	t.Parallel()
	file := encode(t, Options{Dirty: true, StaleHeader: true, RecordsPerChunk: 2}, process(1), process(2), process(3))
	if chunks, next := file[42], file[24]; chunks != 0 || next != 1 {
		t.Errorf("the header says %d chunks, next record %d", chunks, next)
	}
	if read := fieldsOf(t, file); len(read) != 3 {
		t.Errorf("%d of 3 records are read", len(read))
	}
}

// Whatever is written is read back, many events of a few shapes by chance.
func TestReaderGivesBackWhatIsWritten(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 0))
		events := make([]Event, 200)
		for i := range events {
			events[i] = randomEvent(random)
		}
		read := fieldsOf(t, encode(t, Options{RecordsPerChunk: random.IntN(50)}, events...))
		if len(read) != len(events) {
			t.Fatalf("seed %d: read %d of %d events", seed, len(read), len(events))
		}
		for i := range events {
			compare(t, &events[i], read[i])
		}
	}
}

func randomEvent(random *rand.Rand) Event {
	e := Event{
		Provider: randomText(random), EventID: uint16(random.Uint32()), Keywords: random.Uint64(),
		Channel: randomText(random), Computer: randomText(random),
		Time: time.Unix(random.Int64N(4e9), random.Int64N(1e7)*100).UTC(), Plain: random.IntN(8) == 0,
	}
	for _, name := range []string{"A", "B", "C", "D"}[:random.IntN(5)] {
		e.Data = append(e.Data, Field{name, randomValue(random)})
	}
	return e
}

func randomValue(random *rand.Rand) Value {
	switch random.IntN(10) {
	case 0:
		return Uint32(random.Uint32())
	case 1:
		return Int64(int64(random.Uint64()))
	case 2:
		return Hex32(random.Uint32())
	case 3:
		return Pointer(random.Uint64())
	case 4:
		return SID("S-1-5-21-" + Uint32(random.Uint32()).Text() + "-500")
	case 5:
		return GUID(formatGUID(slices.Concat(littleEndian(random.Uint64(), 8), littleEndian(random.Uint64(), 8))))
	case 6:
		return FileTime(time.Unix(random.Int64N(4e9), random.Int64N(1e7)*100))
	case 7:
		return Bool(random.IntN(2) == 0)
	case 8:
		return Null()
	}
	return String(randomText(random))
}

func randomText(random *rand.Rand) string {
	var text []rune
	for range random.IntN(12) {
		r := rune(random.IntN(0x10000) >> random.IntN(12))
		if r >= ' ' && utf8.ValidRune(r) && r < 0xfffe {
			text = append(text, r)
		}
	}
	return string(text) + "."
}
