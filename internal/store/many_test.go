package store

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// register is so many files, some of them named twice with the same or with
// other content, and one with more problems than a block holds.
func register(count int) []Evidence {
	files := make([]Evidence, count)
	for i := range files {
		files[i] = Evidence{Name: fmt.Sprintf("host/%d.evtx", i), Size: int64(i), SHA256: [32]byte{byte(i), 1}}
	}
	files[count/2].Problems = []string{strings.Repeat("x", 2*manyBytes)}
	again := files[3]
	again.Records = 7 // something else is said of the same file
	return append(files, files[1], Evidence{Name: files[2].Name, SHA256: [32]byte{9}}, again)
}

// Files put at once make the ledger that they make put one by one.
func TestEvidenceAtOnce(t *testing.T) {
	t.Parallel()
	files := register(300)
	once, _ := newCase(t)
	single, _ := newCase(t)
	single.secret = once.secret
	added := must[int](t)(once.PutEvidence(files))
	for i := range files {
		added -= must[int](t)(single.PutEvidence(files[i : i+1]))
	}
	if added != 0 {
		t.Errorf("%d more were added at once", added)
	}
	size := must[int64](t)(once.Size())
	if want := must[int64](t)(single.Size()); size != want || size != 302 {
		t.Fatalf("%d leaves, one by one %d", size, want)
	}
	root, err := once.Ledger().Root(size)
	check(t, err)
	if want, err := single.Ledger().Root(size); err != nil || root != want {
		t.Errorf("the root is %v, one by one %v, %v", root, want, err)
	}
	for number := range size {
		check(t, once.Ledger().Check(number, size, root))
		got, err := once.Leaf(number)
		check(t, err)
		want, err := single.Leaf(number)
		check(t, err)
		if got.Kind != want.Kind || !bytes.Equal(got.Data, want.Data) {
			t.Fatalf("leaf %d is %s, one by one %s", number, got.Data, want.Data)
		}
	}
	sameRegister(t, once, single)
	if n := must[int](t)(once.PutEvidence(files[:300])); n != 1 { // the one of which something else was said last
		t.Errorf("%d are added by repeating", n)
	}
}

func sameRegister(t *testing.T, a, b *Case) {
	t.Helper()
	got, err := a.Evidence()
	check(t, err)
	want, err := b.Evidence()
	check(t, err)
	if !slices.EqualFunc(got, want, func(x, y Evidence) bool { return fmt.Sprint(x) == fmt.Sprint(y) }) || len(got) != 301 {
		t.Errorf("the register has %d files, one by one %d, or differs", len(got), len(want))
	}
}
