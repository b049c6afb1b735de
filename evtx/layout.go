package evtx

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"strconv"
	"strings"
)

// A Layout is the shape of a record: the columns it has. Records that use the
// same templates share one Layout, so that it can be compared by identity and
// what depends on it be worked out once. It never changes.
type Layout struct {
	Columns []Column
	// The columns of the System element that readers ask for most; -1 where a
	// record has no such element.
	EventID, Provider, Channel, Computer, TimeCreated int

	plans []plan
	names map[string]int
	// For Screen: the columns that are not settled, those of them that are
	// made of several parts, and the texts of those that are settled.
	free, mixed []int32
	constants   []byte
	// nodes is what a record of this shape expands to, and err says that such
	// records are refused; see the limits.
	nodes int
	err   error
}

// Limits to what a record may expand to, so that a crafted template that names
// one value, or one nested fragment, over and over makes no gigabytes. Records
// of real logs name a value once or twice and have some hundred nodes, and a
// chunk holds some hundred of them.
const (
	maxNodes      = 1 << 16
	maxChunkNodes = 1 << 20
	maxReferences = 256
)

// A Column is one element or attribute that can have a value.
type Column struct {
	// Name is the field name that Sigma rules use: the name of a leaf of
	// System (EventID, Channel), element_attribute (Provider_Name,
	// EventID_Qualifiers), the Name of a Data element, Data for one without a
	// name, and the local name of any other element. A name that stands twice
	// is a field with several values.
	Name string
	// Path is where the value stands, such as Event/System/Provider/@Name.
	Path string
	// Constant is the text of a column that the template itself settles, the
	// same in every record of the layout, and Folded says that it is one.
	Constant string
	Folded   bool
}

// A plan says how to make the text of a column.
type plan struct {
	parts []part
	// element is the number of the array element that arrays among the parts
	// contribute; -1 is the whole array.
	element int32
	// state is that of a folded column.
	state State
}

// A part is a piece of a column's text: a value, or a literal with instance -1.
type part struct {
	literal  string
	instance int32
	slot     int32
	optional bool
}

// Index gives the first column of a name, or -1.
func (l *Layout) Index(name string) int {
	if i, ok := l.names[name]; ok {
		return i
	}
	return -1
}

// size is roughly the memory a layout takes.
func (l *Layout) size() int {
	n := 256
	for i := range l.Columns {
		c := &l.Columns[i]
		n += 160 + len(c.Name) + len(c.Path) + len(c.Constant) + 48*len(l.plans[i].parts)
	}
	return n
}

// layoutOf gives the layout of the record that was just parsed. Most records are
// one template with one nested in it, which was nested in the same one before.
func (d *Decoder) layoutOf() *Layout {
	known := d.latest
	simple := known != nil && len(d.instances) == 2 && !d.arrays && known.template == d.instances[1].template
	if simple && known.outer == d.instances[0].template && known.slot == d.instances[1].slot {
		return known.layout
	}
	l := d.cache.layout(d.layoutKey(), func() *Layout { return compileLayout(&d.parts) })
	if simple {
		known.outer, known.slot, known.layout = d.instances[0].template, d.instances[1].slot, l
	}
	return l
}

// layoutKey writes what a layout depends on: the templates, where they nest,
// and the lengths of the arrays.
func (d *Decoder) layoutKey() []byte {
	key := d.key[:0]
	for i := range d.instances {
		n := &d.instances[i]
		key = binary.AppendUvarint(key, n.template.id)
		key = binary.AppendVarint(key, int64(n.parent))
		key = binary.AppendVarint(key, int64(n.slot))
	}
	if d.arrays {
		key = append(key, 0)
		for i := range d.values {
			if v := &d.values[i]; v.kind&TypeArray != 0 {
				key = binary.AppendUvarint(key, uint64(i))
				key = binary.AppendUvarint(key, uint64(repeats(arrayLength(v.kind, d.window(*v)))))
			}
		}
	}
	d.key = key
	return key
}

// repeats is the number of columns for an array of n elements: n, rounded up
// to a power of two to bound the number of layouts. Columns past the array's
// end are absent.
func repeats(n int) int {
	if n <= 1 {
		return 1
	}
	return 1 << bits.Len(uint(n-1))
}

// A layoutBuilder walks the trees of a record's templates and makes columns.
type layoutBuilder struct {
	*parts
	layout *Layout
	// times is how often the current element is repeated, by the arrays in it
	// and in those around it; repeated, whether there is one in it.
	times    int
	repeated bool
	// visits counts nodes, references those of each value.
	visits     int
	references map[int]int
}

func compileLayout(p *parts) *Layout {
	b := layoutBuilder{parts: p, layout: &Layout{names: map[string]int{}}, times: 1, references: map[int]int{}}
	b.nodes(b.instances[0].template.nodes, 0, func(n *node, instance int32) {
		if n.kind == nodeElement {
			b.root(n, instance)
		}
	})
	l := b.layout
	if l.err != nil {
		return &Layout{err: l.err, nodes: b.visits}
	}
	l.nodes = b.visits
	for i := range l.Columns {
		if _, ok := l.names[l.Columns[i].Name]; !ok {
			l.names[l.Columns[i].Name] = i
		}
	}
	l.EventID = l.path("Event/System/EventID")
	l.Provider = l.path("Event/System/Provider/@Name")
	l.Channel = l.path("Event/System/Channel")
	l.Computer = l.path("Event/System/Computer")
	l.TimeCreated = l.path("Event/System/TimeCreated/@SystemTime")
	l.findFree()
	return l
}

func (l *Layout) path(path string) int {
	for i := range l.Columns {
		if l.Columns[i].Path == path {
			return i
		}
	}
	return -1
}

// nodes visits nodes, and in place of a slot that holds nested BinXML the nodes
// of that. It stops at a limit.
func (b *layoutBuilder) nodes(nodes []node, instance int32, visit func(*node, int32)) {
	for i := range nodes {
		n := &nodes[i]
		if b.limit(n, instance); b.layout.err != nil {
			return
		}
		if n.kind == nodeSlot {
			if v, ok := b.value(instance, n.number); ok && v.nested > 0 {
				b.nodes(b.instances[v.nested].template.nodes, v.nested, visit)
				continue
			}
		}
		visit(n, instance)
	}
}

// limit counts a node, and what it refers to, as often as it will be rendered.
func (b *layoutBuilder) limit(n *node, instance int32) {
	b.visits += b.times
	if b.visits > maxNodes {
		b.layout.err = fmt.Errorf("%w: more than %d nodes", ErrNesting, maxNodes)
	}
	if n.kind != nodeSlot {
		return
	}
	count := b.times
	if v, ok := b.value(instance, n.number); ok && v.kind&TypeArray != 0 && b.repeated {
		count = 1 // each repetition has its own element
	}
	// Also for a value that is not there: other records of the layout have it.
	at := int(instance)<<16 | n.number
	if b.references[at] += count; b.references[at] > maxReferences {
		b.layout.err = fmt.Errorf("%w: a value stands more than %d times", ErrNesting, maxReferences)
	}
}

// value gives a value of an instance by its slot.
func (p *parts) value(instance int32, slot int) (value, bool) {
	n := &p.instances[instance]
	if slot < 0 || slot >= int(n.count) {
		return value{}, false
	}
	return p.values[int(n.first)+slot], true
}

// root takes the Event element, whose children are the sections of an event. An
// element of another name is taken as a section of its own.
func (b *layoutBuilder) root(n *node, instance int32) {
	if n.name != "Event" {
		b.element(n, instance, "", "")
		return
	}
	b.nodes(n.children, instance, func(section *node, instance int32) {
		if section.kind == nodeElement {
			b.section(section, instance)
		}
	})
}

func (b *layoutBuilder) section(n *node, instance int32) {
	path := "Event/" + n.name
	prefix := ""
	if n.name == "RenderingInfo" { // its Level, Task, Keywords are texts, not System's numbers
		prefix = "RenderingInfo_"
	}
	b.attributes(n, instance, path, n.name)
	var content []part
	b.nodes(n.children, instance, func(child *node, instance int32) {
		if child.kind == nodeElement {
			b.element(child, instance, path, prefix)
			return
		}
		content = appendPart(content, child, instance)
	})
	if significant(content) {
		b.add(n.name, path, content, -1)
	}
}

// element makes the columns of an element. One that contains an array is
// repeated for each of its elements ([MS-EVEN6] section 3.1.4.7.5).
func (b *layoutBuilder) element(n *node, instance int32, path, prefix string) {
	name := prefix + localName(n.name)
	path = strings.TrimPrefix(path+"/"+n.name, "/")
	if n.name == "Data" {
		if field, ok := n.attributeText("Name"); ok && field != "" {
			name, path = prefix+field, path+"[@Name='"+field+"']"
		}
	}
	length, array := b.repetitions(n, instance)
	count, around, repeated := repeats(length), b.times, b.repeated
	b.times, b.repeated = b.times*count, array
	attributes := b.attributes(n, instance, path, name)
	content, children := b.leaf(n, instance, path, prefix)
	b.times, b.repeated = around, repeated
	if !significant(content) && (children || attributes > 0 || strings.HasPrefix(path, "Event/System/")) {
		return
	}
	if !array {
		b.add(name, path, content, -1)
		return
	}
	for i := range count {
		b.add(name, path, content, int32(i))
	}
}

// leaf collects the text of an element and makes the columns of its children.
func (b *layoutBuilder) leaf(n *node, instance int32, path, prefix string) (content []part, children bool) {
	b.nodes(n.children, instance, func(child *node, instance int32) {
		if child.kind == nodeElement {
			children = true
			b.element(child, instance, path, prefix)
			return
		}
		content = appendPart(content, child, instance)
	})
	return content, children
}

// attributes makes the columns of an element's attributes, other than those
// that name it, and counts them.
func (b *layoutBuilder) attributes(n *node, instance int32, path, name string) int {
	count := 0
	for i := range n.attributes {
		a := &n.attributes[i]
		if a.name == "xmlns" || strings.HasPrefix(a.name, "xmlns:") || n.name == "Data" && a.name == "Name" {
			continue
		}
		var content []part
		b.nodes(a.value, instance, func(n *node, instance int32) {
			if n.kind != nodeElement {
				content = appendPart(content, n, instance)
			}
		})
		b.add(name+"_"+localName(a.name), path+"/@"+a.name, content, -1)
		count++
	}
	return count
}

func localName(name string) string {
	if i := strings.IndexByte(name, ':'); i >= 0 {
		return name[i+1:]
	}
	return name
}

// appendPart adds what a node contributes to a text; literals are joined.
func appendPart(content []part, n *node, instance int32) []part {
	if n.kind == nodeSlot {
		return append(content, part{instance: instance, slot: int32(n.number), optional: n.optional})
	}
	text, ok := n.constant()
	if !ok {
		return content
	}
	if last := len(content) - 1; last >= 0 && content[last].instance < 0 {
		content[last].literal += text
		return content
	}
	return append(content, part{instance: -1, literal: text})
}

// significant reports whether a text is more than white space between elements.
func significant(content []part) bool {
	for _, p := range content {
		if p.instance >= 0 || strings.TrimSpace(p.literal) != "" {
			return true
		}
	}
	return false
}

// repetitions gives the length of the first array among the values that stand
// directly in an element, and whether there is one.
func (p *parts) repetitions(n *node, instance int32) (int, bool) {
	for i := range n.children {
		if n.children[i].kind != nodeSlot {
			continue
		}
		if v, ok := p.value(instance, n.children[i].number); ok && v.kind&TypeArray != 0 {
			return max(arrayLength(v.kind, p.window(v)), 1), true
		}
	}
	return 0, false
}

func (b *layoutBuilder) add(name, path string, content []part, element int32) {
	column, p := Column{Name: name, Path: path}, plan{parts: content, element: element}
	if element > 0 {
		column.Path += "[" + strconv.Itoa(int(element)+1) + "]"
	}
	switch {
	case len(content) == 0:
		column.Folded, p.state = true, Null
	case len(content) == 1 && content[0].instance < 0:
		column.Folded, column.Constant, p.state = true, content[0].literal, Present
	}
	b.layout.Columns = append(b.layout.Columns, column)
	b.layout.plans = append(b.layout.plans, p)
}
