package evtx

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// AppendXML appends the record as XML on one line, as Windows renders it:
// attributes in single quotes, elements without content as <Name/> where their
// template writes them so and as <Name></Name> elsewhere. An element or
// attribute whose only content is an optional value that is null is left out.
// Characters that XML cannot hold become U+FFFD.
func (r *Record) AppendXML(dst []byte) []byte {
	w := xmlWriter{tree: newTree(r), dst: dst}
	w.nodes(w.content(r.instances[0].template.nodes, 0), -1)
	return w.dst
}

type xmlWriter struct {
	tree
	dst []byte
}

// nodes writes a content; element is the number of the array element that the
// element around it is for.
func (w *xmlWriter) nodes(content []item, element int32) {
	for i := range content {
		e := content[i]
		switch e.node.kind {
		case nodeElement:
			w.element(e)
		case nodeInstruction:
			w.instruction(e.node)
		case nodeCDATA:
			w.dst = append(appendCDATA(append(w.dst, "<![CDATA["...), e.node.text), "]]>"...)
		case nodeEntity:
			w.dst = append(appendName(append(w.dst, '&'), e.node.name), ';')
		default:
			w.text = w.appendText(w.text[:0], content[i:i+1], element)
			w.dst = appendEscaped(w.dst, w.text, false)
		}
	}
}

func (w *xmlWriter) element(e item) {
	content := w.content(e.node.children, e.instance)
	defer w.release(content)
	if w.omitted(content) {
		return
	}
	w.dst = appendName(append(w.dst, '<'), e.node.name)
	w.attributes(e, func(name string, value []item) {
		w.dst = append(appendName(append(w.dst, ' '), name), '=', '\'')
		w.text = w.appendText(w.text[:0], value, e.element)
		w.dst = append(appendEscaped(w.dst, w.text, true), '\'')
	})
	if e.node.closed {
		w.dst = append(w.dst, '/', '>')
		return
	}
	w.dst = append(w.dst, '>')
	w.nodes(content, e.element)
	w.dst = append(appendName(append(w.dst, '<', '/'), e.node.name), '>')
}

// omitted reports whether all there is in an element is an optional value that
// is null.
func (w *xmlWriter) omitted(content []item) bool {
	if len(content) != 1 || content[0].node.kind != nodeSlot || !content[0].node.optional {
		return false
	}
	v, ok := w.Record.value(content[0].instance, content[0].node.number)
	return !ok || v.kind == TypeNull
}

func (w *xmlWriter) instruction(n *node) {
	w.dst = appendName(append(w.dst, "<?"...), n.name)
	if n.text != "" {
		w.dst = append(append(w.dst, ' '), strings.ReplaceAll(n.text, "?>", "? >")...)
	}
	w.dst = append(w.dst, "?>"...)
}

// appendName writes a name, with an underscore for what no name may hold, so
// that a crafted one is no markup.
func appendName(dst []byte, name string) []byte {
	for i, r := range name {
		letter := r == '_' || r == ':' || unicode.IsLetter(r)
		if !letter && (i == 0 || r != '-' && r != '.' && !unicode.IsDigit(r)) {
			r = '_'
		}
		dst = utf8.AppendRune(dst, r)
	}
	return dst
}

// appendCDATA writes the text of a CDATA section, which cannot hold its own end.
func appendCDATA(dst []byte, text string) []byte {
	for i := range len(text) {
		if text[i] == '>' && i >= 2 && text[i-2:i] == "]]" {
			dst = append(dst, "]]><![CDATA["...)
		}
		dst = append(dst, text[i])
	}
	return dst
}

// appendEscaped writes a text such that a parser of XML gives it back.
func appendEscaped(dst, text []byte, attribute bool) []byte {
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		if s := escape(r, attribute); s != "" {
			dst = append(dst, s...)
		} else {
			dst = append(dst, text[:size]...)
		}
		text = text[size:]
	}
	return dst
}

// escape gives what stands for a character; empty when it stands for itself.
func escape(r rune, attribute bool) string {
	switch r {
	case '&':
		return "&amp;"
	case '<':
		return "&lt;"
	case '>':
		return "&gt;"
	case '\r':
		return "&#13;"
	case 0xfffe, 0xffff:
		return "\ufffd"
	}
	if attribute {
		switch r {
		case '\'':
			return "&apos;"
		case '"':
			return "&quot;"
		case '\n':
			return "&#10;"
		case '\t':
			return "&#9;"
		}
	}
	if r < ' ' && r != '\n' && r != '\t' {
		return "\ufffd"
	}
	return ""
}
