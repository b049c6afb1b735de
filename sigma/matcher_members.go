package sigma

import "strings"

// hasMembers says whether the current event has members of a field whose value
// is an object. They are looked for where a rule asks whether the field exists
// and it has no value itself, which is rare.
func (s *Session) hasMembers(number int32) bool {
	f := &s.matcher.fields.fields[number]
	if f.name == "" || f.source != nil {
		return false
	}
	schema := s.event.Schema()
	for column := range schema.Len() {
		name := schema.Column(column)
		if len(name) <= len(f.name) || name[len(f.name)] != '.' || !strings.HasPrefix(name, f.name) {
			continue
		}
		start := len(s.arena)
		text, state := s.event.AppendValue(s.arena, column)
		s.arena = text[:start]
		if state != Absent {
			return true
		}
	}
	return false
}
