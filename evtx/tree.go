package evtx

import "strings"

// A tree is a record as its elements, with nested BinXML in the place of the
// values that hold it. It is what is rendered.
type tree struct{ *Record }

// An item is a node of the tree.
type item struct {
	node *node
	// instance is the one whose values the slots of the node refer to.
	instance int32
	// element is the number of the array element that this repetition of an
	// XML element is for; -1 when it is not repeated.
	element int32
}

type attributeItem struct {
	name  string
	value []item
}

// content gives the nodes in an element or fragment: nested BinXML is put in
// its place, and an element that contains an array is repeated for each of the
// array's elements.
func (t tree) content(nodes []node, instance int32) []item {
	return t.appendContent(make([]item, 0, len(nodes)), nodes, instance)
}

func (t tree) appendContent(items []item, nodes []node, instance int32) []item {
	for i := range nodes {
		n := &nodes[i]
		if n.kind == nodeSlot {
			if v, ok := t.Record.value(instance, n.number); ok && v.nested > 0 {
				items = t.appendContent(items, t.instances[v.nested].template.nodes, v.nested)
				continue
			}
		}
		count := 0
		if n.kind == nodeElement {
			count, _ = t.repetitions(n, instance)
		}
		if count == 0 {
			items = append(items, item{node: n, instance: instance, element: -1})
		}
		for k := range count {
			items = append(items, item{node: n, instance: instance, element: int32(k)})
		}
	}
	return items
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

// attributes gives the attributes that have a value.
func (t tree) attributes(e item) []attributeItem {
	var all []attributeItem
	for i := range e.node.attributes {
		a := &e.node.attributes[i]
		value := t.content(a.value, e.instance)
		if t.has(value, e.element) {
			all = append(all, attributeItem{a.name, value})
		}
	}
	return all
}

// single gives the type and bytes of an item that is one value.
func (t tree) single(e item, element int32) (ValueType, []byte, bool) {
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
func (t tree) has(text []item, element int32) bool {
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
func (t tree) appendText(dst []byte, text []item, element int32) []byte {
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
