package format_test

import (
	"fmt"
	"testing"

	"github.com/kulla-defence/kulla/internal/source/format"
)

func TestNames(t *testing.T) {
	var names format.Names
	for i := range 10_000 { // more than are remembered
		want := fmt.Sprint("host", i%5000)
		if got := names.String([]byte(want)); got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	}
	a, b := []byte("one"), []byte("two")
	names.String(a)
	names.String(b)
	if n := testing.AllocsPerRun(100, func() { names.String(a); names.String(b) }); n > 0 {
		t.Errorf("%v allocations for names that are known", n)
	}
}
