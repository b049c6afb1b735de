package evtx

import (
	"encoding/binary"
	"sync"
	"sync/atomic"
)

// A template is what a fragment looks like without its values: a tree of
// elements with numbered slots. It refers to no chunk and never changes.
type template struct {
	id    uint64
	nodes []node
}

type nodeKind uint8

const (
	nodeElement nodeKind = iota
	nodeText
	nodeSlot
	nodeEntity
	nodeCharacter
	nodeCDATA
	nodeInstruction
)

// A node is an element, or a piece of the content of one.
type node struct {
	kind nodeKind
	// name is that of an element, an entity or an instruction's target.
	name string
	// text is that of a text, a CDATA section or an instruction.
	text       string
	attributes []attribute
	children   []node
	// closed is set for an element that the template writes as <Name/>.
	closed bool
	// number is that of a slot, or a character's code.
	number   int
	optional bool
}

type attribute struct {
	name  string
	value []node
}

// attributeText is the constant text of an attribute, if it has one.
func (n *node) attributeText(name string) (string, bool) {
	for _, a := range n.attributes {
		if a.name != name {
			continue
		}
		text := ""
		for i := range a.value {
			part, ok := a.value[i].constant()
			if !ok {
				return "", false
			}
			text += part
		}
		return text, true
	}
	return "", false
}

// constant is the text of a node that needs no value.
func (n *node) constant() (string, bool) {
	switch n.kind {
	case nodeText, nodeCDATA:
		return n.text, true
	case nodeEntity:
		return entityText(n.name), true
	case nodeCharacter:
		return string(rune(n.number)), true
	}
	return "", false
}

// entityText is what the five entities of XML stand for. Another entity is
// left as it is written.
func entityText(name string) string {
	switch name {
	case "lt":
		return "<"
	case "gt":
		return ">"
	case "amp":
		return "&"
	case "quot":
		return `"`
	case "apos":
		return "'"
	}
	return "&" + name + ";"
}

// compile builds the tree from a canonical form (see flattener).
func compile(form []byte) []node {
	c := compiler{form: form}
	nodes, _ := c.children()
	return nodes
}

type compiler struct{ form []byte }

func (c *compiler) op() byte {
	op := c.form[0]
	c.form = c.form[1:]
	return op
}

func (c *compiler) number() int {
	v, n := binary.Uvarint(c.form)
	c.form = c.form[n:]
	return int(v)
}

func (c *compiler) text() string {
	n := c.number()
	text := string(c.form[:n])
	c.form = c.form[n:]
	return text
}

// children reads nodes up to the end of their element or of the form.
func (c *compiler) children() (nodes []node, more bool) {
	for len(c.form) > 0 {
		op := c.op()
		if op == opEnd {
			return nodes, true
		}
		nodes = c.add(nodes, op)
	}
	return nodes, false
}

// add reads one node and appends it.
func (c *compiler) add(nodes []node, op byte) []node {
	switch op {
	case opElement:
		return append(nodes, c.element())
	case opText:
		return append(nodes, node{kind: nodeText, text: c.text()})
	case opSlot, opOptionalSlot:
		return append(nodes, node{kind: nodeSlot, number: c.number(), optional: op == opOptionalSlot})
	case opEntity:
		return append(nodes, node{kind: nodeEntity, name: c.text()})
	case opCharacter:
		return append(nodes, node{kind: nodeCharacter, number: c.number()})
	case opCDATA:
		return append(nodes, node{kind: nodeCDATA, text: c.text()})
	case opTarget:
		return append(nodes, node{kind: nodeInstruction, name: c.text()})
	case opData:
		text := c.text()
		if n := len(nodes); n > 0 && nodes[n-1].kind == nodeInstruction {
			nodes[n-1].text = text
		}
	}
	return nodes
}

func (c *compiler) element() node {
	n := node{kind: nodeElement, name: c.text()}
	for {
		switch op := c.op(); op {
		case opAttribute:
			n.attributes = append(n.attributes, attribute{name: c.text()})
		case opCloseStart:
			n.children, _ = c.children()
			return n
		case opEnd:
			n.closed = true
			return n
		default:
			if last := len(n.attributes) - 1; last >= 0 {
				n.attributes[last].value = c.add(n.attributes[last].value, op)
			} else {
				c.add(nil, op)
			}
		}
	}
}

// maxCacheBytes bounds what a Cache keeps, counted in bytes of canonical forms
// and of column names. Real evidence needs a small part of it.
const maxCacheBytes = 64 << 20

// A Cache holds compiled templates and layouts for any number of decoders, of
// any number of files. It is keyed by content. The zero Cache is ready for use,
// and safe for use by several goroutines at once.
//
// A Cache that hostile evidence has filled is emptied; layouts are then made
// anew, under new identities.
type Cache struct {
	mutex     sync.RWMutex
	templates map[string]*template
	layouts   map[string]*Layout
	lastID    uint64
	size      int
	// emptied counts how often the cache was emptied.
	emptied atomic.Uint32
}

// template gives the template of a key: a GUID, then a canonical form.
func (c *Cache) template(key []byte) *template {
	c.mutex.RLock()
	t := c.templates[string(key)]
	c.mutex.RUnlock()
	if t != nil {
		return t
	}
	nodes := compile(key[guidSize:])
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if t := c.templates[string(key)]; t != nil {
		return t
	}
	c.grow(len(key))
	c.lastID++
	t = &template{id: c.lastID, nodes: nodes}
	c.templates[string(key)] = t
	return t
}

// layout gives the layout of a key, and makes it at first use.
func (c *Cache) layout(key []byte, build func() *Layout) *Layout {
	c.mutex.RLock()
	l := c.layouts[string(key)]
	c.mutex.RUnlock()
	if l != nil {
		return l
	}
	built := build()
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if l := c.layouts[string(key)]; l != nil {
		return l
	}
	c.grow(built.size())
	c.layouts[string(key)] = built
	return built
}

// grow counts bytes that are about to be added and empties a full cache.
func (c *Cache) grow(size int) {
	full := c.size+size > maxCacheBytes
	if full {
		c.emptied.Add(1)
	}
	if full || c.templates == nil {
		c.templates, c.layouts, c.size = map[string]*template{}, map[string]*Layout{}, 0
	}
	c.size += size
}
