package evtxwriter

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
)

// Types of BinXML values, [MS-EVEN6] 2.2.12. An array has the type of its
// elements and arrayFlag.
const (
	nullType       = 0x00
	stringType     = 0x01
	ansiType       = 0x02
	int8Type       = 0x03
	uint8Type      = 0x04
	int16Type      = 0x05
	uint16Type     = 0x06
	int32Type      = 0x07
	uint32Type     = 0x08
	int64Type      = 0x09
	uint64Type     = 0x0a
	float32Type    = 0x0b
	float64Type    = 0x0c
	boolType       = 0x0d
	binaryType     = 0x0e
	guidType       = 0x0f
	sizeType       = 0x10
	fileTimeType   = 0x11
	systemTimeType = 0x12
	sidType        = 0x13
	hex32Type      = 0x14
	hex64Type      = 0x15
	binXMLType     = 0x21
	arrayFlag      = 0x80
)

// A Value is a typed value of an event. In a template it is a substitution;
// in a plain element it is written as its text. The zero Value is Null.
type Value struct {
	kind   byte
	data   []byte
	text   string
	nested *Element // the content of a value of binXMLType
	// declared is the type the template states for a null value.
	declared byte
}

// Text returns the value as Windows shows it. The elements of an array are
// separated by newlines.
func (v Value) Text() string { return v.text }

// Null is the absent value of a string.
func Null() Value { return typedNull(stringType) }

func typedNull(declared byte) Value { return Value{declared: declared} }

// templateType is the type that the template states.
func (v Value) templateType() byte {
	if v.kind == nullType {
		return v.declared
	}
	return v.kind
}

// String is UTF-16 with the terminating zero that providers write.
func String(s string) Value {
	return Value{kind: stringType, data: append(encodeUTF16(s), 0, 0), text: s}
}

// unterminated is a string as the event service itself writes them.
func unterminated(s string) Value {
	return Value{kind: stringType, data: encodeUTF16(s), text: s}
}

// ANSI is a string of the system's code page, given as its bytes; its text is
// right for ASCII only.
func ANSI(s string) Value { return Value{kind: ansiType, data: []byte(s), text: s} }

// Int8 is a signed integer of 8 bits; so are the others of their size.
func Int8(n int8) Value   { return signed(int8Type, 1, int64(n)) }
func Int16(n int16) Value { return signed(int16Type, 2, int64(n)) }
func Int32(n int32) Value { return signed(int32Type, 4, int64(n)) }
func Int64(n int64) Value { return signed(int64Type, 8, n) }

// Uint8 is an unsigned integer of 8 bits; so are the others of their size.
func Uint8(n uint8) Value   { return unsigned(uint8Type, 1, uint64(n)) }
func Uint16(n uint16) Value { return unsigned(uint16Type, 2, uint64(n)) }
func Uint32(n uint32) Value { return unsigned(uint32Type, 4, uint64(n)) }
func Uint64(n uint64) Value { return unsigned(uint64Type, 8, n) }

// Hex32 and Hex64 are unsigned integers shown as 0x and lower-case digits.
func Hex32(n uint32) Value { return hexadecimal(hex32Type, 4, uint64(n)) }
func Hex64(n uint64) Value { return hexadecimal(hex64Type, 8, n) }

// Pointer is a size_t of a 64-bit system, which Windows declares win:Pointer,
// writes as HexInt64 and shows in hexadecimal.
func Pointer(n uint64) Value { return hexadecimal(hex64Type, 8, n) }

// Size is a value of the type SizeT itself; width is 4 or 8 bytes.
func Size(n uint64, width int) Value { return hexadecimal(sizeType, width, n) }

// Float32 is an IEEE 754 number of 32 bits.
func Float32(n float32) Value {
	return Value{kind: float32Type, data: binary.LittleEndian.AppendUint32(nil, math.Float32bits(n)),
		text: strconv.FormatFloat(float64(n), 'g', -1, 32)}
}

// Float64 is an IEEE 754 number of 64 bits.
func Float64(n float64) Value {
	return Value{kind: float64Type, data: binary.LittleEndian.AppendUint64(nil, math.Float64bits(n)),
		text: strconv.FormatFloat(n, 'g', -1, 64)}
}

// Bool is a truth value, which takes 32 bits.
func Bool(b bool) Value {
	var n uint32
	if b {
		n = 1
	}
	return Value{kind: boolType, data: binary.LittleEndian.AppendUint32(nil, n), text: strconv.FormatBool(b)}
}

// Binary is a string of bytes, shown as upper-case hexadecimal digits.
func Binary(b []byte) Value {
	return Value{kind: binaryType, data: b, text: strings.ToUpper(hex.EncodeToString(b))}
}

// GUID takes the text form, with or without braces. Text that is none makes
// the null value, as Writer.Write reports.
func GUID(s string) Value {
	data, ok := parseGUID(s)
	if !ok {
		return malformed("GUID", s)
	}
	return Value{kind: guidType, data: data, text: formatGUID(data)}
}

// FileTime is a time in units of 100 ns.
func FileTime(t time.Time) Value {
	return Value{kind: fileTimeType, data: binary.LittleEndian.AppendUint64(nil, fileTime(t)),
		text: t.UTC().Format("2006-01-02T15:04:05.0000000Z")}
}

// SystemTime is a time in milliseconds, in eight 16-bit parts.
func SystemTime(t time.Time) Value {
	t = t.UTC()
	parts := []int{t.Year(), int(t.Month()), int(t.Weekday()), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond() / 1e6}
	var data []byte
	for _, part := range parts {
		data = binary.LittleEndian.AppendUint16(data, uint16(part))
	}
	return Value{kind: systemTimeType, data: data, text: t.Format("2006-01-02T15:04:05.000Z")}
}

// SID takes the text form, such as S-1-5-18.
func SID(s string) Value {
	data, ok := parseSID(s)
	if !ok {
		return malformed("SID", s)
	}
	return Value{kind: sidType, data: data, text: s}
}

// Strings is an array of strings, each with its terminating zero.
func Strings(elements ...string) Value {
	var data []byte
	for _, s := range elements {
		data = append(append(data, encodeUTF16(s)...), 0, 0)
	}
	return Value{kind: stringType | arrayFlag, data: data, text: strings.Join(elements, "\n")}
}

// Array is an array of values of one type of fixed size.
func Array(elements ...Value) Value {
	var array Value
	texts := make([]string, len(elements))
	for i, element := range elements {
		if i > 0 && element.kind|arrayFlag != array.kind || element.kind <= ansiType || element.kind >= arrayFlag {
			return malformed("array", element.text)
		}
		array.kind = element.kind | arrayFlag
		array.data = append(array.data, element.data...)
		texts[i] = element.text
	}
	array.text = strings.Join(texts, "\n")
	return array
}

// BinXML is an element embedded as a value: an instance of its own template.
func BinXML(e *Element) Value { return Value{kind: binXMLType, nested: e} }

// malformedType is never written: Writer.Write returns the text as an error.
const malformedType = 0xff

func malformed(what, text string) Value {
	return Value{kind: malformedType, text: fmt.Sprintf("%q is not a valid %s", text, what)}
}

func signed(kind byte, width int, n int64) Value {
	return Value{kind: kind, data: littleEndian(uint64(n), width), text: strconv.FormatInt(n, 10)}
}

func unsigned(kind byte, width int, n uint64) Value {
	return Value{kind: kind, data: littleEndian(n, width), text: strconv.FormatUint(n, 10)}
}

func hexadecimal(kind byte, width int, n uint64) Value {
	return Value{kind: kind, data: littleEndian(n, width), text: "0x" + strconv.FormatUint(n, 16)}
}

func littleEndian(n uint64, width int) []byte {
	return binary.LittleEndian.AppendUint64(nil, n)[:width]
}

func encodeUTF16(s string) []byte {
	var data []byte
	for _, unit := range utf16.Encode([]rune(s)) {
		data = binary.LittleEndian.AppendUint16(data, unit)
	}
	return data
}

// fileTime counts 100 ns since 1601-01-01.
func fileTime(t time.Time) uint64 {
	const epochDifference = 11_644_473_600 // seconds from 1601 to 1970
	return uint64((t.Unix()+epochDifference)*1e7 + int64(t.Nanosecond()/100))
}

// parseGUID gives the bytes in storage order: the first three groups are
// little-endian numbers.
func parseGUID(s string) ([]byte, bool) {
	s = strings.TrimSuffix(strings.TrimPrefix(s, "{"), "}")
	groups := strings.Split(s, "-")
	if len(groups) != 5 || len(s) != 36 {
		return nil, false
	}
	data, err := hex.DecodeString(strings.Join(groups, ""))
	if err != nil || len(groups[0]) != 8 || len(groups[1]) != 4 || len(groups[2]) != 4 || len(groups[3]) != 4 {
		return nil, false
	}
	return swapGUID(data), true
}

func formatGUID(data []byte) string {
	b := swapGUID(data)
	return fmt.Sprintf("{%x-%x-%x-%x-%x}", b[0:4], b[4:6], b[6:8], b[8:10], b[10:16])
}

func swapGUID(b []byte) []byte {
	return []byte{b[3], b[2], b[1], b[0], b[5], b[4], b[7], b[6], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]}
}

// parseSID encodes a security identifier, [MS-DTYP] 2.4.2.
func parseSID(s string) ([]byte, bool) {
	parts := strings.Split(s, "-")
	if len(parts) < 3 || len(parts) > 3+15 || parts[0] != "S" || parts[1] != "1" {
		return nil, false
	}
	authority, err := strconv.ParseUint(parts[2], 10, 48)
	if err != nil {
		return nil, false
	}
	data := []byte{1, byte(len(parts) - 3)}
	data = append(data, binary.BigEndian.AppendUint64(nil, authority)[2:]...)
	for _, part := range parts[3:] {
		n, err := strconv.ParseUint(part, 10, 32)
		if err != nil {
			return nil, false
		}
		data = binary.LittleEndian.AppendUint32(data, uint32(n))
	}
	return data, true
}
