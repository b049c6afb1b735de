package ruletest

import (
	"testing"

	"github.com/kulla-defence/kulla/rules"
	"github.com/kulla-defence/kulla/sigma"
)

func TestSolveBuiltIn(t *testing.T) {
	t.Parallel()
	set, err := sigma.LoadFS(rules.FS, sigma.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range set.Rules {
		if _, ok := solve(rule.Expression()); !ok {
			t.Errorf("%v: no event was found for %s", rule.At, rule.Title)
		}
	}
}
