package custody

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
)

// A Redactor says what is hidden from whoever receives an export. It is filled
// before its first use, and then only read.
type Redactor struct {
	secret    []byte
	kinds     []string // what was asked for, in words
	texts     []hiddenText
	fields    map[string]bool
	addresses bool
}

// A hiddenText is one text that must not be read, whatever it stands in.
type hiddenText struct {
	lower string
	// firm texts are hidden wherever they stand, within words too, and are
	// looked for in every byte of the export. The others are so short or
	// common that they would be found by chance: they are hidden as words.
	firm  bool
	forms [][]byte // how bytes may hold a firm one
}

// NewRedactor returns a redactor of a case with that secret which hides nothing
// yet.
func NewRedactor(secret []byte) *Redactor {
	return &Redactor{secret: secret, fields: map[string]bool{}}
}

// Say adds what was asked for to what the export says of itself: "account".
func (r *Redactor) Say(kind string) { r.kinds = append(r.kinds, kind) }

// HideText hides every value that holds the text, in upper or lower case. It is
// false for one of fewer than two bytes, which would hide everything and hides
// nothing.
func (r *Redactor) HideText(text string) bool {
	lower := strings.ToLower(strings.TrimSpace(text))
	if len(lower) < 2 {
		return false
	}
	if slices.ContainsFunc(r.texts, func(known hiddenText) bool { return known.lower == lower }) {
		return true
	}
	hidden := hiddenText{lower: lower, firm: isFirm(lower)}
	if hidden.firm {
		hidden.forms = writtenForms(lower)
	}
	r.texts = append(r.texts, hidden)
	return true
}

// isFirm reports whether a text cannot well stand somewhere by chance: as a
// word of the report, in a number or a digest.
func isFirm(lower string) bool {
	letters := strings.IndexFunc(lower, func(c rune) bool { return !unicode.IsLetter(c) }) < 0
	hexadecimal := strings.Trim(lower, "0123456789abcdef") == ""
	switch {
	case letters:
		return false
	case hexadecimal:
		return len(lower) >= 16
	}
	return len(lower) >= 6
}

// HideField hides all values under a key, at whatever depth.
func (r *Redactor) HideField(name string) { r.fields[strings.ToLower(name)] = true }

// HideAddresses hides every value that holds an IP address.
func (r *Redactor) HideAddresses() { r.addresses = true }

// Value is what is shown of a text: the text itself, or a bar with the first
// half of its commitment. Equal texts have equal bars, so that a reader can
// follow one thing through the report; nobody can try what it might be.
func (r *Redactor) Value(text string) string {
	if r == nil || !r.hidesText(text) {
		return text
	}
	return r.bar(text)
}

func (r *Redactor) bar(text string) string {
	commitment := r.Commitment(text)
	return "████ " + hex.EncodeToString(commitment[:4])
}

// Commitment is SHA-256(salt ‖ text); the salt is the first 16 bytes of
// HMAC-SHA-256(secret, "kulla text v1\n" ‖ text), and is given to whoever is to
// check a text that is told him (see Salt).
func (r *Redactor) Commitment(text string) [sha256.Size]byte {
	return sha256.Sum256(append(r.Salt(text), text...))
}

// Salt is that of a text's commitment.
func (r *Redactor) Salt(text string) []byte {
	mac := hmac.New(sha256.New, r.secret)
	mac.Write([]byte("kulla text v1\n" + text))
	return mac.Sum(nil)[:saltSize]
}

// Data returns a leaf's data as a recipient may see it: hidden texts are bars,
// other hidden values null.
func (r *Redactor) Data(data []byte) ([]byte, error) {
	if r == nil {
		return data, nil
	}
	var out []byte
	done := 0
	s := &scanner{data: data, path: []byte{'['}}
	s.visit = func(path, value []byte) error {
		if !r.hides(string(path), string(value)) {
			return nil
		}
		out = append(out, data[done:s.at-len(value)]...)
		out = append(out, r.shown(value)...)
		done = s.at
		return nil
	}
	if err := s.all(); err != nil {
		return nil, err
	}
	return append(out, data[done:]...), nil
}

// shown is the JSON that stands for a hidden value.
func (r *Redactor) shown(value []byte) []byte {
	if value[0] != '"' {
		return []byte("null")
	}
	text, err := json.Marshal(r.bar(textOf(value)))
	if err != nil {
		return []byte("null")
	}
	return text
}

// HidesIn reports whether anything in a leaf's data is hidden.
func (r *Redactor) HidesIn(data []byte) bool {
	found := false
	eachField(data, func(path, value []byte) error { // what is no leaf is said elsewhere
		found = r.hides(string(path), string(value)) || r.hidesKey(string(path))
		if found {
			return errFound
		}
		return nil
	})
	return found
}

var errFound = errors.New("found")

// hides reports whether a field of a leaf is hidden.
func (r *Redactor) hides(path, value string) bool {
	if r == nil {
		return false
	}
	var steps []any
	if json.Unmarshal([]byte(path), &steps) != nil || r.hidesPath(steps) {
		return true
	}
	if isOwnWord(steps) {
		return false
	}
	text := value
	if strings.HasPrefix(value, `"`) {
		text = textOf([]byte(value))
	}
	return r.hidesText(text)
}

// hidesPath reports whether a key on the way to a value is hidden.
func (r *Redactor) hidesPath(steps []any) bool {
	return slices.ContainsFunc(steps, func(step any) bool {
		key, ok := step.(string)
		return ok && r.fields[strings.ToLower(key)]
	})
}

// isOwnWord reports whether a path leads to a word of this program or of a
// rule, not of the evidence: hiding the account "service" hides no kind of
// entity of that name.
func isOwnWord(steps []any) bool {
	last := len(steps) - 1
	for last > 0 {
		if _, index := steps[last].(float64); !index {
			break
		}
		last--
	}
	if last < 0 || steps[0] == "event" || steps[0] == "correlation" {
		return false
	}
	above := ""
	for i := last - 1; i >= 0 && above == ""; i-- {
		above, _ = steps[i].(string)
	}
	switch steps[last] {
	case "message", "kind", "level", "finding_id", "rule_id", "rule_title", "techniques", "tactics", "tactic", "roles", "known",
		"sha256", "record_sha256", "time", "first", "last", "extraction":
		return true
	case "id":
		return above == "" || above == "incident" || above == "rules" || above == "items" || above == "techniques"
	case "title":
		return above == "rules"
	case "name":
		return above == "values" || above == "hypotheses" || above == "phases"
	}
	return false
}

func (r *Redactor) hidesText(text string) bool {
	lower := strings.ToLower(text)
	for i := range r.texts {
		if r.texts[i].in(lower) {
			return true
		}
	}
	return r.addresses && holdsAddress(lower)
}

// in reports whether the hidden text stands in another.
func (h *hiddenText) in(lower string) bool {
	if h.firm {
		return strings.Contains(lower, h.lower)
	}
	for at := 0; ; {
		next := strings.Index(lower[at:], h.lower)
		if next < 0 {
			return false
		}
		start, end := at+next, at+next+len(h.lower)
		if !isWordByte(lower, start-1) && !isWordByte(lower, end) {
			return true
		}
		at = start + 1
	}
}

// isWordByte reports whether a word goes on at a byte of a text.
func isWordByte(text string, at int) bool {
	if at < 0 || at >= len(text) {
		return false
	}
	c := text[at]
	return c >= 0x80 || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// holdsAddress reports whether an IP address stands in a text.
func holdsAddress(lower string) bool {
	isNone := func(c rune) bool { return !strings.ContainsRune("0123456789abcdef.:", c) }
	for part := range strings.FieldsFuncSeq(lower, isNone) {
		if strings.Count(part, ".") >= 3 && holdsIPv4(part) || strings.Count(part, ":") >= 2 && holdsIPv6(part) {
			return true
		}
	}
	return false
}

// holdsIPv4 looks for four numbers up to 255 with dots between. Logs write
// them with zeros before, too.
func holdsIPv4(part string) bool {
	groups := strings.FieldsFunc(part, func(c rune) bool { return c == ':' })
	return slices.ContainsFunc(groups, func(group string) bool {
		run := 0
		for number := range strings.SplitSeq(group, ".") {
			if _, err := strconv.ParseUint(number, 10, 8); err != nil {
				run = -1
			}
			if run++; run == 4 {
				return true
			}
		}
		return false
	})
}

// holdsIPv6 tries a word, and what is left of it without what may stand around
// an address.
func holdsIPv6(part string) bool {
	for _, tried := range []string{part, strings.Trim(part, "."), strings.TrimRight(part, ".:"), strings.TrimLeft(strings.TrimLeft(part, "abcdef"), ".:")} {
		if _, err := netip.ParseAddr(tried); err == nil {
			return true
		}
	}
	return false
}

// hidesKey reports whether a hidden text stands in the keys of a path, which
// redaction leaves as they are.
func (r *Redactor) hidesKey(path string) bool {
	if r == nil {
		return false
	}
	_, found := r.leak([]byte(path))
	return found
}

// hidesRecord reports whether the bytes of a record may tell what is hidden, be
// they text or UTF-16.
func (r *Redactor) hidesRecord(data []byte) bool {
	if r == nil {
		return false
	}
	_, found := r.leak(data)
	return found || slices.ContainsFunc(readingsOf(data), r.hidesText)
}

// readingsOf are the texts that bytes may be: as they are, without the zeros of
// UTF-16, and as UTF-16 in either order from either byte, since a record begins
// its strings where it likes.
func readingsOf(data []byte) []string {
	readings := []string{string(data), string(bytes.ReplaceAll(data, []byte{0}, nil))}
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		for first := range 2 {
			var units []uint16
			for at := first; at+1 < len(data); at += 2 {
				units = append(units, order.Uint16(data[at:]))
			}
			readings = append(readings, string(utf16.Decode(units)))
		}
	}
	return readings
}

// leak looks for hidden texts in bytes that are to be given away, as they are
// and as JSON, HTML, URLs and UTF-16 write them.
func (r *Redactor) leak(data []byte) (text string, found bool) {
	lower := bytes.ToLower(data)
	for i := range r.texts {
		for _, form := range r.texts[i].forms {
			if bytes.Contains(lower, form) {
				return r.texts[i].lower, true
			}
		}
	}
	return "", false
}

// writtenForms are the ways in which bytes may hold a text.
func writtenForms(text string) [][]byte {
	once, _ := json.Marshal(text)
	twice, _ := json.Marshal(string(once[1 : len(once)-1]))
	forms := []string{text, string(once[1 : len(once)-1]), string(twice[1 : len(twice)-1]), html.EscapeString(text),
		strings.ToLower(url.QueryEscape(text)), strings.ToLower(url.PathEscape(text)), escapedASCII(text)}
	slices.Sort(forms)
	var list [][]byte
	for _, form := range slices.Compact(forms) {
		list = append(list, []byte(form))
	}
	var little, big []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		little, big = binary.LittleEndian.AppendUint16(little, unit), binary.BigEndian.AppendUint16(big, unit)
	}
	return append(list, little, big)
}

// escapedASCII is a text as JSON of ASCII alone has it: `nd\u00ebrmarrja`.
func escapedASCII(text string) string {
	var out []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		if unit < 0x80 {
			out = append(out, byte(unit))
		} else {
			out = fmt.Appendf(out, `\u%04x`, unit)
		}
	}
	return string(out)
}
