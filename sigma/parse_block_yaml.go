package sigma

import (
	"encoding/binary"
	"slices"
	"strings"
	"unicode/utf8"
)

// parseBlockYAML reads the part of YAML that nearly all rules are written in,
// several times faster than the whole of it: block maps and lists, scalars on
// one line, literal and folded blocks. It gives up, with nil, at the first
// sign of anything else, a fault included; then parseAnyYAML has the word. A
// fuzz target proves that what it does read, it reads the same.
func parseBlockYAML(chunk yamlChunk) *node {
	return new(blockYAML).parse(chunk)
}

func (b *blockYAML) parse(chunk yamlChunk) *node {
	if !isBlockText(chunk.data) {
		return nil
	}
	*b = blockYAML{line: chunk.line, lines: b.lines[:0], nodes: b.nodes, stack: b.stack[:0]}
	b.split(string(chunk.data))
	b.skip()
	if b.at < len(b.lines) && isMarker([]byte(b.lines[b.at].text), "---") {
		if rest := strings.TrimLeft(b.text()[3:], " "); rest != "" && rest[0] != '#' {
			return nil
		}
		b.at++
		b.skip()
	}
	if b.at == len(b.lines) {
		return nil
	}
	root := b.block(0)
	b.skip()
	if b.failed || b.at < len(b.lines) {
		return nil
	}
	return root
}

// isBlockText reports whether the text has only characters whose part in YAML
// is plain: no tabs, no control characters, no line breaks but those of text
// files, and valid UTF-8.
func isBlockText(data []byte) bool {
	for i := 0; i < len(data); {
		if len(data)-i >= 8 && isPrintable(binary.LittleEndian.Uint64(data[i:])) {
			i += 8
			continue
		}
		c := data[i]
		switch {
		case c >= utf8.RuneSelf:
			r, size := utf8.DecodeRune(data[i:])
			if r == utf8.RuneError || r < 0xa0 || r == '\u2028' || r == '\u2029' || r == '\ufeff' || r&0xfffe == 0xfffe {
				return false
			}
			i += size
			continue
		case c == '\r':
			if i+1 == len(data) || data[i+1] != '\n' {
				return false
			}
		case c < ' ' && c != '\n' || c == 0x7f:
			return false
		}
		i++
	}
	return true
}

// isPrintable reports whether eight bytes are ASCII without control characters.
// A byte below a blank borrows from its top bit when a blank is taken away, and
// 0x7f sets it when one is added.
func isPrintable(word uint64) bool {
	return (word|(word-' '*oneBits)|(word+oneBits))&highBits == 0
}

// reuse forgets the nodes made so far and uses their room again.
func (b *blockYAML) reuse() {
	clear(b.nodes)
	b.nodes = b.nodes[:0]
}

// A blockYAML is a recursive descent over lines. It can read one document
// after another; the nodes of all of them stay until reuse.
type blockYAML struct {
	lines []blockLine
	at    int // the line being read
	line  int // number of the first line
	// unended says that the last line has no line break.
	unended bool
	failed  bool
	depth   int
	made    int
	nodes   []node  // room for the next nodes
	stack   []*node // children of the collections being read
}

// A blockLine is a line without its break. Its indent moves to the right when
// what stands before has been read, as the dash of "- key: value".
type blockLine struct {
	text   string
	indent int
}

func (b *blockYAML) split(text string) {
	b.unended = !strings.HasSuffix(text, "\n")
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
		b.lines = append(b.lines, blockLine{line, leadingBlanks(line)})
	}
}

func leadingBlanks(text string) int {
	for i := range len(text) {
		if text[i] != ' ' {
			return i
		}
	}
	return len(text)
}

// text is what is left of the line.
func (b *blockYAML) text() string {
	line := b.lines[b.at]
	return line.text[line.indent:]
}

// skip goes to the next line with content.
func (b *blockYAML) skip() {
	for b.at < len(b.lines) {
		if text := b.text(); text != "" && text[0] != '#' {
			return
		}
		b.at++
	}
}

func (b *blockYAML) fail() *node {
	b.failed = true
	return nil
}

func (b *blockYAML) node(kind nodeKind, offset int) *node {
	if b.made++; b.made > maxNodes {
		b.failed = true
	}
	if len(b.nodes) == cap(b.nodes) {
		b.nodes = make([]node, 0, min(2*cap(b.nodes)+64, 4096))
	}
	b.nodes = append(b.nodes, node{
		kind: kind, line: b.line + b.at, column: utf8.RuneCountInString(b.lines[b.at].text[:offset]) + 1,
	})
	return &b.nodes[len(b.nodes)-1]
}

// block reads a map or a list that begins at the current line and is indented
// by at least indent.
func (b *blockYAML) block(indent int) *node {
	line := b.lines[b.at]
	if b.depth++; b.depth > maxDepth || line.indent < indent {
		return b.fail()
	}
	defer func() { b.depth-- }()
	if isDash(line.text[line.indent:]) {
		return b.list(line.indent)
	}
	return b.mapping(line.indent)
}

func isDash(text string) bool {
	return text[0] == '-' && (len(text) == 1 || text[1] == ' ')
}

// next goes to the next line and reports whether it is one of a collection
// that is indented by indent.
func (b *blockYAML) next(indent int) bool {
	b.skip()
	if b.failed || b.at == len(b.lines) || b.lines[b.at].indent < indent {
		return false
	}
	if b.lines[b.at].indent > indent {
		b.failed = true
	}
	return !b.failed
}

func (b *blockYAML) mapping(indent int) *node {
	mapping := b.node(mappingNode, indent)
	base := len(b.stack)
	for b.next(indent) {
		key, rest := b.key(indent)
		if key == nil {
			return b.fail()
		}
		b.stack = append(b.stack, key)
		b.stack = append(b.stack, b.value(indent, rest, true))
	}
	b.collect(mapping, base)
	return mapping
}

func (b *blockYAML) list(indent int) *node {
	list := b.node(sequenceNode, indent)
	base := len(b.stack)
	for b.next(indent) && isDash(b.text()) {
		b.stack = append(b.stack, b.element(indent))
	}
	b.collect(list, base)
	return list
}

func (b *blockYAML) collect(into *node, base int) {
	into.children = slices.Clone(b.stack[base:])
	b.stack = b.stack[:base]
}

// element reads what stands behind a dash.
func (b *blockYAML) element(indent int) *node {
	line := &b.lines[b.at]
	start := indent + 1 + leadingBlanks(line.text[indent+1:])
	if start == len(line.text) || line.text[start] == '#' {
		return b.value(indent, indent+1, false)
	}
	line.indent = start
	if isDash(b.text()) {
		return b.block(start)
	}
	if _, _, after := plainOrQuotedKey(b.text()); after > 0 {
		return b.block(start)
	}
	return b.value(indent, start, false)
}

// value reads what stands behind a colon or a dash, from an offset in the
// line: a scalar, or a block on the lines below. A list below a key may stand
// under the key itself.
func (b *blockYAML) value(indent, offset int, ofKey bool) *node {
	text := b.lines[b.at].text
	if start := offset + leadingBlanks(text[offset:]); start < len(text) && text[start] != '#' {
		return b.scalar(indent, start)
	}
	empty := b.node(scalarNode, offset)
	b.at++
	b.skip()
	if b.at == len(b.lines) {
		return empty
	}
	below := b.lines[b.at].indent
	switch {
	case below > indent:
		return b.block(indent + 1)
	case below == indent && ofKey && isDash(b.text()):
		return b.block(indent)
	}
	return empty
}

// key reads a key at the indent, and returns where its value begins.
func (b *blockYAML) key(indent int) (*node, int) {
	value, quoted, after := plainOrQuotedKey(b.text())
	if after == 0 || value == "<<" && !quoted {
		return nil, 0
	}
	key := b.node(scalarNode, indent)
	key.value, key.quoted = value, quoted
	return key, indent + after
}

// plainOrQuotedKey cuts a key off a text; after is the offset behind its colon,
// and 0 when the text does not begin with a key.
func plainOrQuotedKey(text string) (key string, quoted bool, after int) {
	const longest = 1000 // YAML allows 1024 characters
	switch {
	case text[0] == '\'' || text[0] == '"':
		value, length := quotedScalar(text)
		if length == 0 || length > longest || !isColon(text[length:]) {
			return "", false, 0
		}
		return value, true, length + 1
	case !beginsPlain(text):
		return "", false, 0
	}
	for i := range min(len(text), longest) {
		switch text[i] {
		case ':':
			if isColon(text[i:]) {
				return strings.TrimRight(text[:i], " "), false, i + 1
			}
		case '#':
			if text[i-1] == ' ' {
				return "", false, 0
			}
		}
	}
	return "", false, 0
}

func isColon(text string) bool {
	return text != "" && text[0] == ':' && (len(text) == 1 || text[1] == ' ')
}

// beginsPlain reports whether a text can be a plain scalar (YAML 1.2.2, 7.3.3).
func beginsPlain(text string) bool {
	switch text[0] {
	case '-', '?', ':':
		return len(text) > 1 && text[1] != ' '
	case ',', '[', ']', '{', '}', '#', '&', '*', '!', '|', '>', '\'', '"', '%', '@', '`':
		return false
	}
	return true
}

// scalar reads the scalar at an offset of the line and goes to the next line.
func (b *blockYAML) scalar(indent, offset int) *node {
	text := b.lines[b.at].text[offset:]
	scalar := b.node(scalarNode, offset)
	switch {
	case text[0] == '\'' || text[0] == '"':
		value, length := quotedScalar(text)
		if length == 0 || !isRest(text[length:]) {
			return b.fail()
		}
		scalar.value, scalar.quoted = value, true
	case text[0] == '|' || text[0] == '>':
		return b.literal(scalar, indent, text)
	case beginsPlain(text):
		if i := strings.Index(text, " #"); i >= 0 {
			text = text[:i]
		}
		text = strings.TrimRight(text, " ")
		if strings.Contains(text, ": ") || strings.HasSuffix(text, ":") {
			return b.fail()
		}
		scalar.value = text
	default:
		return b.fail()
	}
	b.at++
	return scalar
}

// isRest reports whether nothing but a comment follows a scalar.
func isRest(text string) bool {
	rest := strings.TrimLeft(text, " ")
	return rest == "" || rest[0] == '#' && len(rest) < len(text)
}

// quotedScalar reads a quoted scalar at the beginning of a text. Its length is
// 0 when it does not end on the line, or has escapes other than the simplest.
func quotedScalar(text string) (value string, length int) {
	quotes := text[:1]
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == '\\' && quotes == `"`:
			if i+1 == len(text) || text[i+1] != '\\' && text[i+1] != '"' {
				return "", 0
			}
			i++
		case text[i:i+1] != quotes:
		case quotes == `'` && i+1 < len(text) && text[i+1] == '\'':
			i++
		case quotes == `'`:
			return strings.ReplaceAll(text[1:i], `''`, `'`), i + 1
		default:
			return strings.NewReplacer(`\\`, `\`, `\"`, `"`).Replace(text[1:i]), i + 1
		}
	}
	return "", 0
}

// literal reads a block of text below a | or, when no line of it is indented
// more or blank, a >.
func (b *blockYAML) literal(scalar *node, indent int, header string) *node {
	folded, strip := header[0] == '>', len(header) > 1 && header[1] == '-'
	rest := header[1:]
	if strip {
		rest = header[2:]
	}
	if !isRest(rest) {
		return b.fail()
	}
	b.at++
	lines := b.literalLines(indent)
	if len(lines) == 0 || folded && !foldsSimply(lines) {
		return b.fail()
	}
	scalar.quoted = true
	separator := "\n"
	if folded {
		separator = " "
	}
	scalar.value = strings.Join(lines, separator)
	if atEnd := b.at == len(b.lines) && b.unended; !strip && !atEnd {
		scalar.value += "\n"
	}
	return scalar
}

// literalLines takes the lines of a block that is indented more than indent,
// without the blank ones at its end; none when the block is not plain.
func (b *blockYAML) literalLines(indent int) []string {
	first := b.at
	for first < len(b.lines) && b.lines[first].text == "" {
		first++
	}
	if first == len(b.lines) || b.lines[first].indent <= indent {
		return nil
	}
	own := b.lines[first].indent
	var lines []string
	for ; b.at < len(b.lines); b.at++ {
		line := b.lines[b.at]
		switch {
		case line.text == "":
			lines = append(lines, "")
		case line.indent == len(line.text):
			return nil // only blanks: the rules for them are many
		case line.indent < own:
			return withoutBlankEnd(lines)
		default:
			lines = append(lines, line.text[own:])
		}
	}
	return withoutBlankEnd(lines)
}

func withoutBlankEnd(lines []string) []string {
	for len(lines) > 0 && lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

func foldsSimply(lines []string) bool {
	for _, line := range lines {
		if line == "" || line[0] == ' ' {
			return false
		}
	}
	return true
}
