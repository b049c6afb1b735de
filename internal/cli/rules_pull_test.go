package cli

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"testing"
)

// serveReleases runs a server of rules for the conversations, and gives its
// address and the hash of release.zip.
func serveReleases(t *testing.T) (address, hash string) {
	t.Helper()
	const rule = "title: Failed logon\nlogsource: {product: windows, service: security}\ndetection: {s: {EventID: 4625}, condition: s}\nlevel: low\n"
	release := releaseOf(t, map[string]string{"rules/logon.yml": rule, "version.txt": "1"})
	broken := releaseOf(t, map[string]string{"good.yml": rule, "broken.yml": "title: Broken\ndetection: 1\n"})
	mux := http.NewServeMux()
	for path, archive := range map[string][]byte{"/release.zip": release, "/broken.zip": broken} {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(archive) })
	}
	server := httptest.NewServer(mux)
	// Parallel conversations outlive the function that starts them.
	t.Cleanup(server.Close)
	sum := sha256.Sum256(release)
	return server.URL, hex.EncodeToString(sum[:])
}

func releaseOf(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for name, text := range files {
		file, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := file.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
