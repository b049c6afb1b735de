// Package kulla_test holds the map of the house: which rooms there are, and
// which doors are open between them. See docs/architecture.md.
package kulla_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/kulla-defence/kulla"

// doors lists for each room the rooms that its code may import. A sub-folder
// belongs to the nearest room above it. Data flows one way: a room opens only
// on rooms earlier in the flow. Tests may open any door that closes no circle;
// the compiler sees to that.
var doors = map[string][]string{
	// Public packages: each could be lifted out and used by anybody.
	"evtx":  {},
	"sigma": {},
	"stix":  {},

	"internal/event":       {},
	"internal/evtxwriter":  {}, // the encoder, for tests and sample evidence
	"internal/logwriter":   {}, // raw text formats, for tests and sample evidence
	"internal/source":      {"internal/event", "internal/spool", "evtx"},
	"internal/spool":       {}, // the order of what does not fit in memory
	"internal/detect":      {"internal/event", "internal/spool", "sigma"},
	"internal/timeline":    {"internal/event", "internal/spool"},
	"internal/findingjson": {"internal/event", "internal/detect", "sigma"}, // a finding as JSON, and back
	"internal/incident":    {"internal/event", "internal/detect", "sigma"},
	"internal/custody":     {},
	"internal/knowledge":   {"knowledge"},
	"internal/attribution": {"internal/event", "internal/detect", "internal/incident", "internal/knowledge"},
	"internal/store":       {"internal/event", "internal/detect", "internal/incident", "internal/custody", "internal/attribution", "internal/findingjson", "sigma"},
	"internal/language":    {},
	"internal/report": {"sigma", "internal/timeline", "internal/event", "internal/source", "internal/detect", "internal/findingjson",
		"internal/incident", "internal/attribution", "internal/custody", "internal/knowledge", "internal/language", "stix"},
	"internal/ruletest": {"evtx", "sigma", "internal/event", "internal/evtxwriter", "internal/logwriter", "internal/source", "internal/detect"},
	"internal/rulepull": {"sigma"}, // the only room with a door to the network
	"internal/cli": {"internal/rulepull", "evtx", "sigma", "rules", "internal/event", "internal/source", "internal/detect", "internal/report", "internal/ruletest", "internal/timeline", "internal/spool",
		"internal/findingjson", "internal/incident", "internal/custody", "internal/knowledge", "internal/attribution", "internal/store", "internal/language", "stix"},
	"cmd/kulla": {"internal/cli"},

	"rules":     {}, // our own Sigma rules, embedded
	"knowledge": {}, // actors, tools and artefacts of the public record, embedded
	"examples":  {"internal/evtxwriter", "internal/logwriter"},
}

func TestMap(t *testing.T) {
	t.Parallel()
	for file, imports := range importsOf(t) {
		room, ok := roomOf(path.Dir(file))
		if !ok {
			t.Errorf("%s: the folder is not on the map; add it to doors and to docs/architecture.md", file)
			continue
		}
		for _, imported := range imports {
			imported, ok := strings.CutPrefix(imported, module+"/")
			if !ok {
				continue
			}
			if other, ok := roomOf(imported); !ok || other != room && !slices.Contains(doors[room], other) {
				t.Errorf("%s: forbidden door from %s to %s", file, room, imported)
			}
		}
	}
}

// Only one room opens on the network. Its own packages are named: net/netip
// and net/url only read addresses.
func TestNetworkDoor(t *testing.T) {
	t.Parallel()
	doors := 0
	for file, imports := range importsOf(t) {
		for _, imported := range imports {
			if imported != "net" && !strings.HasPrefix(imported, "net/") || imported == "net/netip" || imported == "net/url" {
				continue
			}
			doors++
			if !strings.HasPrefix(file, "internal/rulepull/") {
				t.Errorf("%s: forbidden door to the network: %s", file, imported)
			}
		}
	}
	if doors == 0 {
		t.Error("no door to the network was seen, not even that of internal/rulepull")
	}
}

// A map of rooms that are gone would say nothing.
func TestMapIsCurrent(t *testing.T) {
	t.Parallel()
	for room, open := range doors {
		for _, folder := range append([]string{room}, open...) {
			if info, err := os.Stat(filepath.FromSlash(folder)); err != nil || !info.IsDir() {
				t.Errorf("the map names %s, which is not a folder", folder)
			}
		}
	}
}

func TestForbiddenDoorIsSeen(t *testing.T) {
	t.Parallel()
	if room, ok := roomOf("sigma/taxonomy"); !ok || room != "sigma" {
		t.Errorf("roomOf(sigma/taxonomy) = %q, %v", room, ok)
	}
	if room, ok := roomOf("cellar"); ok {
		t.Errorf("roomOf(cellar) = %q, want none", room)
	}
	if slices.Contains(doors["evtx"], "internal/event") {
		t.Error("a public package opens on the house")
	}
}

// roomOf returns the room that a folder belongs to.
func roomOf(folder string) (string, bool) {
	for ; folder != "."; folder = path.Dir(folder) {
		if _, ok := doors[folder]; ok {
			return folder, true
		}
	}
	return "", false
}

// importsOf reads the import lines of all code but tests: file -> packages. It parses rather than asking the go command, whose answer
// the test cache would keep after the code has changed.
func importsOf(t *testing.T) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name != "." && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "testdata"):
			return fs.SkipDir
		case !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		slashed := filepath.ToSlash(name)
		found[slashed] = []string{}
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			found[slashed] = append(found[slashed], imported)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
