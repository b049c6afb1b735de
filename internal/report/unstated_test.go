package report

import (
	"slices"
	"testing"

	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/source"
)

func TestUnstated(t *testing.T) {
	t.Parallel()
	got := Unstated(&source.Register{Files: []source.File{
		{Source: &event.Source{Name: "a.log"}, WithoutZone: 5}, {Source: &event.Source{Name: "b.log"}, WithoutZone: 1, WithoutYear: 2, WithoutTime: 3}, {Records: 9},
	}})
	want := []string{
		"times of 2 sources (a.log, b.log) state no zone: taken as UTC; give --source-tz",
		"times of 1 source (b.log) state no year: 2 events without a time; give --source-year",
		"1 event without a time",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if lines := Unstated(&source.Register{Files: []source.File{{Records: 9}}}); len(lines) > 0 {
		t.Errorf("nothing is left open, but it says %q", lines)
	}
}
