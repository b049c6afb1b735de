package stix

import (
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
)

// observableSpace is the name space of observables' identifiers (section 2.9).
var observableSpace = [16]byte{0x00, 0xab, 0xed, 0xb4, 0xaa, 0x42, 0x46, 0x6c, 0x9c, 0x01, 0xfe, 0xd2, 0x33, 0x15, 0xa9, 0xb7}

// objectSpace is that of all other objects made here: they must not share the
// one of observables.
var objectSpace = uuid5([16]byte{}, "github.com/kulla-defence/kulla/stix")

// NewID returns the identifier of an object that is not an observable: the
// same for the same type and name.
func NewID(kind, name string) string {
	return kind + "--" + format(uuid5(objectSpace, kind+"\x00"+name))
}

// uuid5 is a version 5 UUID (RFC 9562, section 5.5).
func uuid5(space [16]byte, name string) [16]byte {
	hash := sha1.New()
	hash.Write(space[:])
	hash.Write([]byte(name))
	var id [16]byte
	copy(id[:], hash.Sum(nil))
	id[6] = id[6]&0x0f | 0x50
	id[8] = id[8]&0x3f | 0x80
	return id
}

func format(id [16]byte) string {
	text := hex.EncodeToString(id[:])
	return strings.Join([]string{text[:8], text[8:12], text[12:16], text[16:20], text[20:]}, "-")
}

// observableID makes the identifier of an observable out of the properties
// that contribute to it, which are strings, or maps of strings.
func observableID(kind string, contributing map[string]any) string {
	return kind + "--" + format(uuid5(observableSpace, canonical(contributing)))
}

// canonical writes JSON in the form of RFC 8785: members sorted by their
// UTF-16 units, no white space, the shortest escapes.
func canonical(value any) string {
	switch v := value.(type) {
	case map[string]string:
		members := make(map[string]any, len(v))
		for name, text := range v {
			members[name] = text
		}
		return canonical(members)
	case map[string]any:
		names := make([]string, 0, len(v))
		for name := range v {
			names = append(names, name)
		}
		slices.Sort(names) // names of properties are ASCII
		var out strings.Builder
		out.WriteByte('{')
		for i, name := range names {
			if i > 0 {
				out.WriteByte(',')
			}
			out.WriteString(quote(name) + ":" + canonical(v[name]))
		}
		return out.String() + "}"
	case string:
		return quote(v)
	}
	return "null"
}

// quote writes a string as RFC 8785, section 3.2.2.2, has it: encoding/json
// escapes more.
func quote(text string) string {
	var out strings.Builder
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(text); err != nil {
		return `""`
	}
	escaped := strings.TrimSuffix(out.String(), "\n")
	return strings.NewReplacer(`\\`, `\\`, "\\u2028", "\u2028", "\\u2029", "\u2029").Replace(escaped)
}
