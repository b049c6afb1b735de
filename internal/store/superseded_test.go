package store

import (
	"strings"
	"testing"

	"github.com/kulla-defence/kulla/internal/attribution"
	"github.com/kulla-defence/kulla/internal/custody"
)

// A finding that is superseded is not found or counted any more; its leaf
// stays, and the rows agree with the leaves. It can be put again.
func TestSupersededFindings(t *testing.T) {
	t.Parallel()
	c, _ := newCase(t)
	must[int64](t)(c.PutFindings(samples(0, 300), digests))
	check(t, c.SupersedeFindings([]int64{7, 299, 7, 0}, "read again"))
	if n := must[int64](t)(c.FindingCount()); n != 297 {
		t.Errorf("%d findings are counted, want 297", n)
	}
	for f, err := range c.Findings(Filter{}) {
		check(t, err)
		if f.Number == 0 || f.Number == 7 || f.Number == 299 {
			t.Errorf("finding %d is found", f.Number)
		}
	}
	if leaf, err := c.Leaf(7); err != nil || leaf.Kind != custody.KindFinding {
		t.Errorf("its leaf is gone: %v", err)
	}
	agree(t, c)
	if added := must[int64](t)(c.PutFindings(samples(0, 300), digests)); added != 3 {
		t.Errorf("%d were added again, want 3", added)
	}
	agree(t, c)
}

// agree checks the rows of a case against its leaves.
func agree(t *testing.T, c *Case) {
	t.Helper()
	must[int64](t)(c.CheckRows(t.Context(), func(leaf int64, what string) { t.Errorf("leaf %d: %s", leaf, what) }))
}

// Whoever brings back the row of a finding that is superseded is found out.
func TestSupersededFindingWithARow(t *testing.T) {
	t.Parallel()
	c, _ := newCase(t)
	must[int64](t)(c.PutFindings(samples(0, 3), digests))
	check(t, c.SupersedeFindings([]int64{1}, "read again"))
	check(t, c.exec("INSERT INTO finding (leaf, id, time, level, rule, host) SELECT 1, id, time, level, rule, host FROM finding WHERE leaf = 0"))
	var said []string
	must[int64](t)(c.CheckRows(t.Context(), func(_ int64, what string) { said = append(said, what) }))
	if !strings.Contains(strings.Join(said, "\n"), "superseded") {
		t.Errorf("it is not said: %q", said)
	}
}

// Evidence that takes the place of other evidence is alone in the register, and
// the rows agree with the leaves.
func TestEvidenceSupersedes(t *testing.T) {
	t.Parallel()
	c, _ := newCase(t)
	must[int](t)(c.PutEvidence([]Evidence{{Name: "a", Size: 1, SHA256: [32]byte{1}}, {Name: "b", Size: 1, SHA256: [32]byte{2}}}))
	grown := Evidence{Name: "a", Size: 2, SHA256: [32]byte{3}, Origin: [32]byte{1}, Supersedes: []int64{0}, Aliases: []string{"c"}, Said: &Said{Zone: "UTC"}}
	must[int](t)(c.PutEvidence([]Evidence{grown}))
	files := must[[]Evidence](t)(c.Evidence())
	if len(files) != 2 || files[0].SHA256 != grown.SHA256 || files[0].Origin != grown.Origin || *files[0].Said != *grown.Said {
		t.Errorf("the register is %+v", files)
	}
	agree(t, c)
	if n := must[int](t)(c.PutEvidence([]Evidence{grown})); n != 0 {
		t.Errorf("%d are added by repeating", n)
	}
}

// Files are told by what they hold.
func TestRecognise(t *testing.T) {
	t.Parallel()
	c, _ := newCase(t)
	one, two, three := [32]byte{1}, [32]byte{2}, [32]byte{3}
	must[int](t)(c.PutEvidence([]Evidence{{Name: "x/a.log", Size: 5, SHA256: one, Records: 1}, {Name: "unread", Records: 0}}))
	begins := func(size int64) ([32]byte, bool) { return one, size == 5 }
	for name, test := range map[string]struct {
		now  Evidence
		want Relation
	}{
		"the same":                      {Evidence{Name: "x/a.log", Size: 5, SHA256: one, Records: 1}, Same},
		"the same elsewhere":            {Evidence{Name: "y!b", Size: 5, SHA256: one, Records: 1}, Same},
		"with other options":            {Evidence{Name: "y!b", Size: 5, SHA256: one, Said: &Said{Year: 2022}}, Reread},
		"grown":                         {Evidence{Name: "x/a.log", Size: 6, SHA256: two}, Grown},
		"grown and rotated":             {Evidence{Name: `z\a.log.17`, Size: 6, SHA256: two}, Grown},
		"another of another name":       {Evidence{Name: "b.log", Size: 6, SHA256: two}, Fresh},
		"of the size, not the content":  {Evidence{Name: "x/a.log", Size: 5, SHA256: three}, Altered},
		"less than it was":              {Evidence{Name: "x/a.log", Size: 4, SHA256: three}, Altered},
		"emptied":                       {Evidence{Name: "x/a.log", SHA256: three}, Altered},
		"not readable":                  {Evidence{Name: "x/a.log"}, Fresh},
		"not readable as it was before": {Evidence{Name: "unread"}, Same},
		"readable at last":              {Evidence{Name: "unread", Size: 1, SHA256: three}, Fresh},
	} {
		standings := must[[]Standing](t)(c.Recognise([]Reading{{Evidence: test.now, Beginning: begins}}))
		if got := standings[0].Relation; got != test.want {
			t.Errorf("%s: %d, want %d", name, got, test.want)
		}
		if name == "readable at last" && len(standings[0].Evidence.Supersedes) != 1 {
			t.Errorf("%s: %+v", name, standings[0].Evidence)
		}
	}
}

// An assessment that is withdrawn is none, until there is another.
func TestWithdrawnAssessment(t *testing.T) {
	t.Parallel()
	c, _ := newCase(t)
	for _, step := range []struct {
		put     *attribution.Assessment
		changed bool
	}{{nil, false}, {&attribution.Assessment{Cluster: "KC-0001"}, true}, {nil, true}, {nil, false}, {&attribution.Assessment{Cluster: "KC-0001"}, true}} {
		if changed := must[bool](t)(c.PutAssessment(step.put)); changed != step.changed {
			t.Errorf("%v: changed %v", step.put, changed)
		}
		if got := must[*attribution.Assessment](t)(c.Assessment()); (got == nil) != (step.put == nil) {
			t.Errorf("%v comes back as %v", step.put, got)
		}
	}
	agree(t, c)
}
