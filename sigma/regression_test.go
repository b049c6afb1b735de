package sigma

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

// Every event that comes with a public rule to test it matches the rule, under
// some route of the taxonomy.
func TestPublicRulesMatchTheirEvents(t *testing.T) {
	t.Parallel()
	samples := sharedFolder(t, "sigma-regression")
	set, err := LoadFS(sharedRules(t), Options{})
	if err != nil {
		t.Fatal(err)
	}
	taxonomy, err := DefaultTaxonomy()
	if err != nil {
		t.Fatal(err)
	}
	tested := 0
	for name := range walkFiles(t, samples) {
		if path.Base(name) != "info.yml" {
			continue
		}
		id, want := regressionInfo(t, samples, name)
		rule, _ := set.Find(id)
		events := windowsEvents(t, samples, path.Join(path.Dir(name), id+".json"))
		if events == nil {
			continue // not a Windows event
		}
		tested++
		if rule == nil {
			t.Errorf("%s: there is no rule %s", name, id)
			continue
		}
		if counted, differs := miscounted()[id]; differs {
			want = counted
		}
		if got := countMatches(taxonomy, rule, events); got != want {
			t.Errorf("%s: %d of %d events match, want %d", name, got, len(events), want)
			for _, event := range events {
				t.Log(Explain(rule.Expression(), event))
			}
		}
	}
	t.Logf("%d rules", tested)
	if tested < 80 {
		t.Errorf("only %d rules have events", tested)
	}
}

// miscounted lists samples that state one match where more of their events fit
// the words of the rule; each was counted by hand.
func miscounted() map[string]int {
	return map[string]int{
		"0b9ad457-2554-44c1-82c2-d56a99c42377": 3, // three writes of user.conf*
		"8fbf3271-1ef6-4e94-8210-03c2317947f6": 3, // procdump, procdump64, procdump64a
		"45e112d0-7759-4c2a-aa36-9f8fb79d3393": 3, // http, https and *
		"c7dcacd0-cc59-4004-b0a4-1d6cdebe6f3e": 2, // AutoShareWks and AutoShareServer
	}
}

func countMatches(taxonomy *Taxonomy, rule *Rule, events []*row) int {
	count := 0
	for _, event := range events {
		for _, route := range taxonomy.Routes(rule.LogSource) {
			if route.Takes(event) && Evaluate(route.Rewrite(rule.Expression()), event) {
				count++
				break
			}
		}
	}
	return count
}

// sharedFolder opens a folder or zip of the shared data.
func sharedFolder(t testing.TB, name string) fs.FS {
	t.Helper()
	folder := os.Getenv("KULLA_DATA")
	if folder == "" {
		folder = filepath.Join("..", "..", "shared", "data")
	}
	if info, err := os.Stat(filepath.Join(folder, name)); err == nil && info.IsDir() {
		return os.DirFS(filepath.Join(folder, name))
	}
	archive, err := zip.OpenReader(filepath.Join(folder, name+".zip"))
	if err != nil {
		t.Skipf("%s is not here: %v", name, err)
	}
	t.Cleanup(func() { archive.Close() })
	return archive
}

// regressionInfo reads which rule a sample is for, and how often it matches.
func regressionInfo(t *testing.T, fsys fs.FS, name string) (id string, count int) {
	t.Helper()
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		t.Fatal(err)
	}
	root, fault := parseYAML(yamlChunk{data, 1})
	if fault != nil {
		t.Fatalf("%s:%d: %s", name, fault.line, fault.message)
	}
	count = 1
	if test := root.get("regression_tests_info"); test != nil {
		if stated := test.children[0].get("match_count"); stated != nil {
			number, _ := parseNumber(stated.value)
			count = int(number)
		}
	}
	return root.get("rule_metadata").children[0].get("id").value, count
}

// windowsEvents reads events in the JSON that mirrors the XML of Windows.
func windowsEvents(t *testing.T, fsys fs.FS, name string) []*row {
	t.Helper()
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil
	}
	var events []*row
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	for {
		var document struct{ Event map[string]any }
		if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
			return events
		} else if err != nil || document.Event == nil {
			return nil
		}
		r := &row{schema: &rowSchema{source: LogSource{Product: "windows"}}}
		for _, section := range document.Event {
			r.addSection(section)
		}
		events = append(events, r)
	}
}

// addSection adds the elements of System, EventData or UserData.
func (r *row) addSection(section any) {
	elements, _ := section.(map[string]any)
	for name, value := range elements {
		r.addElement(name, value)
	}
}

func (r *row) addElement(name string, value any) {
	switch value := value.(type) {
	case nil:
	case []any:
		for _, element := range value {
			r.addElement(name, element)
		}
	case map[string]any:
		for key, inner := range value {
			switch key {
			case "#text":
				r.addElement(name, inner)
			case "#attributes":
				for attribute, text := range inner.(map[string]any) {
					r.addElement(name+"_"+attribute, text)
				}
			default:
				r.addElement(key, inner)
			}
		}
	default:
		r.schema.names = append(r.schema.names, name)
		r.cells = append(r.cells, cell{strings.ToValidUTF8(fmt.Sprint(value), ""), Present})
	}
}
