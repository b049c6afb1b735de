package charset_test

import (
	"testing"

	"github.com/kulla-defence/kulla/internal/source/charset"
)

func TestOf(t *testing.T) {
	t.Parallel()
	for head, want := range map[string]charset.Encoding{
		"": charset.UTF8, "a": charset.UTF8, "ab": charset.UTF8, "\xef\xbb\xbfa": charset.UTF8,
		"\xff\xfea\x00": charset.UTF16LittleEndian, "a\x00": charset.UTF16LittleEndian,
		"\xfe\xff\x00a": charset.UTF16BigEndian, "\x00a": charset.UTF16BigEndian,
	} {
		if got := charset.Of([]byte(head)); got != want {
			t.Errorf("Of(%q) = %v", head, got)
		}
	}
}

func TestDecode(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a\x00\xe9\x00": "aé", "\x3e\xd8\x85\xdd": "🦅", "\x3e\xd8a\x00": "\ufffda", "\x85\xdd": "\ufffd", "a\x00b": "a",
	} {
		decoded := charset.UTF16LittleEndian.Decode(nil, []byte(text))
		if string(decoded) != want {
			t.Errorf("%q is %q", text, decoded)
		}
		if size := charset.UTF16LittleEndian.EncodedSize(decoded); size != int64(len(text)/2*2) {
			t.Errorf("%q has size %d", want, size)
		}
		if units := charset.UTF16LittleEndian.Project(nil, []byte(text)); len(units) != len(text)/2 {
			t.Errorf("%q has %d units", text, len(units))
		}
	}
}
