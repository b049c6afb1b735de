package cli

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/kulla-defence/kulla/internal/attribution"
	"github.com/kulla-defence/kulla/internal/store"
)

// An artefactFile is what a case keeps of a file that analysts or partners
// gave: all of it, so that what rests on it can be checked.
type artefactFile struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
	Text   string `json:"text"`
}

// readArtefacts reads artefact files, and refuses what cannot be meant before
// anything else is done.
func readArtefacts(names []string) ([][]byte, error) {
	var leaves [][]byte
	for _, name := range names {
		data, err := readBounded(name, maxArtefacts)
		if err != nil {
			return nil, fmt.Errorf("artefacts: %w", err)
		}
		if _, err := attribution.ParseArtefacts(bytes.NewReader(data)); err != nil {
			return nil, withHint(fmt.Errorf("artefacts: %s: %w", name, err), "docs/formats/artefacts.md says what such a file holds; examples/artefacts.yml is one")
		}
		leaf, err := json.Marshal(artefactFile{Name: name, SHA256: fmt.Sprintf("%x", sha256.Sum256(data)), Text: string(data)})
		if err != nil {
			return nil, fmt.Errorf("artefacts: %s: %w", name, err)
		}
		leaves = append(leaves, leaf)
	}
	return leaves, nil
}

// maxArtefacts is more than attribution.ParseArtefacts takes.
const maxArtefacts = 2 << 20

// readBounded reads a file, or the beginning of one that is too long.
func readBounded(name string, most int64) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, most))
}

// givenTo is all that was ever given to a case, each file once.
func givenTo(kept *store.Case) (attribution.Given, error) {
	var all attribution.Given
	leaves, err := kept.Artefacts()
	if err != nil {
		return all, err
	}
	seen := map[string]bool{}
	for _, leaf := range leaves {
		var file artefactFile
		if err := json.Unmarshal(leaf, &file); err != nil {
			return all, fmt.Errorf("artefacts: %w", err)
		}
		if seen[file.SHA256] {
			continue
		}
		seen[file.SHA256] = true
		given, err := attribution.ParseArtefacts(bytes.NewReader([]byte(file.Text)))
		if err != nil {
			return all, fmt.Errorf("artefacts: %s: %w", file.Name, err)
		}
		all.Facts = append(all.Facts, given.Facts...)
	}
	return all, nil
}
