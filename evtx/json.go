package evtx

import (
	"math"
	"strconv"
)

// AppendJSON appends the record as one JSON object, in the shape that the tools
// of the field have settled on:
//
//	{"Event": {
//	  "#attributes": {"xmlns": …},
//	  "System": {"Provider": {"#attributes": {"Name": …}}, "EventID": 1, …},
//	  "EventData": {"Image": …, "Data": {"#text": […]}}}}
//
// An element is null when empty, its text when it has only that, and else an
// object with the attributes under "#attributes" and a text under "#text".
// Integers, reals and booleans are JSON's own, all other values are strings as
// AppendValue writes them. Named Data elements are keys of their parent, unnamed
// ones come together in "Data". A key that stands twice gets _1, _2 and so on.
func (r *Record) AppendJSON(dst []byte) []byte {
	w := jsonWriter{tree: newTree(r), dst: dst, names: make([]string, 0, 48)}
	w.object(w.content(r.instances[0].template.nodes, 0))
	return w.dst
}

type jsonWriter struct {
	tree
	dst   []byte
	names []string
}

// element writes the value of an element.
func (w *jsonWriter) element(e item) {
	children := w.content(e.node.children, e.instance)
	defer w.release(children)
	start := len(w.dst)
	w.open('{')
	w.attributeMembers(e)
	attributes := len(w.dst) > start+1
	switch text := texts(children); {
	case len(text) < len(children):
		w.members(children)
	case !attributes:
		w.dst = w.dst[:start]
		w.textOrNull(text, e.element)
		return
	case w.has(text, e.element):
		w.key("#text")
		w.value(text, e.element)
	}
	w.close('}')
}

// attributeMembers writes the attributes of an element, if it has any.
func (w *jsonWriter) attributeMembers(e item) {
	first := true
	w.attributes(e, func(name string, value []item) {
		if first {
			w.key("#attributes")
			w.open('{')
			first = false
		}
		w.key(name)
		w.value(value, e.element)
	})
	if !first {
		w.close('}')
	}
}

// object writes an object of the elements among a content, which it releases.
func (w *jsonWriter) object(content []item) {
	w.open('{')
	w.members(content)
	w.close('}')
	w.release(content)
}

// members writes the elements of a content as keys and values.
func (w *jsonWriter) members(content []item) {
	names := keyCounter{start: len(w.names)}
	dataDone := false
	for i := range content {
		e := content[i]
		if e.node.kind != nodeElement {
			continue
		}
		name := e.node.name
		if name == "Data" {
			field, ok := e.node.attributeText("Name")
			if !ok {
				if !dataDone {
					w.unnamed(content[i:])
				}
				dataDone = true
				continue
			}
			name = field
		}
		w.uniqueKey(name, w.count(&names, name))
		if e.node.name == "Data" {
			w.data(e)
		} else {
			w.element(e)
		}
	}
	w.names = w.names[:names.start]
	w.mixed(content)
}

// mixed writes the text that stands between elements, if it is not just space.
func (w *jsonWriter) mixed(content []item) {
	var text []item
	for _, e := range content {
		if e.node.kind != nodeElement {
			text = append(text, e)
		}
	}
	if significantItems(text) && w.has(text, -1) {
		w.key("#text")
		w.value(text, -1)
	}
}

// unnamed writes all Data elements without a name as one text, or an array.
func (w *jsonWriter) unnamed(content []item) {
	var all []item
	for _, e := range content {
		if e.node.kind != nodeElement || e.node.name != "Data" {
			continue
		}
		if _, named := e.node.attributeText("Name"); !named {
			all = append(all, e)
		}
	}
	w.key("Data")
	w.open('{')
	w.key("#text")
	if len(all) == 1 {
		w.data(all[0])
	} else {
		w.open('[')
		for _, e := range all {
			w.comma()
			w.data(e)
		}
		w.close(']')
	}
	w.close('}')
}

// data writes the text of a Data element, or what it contains.
func (w *jsonWriter) data(e item) {
	children := w.content(e.node.children, e.instance)
	if text := texts(children); len(text) == len(children) {
		w.textOrNull(text, e.element)
		w.release(children)
		return
	}
	w.object(children)
}

func (w *jsonWriter) textOrNull(text []item, element int32) {
	if !w.has(text, element) {
		w.dst = append(w.dst, "null"...)
		return
	}
	w.value(text, element)
}

// value writes a text: a single number or boolean as such, else a string.
func (w *jsonWriter) value(text []item, element int32) {
	if len(text) == 1 {
		if kind, window, ok := w.single(text[0], element); ok && w.bare(kind, window) {
			return
		}
	}
	w.text = w.appendText(w.text[:0], text, element)
	w.dst = appendQuoted(w.dst, w.text)
}

// bare writes a value that JSON has a type for.
func (w *jsonWriter) bare(kind ValueType, window []byte) bool {
	switch kind {
	case TypeInt8, TypeInt16, TypeInt32, TypeInt64, TypeUInt8, TypeUInt16, TypeUInt32, TypeUInt64:
		if _, ok := unsigned(window); !ok {
			return false
		}
	case TypeReal32, TypeReal64:
		v, ok := realNumber(kind, window)
		if !ok || math.IsNaN(v) || math.IsInf(v, 0) {
			return false
		}
	case TypeBool:
	default:
		return false
	}
	w.dst = appendValueText(w.dst, kind, window)
	return true
}

func (w *jsonWriter) open(bracket byte)  { w.dst = append(w.dst, bracket) }
func (w *jsonWriter) close(bracket byte) { w.dst = append(w.dst, bracket) }

// comma separates from what stands before in the same object or array.
func (w *jsonWriter) comma() {
	if last := w.dst[len(w.dst)-1]; last != '{' && last != '[' {
		w.dst = append(w.dst, ',')
	}
}

func (w *jsonWriter) key(name string) { w.uniqueKey(name, 0) }

func (w *jsonWriter) uniqueKey(name string, number int) {
	w.comma()
	w.text = append(w.text[:0], name...)
	if number > 0 {
		w.text = strconv.AppendInt(append(w.text, '_'), int64(number), 10)
	}
	w.dst = append(appendQuoted(w.dst, w.text), ':')
}

// appendQuoted writes a JSON string.
func appendQuoted(dst, text []byte) []byte {
	dst = append(dst, '"')
	start := 0
	for i, c := range text {
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		dst = append(append(dst, text[start:i]...), '\\')
		start = i + 1
		switch c {
		case '"', '\\':
			dst = append(dst, c)
		case '\n':
			dst = append(dst, 'n')
		case '\r':
			dst = append(dst, 'r')
		case '\t':
			dst = append(dst, 't')
		default:
			dst = append(dst, 'u', '0', '0', lowerHex[c>>4], lowerHex[c&15])
		}
	}
	return append(append(dst, text[start:]...), '"')
}

// A keyCounter counts how often each key has been written to an object. The
// keys stand on a stack that all objects share, from start on; a map takes over
// when they are many.
type keyCounter struct {
	start int
	many  map[string]int
}

const fewKeys = 32

// count gives the number of times that a key was counted before.
func (w *jsonWriter) count(k *keyCounter, name string) int {
	if k.many != nil {
		k.many[name]++
		return k.many[name] - 1
	}
	n := 0
	for _, have := range w.names[k.start:] {
		if have == name {
			n++
		}
	}
	w.names = append(w.names, name)
	if len(w.names)-k.start > fewKeys {
		k.many = map[string]int{}
		for _, have := range w.names[k.start:] {
			k.many[have]++
		}
	}
	return n
}
