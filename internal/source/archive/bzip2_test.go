package archive_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/kulla-defence/kulla/internal/source/archive"
	"github.com/kulla-defence/kulla/internal/source/formattest"
)

// The public sample is there packed in two ways, which hold the same.
func TestBzip2Sample(t *testing.T) {
	t.Parallel()
	unpacked := map[archive.Kind][]byte{}
	for _, name := range []string{"linux/syslog.bz2", "linux/syslog.gz"} {
		for _, packed := range formattest.Samples(t, name) {
			kind := archive.Recognise(packed)
			stream, err := archive.Decompress(kind, bytes.NewReader(packed))
			if err != nil {
				t.Fatal(err)
			}
			if unpacked[kind], err = io.ReadAll(stream); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(unpacked[archive.Bzip2]) == 0 || !bytes.Equal(unpacked[archive.Bzip2], unpacked[archive.Gzip]) {
		t.Errorf("%d bytes by bzip2, %d by gzip", len(unpacked[archive.Bzip2]), len(unpacked[archive.Gzip]))
	}
}
