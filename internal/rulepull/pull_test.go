package rulepull

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const goodRule = `title: Failed logon
logsource: {product: windows, service: security}
detection: {s: {EventID: 4625}, condition: s}
level: low
`

// An entry of a crafted archive.
type entry struct {
	name, data string
	link       bool
}

func zipOf(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, e := range entries {
		header := &zip.FileHeader{Name: e.name, Method: zip.Deflate}
		if e.link {
			header.SetMode(0o777 | os.ModeSymlink)
		}
		file, err := w.CreateHeader(header)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := file.Write([]byte(e.data)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func tarOf(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var out bytes.Buffer
	zipped := gzip.NewWriter(&out)
	w := tar.NewWriter(zipped)
	for _, e := range entries {
		header := &tar.Header{Name: e.name, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(e.data))}
		if e.link {
			header = &tar.Header{Name: e.name, Typeflag: tar.TypeSymlink, Linkname: e.data}
		}
		if err := w.WriteHeader(header); err != nil {
			t.Fatal(err)
		}
		if !e.link {
			if _, err := w.Write([]byte(e.data)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := errors.Join(w.Close(), zipped.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// pullBytes pulls an archive from a file, into a folder of its own.
func pullBytes(t *testing.T, archive []byte, change func(*Options)) (*Result, string, error) {
	t.Helper()
	folder := t.TempDir()
	options := Options{From: filepath.Join(folder, "archive"), Into: filepath.Join(folder, "rules"), TempDir: folder}
	if err := os.WriteFile(options.From, archive, 0o600); err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(&options)
	}
	result, err := Pull(t.Context(), options)
	left, globErr := filepath.Glob(filepath.Join(folder, "*kulla-rules*"))
	if globErr != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, globErr)
	}
	if _, statErr := os.Stat(options.Into); err != nil && !options.Replace && !errors.Is(statErr, os.ErrNotExist) {
		t.Errorf("a folder was made although %v", err)
	}
	return result, options.Into, err
}

func TestPull(t *testing.T) {
	t.Parallel()
	entries := []entry{
		{name: "rules/a.yml", data: goodRule},
		{name: "rules/deep/b.YAML", data: goodRule + "---\n" + strings.Replace(goodRule, "Failed", "Other", 1)},
		{name: "rules/broken.yml", data: "title: x\ndetection: [\n"},
		{name: "rules/a.test.yml", data: "x: {}\n"},
		{name: "../version.txt", data: "1"}, // only shown to be refused below
		{name: "README.md", data: "text"},
	}
	fair := append(append([]entry{}, entries[:4]...), entries[5])
	for name, archive := range map[string][]byte{"zip": zipOf(t, fair...), "tar": tarOf(t, fair...)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			result, into, err := pullBytes(t, archive, nil)
			if err != nil {
				t.Fatal(err)
			}
			if result.Rules != 3 || result.Files != 2 || result.Others != 2 || len(result.Problems) != 1 || result.Bytes != int64(len(archive)) {
				t.Errorf("result %+v", result)
			}
			if got := result.Problems[0].At.File; got != "rules/broken.yml" {
				t.Errorf("problem in %s", got)
			}
			for _, file := range []string{"rules/a.yml", "rules/deep/b.YAML"} {
				if _, err := os.Stat(filepath.Join(into, file)); err != nil {
					t.Error(err)
				}
			}
			for _, file := range []string{"rules/broken.yml", "rules/a.test.yml", "README.md"} {
				if _, err := os.Stat(filepath.Join(into, file)); err == nil {
					t.Errorf("%s was written", file)
				}
			}
		})
	}
}

func TestPullRefuses(t *testing.T) {
	t.Parallel()
	good := entry{name: "a.yml", data: goodRule}
	bomb := entry{name: "b.yml", data: strings.Repeat("#", 3<<20)}
	small := func(o *Options) { o.Limits = Limits{Unpacked: 2 << 20, Rule: 4 << 20, Archive: 4 << 20, Members: 3} }
	for name, test := range map[string]struct {
		archive []byte
		change  func(*Options)
		want    error
		says    string
	}{
		"traversal in a zip":   {zipOf(t, good, entry{name: "../evil.yml", data: goodRule}), nil, ErrArchive, "written elsewhere"},
		"traversal in a tar":   {tarOf(t, good, entry{name: "x/../../evil.yml", data: goodRule}), nil, ErrArchive, "written elsewhere"},
		"absolute":             {tarOf(t, good, entry{name: "/tmp/evil.yml", data: goodRule}), nil, ErrArchive, "written elsewhere"},
		"backslashes":          {zipOf(t, good, entry{name: `..\evil.yml`, data: goodRule}), nil, ErrArchive, "written elsewhere"},
		"drive":                {zipOf(t, good, entry{name: `C:evil.yml`, data: goodRule}), nil, ErrArchive, "written elsewhere"},
		"traversal of others":  {zipOf(t, good, entry{name: "../evil.txt", data: "x"}), nil, ErrArchive, "written elsewhere"},
		"link in a zip":        {zipOf(t, good, entry{name: "l.yml", data: "/etc/passwd", link: true}), nil, ErrArchive, "link"},
		"link in a tar":        {tarOf(t, good, entry{name: "l.yml", data: "/etc/passwd", link: true}), nil, ErrArchive, "link"},
		"twice":                {zipOf(t, good, entry{name: "./A.yml", data: goodRule}), nil, ErrArchive, "twice"},
		"file and folder":      {zipOf(t, good, entry{name: "a.yml/b.yml", data: goodRule}), nil, nil, "a.yml"},
		"large rule":           {zipOf(t, good, bomb), nil, ErrArchive, "larger than 1048576"},
		"bomb in a zip":        {zipOf(t, good, bomb), small, ErrArchive, "larger than"},
		"bomb in a tar":        {tarOf(t, good, bomb), small, ErrArchive, "unpacks to more"},
		"bomb that is no rule": {tarOf(t, good, entry{name: "b.txt", data: bomb.data}), small, ErrArchive, "unpacks to more"},
		"many members":         {zipOf(t, good, entry{name: "1"}, entry{name: "2"}, entry{name: "3"}), small, ErrArchive, "members"},
		"large archive":        {zipOf(t, good), func(o *Options) { o.Limits.Archive = 10 }, ErrArchive, "larger than 10"},
		"wrong hash":           {zipOf(t, good), func(o *Options) { o.SHA256 = strings.Repeat("0", 64) }, ErrHash, "want 000"},
		"no archive":           {[]byte("<html>"), nil, ErrArchive, "neither"},
		"empty":                {nil, nil, ErrArchive, "neither"},
		"cut zip":              {zipOf(t, good)[:60], nil, ErrArchive, "zip"},
		"cut tar":              {tarOf(t, good)[:60], nil, ErrArchive, "EOF"},
		"gzip of no tar":       {tarOf(t, good)[:20], nil, ErrArchive, ""},
		"no rules":             {zipOf(t, entry{name: "a.txt", data: goodRule}), nil, ErrArchive, "no usable rule"},
		"missing file":         {nil, func(o *Options) { o.From += ".zip" }, os.ErrNotExist, ""},
		"a folder":             {nil, func(o *Options) { o.From = filepath.Dir(o.From) }, ErrArchive, "not a file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := pullBytes(t, test.archive, test.change)
			if err == nil || test.want != nil && !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("error %v, want %v with %q", err, test.want, test.says)
			}
		})
	}
}

func TestReplace(t *testing.T) {
	t.Parallel()
	archive := zipOf(t, entry{name: "new.yml", data: goodRule})
	for name, test := range map[string]struct {
		there   map[string]string
		replace bool
		want    error
	}{
		"there already":  {map[string]string{"old.yml": goodRule}, false, ErrExists},
		"replaced":       {map[string]string{"old.yml": goodRule}, true, nil},
		"somebody's own": {map[string]string{"old.yml": goodRule, "sub/thesis.txt": "text"}, true, ErrForeign},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, into, err := pullBytesOver(t, archive, test.there, test.replace)
			if !errors.Is(err, test.want) {
				t.Fatalf("error %v, want %v", err, test.want)
			}
			for file := range test.there {
				if _, err := os.Stat(filepath.Join(into, file)); (err == nil) != (test.want != nil) {
					t.Errorf("%s: %v", file, err)
				}
			}
			if _, err := os.Stat(filepath.Join(into, "new.yml")); (err == nil) != (test.want == nil) {
				t.Errorf("new.yml: %v", err)
			}
		})
	}
}

func pullBytesOver(t *testing.T, archive []byte, there map[string]string, replace bool) (*Result, string, error) {
	t.Helper()
	folder := t.TempDir()
	from, into := filepath.Join(folder, "a.zip"), filepath.Join(folder, "rules")
	for name, text := range there {
		name = filepath.Join(into, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o700), os.WriteFile(name, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(from, archive, 0o600); err != nil {
		t.Fatal(err)
	}
	result, err := Pull(t.Context(), Options{From: from, Into: into, Replace: replace, TempDir: folder})
	left, globErr := filepath.Glob(filepath.Join(folder, ".kulla-rules-*"))
	if globErr != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, globErr)
	}
	return result, into, err
}

// fetchFrom pulls from a server.
func fetchFrom(t *testing.T, ctx context.Context, server *httptest.Server, path string, change func(*Options)) (*Result, error) {
	t.Helper()
	folder := t.TempDir()
	options := Options{From: server.URL + path, Into: filepath.Join(folder, "rules"), Transport: server.Client().Transport, TempDir: folder}
	if change != nil {
		change(&options)
	}
	result, err := Pull(ctx, options)
	if left, _ := os.ReadDir(folder); err != nil && len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	return result, err
}

// releases serves an archive at /good, and misbehaves elsewhere.
func releases(archive []byte, plain string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/good", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept-Encoding") != "identity" {
			http.Error(w, "the hash would be that of other bytes", http.StatusTeapot)
			return
		}
		_, _ = w.Write(archive)
	})
	mux.Handle("/moved", http.RedirectHandler("/good", http.StatusFound))
	mux.Handle("/loop", http.RedirectHandler("/loop", http.StatusFound))
	mux.Handle("/plain", http.RedirectHandler(plain+"/good", http.StatusFound))
	mux.HandleFunc("/endless", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusOK)
		for block := make([]byte, 1<<16); r.Context().Err() == nil; {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	})
	mux.HandleFunc("/announced", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(1<<40))
		w.WriteHeader(http.StatusOK)
	})
	mux.HandleFunc("/cut", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(archive)))
		_, _ = w.Write(archive[:len(archive)/2])
	})
	mux.HandleFunc("/silent", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	return mux
}

func TestFetch(t *testing.T) {
	t.Parallel()
	archive := zipOf(t, entry{name: "a.yml", data: goodRule})
	hash := sha256.Sum256(archive)
	plain := httptest.NewServer(releases(archive, ""))
	t.Cleanup(plain.Close)
	server := httptest.NewUnstartedServer(releases(archive, plain.URL))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // a client is to refuse its certificate
	server.StartTLS()
	t.Cleanup(server.Close)
	insecure := func(o *Options) { o.InsecureHTTP = true }
	for _, test := range []struct {
		path   string
		change func(*Options)
		says   string // empty where it succeeds
	}{
		{"/good", nil, ""},
		{"/good", func(o *Options) { o.SHA256 = strings.ToUpper(hex.EncodeToString(hash[:])) }, ""},
		{"/good", func(o *Options) { o.SHA256 = strings.Repeat("1", 64) }, "another hash"},
		{"/moved", nil, ""},
		{"/loop", nil, "more than 5 redirections"},
		{"/plain", nil, "not https"},
		{"/plain", insecure, ""},
		{"/none", nil, "404"},
		{"/endless", nil, "larger than 67108864"},
		{"/announced", nil, "larger than 67108864"},
		{"/cut", nil, "unexpected EOF"},
		{"/silent", func(o *Options) { o.Limits.Time = 50 * time.Millisecond }, "deadline"},
	} {
		result, err := fetchFrom(t, t.Context(), server, test.path, test.change)
		switch {
		case test.says == "" && (err != nil || result.Rules != 1 || result.SHA256 != hex.EncodeToString(hash[:])):
			t.Errorf("%s: %+v, %v", test.path, result, err)
		case test.says != "" && (err == nil || !strings.Contains(err.Error(), test.says)):
			t.Errorf("%s: error %v, want one with %q", test.path, err, test.says)
		}
	}
	if _, err := fetchFrom(t, t.Context(), plain, "/good", nil); !errors.Is(err, ErrPlain) {
		t.Errorf("without TLS: %v", err)
	}
	if _, err := fetchFrom(t, t.Context(), plain, "/good", insecure); err != nil {
		t.Errorf("without TLS, as permitted: %v", err)
	}
	// The server's certificate is nobody's that the machine trusts.
	if _, err := fetchFrom(t, t.Context(), server, "/good", func(o *Options) { o.Transport = nil }); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("with a certificate of its own: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := fetchFrom(t, ctx, server, "/good", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
}

// An address may hold a password; no error may.
func TestErrorsHideThePassword(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"http://user:geheim@192.0.2.1/", "ftp://user:geheim@192.0.2.1/", "https://user:geheim@192.0.2.1:x/", "https://user:geheim@127.0.0.1:1/"} {
		_, err := Pull(t.Context(), Options{From: address, Into: filepath.Join(t.TempDir(), "rules"), Limits: Limits{Time: time.Second}})
		if err == nil || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func FuzzUnpack(f *testing.F) {
	for _, archive := range [][]byte{zipOf(f, entry{name: "a.yml", data: goodRule}), tarOf(f, entry{name: "a.yml", data: goodRule}), []byte("PK"), {0x1f, 0x8b}} {
		f.Add(archive)
	}
	f.Fuzz(func(t *testing.T, archive []byte) {
		limits := Limits{Unpacked: 1 << 16, Rule: 1 << 12, Members: 20}
		found, err := unpack(t.Context(), bytes.NewReader(archive), int64(len(archive)), limits.withDefaults())
		if err != nil {
			return
		}
		for _, file := range found.files {
			if !filepath.IsLocal(file.name) || len(file.data) > 1<<12 {
				t.Errorf("member %q with %d bytes", file.name, len(file.data))
			}
		}
	})
}
