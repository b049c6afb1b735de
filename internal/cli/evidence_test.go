package cli

import (
	"archive/zip"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// sharedData is the folder of public data sets that tests read where they are
// there. They are not part of the project.
func sharedData(t testing.TB, name string) string {
	t.Helper()
	folder := os.Getenv("KULLA_DATA")
	if folder == "" {
		folder = filepath.Join("..", "..", "..", "shared", "data")
	}
	file := filepath.Join(folder, name)
	if _, err := os.Stat(file); err != nil {
		t.Skipf("public data is absent: %v (set KULLA_DATA to the folder that has it)", err)
	}
	return file
}

// unpacked unpacks a zip of shared data into a folder for this test.
func unpacked(t testing.TB, name string) string {
	t.Helper()
	return unzipped(t, sharedData(t, name))
}

// unzipped unpacks an archive into a folder for this test.
func unzipped(t testing.TB, name string) (folder string) {
	t.Helper()
	archive, err := zip.OpenReader(name)
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	folder = t.TempDir()
	for _, member := range archive.File {
		if !member.FileInfo().IsDir() {
			unpackTo(t, filepath.Join(folder, filepath.FromSlash(member.Name)), member)
		}
	}
	return folder
}

func unpackTo(t testing.TB, file string, member *zip.File) {
	t.Helper()
	in, err := member.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	out, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}
