package evtx

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf16"
)

// wide gives a text as little-endian UTF-16.
func wide(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return b
}

// TestEveryPlace puts each kind of character at each place of texts around the
// width that is converted at once.
func TestEveryPlace(t *testing.T) {
	t.Parallel()
	for length := range 40 {
		for place := range length + 1 {
			for _, special := range []string{"", "\x00", "\x7f", "\u0080", "ÿ", "Ā", "€", "𝄞"} {
				text := strings.Repeat("a", place) + special + strings.Repeat("b", length-place)
				want, _, _ := strings.Cut(text, "\x00")
				if got := appendUTF16([]byte("x"), wide(text)); string(got) != "x"+want {
					t.Fatalf("%q is %q", text, got)
				}
			}
		}
	}
}

// TestZeroUnit: the first zero unit is found at each place, among units that
// have a zero byte, and zero bytes of two units are none.
func TestZeroUnit(t *testing.T) {
	t.Parallel()
	for length := range 40 {
		for _, unit := range []string{"a\x00", "\x00a", "\x00\x80", "\xff\xff", "\x01\x00"} {
			for place := range length + 1 {
				src := []byte(strings.Repeat(unit, length) + "\x00") // and an odd byte
				want := -1
				if place < length {
					src[2*place], src[2*place+1] = 0, 0
					want = 2 * place
				}
				if got := zeroUnit(src); got != want {
					t.Fatalf("%d in %q", got, src)
				}
			}
		}
	}
}

func BenchmarkUTF16(b *testing.B) {
	f := func(name string, src []byte) {
		b.Run(name, func(b *testing.B) {
			var dst []byte
			b.SetBytes(int64(len(src)))
			for b.Loop() {
				dst = appendUTF16(dst[:0], src)
			}
		})
	}
	f("short", wide(`C:\Windows\System32\cmd.exe`))
	f("long", wide(strings.Repeat("Get-Process | Where-Object Name ", 300)))
	f("mixed", wide(strings.Repeat("përshëndetje nga Tirana ", 300)))
	f("wide", bytes.Repeat(wide("漢字"), 2000))
}
