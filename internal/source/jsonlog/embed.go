package jsonlog

import (
	"bytes"
	"strings"

	"github.com/kulla-defence/kulla/internal/source/eventxml"
)

// isEmbedding says whether a string may hold the fields of an event: the
// columns of the tables of Azure, the Payload of EvtxECmd, the records in the
// answers of the audit services of Microsoft 365 and Amazon.
func isEmbedding(n *node) bool {
	switch strings.TrimPrefix(n.path(), "_source.") {
	case "EventData", "EventData_dynamic", "UserData", "Payload", "SyslogMessage",
		"AuditData", "CloudTrailEvent",
		"Properties", "properties", "Authorization", "Claims",
		"InitiatedBy", "TargetResources", "AdditionalDetails",
		"DeviceDetail", "LocationDetails", "Status", "MfaDetail", "NetworkLocationDetails",
		"Parameters", "OperationProperties", "ModifiedProperties", "ExtendedProperties", "Folders",
		"AdditionalFields", "AdditionalFields_string":
		return true
	}
	return false
}

// isWhole says whether a container is a column itself, since public rules
// look for text in it.
func isWhole(n *node) bool {
	switch n.key() {
	case "requestParameters", "responseElements",
		"targetResources", "TargetResources", "initiatedBy", "InitiatedBy", "networkLocationDetails", "NetworkLocationDetails",
		"Parameters", "OperationProperties", "SyslogMessage":
		return n.within == nil || n.within.within == nil || n.within.within.within == nil
	}
	return false
}

// isSection says whether the fields of a Windows event are in here. Where
// there are none, the section is no field of its own.
func isSection(n *node) bool {
	path := "." + n.path()
	for _, section := range []string{".System", ".EventData", ".EventData_dynamic", ".UserData", ".EventData.Data", ".winlog.event_data", ".winlog.user_data"} {
		if strings.HasSuffix(path, section) {
			return true
		}
	}
	return false
}

// isNamedData says whether objects here are pairs of a name and a value: Data
// elements as they come from XML, and the parameters of Exchange's cmdlets and
// of Google Workspace's events.
func isNamedData(n *node) bool {
	path := n.path()
	for _, wrapper := range wrappers {
		path = strings.TrimPrefix(path, wrapper)
	}
	switch path {
	case "EventData.Data", "Parameters", "OperationProperties", "ExtendedProperties", "events.parameters":
		return true
	}
	return strings.HasSuffix(path, ".EventData.Data")
}

// embedded scans a string that holds JSON or XML. When it holds neither, or is
// not valid, nothing is changed.
func (s *scanner) embedded(from, to int, before, within *node, raw []byte) (*node, bool) {
	text := s.data[from:to]
	opening := firstCharacter(text)
	if opening != '{' && opening != '[' && opening != '<' && !bytes.HasPrefix(text, auditPrefix) {
		return nil, false
	}
	windows, start := len(s.windows), len(s.scratch)
	s.scratch = appendUnescaped(s.scratch, text)
	node := s.trie.step(before, within, raw, embedded)
	ok := !node.whole || s.column(from, to, quoted) == ""
	switch {
	case !ok:
	case opening == '<' && bytes.Contains(s.scratch[start:], []byte("<System>")):
		node, ok = s.embeddedEvent(start, node)
	case opening == '<':
		node, ok = s.embeddedXML(start, node)
	case opening == 't':
		node, ok = s.embeddedAudit(start, node)
	default:
		node, ok = s.embeddedJSON(start, node)
	}
	if !ok {
		s.windows = s.windows[:windows]
	}
	return node, ok
}

func firstCharacter(text []byte) byte {
	var scratch [16]byte
	first := bytes.TrimLeft(appendUnescaped(scratch[:0], text[:min(len(text), 12)]), " \t\r\n")
	if len(first) == 0 {
		return 0
	}
	return first[0]
}

func (s *scanner) embeddedJSON(start int, n *node) (*node, bool) {
	outer, depth := s.data, s.depth
	s.data, s.origin = s.scratch, inScratch
	end, last, f := s.container(skipSpace(s.data, start), n, n)
	ok := f == "" && skipSpace(s.data, end) == len(s.data)
	s.data, s.origin, s.depth = outer, 0, depth
	return s.trie.step(last, n, nil, closing), ok
}

// embeddedXML takes the Data elements of an EventData element.
func (s *scanner) embeddedXML(start int, within *node) (*node, bool) {
	n, found := within, false
	for at, end := start, len(s.scratch); at < end; {
		element, ok := nextData(s.scratch[:end], at)
		if !ok {
			break
		}
		at, found = element.end, true
		name := s.scratch[element.name[0]:element.name[1]]
		if len(name) == 0 {
			name = []byte("Data")
		}
		n = s.trie.step(n, within, name, named)
		if s.xmlText(element) != "" {
			return n, false
		}
	}
	return s.trie.step(n, within, nil, closing), found
}

// xmlText adds the column of an element.
func (s *scanner) xmlText(element dataElement) fault {
	k := plain
	if element.empty {
		k = null
	}
	start, end := element.text[0], element.text[1]
	if text := s.scratch[start:end]; bytes.IndexByte(text, '&') >= 0 {
		start = len(s.scratch)
		s.scratch = eventxml.AppendText(s.scratch, text)
		end = len(s.scratch)
	}
	return s.scratchColumn(start, end, k)
}

// scratchColumn adds the window of a text in the scanner's own bytes.
func (s *scanner) scratchColumn(start, end int, k kind) fault {
	s.origin = inScratch
	f := s.column(start, end, k)
	s.origin = 0
	return f
}

// A dataElement is where the parts of <Data Name="…">…</Data> stand.
type dataElement struct {
	name, text [2]int
	empty      bool
	end        int
}

// nextData finds the next Data element from a place on.
func nextData(text []byte, at int) (dataElement, bool) {
	var e dataElement
	for {
		i := bytes.Index(text[at:], []byte("<Data"))
		if i < 0 {
			return e, false
		}
		at += i + len("<Data")
		if at < len(text) && (text[at] == '>' || text[at] == '/' || text[at] <= ' ') {
			break
		}
	}
	tag := bytes.IndexByte(text[at:], '>')
	if tag < 0 {
		return e, false
	}
	e.name = nameAttribute(text[:at+tag], at)
	e.end = at + tag + 1
	e.text = [2]int{e.end, e.end}
	if e.empty = text[e.end-2] == '/'; e.empty {
		return e, true
	}
	length := bytes.Index(text[e.end:], []byte("</Data>"))
	if length < 0 {
		return e, false
	}
	e.text[1] = e.end + length
	e.end = e.text[1] + len("</Data>")
	return e, true
}

// nameAttribute finds the value of Name in a tag that is open from a place on.
func nameAttribute(tag []byte, at int) [2]int {
	i := bytes.Index(tag[at:], []byte("Name="))
	if i < 0 || at+i+len("Name=") >= len(tag) {
		return [2]int{at, at}
	}
	start := at + i + len("Name=") + 1
	length := bytes.IndexByte(tag[start:], tag[start-1])
	if length < 0 {
		return [2]int{at, at}
	}
	return [2]int{start, start + length}
}

// A namedPair is a name and a value, which may be absent.
type namedPair struct {
	name  []byte
	value window
}

// namedData scans an object of a name and a text, and nothing else:
// {"@Name":"Image","#text":"…"}.
func (s *scanner) namedData(i int, n, within *node) (int, *node, bool) {
	pair := namedPair{value: window{kind: null}}
	end, ok := s.pairMembers(i, &pair, true)
	if !ok || len(pair.name) == 0 || bytes.IndexByte(pair.name, '\\') >= 0 {
		return 0, nil, false
	}
	n = s.trie.step(n, within, pair.name, named)
	return end, n, s.column(int(pair.value.start), int(pair.value.end), pair.value.kind) == ""
}

// pairMembers scans the members of the object that begins at a place. Attributes
// may be in an object of their own: {"#attributes":{"Name":"Image"},"#text":"…"}.
func (s *scanner) pairMembers(i int, pair *namedPair, outer bool) (end int, ok bool) {
	for i++; ; i++ {
		key, at, f := s.key(skipSpaceTo(s.data, i))
		if f != "" {
			return 0, false
		}
		at = skipSpace(s.data, at)
		if outer && string(key) == `"#attributes":` && at < len(s.data) && s.data[at] == '{' {
			end, ok = s.pairMembers(at, pair, false)
		} else {
			end, ok = s.pairMember(at, key, pair)
		}
		if !ok {
			return 0, false
		}
		if i = skipSpace(s.data, end); i >= len(s.data) || s.data[i] != ',' && s.data[i] != '}' {
			return 0, false
		}
		if s.data[i] == '}' {
			return i + 1, true
		}
	}
}

// pairMember scans the value of a key.
func (s *scanner) pairMember(at int, key []byte, pair *namedPair) (int, bool) {
	start, end, k, ok := s.simple(at)
	if !ok {
		return 0, false
	}
	switch string(key) {
	case `"@Name":`, `"Name":`, `"name":`:
		pair.name = s.data[start:end]
	case `"#text":`, `"Text":`, `"text":`, `"Value":`, `"value":`, `"boolValue":`, `"intValue":`:
		pair.value = window{int32(start), int32(end), k}
	default:
		return 0, false
	}
	if k == quoted {
		end++
	}
	return end, true
}

// skipSpaceTo skips space, and stops at the last byte at the latest.
func skipSpaceTo(data []byte, i int) int { return min(skipSpace(data, i), len(data)-1) }

// simple scans a value that is no container.
func (s *scanner) simple(i int) (start, end int, k kind, ok bool) {
	if i >= len(s.data) || s.data[i] == '{' || s.data[i] == '[' {
		return 0, 0, 0, false
	}
	if s.data[i] == '"' {
		end = closingQuote(s.data, i+1)
		return i + 1, end, quoted, end >= 0
	}
	end, k, f := scanLiteral(s.data, i)
	return i, end, k, f == ""
}
