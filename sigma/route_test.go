package sigma

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A routedEvent is an event made of "name=value" columns; "name" alone is
// null, and "-name" is a column of the schema that the event does not have.
type routedEvent struct {
	source  LogSource
	columns []string
}

func eventOf(source LogSource, columns ...string) *routedEvent { return &routedEvent{source, columns} }

func (e *routedEvent) Schema() Schema       { return e }
func (e *routedEvent) LogSource() LogSource { return e.source }
func (e *routedEvent) Len() int             { return len(e.columns) }

func (e *routedEvent) Column(i int) string {
	name, _, _ := strings.Cut(e.columns[i], "=")
	return strings.TrimPrefix(name, "-")
}

func (e *routedEvent) AppendValue(dst []byte, i int) ([]byte, State) {
	_, value, present := strings.Cut(e.columns[i], "=")
	switch {
	case present:
		return append(dst, value...), Present
	case strings.HasPrefix(e.columns[i], "-"):
		return dst, Absent
	}
	return dst, Null
}

func TestAccepts(t *testing.T) {
	t.Parallel()
	windows, webserver := LogSource{Product: "windows"}, LogSource{Category: "webserver"}
	where := []Constraint{{"EventID", []string{"1"}}}
	tests := []struct {
		route  Route
		events LogSource
		want   bool
	}{
		{Route{LogSource: windows}, windows, true},
		{Route{LogSource: windows}, LogSource{Product: "WINDOWS", Service: "security"}, true},
		{Route{LogSource: LogSource{Product: "windows", Service: "security"}}, windows, false},
		{Route{LogSource: webserver}, windows, false},
		{Route{LogSource: webserver}, LogSource{Category: "webserver", Service: "apache"}, true},
		{Route{LogSource: windows}, LogSource{}, false},
		{Route{LogSource: windows, Where: where}, LogSource{}, true},
		{Route{}, windows, true},
		{Route{}, LogSource{}, true},
	}
	for _, test := range tests {
		if got := test.route.Accepts(test.events); got != test.want {
			t.Errorf("%s accepts {%s}: %v", describe(test.route), test.events.attributes(), got)
		}
	}
}

func TestTakes(t *testing.T) {
	t.Parallel()
	route := Route{LogSource: LogSource{Product: "windows"}, Where: []Constraint{{"Channel", []string{"Security"}}, {"EventID", []string{"1", "2"}}}}
	windows := LogSource{Product: "windows"}
	tests := map[string]bool{
		"Channel=Security EventID=1":           true,
		"EventID=2 Channel=SECURITY":           true,
		"EventID=3 Channel=Security":           false,
		"EventID=3 Channel=Security EventID=2": true,
		"EventID=1 Channel":                    false,
		"EventID=1 -Channel":                   false,
		"EventID=1":                            false,
	}
	for columns, want := range tests {
		if got := route.Takes(eventOf(windows, strings.Fields(columns)...)); got != want {
			t.Errorf("%s: %v", columns, got)
		}
	}
	if route.Takes(eventOf(LogSource{Product: "linux"}, "Channel=Security", "EventID=1")) {
		t.Error("takes an event of another product")
	}
}

func TestFieldValues(t *testing.T) {
	t.Parallel()
	classic := "State=Available\r\n\tHostName = ConsoleHost \r\n\thostname=Second\r\nHostApplication=powershell -c a=b"
	joined := FieldSource{Columns: []string{"A", "B"}, Separator: `\`,
		Prefixes: []PrefixReplacement{{`\REGISTRY\MACHINE`, "HKLM"}, {`x`, "longer than before"}}}
	tests := []struct {
		name    string
		source  FieldSource
		columns []string
		want    []string
	}{
		{"renamed", FieldSource{Columns: []string{"A"}}, []string{"B=1", "A=2"}, []string{"2"}},
		{"every value", FieldSource{Columns: []string{"A"}}, []string{"A=1", "A", "-A", "A="}, []string{"1", ""}},
		{"joined", joined, []string{`A=\registry\machine\X`, "B=Start"}, []string{`HKLM\X\Start`}},
		{"prefix grows", joined, []string{"A=xyz", "B=1"}, []string{`longer than beforeyz\1`}},
		{"only the prefix", joined, []string{"A=x"}, []string{"longer than before"}},
		{"first absent", joined, []string{"B=Start"}, nil},
		{"second absent", joined, []string{"A=a"}, []string{"a"}},
		{"second null, then empty", joined, []string{"A=a", "B", "B="}, []string{"a"}},
		{"first of the second", joined, []string{"A=a", "A=b", "B=1", "B=2"}, []string{`a\1`, `b\1`}},
		{"key", FieldSource{Columns: []string{"D"}, Key: "HostName"}, []string{"D=None", "D=" + classic}, []string{"ConsoleHost"}},
		{"key with = in its value", FieldSource{Columns: []string{"D"}, Key: "HostApplication"}, []string{"D=" + classic}, []string{"powershell -c a=b"}},
		{"key that is not there", FieldSource{Columns: []string{"D"}, Key: "Host"}, []string{"D=" + classic}, nil},
		{"key of a list", FieldSource{Columns: []string{"H"}, Key: "MD5", Between: ","}, []string{"H=SHA1=AA, md5=BB,IMPHASH=CC"}, []string{"BB"}},
		{"key, then prefix", FieldSource{Columns: []string{"D"}, Key: "State", Prefixes: []PrefixReplacement{{"avail", "Un"}}}, []string{"D=" + classic}, []string{"Unable"}},
	}
	for _, test := range tests {
		route := Route{Fields: map[string]FieldSource{"F": test.source}}
		if got := route.FieldValues(eventOf(LogSource{}, test.columns...), "F"); !cmp.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
	elsewhere := Route{LogSource: LogSource{Product: "linux"}}
	if got := elsewhere.FieldValues(eventOf(LogSource{Product: "windows"}, "F=1"), "F"); got != nil {
		t.Errorf("values %q from an event that is not recorded in this way", got)
	}
}

func TestAppendValueKeepsWhatIsThere(t *testing.T) {
	t.Parallel()
	source := FieldSource{Columns: []string{"A", "B"}, Separator: "-", Key: "k", Prefixes: []PrefixReplacement{{"v", "W"}}}
	event := eventOf(LogSource{}, "A=k=v", "B=1", "A=none", "A")
	columns := source.resolve(event.Schema())
	want := []State{Present, Absent, Null}
	for i := range columns.len() {
		dst, state := columns.appendValue([]byte("before "), event, i)
		if !strings.HasPrefix(string(dst), "before ") || state != want[i] || state != Present && len(dst) != 7 {
			t.Errorf("value %d: %q, %v", i, dst, state)
		}
	}
}

func literal(text string) String { return String{Parts: literalParts(text)} }

func TestRewrite(t *testing.T) {
	t.Parallel()
	route := &Route{
		Fields:      map[string]FieldSource{"Image": {Columns: []string{"NewProcessName"}}},
		Values:      map[string]map[string][]string{"Level": {"high": {"S-1", "S-2"}, "low": {"S-0"}}},
		Hexadecimal: []string{"Id"},
	}
	wild := String{Parts: []Part{{Kind: AnyRun}, {Literal, "high"}}}
	source := &FieldSource{Columns: []string{"NewProcessName"}}
	level := func(negate, all bool, values ...Value) *Predicate {
		return &Predicate{Field: "Level", Values: values, Negate: negate, All: all}
	}
	tests := []struct {
		name     string
		in, want Expression
	}{
		{"field", &Predicate{Field: "Image", Values: []Value{wild}}, &Predicate{Field: "Image", Source: source, Values: []Value{wild}}},
		{"value", level(false, false, literal("HIGH"), wild, literal("other")), level(false, false, literal("S-1"), literal("S-2"), wild, literal("other"))},
		{"cased", level(true, false, String{Parts: literalParts("Low"), Cased: true}), level(true, false, String{Parts: literalParts("S-0"), Cased: true})},
		{"all, one each", level(false, true, literal("low"), literal("x")), level(false, true, literal("S-0"), literal("x"))},
		{"all, several", level(true, true, literal("high"), literal("x")),
			Not{And{level(false, false, literal("S-1"), literal("S-2")), level(false, false, literal("x"))}}},
		{"reference", &Predicate{Field: "F", Values: []Value{FieldReference{Field: "Image"}}},
			&Predicate{Field: "F", Values: []Value{FieldReference{Field: "Image", Source: source}}}},
		{"hexadecimal", &Predicate{Field: "Id", Values: []Value{literal("255"), literal("0xff"), literal("-1"), wild}},
			&Predicate{Field: "Id", Values: []Value{literal("0xff"), literal("0xff"), literal("-1"), wild}}},
		{"nested", Named{"n", Or{And{level(false, false, literal("low"))}, Not{&Predicate{Field: "", Values: []Value{wild}}}}},
			Named{"n", Or{And{level(false, false, literal("S-0"))}, Not{&Predicate{Field: "", Values: []Value{wild}}}}}},
	}
	for _, test := range tests {
		before := fmt.Sprintf("%#v", test.in)
		if got := route.Rewrite(test.in); !cmp.Equal(got, test.want) {
			t.Errorf("%s: %s", test.name, cmp.Diff(test.want, got))
		}
		if after := fmt.Sprintf("%#v", test.in); after != before {
			t.Errorf("%s: the given expression has changed", test.name)
		}
	}
	same := &Predicate{Field: "Other", Values: []Value{literal("high"), FieldReference{Field: "F"}}}
	if got := route.Rewrite(same); got != Expression(same) {
		t.Error("a predicate that stays as it is was copied")
	}
	if plain := new(Route); !cmp.Equal(plain.Rewrite(tests[1].in), tests[1].in) {
		t.Error("a route without fields and values changed an expression")
	}
}

// The mappings that the checklist asks for, on events as Windows writes them.
func TestDefaultFields(t *testing.T) {
	t.Parallel()
	security := func(columns ...string) *routedEvent {
		return eventOf(LogSource{Product: "windows"}, append([]string{"Channel=Security"}, columns...)...)
	}
	tests := []struct {
		category string
		event    *routedEvent
		field    string
		want     string
	}{
		{"process_creation", security("EventID=4688", `NewProcessName=C:\a.exe`), "Image", `C:\a.exe`},
		{"process_creation", security("EventID=4688", "NewProcessId=0x2", "ProcessId=0x1"), "ProcessId", "0x2"},
		{"process_creation", security("EventID=4688", "NewProcessId=0x2", "ProcessId=0x1"), "ParentProcessId", "0x1"},
		{"process_creation", security("EventID=4688", "SubjectUserName=ana", "SubjectDomainName=GOV"), "User", `GOV\ana`},
		{"process_creation", security("EventID=4688", "CommandLine=a b"), "CommandLine", "a b"},
		{"process_creation", eventOf(LogSource{Product: "windows"}, "Channel=Microsoft-Windows-Sysmon/Operational", "EventID=1", "Hashes=MD5=B,SHA256=AB,IMPHASH=0C"), "sha256", "AB"},
		{"registry_set", security("EventID=4657", "OperationType=%%1905", `ObjectName=\REGISTRY\MACHINE\SYSTEM\ControlSet001\Services\EventLog`, "ObjectValueName=Start"),
			"TargetObject", `HKLM\System\CurrentControlSet\Services\EventLog\Start`},
		{"registry_event", security("EventID=4657", "OperationType=%%1906", `ObjectName=\REGISTRY\USER\S-1\Run`, "ObjectValueName="), "TargetObject", `HKU\S-1\Run`},
		{"network_connection", security("EventID=5156", `Application=\device\harddiskvolume2\windows\x.exe`), "Image", `C:\windows\x.exe`},
		{"network_connection", security("EventID=5156", "DestAddress=192.0.2.1"), "DestinationIp", "192.0.2.1"},
	}
	taxonomy := defaultTaxonomy(t)
	for _, test := range tests {
		var got []string
		for _, route := range taxonomy.Routes(LogSource{Product: "windows", Category: test.category}) {
			got = append(got, route.FieldValues(test.event, test.field)...)
		}
		if want := []string{test.want}; !cmp.Equal(got, want) {
			t.Errorf("%s %s: %q, want %q", test.category, test.field, got, want)
		}
	}
}

// FuzzFieldSource compares the value that is made in place with one that is
// made of strings.
func FuzzFieldSource(f *testing.F) {
	f.Add(`\REGISTRY\MACHINE\x`, "Start", `\`, "", "", `\registry\machine`, "HKLM")
	f.Add("a=b\r\n Key = value \r\nkey=2", "", "", "KEY", "", "v", "longer")
	f.Add("=", "x\n=y", "=", "x", ",", "", "new")
	f.Fuzz(func(t *testing.T, first, second, separator, key, between, old, replacement string) {
		source := FieldSource{Columns: []string{"A", "B"}, Separator: separator, Key: key, Between: between,
			Prefixes: []PrefixReplacement{{old, replacement}}}
		event := eventOf(LogSource{}, "A="+first, "B="+second)
		columns := source.resolve(event)
		got, state := columns.appendValue([]byte("kept"), event, 0)
		want, ok := plainFieldValue(source, first, second)
		if ok != (state == Present) || string(got) != "kept"+want {
			t.Errorf("%+v of %q and %q: %q (%v), want %q", source, first, second, got, state, want)
		}
	})
}

func plainFieldValue(s FieldSource, first, second string) (string, bool) {
	value := first
	if second != "" {
		value += s.Separator + second
	}
	if s.Key != "" {
		between := s.Between
		if between == "" {
			between = "\n"
		}
		lines := strings.Split(value, between)
		value = ""
		found := false
		for _, line := range lines {
			name, rest, isPair := strings.Cut(line, "=")
			if isPair && strings.EqualFold(strings.TrimSpace(name), s.Key) {
				value, found = strings.TrimSpace(rest), true
				break
			}
		}
		if !found {
			return "", false
		}
	}
	prefix := s.Prefixes[0]
	if len(value) >= len(prefix.Old) && strings.EqualFold(value[:len(prefix.Old)], prefix.Old) {
		value = prefix.New + value[len(prefix.Old):]
	}
	return value, true
}
