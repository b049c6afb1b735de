package cli

import (
	"archive/zip"
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/kulla-defence/kulla/internal/custody"
	"github.com/kulla-defence/kulla/internal/store"
)

// slow leaves out a test where race detection would make minutes of it: check.sh
// runs it without.
func slow(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("it takes minutes with race detection")
	}
}

// answering runs a command that may well fail, and returns all that it says.
func answering(t *testing.T, arguments ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errors bytes.Buffer
	code = Run(t.Context(), arguments, Environment{In: strings.NewReader(""), Out: &out, Err: &errors,
		OutTerminal: noTerminal, ErrTerminal: noTerminal, Now: func() time.Time { return time.Unix(1_700_000_000, 0) },
		Getenv: func(string) string { return "" }, TempDir: t.TempDir()})
	return out.String(), errors.String(), code
}

// smallKept makes a case of little evidence.
func smallKept(t *testing.T) (file, evidence string) {
	t.Helper()
	script, err := os.ReadFile("testdata/script/verify.txtar")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(script), "-- evidence/web01.json --\n")
	log, _, _ := strings.Cut(rest, "-- ")
	evidence = filepath.Join(t.TempDir(), "web01.json")
	if err := os.WriteFile(evidence, []byte(log), 0o600); err != nil {
		t.Fatal(err)
	}
	return investigating(t, "-q", "--no-report", evidence), evidence
}

// copyOf copies a file into a folder of its own.
func copyOf(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), filepath.Base(file))
	if err := os.WriteFile(copied, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return copied
}

// tamper changes a case by SQL.
func tamper(t *testing.T, file string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, statement := range statements {
		result, err := db.Exec(statement)
		if err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
		if rows, err := result.RowsAffected(); err != nil || rows == 0 {
			t.Fatalf("%s: changed nothing (%v)", statement, err)
		}
	}
}

// Whatever somebody changes in the file of a case, its verification finds it
// and says where.
func TestVerifyFindsTampering(t *testing.T) {
	t.Parallel()
	file, _ := smallKept(t)
	if out, errors, code := answering(t, "verify", file); code != exitDone {
		t.Fatalf("code %d\n%s%s", code, out, errors)
	}
	for name, test := range map[string]struct {
		statement, want string
	}{
		"hash":                {"UPDATE tile SET hashes = CAST(zeroblob(32) || substr(hashes, 33) AS BLOB) WHERE level = 0", "stored hash"},
		"checkpoint":          {"UPDATE checkpoint SET note = replace(note, 'time 20', 'time 21')", "signature"},
		"signature":           {"UPDATE checkpoint SET note = substr(note, 1, length(note) - 9) || 'AAAAAAA=' || char(10)", "checkpoint 1: "},
		"checkpoint missing":  {"DELETE FROM checkpoint", "covered by no signed checkpoint"},
		"key":                 {"UPDATE signer SET public = replace(public, '+A', '+B')", "public key 1 of the case is none"},
		"key missing":         {"DELETE FROM signer", "no known key signed it"},
		"secret":              {"UPDATE meta SET value = zeroblob(32) WHERE name = 'secret'", "the secret of the case, or every leaf, was changed"},
		"kind":                {"UPDATE block SET kind = 'note' WHERE kind = 'finding'", "was changed after it was signed"},
		"finding hidden":      {"DELETE FROM finding WHERE leaf = (SELECT min(leaf) FROM finding)", "rows beside the ledger"},
		"time of a finding":   {"UPDATE finding SET time = time + 3600000000000", "rows beside the ledger"},
		"level of a finding":  {"UPDATE finding SET level = 1", "rows beside the ledger"},
		"host":                {"UPDATE host SET name = name || 'x'", "rows beside the ledger"},
		"rule":                {"UPDATE rule SET title = title || 'x'", "rows beside the ledger"},
		"current incident":    {"DELETE FROM current WHERE kind = 'incident'", "rows beside the ledger"},
		"counts by hour":      {"UPDATE hour SET count = count + 1", "rows beside the ledger"},
		"order of incidents":  {"UPDATE current SET position = 100 - position WHERE kind = 'incident'", "its place among the incidents"},
		"unseen":              {"UPDATE meta SET value = CAST('[]' AS BLOB) WHERE name = 'set:unseen'", `what is kept as "unseen" is not what the last run left`},
		"clocks":              {"UPDATE meta SET value = CAST('[]' AS BLOB) WHERE name = 'set:clocks'", `what is kept as "clocks" is not what the last run left`},
		"logs":                {"DELETE FROM meta WHERE name = 'set:logs'", `what the last run kept as "logs" is gone`},
		"context":             {"UPDATE meta SET value = zeroblob(9) WHERE name = 'context'", `what is kept as "context" is not what the last run left`},
		"older leaf for last": {"UPDATE current SET leaf = leaf - 1 WHERE kind = 'assessment'", "rows beside the ledger"},
	} {
		changed := copyOf(t, file)
		tamper(t, changed, test.statement)
		out, errors, code := answering(t, "verify", changed)
		if code != exitError || !strings.Contains(out+errors, test.want) || strings.Contains(out, "holds\n") {
			t.Errorf("%s: code %d, want %q\n%s%s", name, code, test.want, out, errors)
		}
	}
}

// A case out of which all was taken does not hold, whoever is trusted.
func TestVerifyFindsEmptiedCase(t *testing.T) {
	t.Parallel()
	file, _ := smallKept(t)
	out, _, _ := answering(t, "verify", file)
	key := regexp.MustCompile(`(?m)^  key (.*)$`).FindStringSubmatch(out)
	if key == nil {
		t.Fatalf("no key:\n%s", out)
	}
	for _, table := range []string{"block", "tile", "checkpoint", "current", "finding", "hour"} {
		tamper(t, file, "DELETE FROM "+table)
	}
	for _, arguments := range [][]string{{"verify", file}, {"verify", "--trust", key[1], file}} {
		if out, errors, code := answering(t, arguments...); code != exitError || !strings.Contains(out, "DOES NOT HOLD") || !strings.Contains(out, "nothing has been investigated") {
			t.Errorf("%v: code %d\n%s%s", arguments, code, out, errors)
		}
	}
}

// Each leaf is changed by itself: unpacked, one byte flipped, packed again.
func TestVerifyFindsChangedLeaves(t *testing.T) {
	t.Parallel()
	file, _ := smallKept(t)
	changed := copyOf(t, file)
	for number := range leafCount(t, changed) {
		for _, place := range []int{3, 20, -2} {
			original := flipInLeaf(t, changed, number, place)
			out, errors, code := answering(t, "verify", changed)
			if code != exitError || !strings.Contains(out, fmt.Sprintf(" %d was changed after it was signed", number)) &&
				!strings.Contains(out, "not as leaves are written") && !strings.Contains(out, "leaf cannot be read") {
				t.Errorf("byte %d of leaf %d: code %d\n%s%s", place, number, code, out, errors)
			}
			restoreLeaf(t, changed, number, original)
		}
	}
	if out, errors, code := answering(t, "verify", changed); code != exitDone {
		t.Errorf("restored: code %d\n%s%s", code, out, errors)
	}
}

func leafCount(t *testing.T, file string) (count int) {
	t.Helper()
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow("SELECT sum(count) FROM block").Scan(&count); err != nil {
		t.Fatal(err)
	}
	return count
}

// flipInLeaf flips a bit in a leaf's JSON; a place below 0 counts from its end.
// It returns the block as it was.
func flipInLeaf(t *testing.T, file string, number, place int) (original []byte) {
	t.Helper()
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var first int
	if err := db.QueryRow("SELECT first, data FROM block WHERE first <= ? ORDER BY first DESC LIMIT 1", number).Scan(&first, &original); err != nil {
		t.Fatal(err)
	}
	decoder, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer decoder.Close()
	data, err := decoder.DecodeAll(original, nil)
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(data, []byte("\n"))
	leaf := lines[number-first]
	if place < 0 {
		place += len(leaf) - 1
	}
	leaf[place] ^= 1
	encoder, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer encoder.Close()
	if _, err := db.Exec("UPDATE block SET data = ? WHERE first = ?", encoder.EncodeAll(bytes.Join(lines, nil), nil), first); err != nil {
		t.Fatal(err)
	}
	return original
}

func restoreLeaf(t *testing.T, file string, number int, original []byte) {
	t.Helper()
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("UPDATE block SET data = ? WHERE first = (SELECT max(first) FROM block WHERE first <= ?)", original, number); err != nil {
		t.Fatal(err)
	}
}

// Bytes of the file flipped blindly: the case is refused, or does not hold, or
// says what it said, because the byte was of no account. It never ends badly.
func TestVerifySurvivesFlips(t *testing.T) {
	t.Parallel()
	file, _ := smallKept(t)
	want, _, _ := answering(t, "verify", "-f", "json", file)
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	changed := filepath.Join(t.TempDir(), filepath.Base(file))
	found := 0
	for place := 0; place < len(data); place += max(len(data)/150, 1) {
		flipped := bytes.Clone(data)
		flipped[place] ^= 0x41
		if err := os.WriteFile(changed, flipped, 0o600); err != nil {
			t.Fatal(err)
		}
		out, _, code := answering(t, "verify", "-f", "json", changed)
		switch {
		case code == exitError:
			found++
		case code != exitDone || out != want:
			t.Errorf("byte %d: code %d\n%s", place, code, out)
		}
	}
	if found == 0 {
		t.Error("no flip was found")
	}
}

// What is hidden stands nowhere in the export of the sample, neither as text
// nor as UTF-16, and the proofs hold.
func TestRedactedExportOfTheSample(t *testing.T) {
	t.Parallel()
	slow(t)
	evidence := filepath.Join("..", "..", "examples", "evidence.zip")
	file := investigating(t, "-q", "--no-report", evidence)
	export := filepath.Join(t.TempDir(), "export.zip")
	_, errors, code := answering(t, "case", "export", "--key", filepath.Join(filepath.Dir(file), "signing.key"), "--no-progress",
		"--redact", "account,address,host:web01", "-o", export, file, evidence)
	if code != exitDone || !strings.Contains(errors, "hidden: ") {
		t.Fatalf("code %d: %s", code, errors)
	}
	accounts := regexp.MustCompile(`(?i)CORP\\+[a-z0-9_.-]{4,}`)
	addresses := regexp.MustCompile(`\b(?:192\.0\.2|198\.51\.100|203\.0\.113)\.\d{1,3}\b`)
	host := regexp.MustCompile(`(?i)web01`)
	for name, data := range membersOfZip(t, export) {
		plain := bytes.ReplaceAll(data, []byte{0}, nil)
		for _, secret := range []*regexp.Regexp{accounts, addresses, host} {
			if at := secret.FindIndex(plain); at != nil {
				t.Errorf("%s holds %q", name, plain[max(at[0]-60, 0):min(at[1]+40, len(plain))])
			}
		}
	}
	out, errors, code := answering(t, "verify", "--no-progress", "-f", "json", export, evidence)
	var verified struct {
		Holds bool
		custody.Verification
	}
	if err := json.Unmarshal([]byte(out), &verified); err != nil || code != exitDone || !verified.Holds {
		t.Fatalf("code %d, %v\n%s%s", code, err, out, errors)
	}
	proven := slices.IndexFunc(verified.Checks, func(c custody.Check) bool { return c.Name == custody.CheckLeaves && c.Count > 100 })
	if proven < 0 {
		t.Errorf("few leaves were proven: %+v", verified.Checks)
	}
}

// One entity is hidden under all its names, whichever of them is given, and a
// name that nothing has is refused.
func TestRedactOneEntity(t *testing.T) {
	t.Parallel()
	slow(t)
	evidence := filepath.Join("..", "..", "examples", "evidence.zip")
	file := investigating(t, "-q", "--no-report", evidence)
	export := func(what string) (members map[string][]byte, errors string, code int) {
		t.Helper()
		path := filepath.Join(t.TempDir(), "export.zip")
		_, errors, code = answering(t, "case", "export", "--unsigned", "--no-progress", "--redact", what, "-o", path, file)
		if code == exitDone {
			members = membersOfZip(t, path)
		} else if _, err := os.Stat(path); err == nil {
			t.Errorf("%s: refused, and written", what)
		}
		return members, errors, code
	}
	table, _, _ := answering(t, "case", "entities", "--kind", "host", file)
	line := regexp.MustCompile(`(?m)^.*  PRINT01\.corp.*$`).FindString(table)
	addresses := regexp.MustCompile(`\b10\.\d+\.\d+\.\d+\b`).FindAllString(line, -1)
	if len(addresses) == 0 {
		t.Fatalf("PRINT01 has no address:\n%s", table)
	}
	for what, secrets := range map[string][]string{
		"host:print01": append(addresses, "print01"), "host:PRINT01.corp.example.test": append(addresses, "print01"),
		`account:corp\svc-inventory@corp.example.test`: {"svc-inventory"}, "account:svc-inventory": {"svc-inventory"},
	} {
		members, errors, code := export(what)
		if code != exitDone {
			t.Errorf("%s: code %d: %s", what, code, errors)
		}
		for name, data := range members {
			for _, secret := range secrets {
				if bytes.Contains(bytes.ToLower(data), []byte(secret)) {
					t.Errorf("%s: %s holds %s", what, name, secret)
				}
			}
		}
	}
	for _, what := range []string{"host:nosuchhost", "field:Nope", "text:zzyzx", "text:q", "account:corp\\nobody.here"} {
		if _, errors, code := export(what); code != exitUsage || !strings.Contains(errors, what) {
			t.Errorf("%s: code %d: %s", what, code, errors)
		}
	}
}

func membersOfZip(t *testing.T, file string) map[string][]byte {
	t.Helper()
	archive, err := zip.OpenReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	members := map[string][]byte{}
	for _, member := range archive.File {
		in, err := member.Open()
		if err != nil {
			t.Fatal(err)
		}
		if members[member.Name], err = io.ReadAll(in); err != nil {
			t.Fatal(err)
		}
	}
	return members
}

// A case whose first run was killed says so wherever it is shown.
func TestUnfinishedCase(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	file := filepath.Join(folder, "killed"+caseExtension)
	kept, err := store.Open(t.Context(), file, store.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := kept.Close(); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("the case, which holds a secret, has the mode %v (%v)", info.Mode(), err)
	}
	const want = "othing has been investigated: the run did not finish"
	for _, test := range []struct {
		arguments []string
		code      int
	}{
		{[]string{"case", "list", folder}, exitDone},
		{[]string{"case", "show", file}, exitDone},
		{[]string{"case", "report", file}, exitDone},
		{[]string{"case", "report", "-f", "markdown", file}, exitDone},
		{[]string{"verify", file}, exitError},
	} {
		out, errors, code := answering(t, test.arguments...)
		if code != test.code || !strings.Contains(out, want) || strings.Contains(out, "Nothing is known to have been out of sight") {
			t.Errorf("%v: code %d\n%s%s", test.arguments, code, out, errors)
		}
	}
	for _, arguments := range [][]string{{"case", "export", "--unsigned", "-o", filepath.Join(folder, "x.zip"), file}, {"case", "report", "-f", "csv", file}} {
		if _, errors, code := answering(t, arguments...); code == exitDone && arguments[1] == "export" || !strings.Contains(errors, want) {
			t.Errorf("%v: code %d: %s", arguments, code, errors)
		}
	}
}
