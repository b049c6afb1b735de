package row_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/source/row"
)

func TestSeparated(t *testing.T) {
	t.Parallel()
	for record, want := range map[string]string{
		"": "", "a,b": "a|b", "a,,": "a||", `"a,b",c`: "a,b|c", `"a ""b"" c","",x`: `a "b" c||x`, `"open,x`: "open,x", `"a"junk,b`: "a|b", `5" disk,"`: `5" disk|`, "\"a\nb\",c": "a\nb|c", `"""","x"""`: `"|x"`,
	} {
		var s row.Separated
		for range 2 {
			s.Cut([]byte(record), ',')
			var got []string
			for _, value := range s.Values {
				got = append(got, string(value))
			}
			if strings.Join(got, "|") != want {
				t.Errorf("%q: %q, unescaped %v", record, got, s.Unescaped)
			}
		}
	}
}

type screen struct{ texts []string }

func (s *screen) Text(text []byte) bool { s.texts = append(s.texts, string(text)); return false }
func (s *screen) UTF16([]byte) bool     { return false }

func TestRow(t *testing.T) {
	t.Parallel()
	var r row.Row
	r.Add([]byte("a\xffb"))
	r.AddNull()
	r.AddAbsent()
	for column, want := range []event.State{event.Present, event.Null, event.Absent} {
		if _, state := r.AppendValue(nil, column); state != want {
			t.Errorf("column %d is %v", column, state)
		}
	}
	if text, _ := r.AppendValue([]byte("x"), 0); string(text) != "xa\ufffdb" {
		t.Errorf("value is %q", text)
	}
	seen := new(screen)
	r.Screen(seen)
	r.Raw = []byte("raw")
	r.Screen(seen)
	if !slices.Equal(seen.texts, []string{"\na\ufffdb", "raw"}) {
		t.Errorf("screen saw %q", seen.texts)
	}
}

func TestLayouts(t *testing.T) {
	t.Parallel()
	finder := row.Finder{Layouts: row.NewLayouts()}
	names := [][]byte{[]byte("a"), []byte("b")}
	source := row.LogSource{Product: "p"}
	first := finder.Of(source, names)
	if finder.Of(source, names) != first || finder.Layouts.Of(source, names) != first {
		t.Error("the same names have two layouts")
	}
	if finder.Of(row.LogSource{Service: "p"}, names) == first || finder.Of(source, names[:1]) == first {
		t.Error("other names have the same layout")
	}
}

func TestValuesAreBounded(t *testing.T) {
	t.Parallel()
	var s row.Separated
	s.Cut(bytes.Repeat([]byte{','}, 2*row.MaxValues), ',')
	if len(s.Values) != row.MaxValues || len(s.Values[row.MaxValues-1]) != row.MaxValues+1 {
		t.Errorf("%d values, the last of %d bytes", len(s.Values), len(s.Values[len(s.Values)-1]))
	}
}
