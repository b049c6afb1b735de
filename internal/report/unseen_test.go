package report

import (
	"strings"
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

// Of clocks only what all evidence together leaves open is said.
func TestMergeUnseenClocks(t *testing.T) {
	t.Parallel()
	first, second := UnseenClocks([]string{"a", "b"}), UnseenClocks([]string{"b"})
	if got := MergeUnseen(first, second); !cmp.Equal(got, second) {
		t.Error(cmp.Diff(second, got))
	}
	if got := MergeUnseen(first, nil); len(got) != 0 {
		t.Errorf("clocks that were compared since are said not to be: %v", got)
	}
	if got := MergeUnseen(first, first); !cmp.Equal(got, first) {
		t.Error(cmp.Diff(first, got))
	}
	many := UnseenClocks(strings.Split(strings.Repeat("h,", 29)+"h", ","))
	if len(many) != 1 || many[0].Count != 30 || !strings.HasSuffix(many[0].Why, " and 10 more") {
		t.Errorf("30 hosts are %v", many)
	}
}
