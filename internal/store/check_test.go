package store

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/kulla-defence/kulla/internal/custody"
	"github.com/kulla-defence/kulla/internal/detect"
)

// wrongRows says in words what rows of a case do not agree with its leaves.
func wrongRows(t *testing.T, path string) string {
	t.Helper()
	c := mustOpen(t, path, Options{ReadOnly: true})
	defer c.Close()
	var found []string
	count, err := c.CheckRows(context.Background(), func(leaf int64, what string) {
		found = append(found, fmt.Sprintf("%d: %s", leaf, what))
	})
	check(t, err)
	if count < 300 {
		t.Errorf("%d rows were looked at", count)
	}
	return strings.Join(found, "; ")
}

func TestCheckRows(t *testing.T) {
	t.Parallel()
	path, options := signedCase(t)
	c := mustOpen(t, path, options)
	odd := sample(400)
	odd.Host, odd.Rule = "caf\xe9\x00", &detect.Rule{ID: "bad \xff\xfe", Title: "\u202e"}
	must[int64](t)(c.PutFindings(each(odd), digests))
	must[bool](t)(c.PutRules(Rules{Name: "newer"}))
	must[bool](t)(c.PutRules(Rules{Name: "newest"}))
	must[int64](t)(c.AddNote("A. Analyst", "x", NoteKind, ""))
	check(t, c.SetStatus("A. Analyst", StatusClosed, "y"))
	must[int](t)(c.PutIncidents(sampleIncidents("I-2", "I-3"), everySecond))
	check(t, c.Commit())
	check(t, c.Close())
	if got := wrongRows(t, path); got != "" {
		t.Fatalf("an untouched case: %s", got)
	}
	f := func(query, want string) {
		t.Helper()
		path, _ := signedCase(t)
		alter(t, path, query)
		if got := wrongRows(t, path); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
	f("UPDATE finding SET time = time + 1 WHERE leaf = 100", "100: the finding's row has another time")
	f("UPDATE finding SET time = NULL WHERE leaf = 100", "100: the finding's row has another time")
	f("UPDATE finding SET level = 1 WHERE leaf = 100", "100: the finding's row has another level")
	f("UPDATE finding SET host = host % 7 + 1 WHERE leaf = 100", "100: the finding's row has another host")
	f("UPDATE finding SET rule = 9 WHERE leaf = 100", "100: the finding's row has another rule")
	f("UPDATE finding SET id = x'00' WHERE leaf = 100", "100: the finding's row has another id")
	f("DELETE FROM finding WHERE leaf = 100", "100: the finding has no row")
	f("UPDATE finding SET leaf = 0 WHERE leaf = 4", "4: the finding has no row; -1: 1 rows of findings are of none")
	f("INSERT INTO finding VALUES (90000, zeroblob(16), 0, 1, 1, 1)", "-1: 1 rows of findings are of none")
	f("UPDATE hour SET count = count - 1 WHERE level = 4", "-1: the findings of 1 hours and levels are counted wrongly")
	f("UPDATE current SET leaf = 0 WHERE kind = 'rules'", "0: it stands for the last rules, which it is not; 2: it is the last of its kind and name, and no row says so")
	f("DELETE FROM current WHERE kind = 'rules'", "2: it is the last of its kind and name, and no row says so")
	f("UPDATE current SET position = 100 - position WHERE kind = 'incident'", "305: its place among the incidents is not that of its score; 304: its place among the incidents is not that of its score")
	f("UPDATE current SET position = 0 WHERE kind = 'incident' AND position = 1", "305: its place among the incidents is not that of its score")
	f("UPDATE meta SET value = CAST('[]' AS BLOB) WHERE name = 'set:name'", `308: what is kept as "name" is not what the last run left`)
	f("UPDATE meta SET value = zeroblob(3) WHERE name = 'context'", `308: what is kept as "context" is not what the last run left`)
	f("DELETE FROM meta WHERE name = 'context'", `308: what the last run kept as "context" is gone`)
	f("INSERT INTO meta VALUES ('set:more', x'00')", `308: what is kept as "more" is bound by no run`)
	f("UPDATE meta SET name = 'set:none' WHERE name = 'set:name'", `308: what is kept as "none" is bound by no run; 308: what the last run kept as "name" is gone`)
	f("INSERT INTO current VALUES ('note', '7', 0, 7)", "7: it stands for the last note, which it is not")
}

func TestLeavesInOrder(t *testing.T) {
	t.Parallel()
	path, _ := signedCase(t)
	c := mustOpen(t, path, Options{ReadOnly: true})
	number := int64(0)
	for leaf, err := range c.Leaves() {
		check(t, err)
		if want := must[custody.Leaf](t)(c.Leaf(number)); want.Kind != leaf.Kind || string(want.Data) != string(leaf.Data) {
			t.Errorf("leaf %d is %s %s", number, leaf.Kind, leaf.Data)
		}
		number++
	}
	if size := must[int64](t)(c.Size()); number != size {
		t.Errorf("%d leaves of %d", number, size)
	}
}

// The whole case verifies, and one that was altered does not.
func TestVerify(t *testing.T) {
	t.Parallel()
	path, _ := signedCase(t)
	verify := func() *custody.Verification {
		c := mustOpen(t, path, Options{ReadOnly: true})
		defer c.Close()
		return must[*custody.Verification](t)(custody.Verify(context.Background(), c, custody.VerifyOptions{}))
	}
	if v := verify(); len(v.Faults) != 0 {
		t.Fatalf("faults of an untouched case: %+v", v.Faults)
	}
	alter(t, path, "UPDATE tile SET hashes = zeroblob(length(hashes)) WHERE level = 1")
	if v := verify(); len(v.Faults) == 0 {
		t.Error("altered hashes were not seen")
	}
}
