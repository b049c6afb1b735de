package casereport

import (
	"fmt"
	"testing"
	"time"

	"github.com/kulla-defence/kulla/sigma"
)

// However many findings there are, the cells are bounded and nothing is lost.
func TestDensityIsBounded(t *testing.T) {
	t.Parallel()
	d := newDensity()
	const n = 100_000
	for i := range n {
		d.add(fmt.Sprintf("h%d", i%300), at("2020-01-01T00:00:00Z").Add(time.Duration(i)*17*time.Minute), sigma.Low)
	}
	d.add("h1", time.Time{}, sigma.High)
	if len(d.cells) > maxCells || len(d.hosts) > maxHosts+1 {
		t.Errorf("%d cells, %d hosts", len(d.cells), len(d.hosts))
	}
	sum := int64(0)
	for _, c := range d.cells {
		sum += c.count
	}
	if sum != n || d.timeless != 1 || d.total != n+1 {
		t.Errorf("%d counted, %d without a time, %d in all", sum, d.timeless, d.total)
	}
	d.merge(10)
	if lanes := d.lanes(); len(lanes) != 10 || lanes[9] != elsewhere {
		t.Errorf("lanes are %q", lanes)
	}
}

// Times on an axis keep their order, and lie on it.
func TestAxisKeepsOrder(t *testing.T) {
	t.Parallel()
	begin := at("2021-05-10T00:00:00Z")
	for _, gaps := range [][]time.Duration{{}, {time.Hour}, {48 * time.Hour, 9000 * time.Hour, time.Hour}, {200 * 8766 * time.Hour}} {
		starts := []time.Time{begin}
		for _, gap := range gaps {
			starts = append(starts, starts[len(starts)-1].Add(gap))
		}
		a := newAxis(starts, time.Minute)
		last := -1.0
		for _, start := range starts {
			place := a.at(start)
			if place <= last || place < 0 || place > 100 {
				t.Errorf("gaps %v: %v is at %v, after %v", gaps, start, place, last)
			}
			last = place
		}
		if before, after := a.at(begin.Add(-time.Hour)), a.at(starts[len(starts)-1].Add(time.Hour)); before != 0 || after < last {
			t.Errorf("gaps %v: before is at %v, after at %v", gaps, before, after)
		}
	}
	if got := newAxis(nil, time.Minute).at(begin); got != 0 {
		t.Errorf("an empty axis has the place %v", got)
	}
}

func TestGraphIsStable(t *testing.T) {
	t.Parallel()
	d := fixture(t)
	one, other := newGraph(d.Incidents, newHostNames(d)), newGraph(d.Incidents, newHostNames(d))
	for i := range one.Nodes {
		if *one.Nodes[i] != *other.Nodes[i] {
			t.Errorf("node %d is %+v and %+v", i, one.Nodes[i], other.Nodes[i])
		}
	}
	if len(one.Nodes) != 4 || len(one.Edges) != 2 {
		t.Errorf("%d nodes and %d edges, want 4 and 2", len(one.Nodes), len(one.Edges))
	}
}
