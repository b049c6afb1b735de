package sigma

import (
	"errors"
	"strings"
	"testing"
)

func TestExplainText(t *testing.T) {
	t.Parallel()
	rule := ruleOf(t, `
selection:
  Image|endswith: '\cmd.exe'
  CommandLine|contains|all: [whoami, net]
  EventID: [1, 4688]
filter:
  - User: [SYSTEM, admin]
  - Name: null
    Size|gte: 10
keywords: [nothing, evil]
condition: selection and not filter or keywords`)
	event := newRow("Image", `C:\it's\cmd.exe`, "CommandLine", "whoami\x1b[31m\u202e", "User", "Admin", "Size", "0x5", "Data", "EVIL", "EventID", "4688")
	want := `no   or
no     and
no       selection
no         and
yes          Image endswith '\cmd.exe': 'C:\it''s\cmd.exe'
no           CommandLine contains 'net' (one of 2): "whoami\x1b[31m\u202e"
yes          EventID is '4688' (one of 2): '4688'
no       not
yes        filter
yes          or
yes            User is 'admin' (one of 2): 'Admin'
no             and
yes              Name is null or absent: absent
no               Size >= 10: '0x5'
yes    keywords
yes      any field contains 'evil' (one of 2): Data 'EVIL'
`
	want = strings.Replace(want, "no   or", "yes  or", 1)
	if got := Explain(rule.Expression(), event).String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestExplainMoreItems(t *testing.T) {
	t.Parallel()
	event := newRow("A", "one", "B", nil, "Time", "2022-07-15T05:07:09Z", "A", "two", "Long", strings.Repeat("x", 1000))
	for item, want := range map[string]string{
		`A|re: '^t'`:               "yes  A fits the expression '^t': 'one', 'two'",
		`A|cased: ONE`:             "no   A is (with case) 'ONE': 'one', 'two'",
		`A|startswith: [x, y, z]`:  "no   A startswith 'x' (nor 2 more): 'one', 'two'",
		`A|all: [one, two]`:        "yes  A is 'one' (and 1 more): 'one', 'two'",
		`A|neq: one`:               "no   A not is 'one': 'one', 'two'",
		`A: 'o*e?'`:                "no   A is the pattern 'o*e?': 'one', 'two'",
		`B: ''`:                    "no   B is '': null",
		`C|exists: false`:          "yes  C does not exist: absent",
		`B|exists: true`:           "yes  B exists: null",
		`A|fieldref|contains: 'B'`: "no   A contains the value of B: 'one', 'two'",
		`Time|hour|lt: 6`:          "yes  Time hour < 6: '2022-07-15T05:07:09Z'",
		`A|cidr: 10.0.0.0/8`:       "no   A is in 10.0.0.0/8: 'one', 'two'",
		`Long: x`:                  "no   Long is 'x': '" + strings.Repeat("x", 400) + "' (1000 bytes)",
		`'|all': [nothing]`:        "no   any field contains 'nothing': no",
		`A|wide: a`:                `no   A is "a\x00": 'one', 'two'`,
	} {
		rule := ruleOf(t, search(item))
		expression := rule.Conditions[0].(Named).Term
		if got := Explain(expression, event).String(); got != want+"\n" {
			t.Errorf("%s\n got %s\nwant %s", item, got, want)
		}
	}
}

type failingWriter struct{ left int }

var errFull = errors.New("full")

func (w *failingWriter) Write(data []byte) (int, error) {
	if w.left -= len(data); w.left < 0 {
		return 0, errFull
	}
	return len(data), nil
}

func TestExplanationReportsWriteErrors(t *testing.T) {
	t.Parallel()
	explanation := Explain(ruleOf(t, "a: {A: x}\nb: {B: x}\ncondition: a and b").Expression(), newRow("A", "x"))
	whole := len(explanation.String())
	for left := range whole {
		if n, err := explanation.WriteTo(&failingWriter{left}); !errors.Is(err, errFull) || n > int64(left) {
			t.Fatalf("with room for %d bytes: wrote %d, error %v", left, n, err)
		}
	}
	if n, err := explanation.WriteTo(&failingWriter{whole}); err != nil || n != int64(whole) {
		t.Errorf("wrote %d of %d, error %v", n, whole, err)
	}
}
