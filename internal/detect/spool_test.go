package detect

import (
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/kulla-defence/kulla/internal/event"
)

var private = cmp.AllowUnexported(Rule{}, Member{}, Finding{})

func testTables() *tables {
	rules := []*Rule{{ID: "a", Title: "A"}, {ID: "b", Title: "B", rank: 1}, {ID: "c", Title: "C", rank: 2}}
	return &tables{rules: rules, sources: newSourceTable()}
}

// randomFindings draws from few values, so that many are equal in part.
func randomFindings(random *rand.Rand, t *tables, n int) []*Finding {
	sources := []*event.Source{{Name: "x"}, {Name: "y!z"}, {Name: ""}}
	texts := []string{"", "a", "µ\x00\xff", "longer text"}
	findings := make([]*Finding, n)
	for i := range findings {
		f := &Finding{
			Rule: t.rules[random.IntN(3)],
			Time: time.Unix(random.Int64N(5), random.Int64N(2)).UTC(),
			Host: texts[random.IntN(len(texts))],
			Place: event.Provenance{
				Source: sources[random.IntN(3)],
				Offset: int64(i), Size: random.Int64N(9), Line: random.Int64N(3), RecordID: random.Uint64N(3),
			},
		}
		for range random.IntN(4) {
			f.Fields = append(f.Fields, Field{Name: texts[random.IntN(4)], Value: texts[random.IntN(4)],
				Asked: random.IntN(2) == 0, Null: random.IntN(2) == 0})
		}
		if random.IntN(5) == 0 {
			f.Correlation = &Correlation{First: f.Time.Add(-time.Hour), Last: f.Time, Count: 3, Value: 2.5, Incomplete: random.IntN(2) == 0,
				Group: []Field{{Name: "g", Value: texts[random.IntN(4)]}}, Events: []Member{{reference: 7}}}
		}
		findings[i] = f
	}
	return findings
}

func collectAll(t *testing.T, s *spool) []*Finding {
	t.Helper()
	var found []*Finding
	for f, err := range s.all() {
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, f)
	}
	return found
}

// What goes in comes out in order, whatever the number of shelves and however
// often they had to be emptied into the file.
func TestSpoolOrders(t *testing.T) {
	t.Parallel()
	const seed = 42
	for _, test := range []struct{ findings, shelves, budget int }{
		{0, 1, 1 << 20}, {1, 1, 1}, {1000, 1, 1 << 20}, {1000, 1, 300}, {1000, 4, 1000}, {1000, 8, 1 << 20},
	} {
		tables := testTables()
		findings := randomFindings(rand.New(rand.NewPCG(seed, 1)), tables, test.findings)
		s := newSpool(tables, test.budget, t.TempDir())
		var group sync.WaitGroup
		for i := range test.shelves {
			shelf := s.shelf()
			group.Go(func() {
				for j := i; j < len(findings); j += test.shelves {
					if err := shelf.add(findings[j]); err != nil {
						t.Error(err)
					}
				}
			})
		}
		group.Wait()
		if err := s.seal(); err != nil {
			t.Fatal(err)
		}
		want := slices.SortedFunc(slices.Values(findings), compareFindings)
		for range 2 { // it may be read again
			if diff := cmp.Diff(want, collectAll(t, s), private); diff != "" {
				t.Fatalf("%+v (seed %d):\n%s", test, seed, diff)
			}
		}
		if s.len() != int64(test.findings) {
			t.Errorf("%+v: len %d", test, s.len())
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestSpoolRemovesItsFile(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	tables := testTables()
	s := newSpool(tables, 1, folder)
	shelf := s.shelf()
	for _, f := range randomFindings(rand.New(rand.NewPCG(1, 1)), tables, 3) {
		if err := shelf.add(f); err != nil {
			t.Fatal(err)
		}
	}
	if entries, _ := os.ReadDir(folder); len(entries) != 1 {
		t.Fatalf("%d temporary files, want 1", len(entries))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if entries, _ := os.ReadDir(folder); len(entries) != 0 {
		t.Errorf("%d temporary files are left", len(entries))
	}
}

func TestSpoolReportsAFolderItCannotWrite(t *testing.T) {
	t.Parallel()
	tables := testTables()
	s := newSpool(tables, 1, "/nonexistent/folder")
	err := s.shelf().add(&Finding{Rule: tables.rules[0], Place: event.Provenance{Source: &event.Source{}}})
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v, want not exist", err)
	}
}

// failing is a temporary file that cannot be read back whole.
type failing struct{ io.ReaderAt }

func (f failing) ReadAt(p []byte, offset int64) (int, error) {
	if offset > 0 {
		return 0, errors.New("disk failure")
	}
	return f.ReaderAt.ReadAt(p[:min(len(p), 10)], offset)
}

func TestSpoolReportsAFailingDisk(t *testing.T) {
	t.Parallel()
	tables := testTables()
	s := newSpool(tables, 1, t.TempDir())
	defer s.Close()
	if err := s.shelf().add(randomFindings(rand.New(rand.NewPCG(1, 2)), tables, 1)[0]); err != nil {
		t.Fatal(err)
	}
	s.runs[0] = failing{s.runs[0]}
	var last error
	for _, err := range s.all() {
		last = err
	}
	if last == nil {
		t.Error("a failing disk went unnoticed")
	}
}

// A damaged encoding is an error, and asks for no memory it cannot fill.
func FuzzDecodeFinding(f *testing.F) {
	seeds := testTables()
	for _, finding := range randomFindings(rand.New(rand.NewPCG(3, 3)), seeds, 5) {
		f.Add(seeds.appendFinding(nil, finding))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		tables := testTables()
		tables.sources.number(&event.Source{Name: "x"})
		d := decoder{tables: tables, rest: data}
		first, err := d.finding()
		if err != nil {
			return
		}
		again := decoder{tables: tables, rest: tables.appendFinding(nil, first)}
		second, err := again.finding()
		if err != nil || !cmp.Equal(first, second, private, cmpopts.EquateNaNs()) {
			t.Errorf("written and read back, %+v became %+v (%v)", first, second, err)
		}
	})
}
