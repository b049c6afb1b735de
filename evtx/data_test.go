package evtx_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kulla-defence/kulla/evtx"
)

// shared opens one of the shared data archives, or skips the test.
func shared(tb testing.TB, name string) *zip.ReadCloser {
	tb.Helper()
	folder := os.Getenv("KULLA_DATA")
	if folder == "" {
		folder = filepath.Join("..", "..", "shared", "data")
	}
	archive, err := zip.OpenReader(filepath.Join(folder, name))
	if errors.Is(err, os.ErrNotExist) {
		tb.Skipf("the shared data is not here: %v", err)
	}
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { archive.Close() })
	return archive
}

// unpack gives the members of an archive whose names end so, in memory.
func unpack(tb testing.TB, name, suffix string) map[string][]byte {
	tb.Helper()
	files := map[string][]byte{}
	for _, member := range shared(tb, name).File {
		if !strings.HasSuffix(strings.ToLower(member.Name), suffix) {
			continue
		}
		r, err := member.Open()
		if err != nil {
			tb.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			tb.Fatal(err)
		}
		r.Close()
		files[member.Name] = b
	}
	return files
}

// count reads a whole file and counts records and losses.
func count(tb testing.TB, b []byte, options evtx.Options) (records, lost int) {
	tb.Helper()
	f, err := evtx.Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		tb.Fatal(err)
	}
	for _, err := range f.Records(context.Background(), options) {
		var corrupt *evtx.CorruptError
		switch {
		case err == nil:
			records++
		case !errors.As(err, &corrupt):
			tb.Fatal(err)
		case corrupt.Lost():
			lost++
		}
	}
	return records, lost
}

// TestCounts: records of whole archives. An independent reader counts the same.
func TestCounts(t *testing.T) {
	t.Parallel()
	f := func(archive string, want int) {
		t.Helper()
		records := 0
		for name, b := range unpack(t, archive, ".evtx") {
			n, lost := count(t, b, evtx.Options{Workers: 2})
			if lost > 0 {
				t.Errorf("%s: %d losses", name, lost)
			}
			records += n
		}
		if records != want {
			t.Errorf("%s: %d records, want %d", archive, records, want)
		}
	}
	f("host-clean-w10.zip", 42409)
	f("host-aptsim-server2022.zip", 7660)
	f("evtx-by-technique.zip", 10015)
	f("sigma-regression.zip", 113)
}

// TestHardCases: records read and places lost. Where a file is damaged, the
// count in the comment is that of a reader that gives up a chunk at its first
// bad record; every record that it gives is among ours.
func TestHardCases(t *testing.T) {
	t.Parallel()
	files := unpack(t, "evtx-hard-cases.zip", ".evtx")
	f := func(name string, wantRecords, wantLost int) {
		t.Helper()
		b, ok := files["samples/"+name]
		if !ok {
			t.Errorf("%s is not in the archive", name)
			return
		}
		delete(files, "samples/"+name)
		if records, lost := count(t, b, evtx.Options{}); records != wantRecords || lost != wantLost {
			t.Errorf("%s: %d records and %d losses, want %d and %d", name, records, lost, wantRecords, wantLost)
		}
	}
	f("2-vss_0-Microsoft-Windows-RemoteDesktopServices-RdpCoreTS%4Operational.evtx", 1951, 26)         // 1910, 4
	f("2-vss_0-Microsoft-Windows-TerminalServices-RemoteConnectionManager%4Operational.evtx", 1795, 1) // 1774, 2
	f("sample_with_a_bad_chunk_magic.evtx", 301, 3)                                                    // 270, 2
	f("sample-with-zero-data-size-event.evtx", 449, 1)                                                 // 335, 1
	f("sysmon.evtx", 358, 8)
	f("sample-with-irregular-bool-values.evtx", 3028, 0)
	f("2-vss_7-System.evtx", 1160, 0)
	f("E_ShadowCopy6_windows_system32_winevt_logs_Microsoft-Windows-CAPI2%4Operational.evtx", 459, 0)
	f("E_Windows_system32_winevt_logs_Microsoft-Windows-CAPI2%4Operational.evtx", 340, 0)
	f("E_Windows_system32_winevt_logs_Microsoft-Windows-Shell-Core%4Operational.evtx", 1146, 0)
	f("2-system-Microsoft-Windows-LiveId%4Operational.evtx", 399, 0)
	f("Application_no_crc32.evtx", 17, 0)
	f("post-Security.evtx", 126, 0)
	f("MSExchange_Management_wec.evtx", 1, 0)
	f("Microsoft-Windows-HelloForBusiness%4Operational.evtx", 6, 0)
	f("Microsoft-Windows-LanguagePackSetup%4Operational.evtx", 17, 0)
	f("Security_short_selected.evtx", 7, 0)
	f("Security_with_size_t.evtx", 636, 0)
	f("issue_201.evtx", 1, 0)
	f("new-user-security.evtx", 4, 0)
	f("security.evtx", 2261, 0)
	f("security_bad_string_cache.evtx", 2261, 0)
	f("system.evtx", 1881, 0)
	for name := range files {
		t.Errorf("%s is not in the table", name)
	}
}
