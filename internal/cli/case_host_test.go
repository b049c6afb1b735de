package cli

import (
	"strings"
	"testing"
)

func TestEdits(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"print01", "print1", 1}, {"web01", "web02", 1}, {"kitten", "sitting", 3}, {"dc01", "fw01", 2}} {
		if got, back := edits(test.a, test.b), edits(test.b, test.a); got != test.want || back != got {
			t.Errorf("%s to %s is %d, back %d, want %d", test.a, test.b, got, back, test.want)
		}
	}
}

func TestNearHosts(t *testing.T) {
	t.Parallel()
	names := []string{"WEB01.corp.test", "a", "b", "c", "d", "e", "PRINT01.corp.test", "PRINT01.corp.test"}
	if got := nearHosts(names, "prnt01"); !strings.HasPrefix(got, "the nearest of its 7 hosts are PRINT01.corp.test, ") {
		t.Error(got)
	}
	if got := nearHosts([]string{"x\x1b[31m"}, "y"); strings.Contains(got, "\x1b") {
		t.Errorf("%q reaches the terminal", got)
	}
	if got := nearHosts(nil, "y"); got != "the case has no host with a name" {
		t.Error(got)
	}
}
