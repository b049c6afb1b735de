package sigma

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// Limits on one YAML document. A rule of the public corpus has a few hundred
// nodes and a depth below ten.
const (
	maxNodes = 100_000
	maxDepth = 64
)

// A node is a YAML node with its aliases replaced by what they stand for.
type node struct {
	kind nodeKind
	// quoted says that a scalar is text whatever it looks like.
	quoted bool
	value  string
	line   int
	column int
	// children are the elements of a sequence, or key, value, key, value...
	children []*node
}

type nodeKind uint8

const (
	scalarNode nodeKind = iota
	sequenceNode
	mappingNode
)

func (k nodeKind) String() string {
	return [...]string{"a single value", "a list", "a map"}[k]
}

// scalarType is what a plain scalar stands for (YAML 1.2 core schema).
type scalarType uint8

const (
	textScalar scalarType = iota
	nullScalar
	booleanScalar
	numberScalar
)

func (n *node) scalarType() scalarType {
	if n.quoted {
		return textScalar
	}
	switch n.value {
	case "", "~", "null", "Null", "NULL":
		return nullScalar
	case "true", "True", "TRUE", "false", "False", "FALSE":
		return booleanScalar
	}
	if _, ok := parseNumber(n.value); ok {
		return numberScalar
	}
	return textScalar
}

func (n *node) isNull() bool {
	return n.kind == scalarNode && n.scalarType() == nullScalar
}

// text is the value as events show it. Hexadecimal and octal numbers that are
// not quoted are numbers to YAML, so they become decimal.
func (n *node) text() string {
	if n.quoted {
		return n.value
	}
	switch n.scalarType() {
	case booleanScalar:
		return strings.ToLower(n.value)
	case numberScalar:
		if len(n.value) > 2 && n.value[0] == '0' && strings.IndexByte("xob", n.value[1]) >= 0 {
			if number, err := strconv.ParseUint(n.value, 0, 64); err == nil {
				return strconv.FormatUint(number, 10)
			}
		}
	}
	return n.value
}

// get returns the value of a key of a mapping, or nil.
func (n *node) get(key string) *node {
	for i := 0; i+1 < len(n.children); i += 2 {
		if n.children[i].value == key {
			return n.children[i+1]
		}
	}
	return nil
}

// parseNumber reads a number as rules and events have it: an integer or a
// decimal fraction with an optional exponent, or hexadecimal with 0x.
func parseNumber(text string) (float64, bool) {
	digits := strings.TrimLeft(text, "+-")
	if len(text)-len(digits) > 1 || digits == "" {
		return 0, false
	}
	if len(digits) > 2 && digits[0] == '0' && strings.IndexByte("xXob", digits[1]) >= 0 {
		number, err := strconv.ParseUint(digits, 0, 64)
		if text[0] == '-' {
			return -float64(number), err == nil
		}
		return float64(number), err == nil
	}
	for _, c := range []byte(digits) {
		if (c < '0' || c > '9') && c != '.' && c != 'e' && c != 'E' && c != '+' && c != '-' {
			return 0, false
		}
	}
	if c := digits[0]; c != '.' && (c < '0' || c > '9') {
		return 0, false
	}
	number, err := strconv.ParseFloat(text, 64)
	return number, err == nil
}

// A yamlChunk is the text of one document of a stream.
type yamlChunk struct {
	data []byte
	line int // of its first byte, from 1
}

// splitDocuments cuts a stream at its document markers, so that an error in
// one document does not lose the others. "---" and "..." at the beginning of a
// line are markers wherever they stand (YAML 1.2.2, 9.1.2 and 9.1.3).
func splitDocuments(data []byte) []yamlChunk {
	var chunks []yamlChunk
	start, startLine := 0, 1
	line := 1
	for at := 0; at < len(data); line++ {
		end := len(data)
		if i := bytes.IndexByte(data[at:], '\n'); i >= 0 {
			end = at + i + 1
		}
		switch text := data[at:end]; {
		case isMarker(text, "---"):
			chunks = appendChunk(chunks, data[start:at], startLine)
			start, startLine = at, line
		case isMarker(text, "..."):
			chunks = appendChunk(chunks, data[start:at], startLine)
			start, startLine = end, line+1
		}
		at = end
	}
	return appendChunk(chunks, data[start:], startLine)
}

func isMarker(line []byte, marker string) bool {
	if len(line) < 3 || string(line[:3]) != marker {
		return false
	}
	return len(line) == 3 || strings.IndexByte(" \t\r\n", line[3]) >= 0
}

// appendChunk leaves out what holds nothing but comments and directives.
func appendChunk(chunks []yamlChunk, data []byte, line int) []yamlChunk {
	rest := bytes.TrimPrefix(data, []byte("---"))
	for text := range bytes.Lines(rest) {
		text = bytes.TrimSpace(bytes.TrimPrefix(text, []byte("\ufeff")))
		if len(text) > 0 && text[0] != '#' && text[0] != '%' {
			return append(chunks, yamlChunk{data, line})
		}
	}
	return chunks
}

// parseYAML reads one document. Lines of the nodes count from the beginning of
// the file.
func parseYAML(chunk yamlChunk) (*node, *yamlError) {
	return new(blockYAML).parseYAML(chunk)
}

func (b *blockYAML) parseYAML(chunk yamlChunk) (*node, *yamlError) {
	if root := b.parse(chunk); root != nil {
		return root, nil
	}
	return parseAnyYAML(chunk)
}

// A yamlError is a fault of the YAML itself.
type yamlError struct {
	line, column int
	message      string
}

// parseAnyYAML reads the whole of YAML.
func parseAnyYAML(chunk yamlChunk) (*node, *yamlError) {
	if err := notUTF8(chunk); err != nil {
		return nil, err
	}
	loader, err := yaml.NewLoader(bytes.NewReader(chunk.data), yaml.WithUniqueKeys(false))
	if err != nil {
		return nil, &yamlError{chunk.line, 0, err.Error()}
	}
	var document yaml.Node
	if err := loader.Load(&document); err != nil {
		return nil, newYAMLError(err, chunk.line)
	}
	if len(document.Content) != 1 {
		return nil, &yamlError{chunk.line, 0, "the document is empty"}
	}
	c := nodeConverter{lines: chunk.line - 1, left: maxNodes}
	return c.convert(document.Content[0], 0)
}

// notUTF8 says where a document has a byte that is not UTF-8: the library does
// not know the place.
func notUTF8(chunk yamlChunk) *yamlError {
	for at := 0; at < len(chunk.data); {
		_, size := utf8.DecodeRune(chunk.data[at:])
		if size > 1 || chunk.data[at] < utf8.RuneSelf {
			at += size
			continue
		}
		before := chunk.data[:at]
		line := bytes.Count(before, []byte("\n"))
		column := utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:])
		return &yamlError{chunk.line + line, column + 1, fmt.Sprintf("byte 0x%x is not UTF-8: save the file as UTF-8", chunk.data[at])}
	}
	return nil
}

func newYAMLError(err error, line int) *yamlError {
	var fault *yaml.LoadError
	if errors.As(err, &fault) && fault.Mark.Line > 0 {
		return &yamlError{fault.Mark.Line + line - 1, fault.Mark.Column, "not valid YAML: " + fault.Message}
	}
	if errors.Is(err, io.EOF) {
		return &yamlError{line, 0, "the document is empty"}
	}
	return &yamlError{line, 0, "not valid YAML: " + err.Error()}
}

// A nodeConverter copies the nodes of the YAML library. Aliases are copied
// each time they are used, within the limits.
type nodeConverter struct {
	lines int // before the document
	left  int // nodes that may still be made
}

func (c *nodeConverter) convert(from *yaml.Node, depth int) (*node, *yamlError) {
	if c.left--; c.left < 0 {
		return nil, c.fail(from, fmt.Sprintf("more than %d nodes, aliases expanded", maxNodes))
	}
	if depth > maxDepth {
		return nil, c.fail(from, fmt.Sprintf("nested deeper than %d levels", maxDepth))
	}
	to := &node{line: from.Line + c.lines, column: from.Column}
	switch from.Kind {
	case yaml.AliasNode:
		return c.convert(from.Alias, depth+1)
	case yaml.ScalarNode:
		const quotes = yaml.SingleQuotedStyle | yaml.DoubleQuotedStyle | yaml.LiteralStyle | yaml.FoldedStyle
		to.value = from.Value
		to.quoted = from.Style&quotes != 0 || from.Style&yaml.TaggedStyle != 0 && from.Tag == "!!str"
		return to, nil
	case yaml.SequenceNode:
		to.kind = sequenceNode
	case yaml.MappingNode:
		to.kind = mappingNode
	default:
		return nil, c.fail(from, "unknown kind of YAML node")
	}
	return to, c.convertChildren(to, from, depth)
}

func (c *nodeConverter) convertChildren(to *node, from *yaml.Node, depth int) *yamlError {
	to.children = make([]*node, 0, len(from.Content))
	for _, child := range from.Content {
		converted, err := c.convert(child, depth+1)
		if err != nil {
			return err
		}
		to.children = append(to.children, converted)
	}
	if to.kind == mappingNode {
		return c.mergeKeys(to, from)
	}
	return nil
}

// mergeKeys replaces "<<: *anchor" by the entries of the anchored mapping that
// the mapping does not have itself (YAML 1.1 merge keys).
func (c *nodeConverter) mergeKeys(to *node, from *yaml.Node) *yamlError {
	own := make(map[string]bool, len(to.children)/2)
	merges := false
	for i := 0; i+1 < len(to.children); i += 2 {
		key := to.children[i]
		if key.kind != scalarNode {
			return c.fail(from.Content[i], "a key must be a single value")
		}
		own[key.value] = true
		merges = merges || isMergeKey(key, to.children[i+1])
	}
	if !merges {
		return nil
	}
	children := to.children
	to.children = nil
	for i := 0; i+1 < len(children); i += 2 {
		key, value := children[i], children[i+1]
		if !isMergeKey(key, value) {
			to.children = append(to.children, key, value)
			continue
		}
		for j := 0; j+1 < len(value.children); j += 2 {
			if inherited := value.children[j]; !own[inherited.value] {
				own[inherited.value] = true
				to.children = append(to.children, inherited, value.children[j+1])
			}
		}
	}
	return nil
}

func isMergeKey(key, value *node) bool {
	return key.value == "<<" && !key.quoted && value.kind == mappingNode
}

func (c *nodeConverter) fail(at *yaml.Node, message string) *yamlError {
	return &yamlError{at.Line + c.lines, at.Column, message}
}
