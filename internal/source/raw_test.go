package source_test

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/source"
)

// A rawCheck compares each event's Raw with the bytes that its provenance
// points at.
type rawCheck struct {
	mutex   sync.Mutex
	content map[string][]byte
	// without counts, by format, events without their bytes; with, the others.
	without, with map[string]int
	wrong         map[string]int
}

func (c *rawCheck) Event(e *event.Event) error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	place := e.Provenance
	if e.Raw == nil {
		c.without[place.Source.Format]++
		return nil
	}
	c.with[place.Source.Format]++
	whole, known := c.content[place.Source.Name]
	if known && !bytes.Equal(e.Raw, whole[place.Offset:place.Offset+place.Size]) {
		c.wrong[place.Source.Format]++
	}
	return nil
}

// membersOf reads the members of a zip file, under the names of sources.
func membersOf(t *testing.T, path string) map[string][]byte {
	t.Helper()
	archive, err := zip.OpenReader(path)
	must(t, err)
	defer archive.Close()
	content := map[string][]byte{}
	for _, member := range archive.File {
		reader, err := member.Open()
		must(t, err)
		content[path+"!"+member.Name], err = io.ReadAll(reader)
		must(t, err)
	}
	return content
}

// Every event of every format brings the bytes it was read from.
func TestRawIsWhatProvenancePointsAt(t *testing.T) {
	t.Parallel()
	for _, path := range samplePaths() {
		check := &rawCheck{content: membersOf(t, path), without: map[string]int{}, with: map[string]int{}, wrong: map[string]int{}}
		_, err := source.Read(context.Background(), []string{path}, func(int) source.Sink { return check }, source.Options{BlockSize: 64 << 10})
		must(t, err)
		if len(check.without) > 0 || len(check.wrong) > 0 || len(check.with) == 0 {
			t.Errorf("%s: without bytes %v, with others' bytes %v, with theirs %v", path, check.without, check.wrong, check.with)
		}
	}
}

// In UTF-16, too, the bytes are those of the source.
func TestRawOfUTF16(t *testing.T) {
	t.Parallel()
	text := "\xff\xfe" + wide(`{"EventID":1,"Channel":"Security"}`+"\n"+`{"EventID":2,"Channel":"Security"}`+"\n")
	path := filepath.Join(t.TempDir(), "wide.json")
	must(t, os.WriteFile(path, []byte(text), 0o600))
	check := &rawCheck{content: map[string][]byte{path: []byte(text)}, without: map[string]int{}, with: map[string]int{}, wrong: map[string]int{}}
	_, err := source.Read(context.Background(), []string{path}, func(int) source.Sink { return check }, source.Options{})
	must(t, err)
	if check.with["json"] != 2 || len(check.wrong) > 0 || len(check.without) > 0 {
		t.Errorf("without %v, wrong %v, with %v", check.without, check.wrong, check.with)
	}
}

func wide(text string) string {
	var out strings.Builder
	for _, r := range text {
		out.WriteByte(byte(r))
		out.WriteByte(0)
	}
	return out.String()
}
