package sigma

import (
	"encoding/base64"
	"encoding/binary"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

func (it *item) contains(_ []string)   { it.place("contains", Contains) }
func (it *item) startsWith(_ []string) { it.place("startswith", StartsWith) }
func (it *item) endsWith(_ []string)   { it.place("endswith", EndsWith) }

// place opens the ends of the values that the relation leaves open.
func (it *item) place(name string, relation Relation) {
	for i := range it.operands {
		o := &it.operands[i]
		switch value := o.value.(type) {
		case String:
			value.Parts = open(value.Parts, relation != StartsWith, relation != EndsWith)
			o.value = value
		case Regexp:
			value.Source = anchor(value.Source, relation)
			o.value = value
		case FieldReference:
			value.Relation = relation.with(value.Relation)
			o.value = value
		default:
			it.wrongValue(o, name)
		}
	}
}

func (it *item) cased(_ []string) {
	for i := range it.operands {
		o := &it.operands[i]
		switch value := o.value.(type) {
		case String:
			value.Cased = true
			o.value = value
		case FieldReference:
			value.Cased = true
			o.value = value
		default:
			it.wrongValue(o, "cased")
		}
	}
}

func (it *item) base64(_ []string) {
	it.eachString("base64", func(o *operand, value String) {
		if text, ok := it.plainText(o, value, "base64"); ok {
			value.Parts = appendLiteral(nil, base64.StdEncoding.EncodeToString([]byte(text)))
			o.value = value
		}
	})
}

// base64Offset makes the three forms that a text can have inside of a longer
// text that was encoded as a whole, without the characters at the ends that
// also depend on its neighbours.
func (it *item) base64Offset(_ []string) {
	var shifted []operand
	it.eachString("base64offset", func(o *operand, value String) {
		text, ok := it.plainText(o, value, "base64offset")
		if !ok {
			return
		}
		for offset := range 3 {
			encoded := base64At(offset, text)
			if encoded == "" {
				it.parser.fail(o.at, "%s is too short to be found in base64", quote(o.source))
				return
			}
			form := *o
			form.value = String{Parts: appendLiteral(nil, encoded), Cased: value.Cased}
			shifted = append(shifted, form)
		}
	})
	it.operands = shifted
}

// base64At encodes text as if offset bytes stood before it. Three bytes make
// four characters of six bits; a character is dropped when it holds a bit of
// another byte.
func base64At(offset int, text string) string {
	encoded := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat(" ", offset) + text))
	first := (offset*8 + 5) / 6
	last := (offset + len(text)) * 8 / 6
	if first >= last {
		return ""
	}
	return encoded[first:last]
}

// encode replaces the literals by their bytes in another encoding.
func (it *item) encode(encoding func(string) string) {
	it.eachString("wide", func(o *operand, value String) {
		value.Parts = slices.Clone(value.Parts)
		for i, part := range value.Parts {
			if part.Kind == Literal {
				value.Parts[i].Literal = encoding(part.Literal)
			}
		}
		o.value = value
	})
}

func (it *item) utf16WithMark(_ []string) {
	it.encode(utf16LittleEndian)
	it.eachString("utf16", func(o *operand, value String) {
		value.Parts = slices.Insert(slices.Clone(value.Parts), 0, Part{Kind: Literal, Literal: "\xff\xfe"})
		if len(value.Parts) > 1 && value.Parts[1].Kind == Literal {
			value.Parts[1].Literal = "\xff\xfe" + value.Parts[1].Literal
			value.Parts = value.Parts[1:]
		}
		o.value = value
	})
}

func utf16LittleEndian(text string) string { return encodeUTF16(binary.LittleEndian, text) }
func utf16BigEndian(text string) string    { return encodeUTF16(binary.BigEndian, text) }

func encodeUTF16(order binary.AppendByteOrder, text string) string {
	var encoded []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		encoded = order.AppendUint16(encoded, unit)
	}
	return string(encoded)
}

// dashes are what Windows programs take for the beginning of an option.
func dashes() []string { return []string{"-", "/", "–", "—", "―"} }

// windash lets the dashes that begin an option be any of those that Windows
// programs accept.
func (it *item) windash(_ []string) {
	var variants []operand
	it.eachString("windash", func(o *operand, value String) {
		for _, parts := range dashVariants(value.Parts, maxOperands-len(variants)) {
			variant := *o
			variant.value = String{Parts: parts, Cased: value.Cased}
			variants = append(variants, variant)
		}
	})
	it.operands = variants
}

// dashVariants is the product of the dashes over all places of a pattern
// where an option begins. It stops one above the limit.
func dashVariants(parts []Part, limit int) [][]Part {
	variants := [][]Part{nil}
	for _, part := range parts {
		if part.Kind != Literal {
			for i := range variants {
				variants[i] = append(variants[i], part)
			}
			continue
		}
		start := 0
		for _, dash := range optionDashes(part.Literal) {
			variants = extend(variants, part.Literal[start:dash.from], dashes(), limit)
			start = dash.to
		}
		variants = extend(variants, part.Literal[start:], []string{""}, limit)
	}
	return variants
}

// extend appends a literal, and each of the endings, to each variant.
func extend(variants [][]Part, literal string, endings []string, limit int) [][]Part {
	var extended [][]Part
	for _, variant := range variants {
		for _, ending := range endings {
			if len(extended) > limit {
				return extended
			}
			extended = append(extended, appendLiteral(slices.Clone(variant), literal+ending))
		}
	}
	return extended
}

// A dash is where one stands in a text.
type dash struct{ from, to int }

// optionDashes finds each dash that stands before a word character and not
// behind one, whichever of the five it is (Sigma's appendix on modifiers;
// pySigma looks for - and / only, as \B[-/]\b).
func optionDashes(text string) []dash {
	var places []dash
	for i, c := range text {
		if !strings.ContainsRune("-/–—―", c) {
			continue
		}
		end := i + utf8.RuneLen(c)
		before, _ := utf8.DecodeLastRuneInString(text[:i])
		after, _ := utf8.DecodeRuneInString(text[end:])
		if isWord(after) && !isWord(before) {
			places = append(places, dash{i, end})
		}
	}
	return places
}

func isWord(r rune) bool {
	return r == '_' || r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r))
}
