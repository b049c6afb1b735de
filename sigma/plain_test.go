package sigma

import (
	"fmt"
	"strings"
	"testing"
)

// A row is an Event for tests: columns in order, a name may come twice.
type row struct {
	schema *rowSchema
	cells  []cell
}

type rowSchema struct {
	source LogSource
	names  []string
}

type cell struct {
	text  string
	state State
}

func (s *rowSchema) LogSource() LogSource { return s.source }
func (s *rowSchema) Len() int             { return len(s.names) }
func (s *rowSchema) Column(i int) string  { return s.names[i] }

func (r *row) Schema() Schema { return r.schema }

func (r *row) AppendValue(dst []byte, column int) ([]byte, State) {
	return append(dst, r.cells[column].text...), r.cells[column].state
}

// newRow makes an event of names and values; a nil value is null.
func newRow(pairs ...any) *row {
	r := &row{schema: &rowSchema{}}
	for i := 0; i < len(pairs); i += 2 {
		r.schema.names = append(r.schema.names, pairs[i].(string))
		if pairs[i+1] == nil {
			r.cells = append(r.cells, cell{state: Null})
			continue
		}
		r.cells = append(r.cells, cell{fmt.Sprint(pairs[i+1]), Present})
	}
	return r
}

// ruleOf makes a rule of its detection section, indented or on one line.
func ruleOf(t testing.TB, detection string) *Rule {
	t.Helper()
	text := "title: Test\nlogsource:\n  category: test\ndetection:\n" + indent(detection)
	documents, err := Parse("test.yml", []byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	set := NewRuleSet(documents, Options{Placeholders: map[string][]string{
		"admins": {"root", "adm*"}, "one": {"1"}, "percent": {"100%"},
	}})
	if len(set.Rules) != 1 {
		t.Fatalf("no rule: %v\n%s", set.Problems, text)
	}
	return set.Rules[0]
}

func indent(text string) string {
	var indented strings.Builder
	for line := range strings.Lines(strings.TrimSpace(text)) {
		indented.WriteString("  " + line)
	}
	return indented.String() + "\n"
}

// search wraps an item into a detection.
func search(item string) string {
	return "selection:\n" + indent(item) + "condition: selection"
}

func TestItems(t *testing.T) {
	t.Parallel()
	windows := newRow("Image", `C:\Windows\System32\cmd.exe`, "CommandLine", `cmd.exe /c "whoami" -Enc AAA`,
		"EventID", 4688, "Empty", "", "Nothing", nil, "Address", "10.1.2.3", "Logon", "0x3e7", "Handle", "18446744073709551615",
		"Object.Name", "x", "Object.Nothing", nil, "Objects", "x", "Big", "9007199254740993", "Minus", "-9007199254740993",
		"Huge", "0123456789012345678901234567890", "Float", "1e16", "Elevated", "true",
		"User", "Çelësi", "Parent", `c:\windows\system32\CMD.EXE`, "Line", "a\nb", "Ratio", "0.5",
		"Data", "first", "Data", "second", "Time", "2022-07-15T05:07:09.5Z", "Mapped", "::ffff:10.9.9.9",
		"Six", "2001:db8::1", "Encoded", "x"+"cABvAHcAZQByAA"+"y")
	tests := []struct {
		item string
		want bool
	}{
		// Plain values: the whole value, without case.
		{`Image: c:\windows\system32\CMD.exe`, true},
		{`Image: cmd.exe`, false},
		{`User: ÇELËSI`, true},
		{`User|cased: ÇELËSI`, false},
		{`User|cased: Çelësi`, true},
		{`User|contains|cased: elës`, true},
		{`EventID: 4688`, true},
		{`EventID: '4688'`, true},
		{`EventID: 468`, false},
		{`EventID: 46*`, true},
		{`EventID: 0x1250`, true}, // an unquoted hexadecimal number is a number
		{`Handle: 0xFFFFFFFFFFFFFFFF`, true},
		{`Logon: '0x3e7'`, true},
		{`Logon: '0x3E7'`, true},
		{`Elevated: true`, true},
		{`Elevated: 'True'`, true},
		{`Elevated: false`, false},
		{`image: x`, false}, // names of fields have case
		{`Image: [a, "*cmd.exe"]`, true},

		// Wildcards and escapes.
		{`Image: '*\cmd.exe'`, true},
		{`Image: 'C:\\Windows\\System32\\cmd.exe'`, true},
		{`Image: 'C:\*\cmd.exe'`, false},  // \* is a star
		{`Image: 'C:\\*\cmd.exe'`, true},  // \\ is a backslash before a wildcard
		{`Image: 'C:\\?\cmd.exe'`, false}, // one character only
		{`User: '?el?si'`, true},          // a character, not a byte
		{`User: '?el??si'`, false},
		{`Line: 'a?b'`, true}, // line breaks are characters
		{`Line: 'a*b'`, true},
		{`Image|endswith: '\cmd.exe'`, true},
		{`Image|startswith: 'C:\Win'`, true},
		{`Image|contains: 'SYSTEM32'`, true},
		{`CommandLine|contains: 'cmd*whoami'`, true},
		{`CommandLine|contains: '*whoami*'`, true},
		{`CommandLine|contains|all: [whoami, cmd]`, true},
		{`CommandLine|contains|all: [whoami, powershell]`, false},
		{`CommandLine|contains: [powershell, whoami]`, true},

		// Null, empty, exists.
		{`Empty: ''`, true},
		{`Empty: null`, false},
		{`Nothing: null`, true},
		{`Nothing: ''`, false},
		{`Missing: null`, true},
		{`Missing: ''`, false},
		{`Missing:`, true},
		{`Image: null`, false},
		{`Image: [null, nonsense]`, false},
		{`Missing: [nonsense, null]`, true},
		{`Empty|exists: true`, true},
		{`Nothing|exists: true`, true},
		{`Missing|exists: true`, false},
		{`Missing|exists: false`, true},
		{`Object|exists: true`, true}, // Object.Name is a column
		{`Object|exists: false`, false},
		{`Obj|exists: true`, false},
		{`Object.Nothing|exists: true`, true},
		{`Object: null`, true},
		{`Image|exists: 'false'`, false},
		{`Missing: '*'`, false},
		{`Empty: '*'`, true},
		{`Nothing: '*'`, false},
		{`Image: '?*'`, true},
		{`Empty: '?*'`, false},

		// Several values of one name: any of them; not is none of them.
		{`Data: second`, true},
		{`Data|all: [first, second]`, true},
		{`Data|all: [first, third]`, false},
		{`Data|neq: second`, false},
		{`Data|neq: third`, true},
		{`Data|neq: [third, first]`, false},
		{`Missing|neq: x`, true},

		// Encodings.
		{`CommandLine|windash|contains: ' /enc '`, true},
		{`CommandLine|contains|windash: ' -c '`, true},
		{`CommandLine|contains|all|windash: [' -c ', ' /enc ']`, true},
		{`CommandLine|contains|all|windash: [' -c ', ' /nothing ']`, false},
		{`CommandLine|contains|all|windash|neq: [' -c ', ' /nothing ']`, true},
		{`Encoded|utf16le|base64offset|contains: power`, true},
		{`Encoded|wide|base64offset|contains: tower`, false},

		// Regular expressions: anywhere, with case.
		{`Image|re: 'System\d\d'`, true},
		{`Image|re: 'system\d\d'`, false},
		{`Image|re|i: 'system\d\d'`, true},
		{`Image|re: '^System'`, false},
		{`Image|re|endswith: '\.ex.'`, true},
		{`Image|re|startswith: 'Windows'`, false},
		{`Image|re|contains: 'Windows'`, true},
		{`Line|re: 'a.b'`, false},
		{`Line|re|s: 'a.b'`, true},
		{`Line|re: '^b'`, false},
		{`Line|re|m: '^b'`, true},
		{`Line|re|multiline|ignorecase: '^B'`, true},

		// Numbers.
		{`EventID|gt: 4687`, true},
		{`EventID|gt: 4688`, false},
		{`EventID|gte: 4688`, true},
		{`EventID|lt: '5000'`, true},
		{`EventID|lte: 4687.9`, false},
		{`Logon|gte: 999`, true}, // 0x3e7
		{`Big|gt: 9007199254740992`, true},
		{`Big|gt: 9007199254740993`, false},
		{`Big|gte: 9007199254740993`, true},
		{`Big|lt: 9007199254740994`, true},
		{`Big|lte: 9007199254740992`, false},
		{`Big|gt: 0x20000000000000`, true},
		{`Big|gt: 20000000000000000000`, false},
		{`Big|gt: -9007199254740993`, true},
		{`Minus|lt: -9007199254740992`, true},
		{`Minus|lt: -9007199254740993`, false},
		{`Huge|gt: 123456789012345678901234567889`, true},
		{`Huge|gt: 123456789012345678901234567890`, false},
		{`Float|gt: 9007199254740993`, true},
		{`EventID|lt: 9007199254740993`, true},
		{`EventID: 4.688e3`, false}, // compared by the text
		{`Logon|gt: 999`, false},
		{`Ratio|lt: 0.75`, true},
		{`Image|gt: 0`, false},
		{`Empty|lt: 1`, false},
		{`Missing|lt: 1`, false},
		{`EventID|lt: [1, 5000]`, true},

		// Parts of a time, as it is written.
		{`Time|hour: 5`, true},
		{`Time|minute: 7`, true},
		{`Time|day: 15`, true},
		{`Time|month: 7`, true},
		{`Time|year: 2022`, true},
		{`Time|week: 28`, true},
		{`Time|hour|lt: 6`, true},
		{`Time|gte|hour: 6`, false},
		{`Image|hour: 5`, false},

		// Networks.
		{`Address|cidr: 10.0.0.0/8`, true},
		{`Address|cidr: 192.168.0.0/16`, false},
		{`Address|cidr: [192.168.0.0/16, 10.1.2.3]`, true},
		{`Mapped|cidr: 10.0.0.0/8`, true},
		{`Address|cidr: '::ffff:10.0.0.0/104'`, true},
		{`Six|cidr: 2001:db8::/32`, true},
		{`Six|cidr: 0.0.0.0/0`, false},
		{`Image|cidr: 0.0.0.0/0`, false},

		// Other fields.
		{`Image|fieldref: Parent`, true},
		{`Image|fieldref|cased: Parent`, false},
		{`Image|fieldref: User`, false},
		{`Image|fieldref: Missing`, false},
		{`Missing|fieldref: Image`, false},
		{`Nothing|fieldref: Nothing`, false},
		{`Image|fieldref|neq: User`, true},
		{`Image|fieldref|startswith: Empty`, true},
		{`Parent|fieldref|endswith: Image`, true},
		{`Image|fieldref|startswith|endswith: Objects`, true}, // anywhere
		{`Image|fieldref|startswith: Objects`, false},

		// Placeholders.
		{`EventID|expand: '4688%one%'`, false},
		{`EventID|expand|startswith: '%one%'`, false},
		{`Image|contains|expand: ['%admins%', 'cmd']`, true},
		{`Image|expand: '%admins%'`, false},
		{`User|expand: '\%admins\%'`, false},

		// Values without a field: any column, anywhere in it.
		{`'|contains': whoami`, true},
		{`'|all': [whoami, SYSTEM32]`, true},
		{`'|all': [whoami, nothing]`, false},
		{`'|re': 'Window[s]'`, true},
		{`'|startswith': whoami`, false},
		{`'': whoami`, true},
	}
	for _, test := range tests {
		rule := ruleOf(t, search(test.item))
		expression := rule.Expression()
		if got := Evaluate(expression, windows); got != test.want {
			t.Errorf("%s: got %v, want %v\n%v", test.item, got, test.want, Explain(expression, windows))
		}
		if got := Explain(expression, windows).Holds; got != test.want {
			t.Errorf("%s: Explain says %v, want %v", test.item, got, test.want)
		}
	}
}

func TestSearchShapes(t *testing.T) {
	t.Parallel()
	event := newRow("A", "one", "B", "two", "C", "three four")
	tests := []struct {
		name, detection string
		want            bool
	}{
		{"map is and", "s: {A: one, B: two}\ncondition: s", true},
		{"map is and, one fails", "s: {A: one, B: x}\ncondition: s", false},
		{"list of maps is or", "s: [{A: x}, {B: two}]\ncondition: s", true},
		{"keyword", "s: THREE\ncondition: s", true},
		{"keyword number", "s: 3\ncondition: s", false},
		{"keywords are or", "s: [nothing, hre]\ncondition: s", true},
		{"keyword with wildcard", "s: ['t?ree*f']\ncondition: s", true},
		{"keyword with escaped wildcard", "s: ['t\\?ree']\ncondition: s", false},
		{"maps and keywords", "s: [{A: x}, four]\ncondition: s", true},
		{"nested lists", "s: [[{A: x}, [nothing, four]], {B: x}]\ncondition: s", true},
		{"1 of", "s_a: {A: x}\ns_b: {B: two}\ncondition: 1 of s_*", true},
		{"all of", "s_a: {A: x}\ns_b: {B: two}\ncondition: all of s_*", false},
		{"any of them", "s_a: {A: x}\nother: {B: two}\ncondition: any of them", true},
		{"them without private ones", "_s: {A: x}\nother: {B: two}\ncondition: all of them", true},
		{"private ones by name", "_s: {A: one}\nother: {B: x}\ncondition: _s", true},
		{"private ones by pattern", "_s: {A: one}\n_t: {B: two}\nother: {B: x}\ncondition: all of _*", true},
		{"wildcard in front", "a_s: {A: x}\nb_s: {B: two}\nc: {B: two}\ncondition: all of *_s", false},
		{"wildcard within", "a_1_s: {A: one}\na_2_s: {B: two}\na_2: {B: x}\ncondition: all of a*s", true},
		{"2 of", "a: {A: one}\nb: {B: two}\nc: {C: x}\ncondition: 2 of them", true},
		{"3 of", "a: {A: one}\nb: {B: two}\nc: {C: x}\ncondition: 3 of them", false},
		{"2 of, only one", "a: {A: one}\nb: {B: x}\nc: {C: x}\ncondition: 2 of them", false},
		{"not binds tightest", "a: {A: x}\nb: {B: two}\ncondition: not a and b", true},
		{"and before or", "a: {A: one}\nb: {B: x}\nc: {C: x}\ncondition: a or b and c", true},
		{"parentheses", "a: {A: one}\nb: {B: x}\nc: {C: x}\ncondition: (a or b) and c", false},
		{"capitals", "a: {A: one}\nb: {B: x}\ncondition: a AND NOT (b) OR 1 OF THEM", true},
		{"not 1 of", "a: {A: one}\nfilter_x: {B: x}\nfilter_y: {B: y}\ncondition: a and not 1 of filter_*", true},
		{"double not", "a: {A: one}\ncondition: not not a", true},
		{"list of conditions", "a: {A: one}\nb: {B: x}\ncondition: [b, a]", true},
		{"identifier like a keyword", "notepad: {A: one}\nandroid: {B: two}\ncondition: notepad and android", true},
		{"identifier with a hyphen", "s-1: {A: one}\ncondition: s-1", true},
		{"identifier any", "any: {A: one}\ncondition: any", true},
		{"folded condition", "a: {A: one}\nb: {B: two}\ncondition: >\n  a\n  and b", true},
	}
	for _, test := range tests {
		rule := ruleOf(t, test.detection)
		if got := Evaluate(rule.Expression(), event); got != test.want {
			t.Errorf("%s: got %v, want %v\n%v", test.name, got, test.want, Explain(rule.Expression(), event))
		}
	}
}

func TestEvaluateFieldSource(t *testing.T) {
	t.Parallel()
	event := newRow("Data", "x=1\nHostApplication=powershell.exe -enc AA\n", "Data", "other")
	predicate := &Predicate{
		Field:  "HostApplication",
		Source: &FieldSource{Columns: []string{"Data"}, Key: "HostApplication"},
		Values: []Value{String{Parts: parsePattern("powershell*")}},
	}
	if !Evaluate(predicate, event) {
		t.Errorf("the field was not found:\n%v", Explain(predicate, event))
	}
}
