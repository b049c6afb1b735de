package evtx

import "strings"

// A tree is a record as its elements, with nested BinXML in the place of the
// values that hold it. It is what is rendered.
type tree struct {
	*Record
	// stack holds the contents of the elements that are being rendered, the
	// innermost last.
	stack []item
	text  []byte
}

func newTree(r *Record) tree {
	return tree{Record: r, stack: make([]item, 0, 96), text: make([]byte, 0, 256)}
}

// An item is a node of the tree.
type item struct {
	node *node
	// instance is the one whose values the slots of the node refer to.
	instance int32
	// element is the number of the array element that this repetition of an
	// XML element is for; -1 when it is not repeated.
	element int32
}

// content gives the nodes in an element or fragment: nested BinXML is put in
// its place, and an element that contains an array is repeated for each of the
// array's elements. When it has been rendered, release takes it off the stack.
func (t *tree) content(nodes []node, instance int32) []item {
	start := len(t.stack)
	t.push(nodes, instance)
	return t.stack[start:len(t.stack):len(t.stack)]
}

func (t *tree) release(content []item) { t.stack = t.stack[:len(t.stack)-len(content)] }

func (t *tree) push(nodes []node, instance int32) {
	for i := range nodes {
		n := &nodes[i]
		if n.kind == nodeSlot {
			if v, ok := t.Record.value(instance, n.number); ok && v.nested > 0 {
				t.push(t.instances[v.nested].template.nodes, v.nested)
				continue
			}
		}
		count := 0
		if n.kind == nodeElement {
			count, _ = t.repetitions(n, instance)
		}
		if count == 0 {
			t.stack = append(t.stack, item{node: n, instance: instance, element: -1})
		}
		for k := range count {
			t.stack = append(t.stack, item{node: n, instance: instance, element: int32(k)})
		}
	}
}

// texts gives the part of a content that is no element.
func texts(content []item) []item {
	for i := range content {
		if content[i].node.kind == nodeElement {
			return content[:i]
		}
	}
	return content
}

// attributes visits the attributes that have a value.
func (t *tree) attributes(e item, visit func(name string, value []item)) {
	for i := range e.node.attributes {
		a := &e.node.attributes[i]
		value := t.content(a.value, e.instance)
		if t.has(value, e.element) {
			visit(a.name, value)
		}
		t.release(value)
	}
}

// single gives the type and bytes of an item that is one value.
func (t *tree) single(e item, element int32) (ValueType, []byte, bool) {
	if e.node.kind != nodeSlot {
		return 0, nil, false
	}
	v, ok := t.Record.value(e.instance, e.node.number)
	if !ok {
		return 0, nil, false
	}
	if v.kind&TypeArray == 0 {
		return v.kind, t.window(v), true
	}
	if element < 0 {
		return 0, nil, false
	}
	window, ok := t.elementOf(v, int(element))
	return v.kind &^ TypeArray, window, ok
}

// has reports whether a text is there, be it empty: any literal, or any value
// other than null.
func (t *tree) has(text []item, element int32) bool {
	for _, e := range text {
		if e.node.kind != nodeSlot {
			return true
		}
		v, ok := t.Record.value(e.instance, e.node.number)
		if !ok {
			continue
		}
		if v.kind&TypeArray != 0 && len(t.window(v)) > 0 {
			return true
		}
		if v.kind&TypeArray == 0 && !empty(v.kind, t.window(v)) && v.kind != TypeBinXML {
			return true
		}
	}
	return false
}

// appendText appends the text of items that are no elements.
func (t *tree) appendText(dst []byte, text []item, element int32) []byte {
	for _, e := range text {
		if e.node.kind != nodeSlot {
			s, _ := e.node.constant()
			dst = append(dst, s...)
			continue
		}
		dst, _ = t.appendSlot(dst, &part{instance: e.instance, slot: int32(e.node.number)}, element)
	}
	return dst
}

// significantItems reports whether a text is more than white space.
func significantItems(text []item) bool {
	for _, e := range text {
		if s, ok := e.node.constant(); e.node.kind == nodeSlot || ok && strings.TrimSpace(s) != "" {
			return true
		}
	}
	return false
}
