package source_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/kulla-defence/kulla/internal/source"
)

// What stands behind or before an archive's members is read, or told; and so is a
// checksum that differs behind all of them.
func TestBesideArchives(t *testing.T) {
	t.Parallel()
	first, second := evidence{"a.json": lines(3)}, evidence{"b.json": lines(4)}
	two := slices.Concat(first.tar(t), second.tar(t))
	flipped := gzipped(t, first.tar(t))
	flipped[len(flipped)-6] ^= 1
	endless := slices.Concat(first.tar(t), make([]byte, 100_000))
	for name, test := range map[string]struct {
		content []byte
		records int64
		reason  string
	}{
		"two.tar":     {two, 7, ""},
		"two.tgz":     {gzipped(t, two), 7, ""},
		"both.tgz":    {slices.Concat(gzipped(t, first.tar(t)), gzipped(t, second.tar(t))), 7, ""},
		"padded.tar":  {endless, 3, ""},
		"short.tar":   {first.tar(t)[:len(first.tar(t))-512], 3, ""},
		"junk.tar":    {append(first.tar(t), bytes.Repeat([]byte("junk"), 300)...), 3, "1200 bytes behind the end of the archive were not read"},
		"flipped.tgz": {flipped, 3, "gzip: invalid checksum"},
		"cut.tgz":     {gzipped(t, endless)[:len(gzipped(t, endless))-4], 3, "truncated: it ends too early"},
		"two.zip":     {slices.Concat(first.zip(t), second.zip(t)), 4, " bytes in front of the archive were not read"},
		"one.zip":     {first.zip(t), 3, ""},
	} {
		register, _ := read(t, source.Options{}, file(t, name, test.content))
		var records int64
		for _, f := range register.Files {
			records += f.Records
		}
		var reasons []string
		for _, p := range register.Archives[0].Problems {
			reasons = append(reasons, p.Reason)
		}
		if got := strings.Join(reasons, "; "); records != test.records || !strings.HasSuffix(got, test.reason) || (got == "") != (test.reason == "") {
			t.Errorf("%s: %d records, %q", name, records, got)
		}
	}
	register, _ := read(t, source.Options{}, file(t, "two.zip", slices.Concat(first.zip(t), second.zip(t))))
	if p := register.Archives[0].Problems; len(p) != 1 || p[0].Lost != int64(len(first.zip(t))) {
		t.Errorf("%+v, want %d bytes lost", p, len(first.zip(t)))
	}
}
