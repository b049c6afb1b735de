package evtx

import (
	"bytes"
	"encoding/binary"
	"math"
	"strconv"
	"time"
)

// A ValueType is the type of a value in a template instance. The names are
// those of the [MS-EVEN6] specification, section 2.2.12.
type ValueType uint8

const (
	TypeNull       ValueType = 0x00
	TypeString     ValueType = 0x01 // UTF-16, little endian
	TypeANSIString ValueType = 0x02
	TypeInt8       ValueType = 0x03
	TypeUInt8      ValueType = 0x04
	TypeInt16      ValueType = 0x05
	TypeUInt16     ValueType = 0x06
	TypeInt32      ValueType = 0x07
	TypeUInt32     ValueType = 0x08
	TypeInt64      ValueType = 0x09
	TypeUInt64     ValueType = 0x0a
	TypeReal32     ValueType = 0x0b
	TypeReal64     ValueType = 0x0c
	TypeBool       ValueType = 0x0d
	TypeBinary     ValueType = 0x0e
	TypeGUID       ValueType = 0x0f
	TypeSizeT      ValueType = 0x10
	TypeFileTime   ValueType = 0x11
	TypeSystemTime ValueType = 0x12
	TypeSID        ValueType = 0x13
	TypeHexInt32   ValueType = 0x14
	TypeHexInt64   ValueType = 0x15
	TypeEvtHandle  ValueType = 0x20
	TypeBinXML     ValueType = 0x21
	TypeEvtXML     ValueType = 0x23

	// TypeArray is a flag: the value is a sequence of values of the type.
	TypeArray ValueType = 0x80
)

// State says whether a column of one particular record has a value.
type State uint8

const (
	Absent  State = iota // this record has no such element or attribute
	Null                 // it is there without a value
	Present              // it has a value, perhaps the empty string
)

// empty reports whether a value has no text: the null type, or a type of fixed
// size that was stored with no bytes. A string of no bytes is a value.
func empty(t ValueType, b []byte) bool {
	switch t &^ TypeArray {
	case TypeNull:
		return true
	case TypeString, TypeANSIString, TypeBinary, TypeEvtXML:
		return false
	}
	return len(b) == 0
}

// appendValueText appends the text of one value that is not an array.
func appendValueText(dst []byte, t ValueType, b []byte) []byte {
	switch t {
	case TypeNull:
		return dst
	case TypeString, TypeEvtXML:
		return appendUTF16(dst, b)
	case TypeANSIString:
		return appendANSI(dst, b)
	case TypeInt8, TypeInt16, TypeInt32, TypeInt64:
		if v, ok := signed(b); ok {
			return strconv.AppendInt(dst, v, 10)
		}
	case TypeUInt8, TypeUInt16, TypeUInt32, TypeUInt64:
		if v, ok := unsigned(b); ok {
			return strconv.AppendUint(dst, v, 10)
		}
	case TypeHexInt32, TypeHexInt64, TypeSizeT, TypeEvtHandle:
		if v, ok := unsigned(b); ok {
			return strconv.AppendUint(append(dst, "0x"...), v, 16)
		}
	case TypeReal32:
		if v, ok := realNumber(t, b); ok {
			return strconv.AppendFloat(dst, v, 'g', -1, 32)
		}
	case TypeReal64:
		if v, ok := realNumber(t, b); ok {
			return strconv.AppendFloat(dst, v, 'g', -1, 64)
		}
	case TypeBool:
		return strconv.AppendBool(dst, truth(b))
	case TypeGUID:
		if len(b) == 16 {
			return appendGUID(dst, b)
		}
	case TypeFileTime:
		if len(b) == 8 {
			return appendFileTime(dst, binary.LittleEndian.Uint64(b))
		}
	case TypeSystemTime:
		if len(b) == 16 {
			return appendSystemTime(dst, b)
		}
	case TypeSID:
		if len(b) >= 8 && len(b) >= 8+4*int(b[1]) {
			return appendSID(dst, b)
		}
	}
	return appendBinary(dst, b)
}

// unsigned reads an integer of the size at hand, which in real files is not
// always that of its type.
func unsigned(b []byte) (uint64, bool) {
	switch len(b) {
	case 1:
		return uint64(b[0]), true
	case 2:
		return uint64(binary.LittleEndian.Uint16(b)), true
	case 4:
		return uint64(binary.LittleEndian.Uint32(b)), true
	case 8:
		return binary.LittleEndian.Uint64(b), true
	}
	return 0, false
}

func signed(b []byte) (int64, bool) {
	v, ok := unsigned(b)
	shift := 64 - 8*len(b)
	return int64(v<<(shift&63)) >> (shift & 63), ok
}

// truth is the value of a boolean, which is of 4 bytes but in some files of
// another size: any bit that is set makes it true.
func truth(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return true
		}
	}
	return false
}

func realNumber(t ValueType, b []byte) (float64, bool) {
	switch {
	case t == TypeReal32 && len(b) == 4:
		return float64(math.Float32frombits(binary.LittleEndian.Uint32(b))), true
	case t == TypeReal64 && len(b) == 8:
		return math.Float64frombits(binary.LittleEndian.Uint64(b)), true
	}
	return 0, false
}

const (
	lowerHex = "0123456789abcdef"
	upperHex = "0123456789ABCDEF"
)

func appendBinary(dst, b []byte) []byte {
	for _, c := range b {
		dst = append(dst, upperHex[c>>4], upperHex[c&15])
	}
	return dst
}

// guidOrder is the order in which the stored bytes of a GUID are written: its
// first three parts are little-endian numbers.
var guidOrder = [16]uint8{3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15}

func appendGUID(dst, b []byte) []byte {
	dst = append(dst, '{')
	for i, at := range guidOrder {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			dst = append(dst, '-')
		}
		dst = append(dst, lowerHex[b[at]>>4], lowerHex[b[at]&15])
	}
	return append(dst, '}')
}

// appendSID writes revision, authority (48 bits, big endian) and sub-authorities.
func appendSID(dst, b []byte) []byte {
	authority := uint64(binary.BigEndian.Uint16(b[2:]))<<32 | uint64(binary.BigEndian.Uint32(b[4:]))
	dst = strconv.AppendUint(append(dst, "S-"...), uint64(b[0]), 10)
	dst = strconv.AppendUint(append(dst, '-'), authority, 10)
	for i := range int(b[1]) {
		dst = strconv.AppendUint(append(dst, '-'), uint64(binary.LittleEndian.Uint32(b[8+4*i:])), 10)
	}
	return dst
}

// A FILETIME counts 100 ns from 1601-01-01.
const (
	ticksPerSecond = 10_000_000
	unixEpoch      = 11_644_473_600 // seconds from 1601 to 1970
	// endOfTime is the first FILETIME of the year 10000, which RFC 3339 cannot
	// write.
	endOfTime = 2650467744000000000
)

// fileTime converts a FILETIME. It is exact for every value.
func fileTime(ticks uint64) time.Time {
	return time.Unix(int64(ticks/ticksPerSecond)-unixEpoch, int64(ticks%ticksPerSecond)*100).UTC()
}

// appendFileTime writes RFC 3339 with all seven digits that a FILETIME has; a
// number when it is later than the year 9999.
func appendFileTime(dst []byte, ticks uint64) []byte {
	if ticks >= endOfTime {
		return strconv.AppendUint(dst, ticks, 10)
	}
	t := fileTime(ticks)
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	dst = appendDateTime(dst, year, int(month), day, hour, minute, second)
	return append(appendDigits(append(dst, '.'), int(ticks%ticksPerSecond), 7), 'Z')
}

// appendSystemTime writes a SYSTEMTIME: eight 16-bit numbers, the third being
// the day of the week. Its zone is not stored; Windows takes it as UTC.
func appendSystemTime(dst, b []byte) []byte {
	at := func(i int) int { return int(binary.LittleEndian.Uint16(b[2*i:])) }
	dst = appendDateTime(dst, at(0), at(1), at(3), at(4), at(5), at(6))
	return append(appendDigits(append(dst, '.'), at(7), 3), 'Z')
}

func appendDateTime(dst []byte, year, month, day, hour, minute, second int) []byte {
	dst = appendDigits(dst, year, 4)
	dst = appendDigits(append(dst, '-'), month, 2)
	dst = appendDigits(append(dst, '-'), day, 2)
	dst = appendDigits(append(dst, 'T'), hour, 2)
	dst = appendDigits(append(dst, ':'), minute, 2)
	return appendDigits(append(dst, ':'), second, 2)
}

// appendDigits writes a number with at least so many digits.
func appendDigits(dst []byte, v, width int) []byte {
	var digits [20]byte
	at := len(digits)
	for v > 0 || len(digits)-at < width {
		at--
		digits[at] = '0' + byte(v%10)
		v /= 10
	}
	return append(dst, digits[at:]...)
}

// elementSize is the size of one element of an array; 0 where it varies.
func elementSize(t ValueType) int {
	switch t &^ TypeArray {
	case TypeInt8, TypeUInt8:
		return 1
	case TypeInt16, TypeUInt16:
		return 2
	case TypeInt32, TypeUInt32, TypeReal32, TypeBool, TypeHexInt32:
		return 4
	case TypeInt64, TypeUInt64, TypeReal64, TypeFileTime, TypeHexInt64, TypeSizeT:
		return 8
	case TypeGUID, TypeSystemTime:
		return 16
	}
	return 0
}

// cutElement takes the first element off an array that is not empty. Strings
// end with a zero, SIDs know their length; what is left over is one element.
func cutElement(t ValueType, b []byte) (element, rest []byte) {
	size := len(b)
	switch base := t &^ TypeArray; base {
	case TypeString:
		if i := zeroUnit(b); i >= 0 {
			return b[:i], b[i+2:]
		}
	case TypeANSIString:
		if i := bytes.IndexByte(b, 0); i >= 0 {
			return b[:i], b[i+1:]
		}
	case TypeSID:
		if len(b) >= 8 {
			size = 8 + 4*int(b[1])
		}
	default:
		if n := elementSize(base); n > 0 {
			size = n
		}
	}
	size = min(size, len(b))
	return b[:size], b[size:]
}

// arrayLength counts the elements of an array.
func arrayLength(t ValueType, b []byte) int {
	if size := elementSize(t); size > 0 {
		return (len(b) + size - 1) / size
	}
	n := 0
	for len(b) > 0 {
		_, b = cutElement(t, b)
		n++
	}
	return n
}
