package report

import (
	"strings"
	"testing"

	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/source"
	"github.com/kulla-defence/kulla/internal/source/format"
)

func sourceWith(name string, problems ...source.Problem) source.File {
	file := source.File{Source: &event.Source{Name: name}}
	for _, p := range problems {
		file.Problem(p)
	}
	return file
}

// What a source lost stands before what only differs, the worst source first.
func TestProblemLines(t *testing.T) {
	t.Parallel()
	checksum := source.Problem{Offset: 4096, Kind: format.ChecksumDiffers, Reason: "data checksum differs"}
	record := func(offset, lost int64) source.Problem {
		return source.Problem{Offset: offset, Record: 7, Lost: lost, Reason: "malformed binary xml"}
	}
	unknown := source.Problem{Offset: -1, Kind: format.Unrecognised, Reason: "format not recognised"}
	register := &source.Register{
		Files: []source.File{
			sourceWith("a.bin", unknown),
			sourceWith("b.evtx", checksum, checksum),
			sourceWith("c.evtx", checksum, record(5000, 400), record(70000, 7000), checksum),
			sourceWith("d.evtx", checksum, source.Problem{Offset: 9000, Kind: format.Truncated, Reason: "truncated: the file ends within a chunk"}),
			sourceWith("e.evtx", source.Problem{Offset: -1, Kind: format.Empty, Reason: "empty"}),
			sourceWith("z.evtx", source.Problem{Offset: -1, Kind: format.NothingRead, Reason: "open: permission denied"}),
		},
		Archives: []source.File{sourceWith("y.zip", source.Problem{Offset: -1, Reason: "zip: not a valid zip file"})},
	}
	for _, name := range strings.Split("abcdefghi", "") {
		register.Files = append(register.Files, sourceWith("pictures/"+name, unknown))
	}
	unread, notes := problemLines(register)
	var got []string
	for _, line := range append(unread, notes...) {
		got = append(got, line.String())
	}
	want := []string{
		"y.zip: zip: not a valid zip file",
		"z.evtx: open: permission denied",
		"c.evtx: 2 records, 7.4 kB lost, the most at offset 70000: malformed binary xml; 2 checksums differ",
		"d.evtx: truncated: the file ends within a chunk, offset 9000; data checksum differs, offset 4096",
		"10 files: format not recognised, such as a.bin, pictures/a, pictures/b",
		"b.evtx: damaged, and read all the same: 2 checksums differ",
		"e.evtx: empty",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if b := register.Files[1]; b.Unread() {
		t.Error("a file of which all was read counts as unread")
	}
}

// On a narrow terminal the path gives way, never the reason.
func TestProblemLineFits(t *testing.T) {
	t.Parallel()
	line := problemLine{name: "evidence/2022/ministry/host-with-a-long-name/Windows/System32/winevt/Logs/Security.evtx", reason: "open: permission denied"}
	got := line.fit(68)
	if width(got) != 68 || !strings.HasPrefix(got, "evidence/") || !strings.HasSuffix(got, "Logs/Security.evtx: open: permission denied") {
		t.Errorf("%d columns: %q", width(got), got)
	}
	if got := line.fit(20); !strings.HasSuffix(got, "rity.evtx: open: permission denied") {
		t.Errorf("%q", got)
	}
}

// A limit that the user settles is told with the flag that does it.
func TestLimitsAreToldWithTheirFlag(t *testing.T) {
	t.Parallel()
	for limit, want := range map[string]string{"depth": "too deep (raise it with --limit depth=N)", "nesting": "too deep"} {
		if got := describeProblem(source.Problem{Offset: -1, Limit: limit, Reason: "too deep"}); got != want {
			t.Errorf("%s: %q, want %q", limit, got, want)
		}
	}
}
