package syslog_test

import (
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/source"
	"github.com/kulla-defence/kulla/internal/source/formattest"
)

// sink keeps the events of one worker as text, without their place.
type sink struct{ events *[]string }

func (s sink) Event(e *event.Event) error {
	_, text, _ := strings.Cut(formattest.Text(e), " ")
	*s.events = append(*s.events, text)
	return nil
}

// A log has the same events, however it is packed.
func TestPackedSamples(t *testing.T) {
	t.Parallel()
	var want []string
	samples := formattest.Samples(t, "linux/syslog*")
	for _, name := range []string{"syslog_copy", "syslog.gz", "syslog.bz2", "syslog.tgz", "syslog.zip", "syslog.xz"} {
		file := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(file, samples[path.Join("linux", name)], 0o600); err != nil {
			t.Fatal(err)
		}
		var events []string
		register, err := source.Read(t.Context(), []string{file}, func(int) source.Sink { return sink{&events} }, source.Options{Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		if want == nil {
			want = events
		}
		// The zip archive also holds a log that is not text.
		read := slices.IndexFunc(register.Files, func(f source.File) bool { return f.Source.Format == "syslog" })
		if len(events) == 0 || !slices.Equal(events, want) || read < 0 || len(register.Files[read].Problems) > 0 {
			t.Errorf("%s: %d events of %d, register %+v", name, len(events), len(want), register.Files)
		}
	}
}
