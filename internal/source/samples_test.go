package source_test

import (
	"bytes"
	"encoding/json"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/kulla-defence/kulla/internal/source"
)

// Every text log of the shared data is recognised, and gives as many events as
// it has records when they are counted in the simplest way.
func TestSharedLogs(t *testing.T) {
	t.Parallel()
	contents := map[string][]byte{}
	for _, member := range shared(t, "logs.zip").File {
		reader, err := member.Open()
		must(t, err)
		contents[member.Name], err = io.ReadAll(reader)
		must(t, err)
	}
	register, _ := read(t, source.Options{}, sharedPath("logs.zip"))
	packings := map[[32]byte][]string{}
	for _, f := range register.Files {
		name := strings.TrimPrefix(f.Source.Name, sharedPath("logs.zip")+"!")
		content, plain := contents[name]
		switch {
		case strings.HasSuffix(name, "!syslog"):
			packings[f.SHA256] = append(packings[f.SHA256], name)
			content = contents["linux/syslog_copy"]
		case !plain: // wtmp, which is not read
			continue
		}
		if want := count(t, f.Source.Format, content); f.Records != int64(want) || want == 0 || f.ProblemCount > 0 {
			t.Errorf("%s (%q): %d records, want %d; %v", name, f.Source.Format, f.Records, want, f.Problems)
		}
	}
	for _, names := range packings {
		if len(packings) != 1 || len(names) != 5 {
			t.Errorf("one log in five packings: %q", names)
		}
	}
	for _, f := range register.Archives {
		if f.ProblemCount > 0 {
			t.Errorf("%s: %v", f.Source.Name, f.Problems)
		}
	}
}

var (
	auditID  = regexp.MustCompile(`msg=audit\(([^)]+)\)`)
	xmlEvent = regexp.MustCompile(`<Event[ >]`)
)

// count counts the records of a log without the help of its reader.
func count(t *testing.T, format string, content []byte) int {
	t.Helper()
	switch format {
	case "json":
		return countJSON(t, content)
	case "xml":
		return len(xmlEvent.FindAll(content, -1))
	case "auditd": // several lines make one event
		distinct := map[string]bool{}
		for _, id := range auditID.FindAllSubmatch(content, -1) {
			distinct[string(id[1])] = true
		}
		return len(distinct)
	}
	lines := 0
	for line := range bytes.Lines(content) {
		if line = bytes.TrimSpace(line); len(line) > 0 && line[0] != '#' {
			lines++
		}
	}
	return lines
}

func countJSON(t *testing.T, content []byte) int {
	t.Helper()
	decoder, values := json.NewDecoder(bytes.NewReader(content)), 0
	for {
		var value any
		err := decoder.Decode(&value)
		if err == io.EOF {
			return values
		}
		must(t, err)
		if list, ok := value.([]any); ok {
			values += len(list) - 1
		}
		values++
	}
}
