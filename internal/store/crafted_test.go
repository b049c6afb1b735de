package store

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/kulla-defence/kulla/internal/detect"
)

// altering runs statements on the file of a case as whoever has it can.
func altering(t *testing.T, path string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	check(t, err)
	db.SetMaxOpenConns(1)
	defer db.Close()
	for _, statement := range statements {
		if _, err := db.Exec(statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// A case that somebody crafted is refused, or read to its end: in a short
// time, and without asking for memory that its size gives no reason for.
func TestCraftedCases(t *testing.T) {
	t.Parallel()
	const form = `PRAGMA writable_schema = ON; `
	for name, test := range map[string]struct {
		statement string
		refused   error // by Open
	}{
		"leaves without end":     {"UPDATE block SET first = 4611686018427387904 WHERE first = (SELECT max(first) FROM block)", ErrDamaged},
		"more than numbers hold": {"UPDATE block SET first = 9223372036854775807 WHERE first = (SELECT max(first) FROM block)", ErrDamaged},
		"a million leaves":       {"UPDATE block SET count = 1000000 WHERE first = (SELECT max(first) FROM block)", ErrDamaged},
		"fewer than none":        {"UPDATE block SET count = -9000000000000000000", ErrDamaged},
		"negative":               {"UPDATE block SET first = -5 WHERE first = 0", nil},
		"counts without end":     {"UPDATE hour SET count = 9000000000000000000 WHERE rowid = 1", nil},
		"negative counts":        {"UPDATE hour SET count = -7", nil},
		"sizes":                  {"UPDATE block SET size = 9223372036854775807", nil},
		"negative sizes":         {"UPDATE block SET size = -1", nil},
		"nonsense":               {"UPDATE block SET data = randomblob(5000)", nil},
		"empty":                  {"UPDATE block SET data = x''", nil},
		"tiles":                  {"UPDATE tile SET hashes = randomblob(31)", nil},
		"large tiles":            {"UPDATE tile SET hashes = zeroblob(3000000)", nil},
		"meta":                   {"UPDATE meta SET value = randomblob(500) WHERE name <> 'secret'", nil},
		"secret":                 {"DELETE FROM meta WHERE name = 'secret'", ErrDamaged},
		"notes":                  {"UPDATE checkpoint SET note = replace(hex(zeroblob(100000)), '0', 'x')", nil},
		"current":                {"UPDATE current SET leaf = -leaf", nil},
		"current, far":           {"UPDATE current SET leaf = 9223372036854775807, position = -9223372036854775808", nil},
		"times":                  {"UPDATE finding SET time = CASE leaf % 2 WHEN 0 THEN 9223372036854775807 ELSE -9223372036854775808 END, level = 77", nil},
		"hours":                  {"UPDATE hour SET start = 9223372036854775807 - rowid, level = -9", nil},
		"rules":                  {"UPDATE rule SET title = char(27) || number || char(0)", nil},
		"no table":               {"DROP TABLE finding", ErrNotCase},
		"another table":          {"CREATE TABLE more (x)", ErrNotCase},
		"another column":         {"ALTER TABLE hour ADD COLUMN more INTEGER", ErrNotCase},
		"a view":                 {"ALTER TABLE hour RENAME TO other; CREATE VIEW hour AS SELECT * FROM other", ErrNotCase},
		"a trigger":              {"CREATE TRIGGER x AFTER INSERT ON block BEGIN DELETE FROM block; END", ErrNotCase},
		"a virtual table":        {"DROP TABLE hour; CREATE VIRTUAL TABLE hour USING rtree(start, level, count)", ErrNotCase},
		"a column that computes": {"DROP TABLE hour; CREATE TABLE hour (start INTEGER, level INTEGER AS (length(zeroblob(900000000))), count INTEGER)", ErrNotCase},
		"a column that defaults": {"DROP TABLE meta; CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB DEFAULT (zeroblob(900000000)))", ErrNotCase},
		"an index that computes": {"CREATE INDEX x ON hour (hex(zeroblob(count)))", ErrNotCase},
		"a form that is none":    {form + "UPDATE sqlite_schema SET sql = replace(sql, 'TEXT NOT NULL', 'TEXT') WHERE name = 'block'", ErrNotCase},
		"a page for two":         {form + "UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'tile') WHERE name = 'signer'", nil},
		"a page that is none":    {form + "UPDATE sqlite_schema SET rootpage = 4294967295 WHERE name = 'hour'", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path, options := signedCase(t)
			altering(t, path, test.statement)
			started := time.Now()
			for _, options := range []Options{{ReadOnly: true, Now: clock}, options} {
				c, err := Open(t.Context(), path, options)
				if test.refused != nil {
					if !errors.Is(err, test.refused) {
						t.Errorf("opened with %v, want %v", err, test.refused)
					}
					if err != nil {
						continue
					}
				}
				if err != nil {
					continue // at once is soon enough
				}
				readEverything(t, c)
				c.Close() // may find damage, too
			}
			if took := time.Since(started); took > 20*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
}

// A block that unpacks to more lines than it has leaves is not taken apart,
// and of large blocks few are kept.
func TestCraftedBlocks(t *testing.T) {
	t.Parallel()
	encoder, err := zstd.NewWriter(nil)
	check(t, err)
	defer encoder.Close()
	const lines = 40 << 20
	packed := encoder.EncodeAll(bytes.Repeat([]byte("\n"), lines), nil)
	path, _ := signedCase(t)
	altering(t, path, fmt.Sprintf("UPDATE block SET data = x'%x', size = %d", packed, lines))
	c := mustOpen(t, path, Options{ReadOnly: true})
	defer c.Close()
	if _, err := c.Leaf(0); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "instead of") {
		t.Errorf("a block of %d lines: %v", lines, err)
	}
}

// Findings with long values share a block with few others, and of such blocks
// few are kept in memory.
func TestLargeFindings(t *testing.T) {
	t.Parallel()
	c, _ := newCase(t)
	defer c.Close()
	long := strings.Repeat("A", 3<<20)
	var list []*detect.Finding
	for i := range 40 {
		f := sample(i)
		f.Fields = append(f.Fields, detect.Field{Name: "CommandLine", Value: long})
		list = append(list, f)
	}
	must[int64](t)(c.PutFindings(each(list...), digests))
	check(t, c.Commit())
	for number := range int64(len(list)) {
		f := must[*Finding](t)(c.Finding(number))
		at := slices.IndexFunc(f.Fields, func(field detect.Field) bool { return field.Name == "CommandLine" && field.Value == long })
		if at < 0 {
			t.Fatalf("finding %d lost its long value", number)
		}
	}
	kept := int64(0)
	for _, b := range c.blocks.last {
		kept += b.size
	}
	if kept > cachedBytes || len(c.blocks.last) < 2 {
		t.Errorf("%d bytes in %d blocks are kept", kept, len(c.blocks.last))
	}
}
