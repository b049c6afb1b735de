package evtx_test

import (
	"math"
	"strings"
	"testing"
	"testing/quick"
	"unicode/utf16"

	"github.com/kulla-defence/kulla/evtx"
)

// valueOf gives the text and the JSON of one value in an element.
func valueOf(t *testing.T, kind evtx.ValueType, b []byte) (text, json string) {
	t.Helper()
	one(t, template(element("X", nil, slot(0)), bytesOf(kind, b)), func(r *evtx.Record) {
		value, state := r.AppendValue(nil, 0)
		text = string(value)
		if state == evtx.Null {
			text = "<null>"
		}
		json = strings.TrimSuffix(strings.TrimPrefix(string(r.AppendJSON(nil)), `{"X":`), "}")
	})
	return text, json
}

func TestValues(t *testing.T) {
	t.Parallel()
	f := func(kind evtx.ValueType, b []byte, want, wantJSON string) {
		t.Helper()
		if got, json := valueOf(t, kind, b); got != want || json != wantJSON {
			t.Errorf("type 0x%02x of % x is %q and %s, want %q and %s", uint8(kind), b, got, json, want, wantJSON)
		}
	}
	str := func(kind evtx.ValueType, b []byte, want string) {
		t.Helper()
		f(kind, b, want, `"`+want+`"`)
	}
	number := func(kind evtx.ValueType, b []byte, want string) {
		t.Helper()
		f(kind, b, want, want)
	}
	f(evtx.TypeNull, nil, "<null>", "null")
	f(evtx.TypeNull, []byte("ignored"), "<null>", "null")
	f(evtx.TypeUInt32, nil, "<null>", "null")

	str(evtx.TypeString, nil, "")
	str(evtx.TypeString, wide("trailing blanks  "), "trailing blanks  ")
	str(evtx.TypeString, wide("stops\x00here"), "stops")
	str(evtx.TypeString, wide("Ëndrra € 漢字 𝄞 ende"), "Ëndrra € 漢字 𝄞 ende")
	f(evtx.TypeString, wide("a\"\\\n\r\t\x01"), "a\"\\\n\r\t\x01", `"a\"\\\n\r\t\u0001"`)
	str(evtx.TypeString, append(wide("odd"), 'x'), "odd")
	str(evtx.TypeANSIString, []byte("caf\xe9 \x80 \x81.\x00rest"), "café € \u0081.")
	str(evtx.TypeEvtXML, wide("<a/>"), "<a/>")

	number(evtx.TypeInt8, []byte{0x80}, "-128")
	number(evtx.TypeUInt8, []byte{0xff}, "255")
	number(evtx.TypeInt16, le16(0xfffe), "-2")
	number(evtx.TypeUInt16, le16(65535), "65535")
	number(evtx.TypeInt32, le32(-7), "-7")
	number(evtx.TypeUInt32, le32(-1), "4294967295")
	number(evtx.TypeInt64, le64(math.MinInt64), "-9223372036854775808")
	number(evtx.TypeUInt64, le64(-1), "18446744073709551615")
	number(evtx.TypeUInt32, le64(5_000_000_000), "5000000000") // wider than its type
	str(evtx.TypeUInt32, []byte{1, 2, 3}, "010203")

	number(evtx.TypeReal32, le32(int(math.Float32bits(0.5))), "0.5")
	number(evtx.TypeReal64, le64(int(math.Float64bits(1.3124781))), "1.3124781")
	str(evtx.TypeReal64, le64(int(math.Float64bits(math.Inf(1)))), "+Inf")

	str(evtx.TypeReal32, []byte{0}, "00")

	number(evtx.TypeBool, le32(0), "false")
	number(evtx.TypeBool, le32(1), "true")
	number(evtx.TypeBool, le32(65536), "true")
	number(evtx.TypeBool, []byte{1}, "true")
	number(evtx.TypeBool, le64(0), "false")

	str(evtx.TypeBinary, []byte{0xde, 0xad, 0x0b}, "DEAD0B")
	str(evtx.TypeGUID, []byte{0x5f, 0x38, 0x70, 0x57, 0x2a, 0xc2, 0xe0, 0x43, 0xbf, 0x4c, 6, 0xf5, 0x69, 0x8f, 0xfb, 0xd9}, "{5770385f-c22a-43e0-bf4c-06f5698ffbd9}")
	str(evtx.TypeSizeT, le32(0xCAFE), "0xcafe")
	str(evtx.TypeSizeT, le64(0x7ffe_0000_0000), "0x7ffe00000000")
	str(evtx.TypeHexInt32, le32(0), "0x0")
	str(evtx.TypeHexInt32, le32(0x3E7), "0x3e7")
	str(evtx.TypeHexInt64, le64(math.MinInt64), "0x8000000000000000")
	str(evtx.TypeEvtHandle, le32(16), "0x10")

	str(evtx.TypeFileTime, le64(0), "1601-01-01T00:00:00.0000000Z")
	str(evtx.TypeFileTime, le64(116444736000000001), "1970-01-01T00:00:00.0000001Z")
	str(evtx.TypeFileTime, le64(2650467743999999999), "9999-12-31T23:59:59.9999999Z")
	str(evtx.TypeFileTime, le64(2650467744000000000), "2650467744000000000")
	str(evtx.TypeSystemTime, join(le16(2022), le16(7), le16(5), le16(15), le16(23), le16(59), le16(8), le16(45)), "2022-07-15T23:59:08.045Z")
	str(evtx.TypeSID, join([]byte{1, 5, 0, 0, 0, 0, 0, 5}, le32(21), le32(1), le32(2), le32(-1), le32(500)), "S-1-5-21-1-2-4294967295-500")
	str(evtx.TypeSID, []byte{1, 0, 0, 1, 0, 0, 0, 0}, "S-1-4294967296")
	str(evtx.TypeSID, []byte{1, 9, 0}, "010900")
}

// TestLoneSurrogates has what no conversion by way of a Go string can test.
func TestLoneSurrogates(t *testing.T) {
	t.Parallel()
	f := func(units []uint16, want string) {
		t.Helper()
		var b []byte
		for _, u := range units {
			b = append(b, le16(int(u))...)
		}
		if got, _ := valueOf(t, evtx.TypeString, b); got != want {
			t.Errorf("%x is %q, want %q", units, got, want)
		}
	}
	f([]uint16{'a', 0xd800}, "a\ufffd")
	f([]uint16{0xd800, 'a'}, "\ufffda")
	f([]uint16{0xdc00, 0xd800, 0xdc00}, "\ufffd\U00010000")
	f([]uint16{'a', 'b', 'c', 'd', 0xdfff, 'e', 'f', 'g', 'h', 'i'}, "abcd\ufffdefghi")
}

func TestTextIsUTF16(t *testing.T) {
	t.Parallel()
	agrees := func(units []uint16, ascii string) bool {
		units = append(units, utf16.Encode([]rune(ascii))...)
		var b []byte
		for _, u := range units {
			b = append(b, le16(int(u))...)
		}
		want, _, _ := strings.Cut(string(utf16.Decode(units)), "\x00")
		got, _ := valueOf(t, evtx.TypeString, b)
		return got == want
	}
	if err := quick.Check(agrees, &quick.Config{MaxCount: 2000}); err != nil {
		t.Error(err)
	}
}

func TestArrays(t *testing.T) {
	t.Parallel()
	f := func(kind evtx.ValueType, b []byte, want string, wantJSON string) {
		t.Helper()
		one(t, template(element("EventData", nil, element("Data", nil, slot(0))), bytesOf(kind|evtx.TypeArray, b)), func(r *evtx.Record) {
			if got := columns(r); got != strings.ReplaceAll(want, " ", "\n") {
				t.Errorf("columns:\n%s\nwant:\n%s", got, want)
			}
			if got := string(r.AppendJSON(nil)); got != `{"EventData":{"Data":{"#text":`+wantJSON+`}}}` {
				t.Errorf("json: %s, want %s", got, wantJSON)
			}
		})
	}
	f(evtx.TypeString, wide("a\x00b\x00"), "Data=a Data=b", `["a","b"]`)
	f(evtx.TypeString, wide("a\x00\x00c\x00d"), "Data=a Data= Data=c Data=d", `["a","","c","d"]`)
	f(evtx.TypeString, wide("one\x00"), "Data=one", `"one"`)
	f(evtx.TypeANSIString, []byte("a\x00b"), "Data=a Data=b", `["a","b"]`)
	f(evtx.TypeUInt16, join(le16(1), le16(2), le16(3), le16(4)), "Data=1 Data=2 Data=3 Data=4", `[1,2,3,4]`)
	f(evtx.TypeBool, join(le32(1), le32(0)), "Data=true Data=false", `[true,false]`)
	f(evtx.TypeHexInt64, join(le64(255), le64(1)), "Data=0xff Data=0x1", `["0xff","0x1"]`)
	f(evtx.TypeSID, join([]byte{1, 1, 0, 0, 0, 0, 0, 5}, le32(18), []byte{1, 1, 0, 0, 0, 0, 0, 5}, le32(19)), "Data=S-1-5-18 Data=S-1-5-19", `["S-1-5-18","S-1-5-19"]`)
	f(evtx.TypeUInt32, join(le32(7), []byte{9}), "Data=7 Data=9", `[7,9]`) // cut short
}

// TestArrayColumnsAreFew: lengths are rounded up, what is beyond is absent.
func TestArrayColumnsAreFew(t *testing.T) {
	t.Parallel()
	one(t, template(element("E", nil, element("Data", nil, slot(0))), bytesOf(evtx.TypeUInt8|evtx.TypeArray, []byte{1, 2, 3, 4, 5})), func(r *evtx.Record) {
		got := strings.Join(strings.Fields(columns(r)), " ")
		if want := "Data=1 Data=2 Data=3 Data=4 Data=5 Data absent Data absent Data absent"; got != want {
			t.Errorf("%s, want %s", got, want)
		}
		if xml := string(r.AppendXML(nil)); strings.Count(xml, "<Data>") != 5 {
			t.Error(xml)
		}
	})
}
