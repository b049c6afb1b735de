package source

import (
	"testing"
	"time"

	"github.com/kulla-defence/kulla/internal/event"
)

// What is said of a source is added to a copy: the parser's own event stays as
// it is, for its next source may be one of which nothing is said.
func TestGivenLeavesTheParsersEvent(t *testing.T) {
	t.Parallel()
	layout := &event.Layout{Names: []string{"a"}}
	noon := time.Date(2022, time.July, 15, 12, 0, 0, 0, time.UTC)
	its := event.Event{Layout: layout, Time: noon, TimeText: "12:00"}
	g := &given{Given: Given{Zone: time.FixedZone("", 2*3600), Product: "okta"}, layouts: new(namedLayouts)}
	var place event.Event
	got := g.complete(&its, &place)
	if got.Layout.Product != "okta" || !got.Time.Equal(noon.Add(-2*time.Hour)) || got.TimeText != "" {
		t.Errorf("completed to %+v, layout %+v", got, got.Layout)
	}
	if its.Layout != layout || its.Time != noon || its.TimeText != "12:00" {
		t.Errorf("the parser's event became %+v", its)
	}
	if known := (&event.Event{Layout: &event.Layout{Product: "windows"}}); g.complete(known, &place) != known {
		t.Error("an event to which nothing is added was copied")
	}
}
