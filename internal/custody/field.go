package custody

import (
	"bytes"
	"strconv"
)

// maxDepth is how deeply objects and arrays may be nested in a leaf.
const maxDepth = 64

// eachField calls visit with each field of a JSON object, in the order in which
// they stand. The path is valid only during the call.
func eachField(data []byte, visit func(path, value []byte) error) error {
	return (&scanner{visit: visit}).each(data)
}

// A scanner goes through JSON without white space. It takes the values as they
// are: what matters here is that two texts never have the same fields.
type scanner struct {
	data  []byte
	at    int
	path  []byte
	visit func(path, value []byte) error
}

// each goes through an object from its beginning.
func (s *scanner) each(data []byte) error {
	s.data, s.at, s.path = data, 0, append(s.path[:0], '[')
	return s.all()
}

// all goes through the whole object.
func (s *scanner) all() error {
	if s.peek() != '{' {
		return s.fail("not an object")
	}
	if err := s.value(0); err != nil {
		return err
	}
	if s.at != len(s.data) {
		return s.fail("more after the object")
	}
	return nil
}

func (s *scanner) fail(reason string) error { return &DataError{Offset: s.at, Reason: reason} }

// peek is the next byte, 0 at the end.
func (s *scanner) peek() byte {
	if s.at >= len(s.data) {
		return 0
	}
	return s.data[s.at]
}

func (s *scanner) take(want byte) bool {
	if s.peek() != want {
		return false
	}
	s.at++
	return true
}

// value goes through one value, which lies within depth others.
func (s *scanner) value(depth int) error {
	if depth > maxDepth {
		return s.fail("nested too deeply")
	}
	start := s.at
	switch s.peek() {
	case '{':
		if s.at++; !s.take('}') {
			return s.object(depth)
		}
	case '[':
		if s.at++; !s.numbers() {
			return s.array(depth)
		}
	case '"':
		if _, err := s.text(); err != nil {
			return err
		}
	default:
		if !s.word() {
			return s.fail("not a value")
		}
	}
	return s.found(s.data[start:s.at])
}

// found passes a field on.
func (s *scanner) found(value []byte) error {
	s.path = append(s.path, ']')
	err := s.visit(s.path, value)
	s.path = s.path[:len(s.path)-1]
	return err
}

// step goes through a value one key or index further.
func (s *scanner) step(key []byte, depth int) error {
	length := len(s.path)
	if length > 1 {
		s.path = append(s.path, ',')
	}
	s.path = append(s.path, key...)
	err := s.value(depth + 1)
	s.path = s.path[:length]
	return err
}

func (s *scanner) object(depth int) error {
	var keys keySet
	for {
		key, err := s.text()
		switch {
		case err != nil:
			return err
		case !keys.add(key):
			return s.fail("the key " + string(key) + " stands twice")
		case !s.take(':'):
			return s.fail("no colon after a key")
		}
		if err := s.step(key, depth); err != nil {
			return err
		}
		if s.take('}') {
			return nil
		}
		if !s.take(',') {
			return s.fail("neither a comma nor the end of the object")
		}
	}
}

func (s *scanner) array(depth int) error {
	var digits [20]byte
	for index := int64(0); ; index++ {
		if err := s.step(strconv.AppendInt(digits[:0], index, 10), depth); err != nil {
			return err
		}
		if s.take(']') {
			return nil
		}
		if !s.take(',') {
			return s.fail("neither a comma nor the end of the array")
		}
	}
}

// numbers goes past an array of nothing but numbers, or an empty one.
func (s *scanner) numbers() bool {
	end := bytes.IndexByte(s.data[s.at:], ']')
	if end < 0 {
		return false
	}
	for _, c := range s.data[s.at : s.at+end] {
		if (c < '0' || c > '9') && c != ',' && c != '-' && c != '+' && c != '.' && c != 'e' && c != 'E' {
			return false
		}
	}
	s.at += end + 1
	return true
}

// text goes past a string and returns it with its quotes.
func (s *scanner) text() ([]byte, error) {
	start := s.at
	if !s.take('"') {
		return nil, s.fail("no string")
	}
	for ; s.at < len(s.data); s.at++ {
		switch c := s.data[s.at]; {
		case c == '"':
			s.at++
			return s.data[start:s.at], nil
		case c == '\\':
			s.at++
		case c < ' ':
			return nil, s.fail("a control character in a string")
		}
	}
	s.at = len(s.data) // an escape may have gone past it
	return nil, s.fail("a string without an end")
}

// word goes past a number, true, false or null.
func (s *scanner) word() bool {
	start := s.at
	for {
		switch c := s.peek(); {
		case c >= '0' && c <= '9', c >= 'a' && c <= 'z', c == '-', c == '+', c == '.', c == 'E':
			s.at++
		default:
			return s.at > start
		}
	}
}

// A keySet holds the keys of one object. Few are compared one by one.
type keySet struct {
	few   [fewKeys][]byte
	count int
	many  map[string]bool
}

const fewKeys = 40

// add reports whether the key is new.
func (k *keySet) add(key []byte) bool {
	if k.many != nil {
		known := k.many[string(key)]
		k.many[string(key)] = true
		return !known
	}
	for _, other := range k.few[:k.count] {
		if bytes.Equal(other, key) {
			return false
		}
	}
	if k.count < fewKeys {
		k.few[k.count] = key
		k.count++
		return true
	}
	k.many = make(map[string]bool, 2*fewKeys)
	for _, other := range append(k.few[:], key) {
		k.many[string(other)] = true
	}
	return true
}
