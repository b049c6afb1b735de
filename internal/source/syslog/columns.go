package syslog

import (
	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/source/format"
	"github.com/kulla-defence/kulla/internal/source/row"
)

// columns puts an event together, column by column. Each sequence of names is
// a path in a tree, at whose end the layout is known, so that nothing is looked
// up for a message like one before.
type columns struct {
	row     row.Row
	layouts *row.Layouts
	names   format.Names
	root    *node
	at      *node
	nodes   int
	// text holds what was unescaped or made.
	text []byte
	// separated holds the values of messages that are separated values.
	separated row.Separated
}

// A node stands for a sequence of names. The child that was taken last is tried
// first.
type node struct {
	name     string
	parent   *node
	last     *node
	children []*node
	layouts  []*event.Layout
}

// Bounds on what is remembered. A crafted log may have a new name in each line.
const (
	maxNodes    = 1 << 15
	maxChildren = 128
	maxColumns  = 1024
	maxName     = 256
)

// begin empties the row for a message.
func (c *columns) begin(text []byte) {
	if c.root == nil || c.nodes > maxNodes {
		c.root, c.nodes = new(node), 0
	}
	c.at = c.root
	c.row.Reset()
	c.row.Raw = text
	c.text = c.text[:0]
}

// add adds a column with a part of the message, where there is room. The last
// place is kept for the whole message.
func (c *columns) add(name string, value []byte) {
	if len(c.row.Cells) >= maxColumns {
		return
	}
	c.at = c.child(name)
	c.row.Add(value)
}

// addMessage adds the whole message, for which there is always room.
func (c *columns) addMessage(text []byte) {
	c.at = c.child("Message")
	c.row.Add(text)
}

// addSome adds a column when there is something to add.
func (c *columns) addSome(name string, value []byte) {
	if len(value) > 0 {
		c.add(name, value)
	}
}

// addNamed adds a column with a name from the message. What is too much is left
// out; the whole message is a column of its own.
func (c *columns) addNamed(name, value []byte) {
	if c.enter(name) {
		c.row.Add(value)
	}
}

// addOrNull adds a column that may be there without a value.
func (c *columns) addOrNull(name, value []byte, null bool) {
	switch {
	case !c.enter(name):
	case null:
		c.row.AddNull()
	default:
		c.row.Add(value)
	}
}

// enter goes to the column with a name from the message, unless it is too much.
func (c *columns) enter(name []byte) bool {
	if len(name) == 0 || len(name) > maxName || len(c.row.Cells) >= maxColumns {
		return false
	}
	if last := c.at.last; last != nil && last.name == string(name) {
		c.at = last
	} else {
		c.at = c.child(c.names.String(name))
	}
	return true
}

// addWord adds a column with a word of ours.
func (c *columns) addWord(name, word string) {
	c.add(name, c.made(word))
}

// addAll adds separated values under their names. A value without a name is left
// out, and so are those for which there is no value.
func (c *columns) addAll(names []string) {
	for i, value := range c.separated.Values {
		if i >= len(names) {
			break
		}
		if names[i] != "" {
			c.add(names[i], value)
		}
	}
}

// value is one of separated values; nil when there are not so many.
func (c *columns) value(i int) []byte {
	if i >= len(c.separated.Values) {
		return nil
	}
	return c.separated.Values[i]
}

// cut cuts separated values.
func (c *columns) cut(text []byte) {
	c.separated.Cut(text, ',')
	if c.separated.Unescaped {
		c.row.Raw = nil
	}
}

// made keeps a text until the next event, of which it is no part.
func (c *columns) made(text string) []byte {
	begin := len(c.text)
	c.text = append(c.text, text...)
	c.row.Raw = nil
	return c.text[begin:len(c.text):len(c.text)]
}

func (c *columns) child(name string) *node {
	if last := c.at.last; last != nil && last.name == name {
		return last
	}
	for _, child := range c.at.children {
		if child.name == name {
			c.at.last = child
			return child
		}
	}
	if len(c.at.children) >= maxChildren {
		c.at.children = c.at.children[:0]
	}
	child := &node{name: name, parent: c.at}
	c.nodes++
	c.at.children = append(c.at.children, child)
	c.at.last = child
	return child
}

// layout returns the layout of the event.
func (c *columns) layout(source row.LogSource) *event.Layout {
	for _, known := range c.at.layouts {
		if known.Service == source.Service && known.Category == source.Category && known.Product == source.Product {
			return known
		}
	}
	layout := c.layouts.Of(source, c.at.path())
	c.at.layouts = append(c.at.layouts, layout)
	return layout
}

// path is the names that lead to a node.
func (n *node) path() [][]byte {
	if n.parent == nil {
		return nil
	}
	return append(n.parent.path(), []byte(n.name))
}
