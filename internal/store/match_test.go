package store

import (
	"bytes"
	"fmt"
	"iter"
	"strings"
	"testing"

	"github.com/kulla-defence/kulla/internal/detect"
)

// correlationOf is a finding of a correlation rule over the first records.
func correlationOf(events int) *detect.Finding {
	f := *sample(0)
	f.Rule = &detect.Rule{ID: "c", Title: "Several", Correlation: true}
	f.Correlation = &detect.Correlation{First: f.Time, Last: f.Time, Count: int64(events), Value: float64(events)}
	for i := range events {
		member := sample(i)
		f.Correlation.Events = append(f.Correlation.Events, detect.Member{Rule: member.Rule, Time: member.Time, Host: member.Host, Place: member.Place})
	}
	return &f
}

// More evidence makes a correlation larger: the smaller finding holds no
// longer, its leaf stays, and the case verifies.
func TestSupersede(t *testing.T) {
	t.Parallel()
	path, options := signedCase(t)
	c := mustOpen(t, path, options)
	smaller, larger := correlationOf(2), correlationOf(3)
	rules := []*detect.Rule{smaller.Rule}
	supersede := func(now iter.Seq2[*detect.Finding, error], all bool) int {
		return must[int](t)(c.Supersede(rules, now, digests, func([32]byte) bool { return all }))
	}
	must[int64](t)(c.PutFindings(each(smaller), digests))
	before := must[int64](t)(c.FindingCount())
	number := c.size - 1
	if n := supersede(each(smaller), true); n != 0 {
		t.Errorf("%d findings that hold are superseded", n)
	}
	if n := supersede(each(larger), false); n != 0 {
		t.Errorf("%d findings are superseded by less evidence", n)
	}
	if n := supersede(each(larger), true); n != 1 {
		t.Fatalf("%d findings are superseded, want 1", n)
	}
	must[int64](t)(c.PutFindings(each(larger), digests))
	if !must[bool](t)(c.Superseded(number)) || must[bool](t)(c.Superseded(number+2)) {
		t.Error("which of the two holds is not known")
	}
	if after := must[int64](t)(c.FindingCount()); after != before {
		t.Errorf("%d findings, were %d", after, before)
	}
	if f := must[*Finding](t)(c.Finding(number)); f.Correlation.Count != 2 {
		t.Errorf("leaf %d is now %+v", number, f.Correlation)
	}
	check(t, c.Checkpoint())
	check(t, c.Commit())
	check(t, c.Close())
	if got := wrongRows(t, path); got != "" {
		t.Error(got)
	}
	alter(t, path, fmt.Sprintf("INSERT INTO finding SELECT %d, id, time, level, rule, host FROM finding ORDER BY leaf DESC LIMIT 1", number))
	if got, want := wrongRows(t, path), fmt.Sprintf("%d: the finding is superseded, and has a row", number); got != want {
		t.Errorf("a finding that came back: %q, want %q", got, want)
	}
}

// A finding of a correlation holds when the file that its events stand in has
// grown, whatever content of it the finding cites; and is known to be outgrown.
func TestSupersedeInGrownEvidence(t *testing.T) {
	t.Parallel()
	path, options := signedCase(t)
	c := mustOpen(t, path, options)
	smaller, larger := correlationOf(2), correlationOf(3)
	was, _ := digests(smaller.Place.Source)
	now := [32]byte{7}
	must[int](t)(c.PutEvidence([]Evidence{{Name: "a", Size: 1, SHA256: was}}))
	must[int64](t)(c.PutFindings(each(smaller), digests))
	must[int](t)(c.PutEvidence([]Evidence{{Name: "a", Size: 2, SHA256: now, Origin: was, Supersedes: []int64{must[[]Evidence](t)(c.Evidence())[0].Number}}}))
	supersede := func(found *detect.Finding) int {
		return must[int](t)(c.Supersede([]*detect.Rule{smaller.Rule}, each(found), digests, func(digest [32]byte) bool { return digest == now }))
	}
	if n := supersede(smaller); n != 0 {
		t.Errorf("%d findings that hold are superseded", n)
	}
	if n := supersede(larger); n != 1 {
		t.Errorf("%d findings are superseded, want 1", n)
	}
	agree(t, c)
}

// What is kept of matches is what the ledger says, or is refused and told.
func TestMatchesAreThoseOfTheLedger(t *testing.T) {
	t.Parallel()
	path, options := signedCase(t)
	put := func(text string) {
		c := mustOpen(t, path, options)
		list := must[*Matches](t)(c.Matches())
		source := MatchSource{Name: "a", SHA256: "00", Rules: "r", Count: 1}
		check(t, c.PutMatchData(&source, []byte(text)))
		list.Sources = []MatchSource{source, {Name: "b", Rules: "r"}}
		check(t, c.PutMatches(list))
		check(t, c.Checkpoint())
		check(t, c.Commit())
		check(t, c.Close())
	}
	put("some matches")
	put("other matches")
	c := mustOpen(t, path, Options{ReadOnly: true})
	list := must[*Matches](t)(c.Matches())
	if data := must[[]byte](t)(c.MatchData(&list.Sources[0])); !bytes.Equal(data, []byte("other matches")) || len(list.Sources) != 2 {
		t.Errorf("%q of %+v", data, list)
	}
	var kept int64
	check(t, c.row("SELECT count(*) FROM meta WHERE name LIKE 'matches:%'", nil, &kept))
	if kept != 1 {
		t.Errorf("%d sources are kept, one is named", kept)
	}
	check(t, c.Close())
	if got := wrongRows(t, path); got != "" {
		t.Error(got)
	}
	alter(t, path, "UPDATE meta SET value = x'00' WHERE name LIKE 'matches:%'")
	if got := wrongRows(t, path); !strings.Contains(got, "the matches in a that correlations need are others than it says") {
		t.Errorf("altered matches: %q", got)
	}
	alter(t, path, "DELETE FROM meta WHERE name = 'matches'")
	if got := wrongRows(t, path); !strings.Contains(got, "the matches that correlations need are missing") {
		t.Errorf("no list: %q", got)
	}
}

// Rules without correlations keep nothing for them, and the case holds: what is
// missing is a list that the ledger has the digest of.
func TestNoMatchesAreKept(t *testing.T) {
	t.Parallel()
	c, _ := newCase(t)
	check(t, c.PutMatches(&Matches{}))
	agree(t, c)
	check(t, c.PutMatches(&Matches{Sources: []MatchSource{{Name: "a", SHA256: digestOf(nil), Rules: "b"}}}))
	check(t, c.PutMatches(&Matches{}))
	agree(t, c)
	check(t, c.exec("DELETE FROM meta WHERE name = ?", metaMatches))
	var said []string
	must[int64](t)(c.CheckRows(t.Context(), func(_ int64, what string) { said = append(said, what) }))
	if len(said) != 1 || said[0] != "the matches that correlations need are missing" {
		t.Errorf("of a list that was taken away it says %q", said)
	}
}
