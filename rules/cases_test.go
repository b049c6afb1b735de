package rules_test

import (
	"os"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/kulla-defence/kulla/rules"
	"github.com/kulla-defence/kulla/sigma"
)

// row is an event of a case: fields with one value or several.
type row struct{ names, values []string }

func newRow(fields map[string]any) *row {
	r := &row{}
	for name, value := range fields {
		values, several := value.([]any)
		if !several {
			values = []any{value}
		}
		for _, one := range values {
			r.names, r.values = append(r.names, name), append(r.values, one.(string))
		}
	}
	return r
}

func (r *row) Schema() sigma.Schema       { return r }
func (r *row) LogSource() sigma.LogSource { return sigma.LogSource{} }
func (r *row) Len() int                   { return len(r.names) }
func (r *row) Column(i int) string        { return r.names[i] }

func (r *row) AppendValue(dst []byte, i int) ([]byte, sigma.State) {
	return append(dst, r.values[i]...), sigma.Present
}

// Every rule finds what it is for, and leaves alone what looks alike.
func TestCases(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/cases.yml")
	if err != nil {
		t.Fatal(err)
	}
	var cases map[string]struct{ Find, Leave []map[string]any }
	if err := yaml.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	set, err := sigma.LoadFS(rules.FS, sigma.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range set.Rules {
		events := cases[rule.Name]
		if len(events.Find) == 0 || len(events.Leave) == 0 {
			t.Errorf("%s has no case of what it finds or of what it leaves", rule.Name)
		}
		for _, fields := range events.Find {
			if !sigma.Evaluate(rule.Expression(), newRow(fields)) {
				t.Errorf("%s does not find %v", rule.Name, fields)
			}
		}
		for _, fields := range events.Leave {
			if sigma.Evaluate(rule.Expression(), newRow(fields)) {
				t.Errorf("%s does not leave %v", rule.Name, fields)
			}
		}
		delete(cases, rule.Name)
	}
	for name := range cases {
		t.Errorf("there are cases for %s, which is no rule", name)
	}
}
