package evtxwriter

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/kulla-defence/kulla/evtx"
)

// FuzzText writes any text, templated and plain, and reads it back.
func FuzzText(f *testing.F) {
	f.Add("CommandLine", `cmd /c "echo a & b" `)
	f.Add("Provider Name", "é\t\n<&>\U0001F985")
	f.Add("a", "")
	f.Fuzz(func(t *testing.T, name, text string) {
		if !utf8.ValidString(name) || !utf8.ValidString(text) || strings.ContainsRune(name+text, 0) || name == "" || len(text) > 10_000 || len(name) > 1000 {
			t.Skip("not text of an event")
		}
		e := bare()
		e.Data = []Field{{"First" + name, String(text)}, {"Second", Uint32(7)}}
		read := fieldsOf(t, encode(t, Options{}, e, plain(e)))
		for i, fields := range read {
			if got := fields["First"+name]; len(got) > 0 && got[0] != text || len(got) == 0 && text != "" {
				t.Errorf("record %d: read %q, wrote %q", i, got, text)
			}
			if got := fields["Second"]; len(got) != 1 || got[0] != "7" {
				t.Errorf("record %d: the next field is read as %q", i, got)
			}
		}
	})
}

// FuzzDamage overwrites bytes of a good file anywhere, and reads what is left:
// every failure must be a reported place, and reading must come to an end.
func FuzzDamage(f *testing.F) {
	good, err := Encode(Options{}, samples()[:40]...)
	if err != nil {
		f.Fatal(err)
	}
	for _, at := range []uint32{0, 42, 4096, 4096 + 48, 4096 + 0x180, 4096 + 516, 4096 + 540, 4096 + 560, 5000, 9000} {
		f.Add(at, []byte{0xff, 0xff})
		f.Add(at, []byte{0, 0, 0, 0})
	}
	f.Fuzz(func(t *testing.T, at uint32, damage []byte) {
		file := slices.Clone(good)
		copy(file[int(at)%len(file):], damage)
		opened, err := evtx.Open(bytes.NewReader(file), int64(len(file)))
		if err != nil {
			return
		}
		records := 0
		for record, err := range opened.Records(t.Context(), evtx.Options{Workers: 1, Carve: true}) {
			var corrupt *evtx.CorruptError
			switch {
			case errors.As(err, &corrupt):
				continue
			case err != nil:
				t.Fatalf("not the error of a place: %v", err)
			}
			records++
			record.AppendXML(record.AppendJSON(nil))
		}
		if records > 200 {
			t.Errorf("%d records are read of a file that has 40", records)
		}
	})
}
