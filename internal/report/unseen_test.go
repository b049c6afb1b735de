package report

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What either reading could not see stays unseen, but for rules: those that
// could have fired on one of them could have fired.
func TestMergeUnseen(t *testing.T) {
	t.Parallel()
	earlier := []Unseen{{"evidence not read", "a", 1}, {couldNotFire, "no IIS", 9}, {couldNotFire, "no Sysmon", 7}}
	now := []Unseen{{"evidence not read", "a", 2}, {"times", "b", 0}, {couldNotFire, "no Sysmon", 5}, {couldNotFire, "no mail", 3}}
	want := []Unseen{{"evidence not read", "a", 2}, {couldNotFire, "no Sysmon", 5}, {"times", "b", 0}}
	if got := MergeUnseen(earlier, now); !cmp.Equal(got, want) {
		t.Error(cmp.Diff(want, got))
	}
	if got := MergeUnseen(now, now); !cmp.Equal(got, now) {
		t.Error(cmp.Diff(now, got))
	}
}
