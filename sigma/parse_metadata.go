package sigma

import (
	"encoding/binary"
	"slices"
	"strings"
	"unicode/utf16"
)

// metadata reads the keys that rules, correlations and filters share. Their
// content is not judged here: a rule with a wrong date still detects, and lint
// says what is wrong with it. Keys of known names must have the right shape.
func (p *parser) metadata(root *node, own ...string) Metadata {
	var m Metadata
	p.unique(root)
	for i := 0; i+1 < len(root.children); i += 2 {
		key, value := root.children[i], root.children[i+1]
		switch key.value {
		case "title":
			m.Title = p.text(key, value)
		case "id":
			m.ID = strings.ToLower(p.text(key, value))
		case "name":
			m.Name = p.text(key, value)
		case "taxonomy":
			m.Taxonomy = p.text(key, value)
		case "status":
			m.Status, _ = parseStatus(p.text(key, value))
		case "level":
			m.Level, _ = parseLevel(p.text(key, value))
		case "description":
			m.Description = p.text(key, value)
		case "license":
			m.License = p.text(key, value)
		case "author":
			m.Author = strings.Join(p.texts(key, value), ", ")
		case "date":
			m.Date = p.text(key, value)
		case "modified":
			m.Modified = p.text(key, value)
		case "references":
			m.References = p.texts(key, value)
		case "falsepositives":
			m.FalsePositives = p.texts(key, value)
		case "tags":
			m.Tags = p.texts(key, value)
		case "related":
			m.Related = p.related(value)
		default:
			if !slices.Contains(own, key.value) {
				if m.Custom == nil {
					m.Custom = make(map[string]any)
				}
				m.Custom[key.value] = value.plain()
			}
		}
	}
	return m
}

// text returns a single value; null is the empty text.
func (p *parser) text(key, value *node) string {
	if value.kind != scalarNode {
		p.fail(value, "%s must be a single value, not %v", key.value, value.kind)
		return ""
	}
	if value.isNull() {
		return ""
	}
	return value.value
}

// texts returns a list of single values; one value alone is a list of one.
func (p *parser) texts(key, value *node) []string {
	if value.kind == scalarNode {
		if text := p.text(key, value); text != "" {
			return []string{text}
		}
		return nil
	}
	if value.kind != sequenceNode {
		p.fail(value, "%s must be a list, not %v", key.value, value.kind)
		return nil
	}
	list := make([]string, 0, len(value.children))
	for _, element := range value.children {
		list = append(list, p.text(key, element))
	}
	return list
}

func (p *parser) related(value *node) []Related {
	if value.isNull() {
		return nil
	}
	if value.kind != sequenceNode {
		p.fail(value, "related must be a list of maps with id and type, not %v", value.kind)
		return nil
	}
	var list []Related
	for _, element := range value.children {
		if element.kind != mappingNode {
			p.fail(element, "related must be a list of maps with id and type, not of %v", element.kind)
			continue
		}
		list = append(list, Related{
			ID:   strings.ToLower(scalarText(element.get("id"))),
			Type: scalarText(element.get("type")),
		})
	}
	return list
}

func (p *parser) logSource(value *node) LogSource {
	var source LogSource
	if value == nil {
		return source
	}
	if value.kind != mappingNode {
		p.fail(value, "logsource must be a map, not %v", value.kind)
		return source
	}
	p.unique(value)
	for i := 0; i+1 < len(value.children); i += 2 {
		key, attribute := value.children[i], value.children[i+1]
		switch text := p.text(key, attribute); key.value {
		case "category":
			source.Category = text
		case "product":
			source.Product = text
		case "service":
			source.Service = text
		case "definition":
			source.Definition = text
		default:
			if source.Custom == nil {
				source.Custom = make(map[string]string)
			}
			source.Custom[key.value] = text
		}
	}
	return source
}

// plain is a node as any: string, bool, float64, nil, []any or map[string]any.
func (n *node) plain() any {
	switch n.kind {
	case sequenceNode:
		list := make([]any, 0, len(n.children))
		for _, child := range n.children {
			list = append(list, child.plain())
		}
		return list
	case mappingNode:
		entries := make(map[string]any, len(n.children)/2)
		for i := 0; i+1 < len(n.children); i += 2 {
			entries[n.children[i].value] = n.children[i+1].plain()
		}
		return entries
	}
	switch n.scalarType() {
	case nullScalar:
		return nil
	case booleanScalar:
		return n.text() == "true"
	case numberScalar:
		number, _ := parseNumber(n.value)
		return number
	}
	return n.value
}

func levels() []string {
	return []string{"", "informational", "low", "medium", "high", "critical"}
}

func parseLevel(text string) (Level, bool) {
	for i, name := range levels() {
		if i > 0 && strings.EqualFold(name, text) {
			return Level(i), true
		}
	}
	return NoLevel, false
}

// String is the word of the specification, empty for NoLevel.
func (l Level) String() string {
	if names := levels(); int(l) < len(names) {
		return names[l]
	}
	return ""
}

func statuses() []string {
	return []string{"", "stable", "test", "experimental", "deprecated", "unsupported"}
}

func parseStatus(text string) (Status, bool) {
	for i, name := range statuses() {
		if i > 0 && strings.EqualFold(name, text) {
			return Status(i), true
		}
	}
	return NoStatus, false
}

// String is the word of the specification, empty for NoStatus.
func (s Status) String() string {
	if names := statuses(); int(s) < len(names) {
		return names[s]
	}
	return ""
}

// decodeUTF16 returns data that begins with a byte order mark of UTF-16 as
// UTF-8, and nil when it does not: Windows editors still save such files.
func decodeUTF16(data []byte) []byte {
	if len(data) < 2 {
		return nil
	}
	var order binary.ByteOrder
	switch {
	case data[0] == 0xff && data[1] == 0xfe:
		order = binary.LittleEndian
	case data[0] == 0xfe && data[1] == 0xff:
		order = binary.BigEndian
	default:
		return nil
	}
	units := make([]uint16, 0, len(data)/2)
	for data = data[2:]; len(data) >= 2; data = data[2:] {
		units = append(units, order.Uint16(data))
	}
	return []byte(string(utf16.Decode(units)))
}
