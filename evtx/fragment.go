package evtx

import (
	"encoding/binary"
	"fmt"
)

// A flattener turns one fragment of BinXML into its canonical form: the same
// tokens with names in place of offsets, so that equal templates are equal bytes
// wherever in whatever chunk they stand. It checks everything; compile, which
// reads the form, relies on that.
//
// The form is a string of operations, an op byte each, followed by a text (its
// length as uvarint, then UTF-8) or by a number as uvarint:
//
//	opElement name, opAttribute name, opCloseStart, opEnd,
//	opText text, opSlot number, opOptionalSlot number, opEntity name,
//	opCharacter number, opCDATA text, opTarget name, opData text
type flattener struct {
	chunk []byte
	at    int
	end   int
	out   []byte
	// plain is set for a fragment that stands for itself, with no template.
	// Its texts become slots, the texts' windows go to values, so that records
	// of one shape share a canonical form. Otherwise the fragment is the body
	// of a template definition, its texts are constants.
	plain  bool
	values []value
	first  int

	depth int
	// inTag is set between the start of an element and its '>'; inName while
	// the value of an attribute called Name is read, which belongs to the
	// shape even of a plain fragment.
	inTag, inName bool
	// dependency says whether elements carry a dependency identifier; it is
	// settled by the first one.
	dependency, settled bool
	text                []byte
	// gaps are the places in a definition of which not every byte matters.
	gaps []gap
}

const (
	opElement byte = iota + 1
	opAttribute
	opCloseStart
	opEnd
	opText
	opSlot
	opOptionalSlot
	opEntity
	opCharacter
	opCDATA
	opTarget
	opData
)

func (f *flattener) fault(err error, format string, arguments ...any) error {
	return fmt.Errorf("%w: %s at chunk offset %d", err, fmt.Sprintf(format, arguments...), f.at)
}

// need reports an error unless n more bytes are in the window.
func (f *flattener) need(n int) error {
	if n < 0 || n > f.end-f.at {
		return f.fault(ErrBinXML, "%d bytes wanted, %d left", n, f.end-f.at)
	}
	return nil
}

func (f *flattener) uint16() (int, error) {
	if err := f.need(2); err != nil {
		return 0, err
	}
	v := binary.LittleEndian.Uint16(f.chunk[f.at:])
	f.at += 2
	return int(v), nil
}

func (f *flattener) uint32() (uint32, error) {
	if err := f.need(4); err != nil {
		return 0, err
	}
	v := binary.LittleEndian.Uint32(f.chunk[f.at:])
	f.at += 4
	return v, nil
}

// ignore goes over bytes that do not matter.
func (f *flattener) ignore(n int) error {
	if err := f.need(n); err != nil {
		return err
	}
	f.gap(gap{at: f.at, size: n})
	f.at += n
	return nil
}

// gap notes a place of a definition; nobody asks for those of a plain fragment.
func (f *flattener) gap(g gap) {
	if !f.plain {
		f.gaps = append(f.gaps, g)
	}
}

func (f *flattener) putText(op byte, text []byte) {
	f.out = append(f.out, op)
	f.out = binary.AppendUvarint(f.out, uint64(len(text)))
	f.out = append(f.out, text...)
}

func (f *flattener) putNumber(op byte, number uint64) {
	f.out = binary.AppendUvarint(append(f.out, op), number)
}

// fragment reads tokens up to the end of the stream, or of the window.
func (f *flattener) fragment() error {
	for f.at < f.end {
		token := f.chunk[f.at]
		if token == tokenEnd && f.depth == 0 {
			return nil
		}
		if err := f.token(token); err != nil {
			return err
		}
	}
	if f.depth > 0 || f.inTag {
		return f.fault(ErrBinXML, "%d elements not closed", f.depth)
	}
	return nil
}

func (f *flattener) token(token byte) error {
	f.at++
	switch token &^ tokenMore {
	case tokenFragment:
		if err := f.need(3); err != nil {
			return err
		}
		f.at += 3
		return nil
	case tokenOpenElement:
		return f.openElement(token&tokenMore != 0)
	case tokenAttribute:
		return f.attribute()
	case tokenCloseStart, tokenCloseEmpty, tokenCloseElement:
		return f.closeElement(token)
	case tokenTemplate:
		return f.template()
	}
	if f.depth == 0 && token&^tokenMore != tokenPITarget && token&^tokenMore != tokenPIData {
		f.at--
		return f.fault(ErrBinXML, "token 0x%02x outside of an element", token)
	}
	return f.content(token)
}

// content reads what may stand in an element or in the value of an attribute.
func (f *flattener) content(token byte) error {
	switch token &^ tokenMore {
	case tokenValue:
		return f.value()
	case tokenSubstitution, tokenOptional:
		return f.substitution(token&^tokenMore == tokenOptional)
	case tokenCDATA:
		return f.counted(opCDATA)
	case tokenPIData:
		return f.counted(opData)
	case tokenCharacterRef:
		number, err := f.uint16()
		f.putNumber(opCharacter, uint64(number))
		return err
	case tokenEntityRef:
		return f.named(opEntity)
	case tokenPITarget:
		return f.named(opTarget)
	}
	f.at--
	return f.fault(ErrBinXML, "unknown token 0x%02x", token)
}

func (f *flattener) openElement(attributes bool) error {
	if f.inTag {
		return f.fault(ErrBinXML, "element within a start tag")
	}
	if f.depth++; f.depth > maxNesting {
		return f.fault(ErrNesting, "more than %d elements", maxNesting)
	}
	f.settleDependency()
	if f.dependency {
		if err := f.ignore(2); err != nil {
			return err
		}
	}
	if err := f.ignore(4); err != nil { // size of the element, not needed
		return err
	}
	if err := f.named(opElement); err != nil {
		return err
	}
	if attributes {
		if err := f.ignore(4); err != nil { // size of the attributes
			return err
		}
	}
	f.inTag = true
	return nil
}

// settleDependency finds out whether elements carry a dependency identifier.
// Those of template definitions do, those of plain fragments do not; a plain
// fragment from a tool that wrote one is told by a size that cannot be.
func (f *flattener) settleDependency() {
	if f.settled {
		return
	}
	f.settled = true
	f.dependency = !f.plain
	if f.plain && f.end-f.at >= 6 {
		without := binary.LittleEndian.Uint32(f.chunk[f.at:])
		with := binary.LittleEndian.Uint32(f.chunk[f.at+2:])
		left := uint32(f.end - f.at)
		f.dependency = without > left && with <= left
	}
}

func (f *flattener) attribute() error {
	if !f.inTag {
		return f.fault(ErrBinXML, "attribute outside of a start tag")
	}
	start := len(f.out)
	err := f.named(opAttribute)
	f.inName = err == nil && string(f.out[start+2:]) == "Name"
	return err
}

func (f *flattener) closeElement(token byte) error {
	f.inName = false
	if f.depth == 0 || f.inTag == (token == tokenCloseElement) {
		return f.fault(ErrBinXML, "token 0x%02x out of place", token)
	}
	f.inTag = false
	if token == tokenCloseStart {
		f.out = append(f.out, opCloseStart)
		return nil
	}
	f.out = append(f.out, opEnd)
	f.depth--
	return nil
}

// A name is: next name in the hash bucket (4), hash (2), number of units (2), the
// units, and a zero (2). It is referred to by its offset.
const (
	nameReferenceSize = 4
	nameLinkSize      = 6
	nameHeaderSize    = nameLinkSize + 2
	nameEndSize       = 2
)

// named reads a name and writes it after an op. A name is an offset in the
// chunk; on first use it stands inline, right behind its offset.
func (f *flattener) named(op byte) error {
	offset, err := f.uint32()
	if err != nil {
		return err
	}
	if int64(offset)+nameHeaderSize > int64(len(f.chunk)) {
		return f.fault(ErrBinXML, "name at %d", offset)
	}
	start := int(offset) + nameHeaderSize
	stop := start + 2*int(binary.LittleEndian.Uint16(f.chunk[start-2:]))
	if stop > len(f.chunk) {
		return f.fault(ErrBinXML, "name at %d is too long", offset)
	}
	f.gap(gap{at: f.at - nameReferenceSize, name: start - 2, stop: stop})
	if int(offset) == f.at {
		if err := f.need(stop + nameEndSize - f.at); err != nil {
			return err
		}
		f.at = stop + nameEndSize
	}
	f.text = appendUTF16(f.text[:0], f.chunk[start:stop])
	if len(f.text) == 0 || len(f.text) > 1024 {
		return f.fault(ErrBinXML, "name of %d bytes at %d", len(f.text), offset)
	}
	f.putText(op, f.text)
	return nil
}

// counted reads a number of units and that many.
func (f *flattener) counted(op byte) error {
	units, err := f.uint16()
	if err != nil {
		return err
	}
	if err := f.need(2 * units); err != nil {
		return err
	}
	f.constant(op, TypeString, 2*units)
	return nil
}

// constant takes a value of so many bytes that stands in the fragment itself.
func (f *flattener) constant(op byte, t ValueType, size int) {
	window := f.chunk[f.at : f.at+size]
	if f.plain && !f.inName && op == opText {
		f.slot(t, f.at, size)
	} else {
		f.text = appendValueText(f.text[:0], t, window)
		f.putText(op, f.text)
	}
	f.at += size
}

// slot adds a value of a plain fragment.
func (f *flattener) slot(t ValueType, at, size int) {
	f.putNumber(opSlot, uint64(len(f.values)-f.first))
	f.values = append(f.values, value{offset: uint32(at), size: uint16(size), kind: t})
}

// value reads a value token: its type, then a counted string, or the bytes that
// a value of the type takes.
func (f *flattener) value() error {
	if err := f.need(1); err != nil {
		return err
	}
	t := ValueType(f.chunk[f.at])
	f.at++
	size := elementSize(t)
	switch t {
	case TypeString:
		return f.counted(opText)
	case TypeANSIString, TypeBinary:
		n, err := f.uint16()
		if err != nil {
			return err
		}
		size = n
	case TypeSID:
		if err := f.need(8); err != nil {
			return err
		}
		size = 8 + 4*int(f.chunk[f.at+1])
	}
	if size == 0 && t != TypeNull && t != TypeANSIString && t != TypeBinary {
		return f.fault(ErrBinXML, "value of type 0x%02x", uint8(t))
	}
	if err := f.need(size); err != nil {
		return err
	}
	f.constant(opText, t, size)
	return nil
}

func (f *flattener) substitution(optional bool) error {
	number, err := f.uint16()
	if err != nil {
		return err
	}
	if err := f.need(1); err != nil { // the expected type, which values need not keep to
		return err
	}
	f.at++
	if f.plain {
		return f.fault(ErrBinXML, "substitution without a template")
	}
	op := opSlot
	if optional {
		op = opOptionalSlot
	}
	f.putNumber(op, uint64(number))
	return nil
}

// template takes a template instance within a plain fragment as a value that
// holds nested BinXML.
func (f *flattener) template() error {
	start := f.at - 1
	if !f.plain || f.inTag {
		return f.fault(ErrBinXML, "template instance out of place")
	}
	layout, err := layoutInstance(f.chunk, start, f.end)
	if err != nil {
		return err
	}
	stop := layout.stop(f.chunk)
	if stop > f.end {
		return valuesTruncated(start)
	}
	f.slot(TypeBinXML, start, stop-start)
	f.at = stop
	return nil
}
