package ruletest

import (
	"testing"

	"github.com/kulla-defence/kulla/sigma"
)

// Any bytes are a script, or have faults; what is a script keeps its promises.
func FuzzParse(f *testing.F) {
	f.Add([]byte("a:\n  find:\n    - {EventID: 1, X: [a, null]}\n  leave:\n    - events:\n        - {source: {product: windows}, at: 1d2h, every: 5s, repeat: 3, host: h, fields: {A: 'x{n}'}}\n      count: 2\n"))
	f.Add([]byte("a:\n  find:\n    - lines: |\n        <34>Oct 11 22:14:15 h p: m\n      as: syslog\n      year: 2021\n"))
	f.Add([]byte("a: &x\n  find: [*x]\n<<: 1\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		script, err := Parse("f", data)
		if (script == nil) == (err == nil) {
			t.Fatalf("script %v, error %v", script, err)
		}
		if script == nil {
			return
		}
		for _, test := range script.Tests {
			for _, item := range append(test.Find, test.Leave...) {
				if item.Lines == "" && len(item.Events) == 0 {
					t.Errorf("%v: the item has no evidence", item.At)
				}
				for _, events := range item.Events {
					if events.Repeat < 1 || events.Repeat > maxRepeat || events.Begin < 0 || events.Every < 0 || len(events.Fields) == 0 {
						t.Errorf("%v: %+v", events.At, events)
					}
				}
			}
		}
	})
}

// Whatever rule parses: the event that is derived matches.
func FuzzSolve(f *testing.F) {
	f.Add([]byte("title: a\nlogsource: {product: windows}\ndetection:\n  s: {A|contains|all: [x, 'y*z'], B|re: '^a[0-9]{2}(b|c)$', C|cidr: 192.0.2.0/24, D|gt: 5}\n  n: {E: null, A|endswith: q}\n  condition: s and not n\n"))
	f.Add([]byte("title: a\nlogsource: {product: windows}\ndetection:\n  k: [x, y]\n  r: {A|fieldref: B, T|hour|lt: 3}\n  condition: k and r or not k\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		documents, _ := sigma.Parse("f", data)
		for _, rule := range documents.Rules {
			if found, ok := solve(rule.Expression()); ok && !sigma.Evaluate(rule.Expression(), newView(found)) {
				t.Errorf("%v does not match", found)
			}
		}
	})
}
