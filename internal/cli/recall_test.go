package cli_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kulla-defence/kulla/internal/cli"
)

// TestRecall prints the tables of docs/detection.md: in how many files of each
// folder of recorded techniques a set of rules finds something at level low or
// above, and what it finds on two hosts. It fails where our own rules fall
// below what the page says.
//
//	go test -run TestRecall -v ./internal/cli
func TestRecall(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it takes minutes with race detection")
	}
	data := recallData(t)
	sets := []struct{ name, rules string }{{"ours", "builtin"}, {"public", filepath.Join(data, "sigma-rules.zip")}}
	archive := filepath.Join(data, "evtx-by-technique.zip")

	digests := memberDigests(t, archive)
	files := byFolder(digests, func(string) bool { return true })
	found := make([]map[string]int, len(sets))
	for i, set := range sets {
		found[i] = foundByFolder(digests, recallFindings(t, set.rules, archive))
	}
	total := [3]int{}
	for _, folder := range sortedKeys(files) {
		t.Logf("| %s | %d | %d | %d |", folder, files[folder], found[0][folder], found[1][folder])
		total[0] += files[folder]
		total[1] += found[0][folder]
		total[2] += found[1][folder]
	}
	t.Logf("| all | %d | %d | %d |", total[0], total[1], total[2])
	if total[1] < leastFilesFound {
		t.Errorf("our rules find something in %d files; docs/detection.md says %d", total[1], leastFilesFound)
	}

	for _, host := range []string{"host-clean-w10.zip", "host-aptsim-server2022.zip"} {
		for _, set := range sets {
			levels := map[string]int{}
			for _, finding := range recallFindings(t, set.rules, filepath.Join(data, host)) {
				levels[finding.Level]++
			}
			t.Logf("| %s | %s | %d | %d | %d | %d |", host, set.name, levels["critical"], levels["high"], levels["medium"], levels["low"])
			if host == "host-clean-w10.zip" && set.name == "ours" && levels["critical"]+levels["high"]+levels["medium"] > 1 {
				t.Errorf("the clean host has findings that no rule explains: %v", levels)
			}
		}
	}
}

// leastFilesFound is what docs/detection.md says of our own rules.
const leastFilesFound = 128

type recallFinding struct {
	RuleID string    `json:"rule_id"`
	Level  string    `json:"level"`
	Time   time.Time `json:"time"`
	SHA256 string    `json:"sha256"`
}

func recallData(t *testing.T) string {
	t.Helper()
	folder := os.Getenv("KULLA_DATA")
	if folder == "" {
		folder = filepath.Join("..", "..", "..", "shared", "data")
	}
	if _, err := os.Stat(filepath.Join(folder, "evtx-by-technique.zip")); err != nil {
		t.Skipf("public data is absent: %v (set KULLA_DATA to the folder that has it)", err)
	}
	return folder
}

func recallFindings(t *testing.T, rules, path string) (findings []recallFinding) {
	t.Helper()
	var out, problems bytes.Buffer
	none := func() int { return 0 }
	env := cli.Environment{In: &bytes.Buffer{}, Out: &out, Err: &problems, OutTerminal: none, ErrTerminal: none,
		Now: time.Now, Getenv: func(string) string { return "" }}
	arguments := []string{"hunt", "--format", "jsonl", "--min-level", "low", "--quiet", "--rules", rules, path}
	if code := cli.Run(t.Context(), arguments, env); code != 0 && code != 4 {
		t.Fatalf("kulla %v ends with %d: %s", arguments, code, problems.String())
	}
	for line := range bytes.Lines(out.Bytes()) {
		var finding recallFinding
		if err := json.Unmarshal(line, &finding); err != nil {
			t.Fatal(err)
		}
		findings = append(findings, finding)
	}
	return findings
}

// folderOf is the folder of a technique that a file stands in.
func folderOf(file string) string { return filepath.ToSlash(filepath.Dir(file)) }

// memberDigests are the SHA-256 of the event logs in an archive, by name.
func memberDigests(t *testing.T, archive string) map[string]string {
	t.Helper()
	reader, err := zip.OpenReader(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	digests := map[string]string{}
	err = fs.WalkDir(reader, ".", func(name string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(name, ".evtx") {
			return err
		}
		content, err := fs.ReadFile(reader, name)
		digests[name] = fmt.Sprintf("%x", sha256.Sum256(content))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return digests
}

// byFolder counts the files of each folder whose content is wanted.
func byFolder(digests map[string]string, wanted func(digest string) bool) map[string]int {
	count := map[string]int{}
	for name, digest := range digests {
		if wanted(digest) {
			count[folderOf(name)]++
		}
	}
	return count
}

// foundByFolder counts the files of each folder whose content has a finding: of
// two with one content, only one is given.
func foundByFolder(digests map[string]string, findings []recallFinding) map[string]int {
	found := map[string]bool{}
	for _, finding := range findings {
		found[finding.SHA256] = true
	}
	return byFolder(digests, func(digest string) bool { return found[digest] })
}

func sortedKeys(m map[string]int) (keys []string) {
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
