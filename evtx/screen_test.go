package evtx_test

import (
	"archive/zip"
	"bytes"
	"io"
	"iter"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/kulla-defence/kulla/evtx"
)

// A gathering screen says no to everything and remembers what it was asked.
type gathering struct{ texts []string }

func (g *gathering) Text(text []byte) bool {
	g.texts = append(g.texts, string(text))
	return false
}

func (g *gathering) UTF16(text []byte) bool {
	units := make([]uint16, 0, len(text)/2)
	for ; len(text) >= 2; text = text[2:] {
		unit := uint16(text[0]) | uint16(text[1])<<8
		if unit == 0 {
			break
		}
		units = append(units, unit)
	}
	g.texts = append(g.texts, string(utf16.Decode(units)))
	return false
}

// What a screen is not shown are columns of plain characters only.
func TestScreenIsShownAllText(t *testing.T) {
	t.Parallel()
	records := 0
	for name, record := range exampleRecords(t) {
		records++
		checkScreened(t, name, record)
	}
	if records < 3000 {
		t.Errorf("%d records of the sample were checked, expected 3,000 or more", records)
	}
}

func checkScreened(t *testing.T, name string, record *evtx.Record) {
	t.Helper()
	var shown gathering
	if _, possible := record.Screen(&shown, nil); possible {
		t.Fatalf("%s: a screen that says no came out as yes", name)
	}
	all := strings.Join(shown.texts, "\n")
	for column := range record.Layout().Columns {
		text, state := record.AppendValue(nil, column)
		if state != evtx.Present || strings.Trim(strings.ToLower(string(text)), "0123456789abcdefnilrstuxz.:+-{}") == "" {
			continue
		}
		if !strings.Contains(all, string(text)) {
			t.Errorf("%s record %d: %s = %q was not shown", name, record.ID, record.Layout().Columns[column].Name, text)
		}
	}
}

// A wordScreen looks for a word, in a whole record first.
type wordScreen struct {
	gathering
	word    string
	windows int
}

func (s *wordScreen) Text(text []byte) bool { return bytes.Contains(text, []byte(s.word)) }

func (s *wordScreen) UTF16(text []byte) bool {
	s.texts = nil
	s.gathering.UTF16(text)
	return strings.Contains(s.texts[0], s.word)
}

func (s *wordScreen) Recurring(_ any, text []byte) bool { return s.Text(text) }

func (s *wordScreen) Window(window []byte, narrow bool) (possible, ok bool) {
	s.windows++
	var wide []byte
	for _, unit := range utf16.Encode([]rune(s.word)) {
		wide = append(wide, byte(unit), byte(unit>>8))
	}
	return bytes.Contains(window, wide) || narrow && bytes.Contains(window, []byte(s.word)), true
}

// Every word of every column is found when the record is looked at as a whole.
func TestScreenOfWholeRecordsMissesNothing(t *testing.T) {
	t.Parallel()
	words := 0
	for name, record := range exampleRecords(t) {
		for column := range record.Layout().Columns {
			for _, word := range wordsOf(record, column) {
				words++
				screen := wordScreen{word: word}
				if _, possible := record.Screen(&screen, nil); !possible || screen.windows > 1 {
					t.Fatalf("%s record %d: %q of %s: %v after %d windows", name, record.ID, word, record.Layout().Columns[column].Name, possible, screen.windows)
				}
			}
		}
	}
	if words < 50_000 {
		t.Errorf("%d words were looked for, expected 50,000 or more", words)
	}
}

// wordsOf are the words of a column that no number, time, identifier, binary or
// boolean has.
func wordsOf(record *evtx.Record, column int) []string {
	text, _ := record.AppendValue(nil, column)
	if string(text) == "true" || string(text) == "false" {
		return nil
	}
	words := strings.FieldsFunc(string(text), func(r rune) bool { return (r < 'g' || r > 'w') && (r < 'G' || r > 'S') })
	return slices.DeleteFunc(words, func(word string) bool { return len(word) < 3 })
}

// Numbers, identifiers and booleans in an array are a text with commas, which is
// none of them, and stands nowhere in the record as it is.
func TestScreenOfArraysOfNumbers(t *testing.T) {
	t.Parallel()
	for want, value := range map[string]val{
		"100,200":    bytesOf(evtx.TypeUInt32|evtx.TypeArray, le32(100), le32(200)),
		"true,false": bytesOf(evtx.TypeBool|evtx.TypeArray, le32(1), le32(0)),
	} {
		c := newChunk()
		c.add(template(element("Event", nil, element("A", attribute("numbers", slot(0)), slot(1))), value, bytesOf(evtx.TypeString, wide("text"))))
		d := evtx.NewDecoder(nil)
		d.Reset(c.bytes(), 0, 0)
		if !d.Next() {
			t.Fatal(d.Errors())
		}
		record := d.Record()
		if text, _ := record.AppendValue(nil, 0); string(text) != want {
			t.Fatalf("%q, want %q", text, want)
		}
		if _, possible := record.Screen(&wordScreen{word: want}, nil); !possible {
			t.Errorf("%q was not shown", want)
		}
	}
}

// Text with a byte a character is found wherever a record may have it.
func TestScreenOfNarrowText(t *testing.T) {
	t.Parallel()
	ansi := bytesOf(evtx.TypeANSIString, []byte("needle"))
	for name, content := range map[string]fragment{
		"value":        template(element("Event", nil, slot(0)), ansi),
		"nested":       template(element("Event", nil, slot(0)), val{byte(evtx.TypeBinXML), sequence(head, template(element("A", nil, slot(0)), ansi), raw([]byte{0}))}),
		"array":        template(element("Event", nil, element("A", nil, slot(0))), bytesOf(evtx.TypeANSIString|evtx.TypeArray, []byte("a\x00needle\x00"))),
		"without slot": plainElement("Event", nil, raw([]byte{0x05, byte(evtx.TypeANSIString)}, le16(6), []byte("needle"))),
	} {
		c := newChunk()
		c.add(content)
		d := evtx.NewDecoder(nil)
		d.Reset(c.bytes(), 0, 0)
		if !d.Next() {
			t.Fatal(name, d.Errors())
		}
		if _, possible := d.Record().Screen(&wordScreen{word: "needle"}, nil); !possible {
			t.Errorf("%s: %s was not found", name, d.Record().AppendJSON(nil))
		}
	}
}

// exampleRecords goes over the records of the sample evidence, with the names of
// their logs.
func exampleRecords(t *testing.T) iter.Seq2[string, *evtx.Record] {
	t.Helper()
	return func(yield func(string, *evtx.Record) bool) {
		for name, data := range exampleLogs(t) {
			file, err := evtx.Open(bytes.NewReader(data), int64(len(data)))
			if err != nil {
				t.Fatal(err)
			}
			for record, err := range file.Records(t.Context(), evtx.Options{}) {
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if !yield(name, record) {
					return
				}
			}
		}
	}
}

// exampleLogs are the event logs of the sample evidence.
func exampleLogs(t *testing.T) map[string][]byte {
	t.Helper()
	archive, err := zip.OpenReader("../examples/evidence.zip")
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	logs := map[string][]byte{}
	for _, member := range archive.File {
		in, err := member.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.HasPrefix(data, []byte("ElfFile")) {
			logs[member.Name] = data
		}
	}
	return logs
}

// A yes ends the asking, and is the answer.
type eager struct{ asked int }

func (e *eager) Text([]byte) bool  { e.asked++; return true }
func (e *eager) UTF16([]byte) bool { e.asked++; return true }

func TestScreenStopsAtYes(t *testing.T) {
	t.Parallel()
	for _, data := range exampleLogs(t) {
		file, err := evtx.Open(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatal(err)
		}
		for record := range file.Records(t.Context(), evtx.Options{}) {
			var screen eager
			if _, possible := record.Screen(&screen, nil); !possible || screen.asked != 1 {
				t.Fatalf("answer %v after %d questions, want yes after one", possible, screen.asked)
			}
			break
		}
	}
}
