package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/kulla-defence/kulla/internal/attribution"
)

// The artefact file of the sample can be read, and speaks of files and
// addresses that are in the sample.
func TestArtefactsAreOfTheSample(t *testing.T) {
	t.Parallel()
	file, err := os.Open(filepath.Join("..", "artefacts.yml"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	given, err := attribution.ParseArtefacts(file)
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]int{}
	for _, fact := range given.Facts {
		kinds[fact.Kind]++
		if fact.RefersTo != "" && !slices.Contains([]string{"md5=" + encryptorHash, "md5=" + wiperHash}, fact.RefersTo) {
			t.Errorf("line %d: %s is in no log", fact.Line, fact.RefersTo)
		}
		if fact.Field == "address" && fact.Value != mailHost || fact.Field == "account" && fact.Value != falseHealth.name {
			t.Errorf("line %d: %s is in no log", fact.Line, fact.Value)
		}
	}
	if kinds["secret"] != 2 || kinds["sighting"] != 4 {
		t.Errorf("kinds: %v", kinds)
	}
}
