package logwriter

import (
	"bytes"
	"encoding/json"
	"strings"
)

// AppendJSON appends an event as one JSON object in a line. A dot in a name
// makes an object within, a name that stands twice a list. Keys are in the
// order in which they first stand. Verbatim names are values that are JSON
// already: numbers, booleans, null.
func AppendJSON(dst []byte, fields []Field, verbatim ...string) []byte {
	root := new(object)
	for _, field := range fields {
		root.add(strings.Split(field.Name, "."), field.Value, contains(verbatim, field.Name))
	}
	return append(root.append(dst), '\n')
}

func contains(names []string, name string) bool {
	for _, one := range names {
		if one == name {
			return true
		}
	}
	return false
}

// An object is a node of what is to be written: it has members, or values.
type object struct {
	names   []string
	members map[string]*object
	values  []string // as JSON
}

func (o *object) add(path []string, value string, verbatim bool) {
	if len(path) == 0 {
		if !verbatim {
			value = quoteJSON(value)
		}
		o.values = append(o.values, value)
		return
	}
	member := o.members[path[0]]
	if member == nil {
		if o.members == nil {
			o.members = map[string]*object{}
		}
		member = new(object)
		o.members[path[0]] = member
		o.names = append(o.names, path[0])
	}
	member.add(path[1:], value, verbatim)
}

// append writes members, and leaves out values beside them, which JSON has no
// place for.
func (o *object) append(dst []byte) []byte {
	switch {
	case o.members == nil && len(o.values) == 1:
		return append(dst, o.values[0]...)
	case o.members == nil && len(o.values) > 1:
		return append(append(append(dst, '['), strings.Join(o.values, ",")...), ']')
	}
	dst = append(dst, '{')
	for i, name := range o.names {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(append(dst, quoteJSON(name)...), ':')
		dst = o.members[name].append(dst)
	}
	return append(dst, '}')
}

func quoteJSON(text string) string {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(text) // a Buffer does not fail, and a text is JSON
	return strings.TrimSuffix(out.String(), "\n")
}
