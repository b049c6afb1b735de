package jsonlog

// A node stands for a sequence of keys: all those from the beginning of an
// event up to one of them. Events with the same keys in the same order end at
// the same node, which therefore knows their shape. The child that was taken
// last is tried first: most events have the keys of the one before.
type node struct {
	// raw is the key as it stands, with its quotes and a colon: `"key":`. It
	// is empty for elements of arrays and for what closes a container.
	raw   string
	class class
	// named says that objects in here are Data elements, which are named by
	// a value: {"@Name":"Image","#text":"…"}.
	named bool
	// embeds says that a string here may hold JSON or XML with more fields.
	embeds bool
	// whole says that the container is a column itself, beside its contents.
	whole bool
	// silent says that an empty array here is no column.
	silent bool

	parent *node
	// within is the container that the key is in; nil at the top.
	within   *node
	next     *node
	children []*node
	shape    *shape
	variants variants
}

// A class is what kind of value follows a key.
type class uint8

const (
	scalar   class = iota // a column
	named                 // a Data element that is a column; raw is its name
	object                // a container
	array                 // a container
	embedded              // a string that is a container
	closing               // the end of a container
	empty                 // an array of nothing: a column without a value
)

// Bounds on what is remembered. Logs have a few hundred nodes; a crafted one
// may have a new key with each byte.
const (
	maxNodes    = 1 << 16
	maxBytes    = 8 << 20
	maxChildren = 64
)

type trie struct {
	root  *node
	nodes int
	bytes int
}

func newTrie() *trie { return &trie{root: new(node)} }

// trim forgets everything when too much is remembered. It is called between
// events.
func (t *trie) trim() {
	if t.nodes > maxNodes || t.bytes > maxBytes {
		*t = *newTrie()
	}
}

// step follows a key from a node. The key's text is kept only when it is new.
func (t *trie) step(from, within *node, raw []byte, class class) *node {
	if next := from.next; next != nil && next.class == class && next.raw == string(raw) {
		return next
	}
	for _, child := range from.children {
		if child.class == class && child.raw == string(raw) {
			from.next = child
			return child
		}
	}
	return t.add(from, within, raw, class)
}

func (t *trie) add(from, within *node, raw []byte, class class) *node {
	child := &node{raw: string(raw), class: class, parent: from, within: within}
	child.named = class == object && isNamedData(child) || class == array && isNamedData(child)
	child.embeds = class == scalar && isEmbedding(child)
	child.whole = (class == object || class == array || class == embedded || class == empty) && isWhole(child)
	child.silent = class == empty && isSection(child)
	t.nodes++
	t.bytes += len(raw)
	if len(from.children) >= maxChildren {
		from.children = nil
	}
	from.children = append(from.children, child)
	from.next = child
	return child
}

// path is the keys that lead to a node, joined by dots.
func (n *node) path() string {
	prefix := ""
	if n.within != nil {
		prefix = n.within.path()
	}
	key := n.key()
	switch {
	case key == "":
		return prefix
	case prefix == "":
		return key
	}
	return prefix + "." + key
}

// key is the text of the key; empty for elements.
func (n *node) key() string {
	if n.raw == "" {
		return ""
	}
	if n.class == named {
		return n.raw
	}
	return string(appendUnescaped(nil, []byte(n.raw[1:len(n.raw)-2])))
}

// isColumn says whether what is at a node is a column.
func (n *node) isColumn() bool {
	return n.class == scalar || n.class == named || n.class == empty && !n.silent || n.whole
}

// leaves returns the nodes of an event that are columns, in order.
func (n *node) leaves() []*node {
	var leaves []*node
	for ; n.parent != nil; n = n.parent {
		if n.isColumn() {
			leaves = append(leaves, n)
		}
	}
	for i, j := 0, len(leaves)-1; i < j; i, j = i+1, j-1 {
		leaves[i], leaves[j] = leaves[j], leaves[i]
	}
	return leaves
}
