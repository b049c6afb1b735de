package detect

import (
	"errors"
	"iter"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
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
				Offset: int64(i), Size: random.Int64N(9), Line: random.Int64N(3), RecordID: random.Uint64N(3), Carved: i%5 == 0,
			},
		}
		f.Record[random.IntN(32)] = byte(random.IntN(2))
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

func collectAll(t *testing.T, s *findingSpool) []*Finding {
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
		want := slices.SortedFunc(slices.Values(findings), compareFindings)
		for range 2 { // it may be read again
			if diff := cmp.Diff(want, collectAll(t, s), private); diff != "" {
				t.Fatalf("%+v (seed %d):\n%s", test, seed, diff)
			}
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

// Bytes of findings have the order of findings, whatever is in them, and so
// does what two streams merge into.
func TestOrderOfBytesIsThatOfFindings(t *testing.T) {
	t.Parallel()
	tables := testTables()
	findings := randomFindings(rand.New(rand.NewPCG(7, 7)), tables, 300)
	findings[0].Time, findings[1].Time = time.Time{}, time.Unix(-5, 3).UTC()
	findings[2].Place.Offset, findings[3].Place.Source = -1, nil
	for _, a := range findings {
		for _, b := range findings {
			got, want := tables.compare(tables.appendFinding(nil, a), tables.appendFinding(nil, b)), compareFindings(a, b)
			if got != want {
				t.Fatalf("%+v and %+v: order %d as bytes, %d as findings", a, b, got, want)
			}
		}
	}
}

func TestMergeEndsAtTheFirstError(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	stream := func(seconds ...int64) iter.Seq2[*Finding, error] {
		return func(yield func(*Finding, error) bool) {
			for _, s := range seconds {
				var err error
				if s < 0 {
					err = broken
				}
				if !yield(&Finding{Time: time.Unix(s, 0), Rule: &Rule{}}, err) {
					return
				}
			}
		}
	}
	for _, test := range []struct {
		first, second []int64
		want          []int64
	}{
		{nil, nil, nil},
		{[]int64{1, 3}, []int64{0, 2, 4, 5}, []int64{0, 1, 2, 3, 4, 5}},
		{nil, []int64{1, 2}, []int64{1, 2}},
		{[]int64{1, 2}, nil, []int64{1, 2}},
		{[]int64{1, -1, 2}, []int64{3}, []int64{1, -1}},
		{[]int64{1, 2}, []int64{0, -1, 3}, []int64{0, -1}},
		{nil, []int64{-1, 3}, []int64{-1}},
	} {
		var got []int64
		for f, err := range merge(stream(test.first...), stream(test.second...), compareFindings) {
			if (err != nil) != (f.Time.Unix() < 0) {
				t.Errorf("%+v: error %v at %v", test, err, f.Time)
			}
			got = append(got, f.Time.Unix())
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%+v: got %v", test, got)
		}
	}
}

// What is read back damaged is an error, not a finding.
func TestSpoolReportsDamage(t *testing.T) {
	t.Parallel()
	tables := testTables()
	s := newSpool(tables, 1, t.TempDir())
	defer s.Close()
	shelf := s.shelf()
	for _, item := range []string{"x", strings.Repeat("y", headBytes), strings.Repeat("z", headBytes+1)} {
		if err := shelf.shelf.Add([]byte(item)); err != nil {
			t.Fatal(err)
		}
	}
	var last error
	for _, err := range s.all() {
		last = err
	}
	if !errors.Is(last, errEncoding) {
		t.Errorf("error %v, want %v", last, errEncoding)
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
