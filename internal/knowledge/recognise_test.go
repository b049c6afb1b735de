package knowledge

import (
	"bytes"
	"strings"
	"testing"
)

func TestRecognise(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Format{
		"": FormatUnknown, "[]": FormatUnknown, "{}": FormatUnknown, "PK": FormatUnknown, `{"tea": [`: FormatUnknown,
		"\x1f\x8b\x08": FormatATTACK, `{"type":"bundle","objects":[`: FormatATTACK, ` {"objects":`: FormatATTACK,
		"PK\x03\x04": FormatGalaxy, groupClusters: FormatGalaxy, `{"authors":["a",{"b":"values"}],"values":`: FormatGalaxy,
		`{"format":"kulla-knowledge/1"`: FormatSaved,
	} {
		if got, err := Recognise(strings.NewReader(text)); err != nil || got != want {
			t.Errorf("%.40q is %q (%v), want %q", text, got, err, want)
		}
	}
}

// Whatever is recognised can be given to its reader without a panic.
func FuzzRecognise(f *testing.F) {
	f.Add([]byte(`{"type":"bundle","objects":[]}`))
	f.Add([]byte(`{"a":{"b":[1,2]},"values":[]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		format, err := Recognise(bytes.NewReader(data))
		if err != nil {
			t.Fatalf("reading from memory fails: %v", err)
		}
		if format == FormatSaved {
			if base, err := Load(bytes.NewReader(data)); err == nil {
				reloaded(t, base)
			}
		}
	})
}
