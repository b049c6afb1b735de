package cli

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/klauspost/compress/zstd"
)

// commandsOn are all that read a case, without its incidents and findings.
func commandsOn(file, evidence string) [][]string {
	folder := filepath.Dir(file)
	commands := [][]string{
		{"case", "list", folder}, {"case", "show", file}, {"case", "show", file, "I-00000"}, {"case", "show", file, "7"}, {"case", "show", file, "9223372036854775807"},
		{"case", "timeline", file}, {"case", "timeline", "-f", "jsonl", file}, {"case", "entities", file}, {"case", "note", file}, {"case", "status", file},
		{"verify", file}, {"verify", "-f", "json", "--no-progress", file, evidence}, {"case", "export", "-o", filepath.Join(folder, "export.zip"), file, evidence},
	}
	for _, format := range []string{"html", "markdown", "json", "stix", "navigator", "timesketch", "csv"} {
		commands = append(commands, []string{"case", "report", "-f", format, file})
	}
	return commands
}

// requireHarmless runs commands, and wants of each an end in good time
// with nothing that a terminal would act on. A panic ends the
// test by itself.
func requireHarmless(t *testing.T, what string, commands [][]string) (failed int) {
	t.Helper()
	for _, command := range commands {
		started := time.Now()
		out, errors, code := answering(t, command...)
		if took := time.Since(started); took > 20*time.Second {
			t.Errorf("%s: kulla %s took %s", what, strings.Join(command, " "), took)
		}
		if code == exitError {
			failed++
		}
		if code != exitDone && errors == "" && out == "" {
			t.Errorf("%s: kulla %s: code %d without a word", what, strings.Join(command, " "), code)
		}
		if bad := raw(out + errors); bad != "" {
			t.Errorf("%s: kulla %s prints %s", what, strings.Join(command, " "), bad)
		}
	}
	return failed
}

// raw finds what is no text to be read, and where.
func raw(text string) string {
	for i, r := range text {
		invalid := r == utf8.RuneError && !strings.HasPrefix(text[i:], "\ufffd")
		if r == '\n' || r == '\r' && strings.HasPrefix(text[i:], "\r\n") {
			continue
		}
		if invalid || unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) {
			return fmt.Sprintf("%U in %q", r, text[max(i-60, 0):min(i+60, len(text))])
		}
	}
	return ""
}

// forgeLeaves rewrites the leaves of a kind of a case, and says whether that
// changed any.
func forgeLeaves(t *testing.T, file, kind string, forge func([]byte) []byte) (changed bool) {
	t.Helper()
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	decoder, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer decoder.Close()
	encoder, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer encoder.Close()
	blocks := map[int64][]byte{}
	rows, err := db.Query("SELECT first, data FROM block WHERE kind = ?", kind)
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		var first int64
		var packed []byte
		if err := rows.Scan(&first, &packed); err != nil {
			t.Fatal(err)
		}
		data, err := decoder.DecodeAll(packed, nil)
		if err != nil {
			t.Fatal(err)
		}
		var forged []byte
		for line := range bytes.Lines(data) {
			forged = append(append(forged, bytes.ReplaceAll(forge(bytes.TrimSuffix(line, []byte("\n"))), []byte("\n"), []byte(" "))...), '\n')
		}
		blocks[first] = forged
		changed = changed || !bytes.Equal(forged, data)
	}
	if err := rows.Close(); err != nil || len(blocks) == 0 {
		t.Fatalf("%d blocks of kind %s, %v", len(blocks), kind, err)
	}
	for first, data := range blocks {
		if _, err := db.Exec("UPDATE block SET data = ?, size = ? WHERE first = ?", encoder.EncodeAll(data, nil), len(data), first); err != nil {
			t.Fatal(err)
		}
	}
	return changed
}

// A case from somebody who may write any leaf is shown or refused, and nothing
// of it acts on who looks.
func TestForgedLeaves(t *testing.T) {
	t.Parallel()
	slow(t)
	file, evidence := smallKept(t)
	const terminal = "\\u001b]0;owned\\u0007\\u202e\u202e\u009b31m<script>window.pwned=1</script>[x](javascript:1)\u2028"
	// strings replaces every string, or those under one name.
	replaced := func(name, with string) func([]byte) []byte {
		return func(data []byte) []byte {
			var value any
			if err := json.Unmarshal(data, &value); err != nil {
				t.Fatal(err)
			}
			var text string
			if err := json.Unmarshal([]byte(`"`+with+`"`), &text); err != nil {
				t.Fatal(err)
			}
			forged := everyString(value, "", func(key, old string) any {
				if name == "" || name == key {
					return text
				}
				return old
			})
			made, err := json.Marshal(forged)
			if err != nil {
				t.Fatal(err)
			}
			return made
		}
	}
	fixed := func(text string) func([]byte) []byte { return func([]byte) []byte { return []byte(text) } }
	forgeries := map[string]func([]byte) []byte{
		"every string": replaced("", terminal), "id": replaced("id", terminal), "level": replaced("level", terminal), "kind": replaced("kind", terminal), "name": replaced("name", terminal),
		"message": replaced("message", terminal), "text": replaced("text", terminal), "host": replaced("host", terminal), "title": replaced("rule_title", terminal), "source": replaced("source", terminal),
		"no strings": replaced("", ""), "key of a message": replaced("message", "report.what.title"),
		"null": fixed("null"), "number": fixed("1e999"), "list": fixed("[]"), "empty": fixed("{}"), "nothing": fixed(""), "no JSON": fixed("\x00\xff{"),
		"deep":         fixed(strings.Repeat(`{"incident":`, 20_000) + strings.Repeat("}", 20_000)),
		"deep list":    fixed(`{"event":` + strings.Repeat("[", 200_000)),
		"large number": func(data []byte) []byte { return bytes.ReplaceAll(data, []byte(`:1`), []byte(`:9223372036854775807`)) },
		"negative":     func(data []byte) []byte { return bytes.ReplaceAll(data, []byte(`:1`), []byte(`:-9223372036854775808`)) },
		"proof elsewhere": func(data []byte) []byte {
			return bytes.ReplaceAll(data, []byte(`"proof":[`), []byte(`"proof":[0,-1,999999,`))
		},
		"raw": func(data []byte) []byte {
			return bytes.ReplaceAll(data, []byte(`":"`), []byte("\":\"\u202e\u009b\x7f"))
		},
		"year 9999": func(data []byte) []byte { return bytes.ReplaceAll(data, []byte(`"2022-`), []byte(`"9999-`)) },
		"year 1":    func(data []byte) []byte { return bytes.ReplaceAll(data, []byte(`"2022-07-15`), []byte(`"0001-01-01`)) },
	}
	for _, kind := range []string{"finding", "incident", "assessment", "evidence", "rules", "knowledge"} {
		for name, forge := range forgeries {
			t.Run(kind+"/"+name, func(t *testing.T) {
				t.Parallel()
				forged := copyOf(t, file)
				if !forgeLeaves(t, forged, kind, forge) {
					return // leaves of this kind have nothing of it
				}
				requireHarmless(t, kind+", "+name, commandsOn(forged, evidence))
				out, errors, code := answering(t, "verify", forged)
				if code != exitError || out+errors == "" {
					t.Errorf("verified: code %d, %s", code, out)
				}
			})
		}
	}
}

// everyString replaces the strings of a JSON value.
func everyString(value any, key string, replace func(key, old string) any) any {
	switch value := value.(type) {
	case map[string]any:
		for name, inner := range value {
			value[name] = everyString(inner, name, replace)
		}
	case []any:
		for i, inner := range value {
			value[i] = everyString(inner, key, replace)
		}
	case string:
		return replace(key, value)
	}
	return value
}

// Files that are no case, or only look like one, are refused in words.
func TestFilesThatAreNoCase(t *testing.T) {
	t.Parallel()
	file, evidence := smallKept(t)
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"empty": nil, "text": []byte("hello\n"), "header": whole[:100], "half": whole[:len(whole)/2], "zip": []byte("PK\x03\x04"), "zip's end": []byte("PK\x05\x06" + strings.Repeat("\x00", 18)),
		"zeros": make([]byte, 1<<20), "page of nonsense": append(bytes.Clone(whole[:8192]), bytes.Repeat([]byte{0xff}, len(whole)-8192)...),
		"large page size": append(append(bytes.Clone(whole[:16]), 0, 1), whole[18:]...),
	} {
		forged := filepath.Join(t.TempDir(), "x"+caseExtension)
		if err := os.WriteFile(forged, data, 0o600); err != nil {
			t.Fatal(err)
		}
		commands := append(commandsOn(forged, evidence), []string{"investigate", "--no-report", "--no-progress", "--key", forged + ".key", "-o", forged, evidence})
		if failed := requireHarmless(t, name, commands); name != "large page size" && failed < len(commands)/2 {
			t.Errorf("%s: only %d of %d commands fail", name, failed, len(commands))
		}
	}
}
