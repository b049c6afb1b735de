package evtx_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/kulla-defence/kulla/evtx"
)

// TestAccessors: what has no column, or one that is text, is read all the same.
func TestAccessors(t *testing.T) {
	t.Parallel()
	written := time.Date(2022, 6, 18, 4, 26, 40, 0, time.UTC)
	f := func(system fragment, wantID uint16, wantOK bool, wantTime time.Time) {
		t.Helper()
		one(t, plainElement("Event", nil, system), func(r *evtx.Record) {
			if id, ok := r.EventID(); id != wantID || ok != wantOK {
				t.Errorf("event id %d, %v", id, ok)
			}
			if got := r.TimeCreated(); !got.Equal(wantTime) {
				t.Errorf("time %v, want %v", got, wantTime)
			}
			if !r.Written().Equal(written) || len(r.AppendChannel(nil)) > 0 || r.Layout().Index("Channel") != -1 {
				t.Errorf("written %v, channel %s", r.Written(), r.AppendChannel(nil))
			}
		})
	}
	created := func(s string) fragment { return plainElement("TimeCreated", attribute("SystemTime", text(s))) }
	id := func(s string) fragment { return plainElement("EventID", nil, text(s)) }
	f(plainElement("System", nil), 0, false, written)
	f(plainElement("System", nil, id("4624"), created("2021-02-03T04:05:06.1234567Z")), 4624, true, time.Date(2021, 2, 3, 4, 5, 6, 123456700, time.UTC))
	f(plainElement("System", nil, id("65535"), created("2021-02-03T04:05:06+02:00")), 65535, true, time.Date(2021, 2, 3, 2, 5, 6, 0, time.UTC))
	f(plainElement("System", nil, id("65536"), created("yesterday")), 0, false, written)
	f(plainElement("System", nil, id("")), 0, false, written)
	f(plainElement("System", nil, id("99999999999999999999999")), 0, false, written)
}

// TestArraysInText: an array in an attribute is one text with commas; one among
// other text repeats the whole.
func TestArraysInText(t *testing.T) {
	t.Parallel()
	numbers := bytesOf(evtx.TypeUInt8|evtx.TypeArray, []byte{1, 2, 3})
	one(t, template(element("A", attribute("b", slot(0)), text("n"), slot(1)), numbers, numbers), func(r *evtx.Record) {
		if got, want := columns(r), "A_b=1,2,3\nA=n1\nA=n2\nA=n3\nA absent"; got != want {
			t.Errorf("%s, want %s", got, want)
		}
	})
	empty := bytesOf(evtx.TypeString | evtx.TypeArray)
	one(t, template(element("A", nil, slot(0)), empty), func(r *evtx.Record) {
		if got := columns(r); got != "A null" {
			t.Error(got)
		}
		if got := string(r.AppendJSON(nil)); got != `{"A":null}` {
			t.Error(got)
		}
	})
}

func TestRaw(t *testing.T) {
	t.Parallel()
	one(t, event("x"), func(r *evtx.Record) {
		l := r.Layout()
		window, kind, ok := r.Raw(l.Index("Image"))
		if string(window) != "x\x00" || kind != evtx.TypeString || !ok {
			t.Errorf("%q %d %v", window, kind, ok)
		}
		for _, name := range []string{"Channel", "Gone", "Empty"} { // a constant, and two nulls
			if _, _, ok := r.Raw(l.Index(name)); ok {
				t.Errorf("%s is one value", name)
			}
		}
	})
}

// TestManyEqualKeys: keys that stand more than once are numbered, few or many.
func TestManyEqualKeys(t *testing.T) {
	t.Parallel()
	all := make([]fragment, 0, 80)
	want := `{"A":{`
	for i := range 40 {
		all = append(all, plainElement("X", nil), plainElement(string(rune('a'+i)), nil))
		key := "X"
		if i > 0 {
			key += "_" + strconv.Itoa(i)
		}
		want += `"` + key + `":null,"` + string(rune('a'+i)) + `":null,`
	}
	want = want[:len(want)-1] + "}}"
	one(t, plainElement("A", nil, all...), func(r *evtx.Record) {
		if got := string(r.AppendJSON(nil)); got != want {
			t.Errorf("%s\nwant %s", got, want)
		}
	})
}

// TestTextBetweenElements is kept, white space is not.
func TestTextBetweenElements(t *testing.T) {
	t.Parallel()
	one(t, plainElement("A", nil, plainElement("B", nil), raw([]byte{0x07}, le16(3), wide("\r\n ")), plainElement("Data", nil, plainElement("C", nil))), func(r *evtx.Record) {
		if got := string(r.AppendJSON(nil)); got != `{"A":{"B":null,"Data":{"#text":{"C":null}}}}` {
			t.Error(got)
		}
	})
	one(t, plainElement("A", nil, plainElement("B", nil), text("kept")), func(r *evtx.Record) {
		if got := string(r.AppendJSON(nil)); got != `{"A":{"B":null,"#text":"kept"}}` {
			t.Error(got)
		}
		if got := columns(r); got != "B null\nA=kept" {
			t.Error(got)
		}
	})
}
