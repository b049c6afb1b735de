package store

import "testing"

// A run becomes a leaf when it changed something, and only then.
func TestPutRun(t *testing.T) {
	t.Parallel()
	c, _ := newCase(t)
	if _, finished, err := c.LastRun(); err != nil || finished {
		t.Fatalf("an empty case has a run: %v", err)
	}
	fill(t, c)
	size := must[int64](t)(c.Size())
	check(t, c.PutRun(start.AddDate(0, 0, 1), false))
	if at, finished, err := c.LastRun(); err != nil || !finished || !at.Equal(start) || must[int64](t)(c.Size()) != size {
		t.Errorf("a run that changed nothing: %v, %v, %v", at, finished, err)
	}
	check(t, c.SetMeta("name", "Case 2"))
	check(t, c.PutRun(start.AddDate(0, 0, 2), false))
	if at, _, err := c.LastRun(); err != nil || !at.Equal(start.AddDate(0, 0, 2)) || must[int64](t)(c.Size()) != size+1 {
		t.Errorf("a run that changed what is kept: %v, %v", at, err)
	}
}
