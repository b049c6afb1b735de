package evtxwriter

// An Element is an XML element.
type Element struct {
	Name       string
	Attributes []Attribute
	Children   []Node
}

// An Attribute is an attribute of an element; its value is a Text, a Value or
// a reference.
type Attribute struct {
	Name  string
	Value Node
}

// A Node is what stands in an element or an attribute: *Element, Text, Value,
// CDATA, CharacterReference, EntityReference or Instruction.
type Node interface {
	// encode appends the node. more says that another node follows it in
	// the same place.
	encode(f *fragment, more bool)
}

// Text is literal text: part of the template, not a value of the event.
type Text string

// CDATA is a section of literal text.
type CDATA string

// CharacterReference is a character by its UTF-16 code unit, as in &#228;.
type CharacterReference uint16

// EntityReference is a character by its name, as in &amp;.
type EntityReference string

// Instruction is a processing instruction.
type Instruction struct{ Target, Data string }

// substitution is a value with a fixed place among the values of a template.
type substitution struct {
	Value
	slot int
	// optional: the element or attribute is left out when the value is null.
	optional bool
}

// Tokens of BinXML, [MS-EVEN6] 2.2.12. moreFlag says that an element has
// attributes, or that more attributes, or more content, follow.
const (
	endOfFragmentToken        = 0x00
	openStartElementToken     = 0x01
	closeStartElementToken    = 0x02
	closeEmptyElementToken    = 0x03
	endElementToken           = 0x04
	valueToken                = 0x05
	attributeToken            = 0x06
	cdataToken                = 0x07
	characterReferenceToken   = 0x08
	entityReferenceToken      = 0x09
	instructionTargetToken    = 0x0a
	instructionDataToken      = 0x0b
	templateInstanceToken     = 0x0c
	substitutionToken         = 0x0d
	optionalSubstitutionToken = 0x0e
	fragmentHeaderToken       = 0x0f
	moreFlag                  = 0x40
)

// noDependency is the dependency identifier of an element that always stands.
const noDependency = 0xffff

// A fragment is BinXML being appended to a chunk.
type fragment struct {
	*chunk
	// template: substitutions take the place of values, and elements carry a
	// dependency identifier, which plain ones do not have.
	template bool
	values   []Value
}

func (e *Element) encode(f *fragment, _ bool) {
	token := byte(openStartElementToken)
	if len(e.Attributes) > 0 {
		token |= moreFlag
	}
	f.byte(token)
	if f.template {
		f.uint16(e.dependency())
	}
	size := f.reserveSize()
	f.name(e.Name)
	if len(e.Attributes) > 0 {
		e.encodeAttributes(f)
	}
	if len(e.Children) == 0 {
		f.byte(closeEmptyElementToken)
	} else {
		f.byte(closeStartElementToken)
		for i, child := range e.Children {
			child.encode(f, i < len(e.Children)-1)
		}
		f.byte(endElementToken)
	}
	f.fillSize(size)
}

func (e *Element) encodeAttributes(f *fragment) {
	size := f.reserveSize()
	for i, attribute := range e.Attributes {
		token := byte(attributeToken)
		if i < len(e.Attributes)-1 {
			token |= moreFlag
		}
		f.byte(token)
		f.name(attribute.Name)
		attribute.Value.encode(f, false)
	}
	f.fillSize(size)
}

// dependency is the slot of the optional value among the children: without it
// the element is left out.
func (e *Element) dependency() uint16 {
	for _, child := range e.Children {
		if s, ok := child.(substitution); ok && s.optional {
			return uint16(s.slot)
		}
	}
	return noDependency
}

func (s substitution) encode(f *fragment, more bool) {
	if !f.template {
		s.Value.encode(f, more)
		return
	}
	for len(f.values) <= s.slot {
		f.values = append(f.values, Value{})
	}
	f.values[s.slot] = s.Value
	token := byte(substitutionToken)
	if s.optional {
		token = optionalSubstitutionToken
	}
	f.byte(token)
	f.uint16(uint16(s.slot))
	f.byte(s.templateType())
}

func (v Value) encode(f *fragment, more bool) {
	switch {
	case f.template:
		substitution{Value: v, slot: len(f.values)}.encode(f, more)
	case v.nested != nil:
		v.nested.encode(f, more)
	case v.text != "":
		Text(v.text).encode(f, more)
	}
}

func (t Text) encode(f *fragment, more bool) {
	f.tokenWithMore(valueToken, more)
	f.byte(stringType)
	f.countedString(string(t))
}

func (c CDATA) encode(f *fragment, more bool) {
	f.tokenWithMore(cdataToken, more)
	f.countedString(string(c))
}

func (c CharacterReference) encode(f *fragment, more bool) {
	f.tokenWithMore(characterReferenceToken, more)
	f.uint16(uint16(c))
}

func (e EntityReference) encode(f *fragment, more bool) {
	f.tokenWithMore(entityReferenceToken, more)
	f.name(string(e))
}

func (i Instruction) encode(f *fragment, _ bool) {
	f.byte(instructionTargetToken)
	f.name(i.Target)
	f.byte(instructionDataToken)
	f.countedString(i.Data)
}

func (f *fragment) tokenWithMore(token byte, more bool) {
	if more {
		token |= moreFlag
	}
	f.byte(token)
}

// header begins a fragment: major and minor version 1.1, no flags.
func (f *fragment) header() {
	f.bytes([]byte{fragmentHeaderToken, 1, 1, 0})
}
