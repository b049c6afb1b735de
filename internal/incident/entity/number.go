package entity

import (
	"encoding/hex"
	"math"
)

// parseNumber reads numbers of processes and sessions: hexadecimal behind 0x,
// else decimal.
func parseNumber[T string | []byte](text T) (uint64, bool) {
	base := uint64(10)
	if len(text) > 2 && text[0] == '0' && text[1]|0x20 == 'x' {
		text, base = text[2:], 16
	}
	var number uint64
	for i := range len(text) {
		digit, ok := hexadecimalDigit(text[i])
		if !ok || uint64(digit) >= base || number > (math.MaxUint64-uint64(digit))/base {
			return 0, false
		}
		number = number*base + uint64(digit)
	}
	return number, len(text) > 0
}

// A guid is the bytes of a GUID in the order of its digits; zero is none.
type guid [16]byte

// parseGUID reads a GUID with or without braces; the null GUID is none.
func parseGUID[T string | []byte](text T) (guid, bool) {
	if len(text) == 38 && text[0] == '{' && text[37] == '}' {
		text = text[1:37]
	}
	var parsed guid
	if len(text) != 36 {
		return parsed, false
	}
	n := 0
	for i := range 36 {
		c := text[i]
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if c != '-' {
				return guid{}, false
			}
			continue
		}
		digit, ok := hexadecimalDigit(c)
		if !ok {
			return guid{}, false
		}
		parsed[n/2] = parsed[n/2]<<4 | digit
		n++
	}
	return parsed, parsed != guid{}
}

func hexadecimalDigit(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10, true
	}
	return 0, false
}

// String writes a GUID in lower case without braces; "" for none.
func (g guid) String() string {
	if g == (guid{}) {
		return ""
	}
	d := hex.EncodeToString(g[:])
	return d[:8] + "-" + d[8:12] + "-" + d[12:16] + "-" + d[16:20] + "-" + d[20:]
}

// isSystemSession tells the logon ids that every machine has for its own
// accounts: SYSTEM, NETWORK SERVICE, LOCAL SERVICE and anonymous
// ([MS-DTYP] and ntifs.h: 0x3e7, 0x3e4, 0x3e5, 0x3e6), and none.
func isSystemSession(id uint64) bool { return id == 0 || id >= 0x3e4 && id <= 0x3e7 }
