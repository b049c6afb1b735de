package sigma_test

import (
	"fmt"
	"log"
	"testing/fstest"

	"github.com/kulla-defence/kulla/sigma"
)

const rule = `
title: Discovery from the command line
id: 0c8a5c3e-4b0f-4b53-9f6c-8b4d4c3b5a10
level: medium
logsource:
  category: process_creation
  product: windows
detection:
  selection:
    Image|endswith: '\cmd.exe'
    CommandLine|contains:
      - whoami
      - net group
  filter_admin:
    User: 'CORP\admin'
  condition: selection and not 1 of filter_*
`

// A record is the smallest Event: a few columns of text.
type record struct {
	names  *columns
	values []string
}

type columns []string

func (c *columns) LogSource() sigma.LogSource {
	return sigma.LogSource{Product: "windows", Category: "process_creation"}
}
func (c *columns) Len() int            { return len(*c) }
func (c *columns) Column(i int) string { return (*c)[i] }

func (r record) Schema() sigma.Schema { return r.names }

func (r record) AppendValue(dst []byte, column int) ([]byte, sigma.State) {
	return append(dst, r.values[column]...), sigma.Present
}

// Many rules over many events: compile once, then a session for each goroutine.
func ExampleCompile() {
	documents, err := sigma.Parse("discovery.yml", []byte(rule))
	if err != nil {
		log.Fatal(err)
	}
	set := sigma.NewRuleSet(documents, sigma.Options{})
	taxonomy, err := sigma.DefaultTaxonomy()
	if err != nil {
		log.Fatal(err)
	}
	session := sigma.Compile(set.Rules, taxonomy).NewSession()
	event := record{
		&columns{"Image", "CommandLine", "User"},
		[]string{`C:\Windows\System32\cmd.exe`, "cmd /c whoami", `CORP\guest`},
	}
	for _, number := range session.Match(event) {
		fmt.Println(set.Rules[number].Title)
	}
	// Output: Discovery from the command line
}

func ExampleEvaluate() {
	documents, err := sigma.Parse("discovery.yml", []byte(rule))
	if err != nil {
		log.Fatal(err)
	}
	set := sigma.NewRuleSet(documents, sigma.Options{})
	names := &columns{"Image", "CommandLine", "User"}
	for _, event := range []record{
		{names, []string{`C:\Windows\System32\cmd.exe`, "cmd /c whoami", `CORP\guest`}},
		{names, []string{`C:\Windows\System32\cmd.exe`, "cmd /c whoami", `CORP\admin`}},
	} {
		for _, rule := range set.Rules {
			fmt.Println(rule.Title, sigma.Evaluate(rule.Expression(), event))
		}
	}
	// Output:
	// Discovery from the command line true
	// Discovery from the command line false
}

func ExampleExplain() {
	documents, err := sigma.Parse("discovery.yml", []byte(rule))
	if err != nil {
		log.Fatal(err)
	}
	event := record{
		&columns{"Image", "CommandLine"},
		[]string{`C:\Windows\System32\cmd.exe`, "cmd /c net user"},
	}
	fmt.Print(sigma.Explain(documents.Rules[0].Expression(), event))
	// Output:
	// no   and
	// no     selection
	// no       and
	// yes        Image endswith '\cmd.exe': 'C:\Windows\System32\cmd.exe'
	// no         CommandLine contains 'whoami' (nor 1 more): 'cmd /c net user'
	// yes    not
	// no       or
	// no         filter_admin
	// no           User is 'CORP\admin': absent
}

func ExampleLoadFS() {
	set, err := sigma.LoadFS(fstest.MapFS{
		"good.yml": {Data: []byte(rule)},
		"bad.yml":  {Data: []byte("title: Bad\ndetection:\n  s:\n    Image|endwith: x\n  condition: s\n")},
	}, sigma.Options{})
	if err != nil {
		log.Fatal(err)
	}
	for _, rule := range set.Rules {
		fmt.Println("loaded:", rule.Title, rule.Level)
	}
	for _, problem := range set.Problems {
		fmt.Println("not loaded:", problem)
	}
	// Output:
	// loaded: Discovery from the command line medium
	// not loaded: bad.yml:4:5: unknown modifier "endwith", did you mean "endswith"?
}

func ExampleLint() {
	documents, err := sigma.Parse("lint.yml", []byte(`title: Doubtful
id: 0c8a5c3e-4b0f-4b53-9f6c-8b4d4c3b5a10
level: high
description: A rule with flaws.
tags: [attack.defense_evasion]
logsource: {product: windows}
detection:
  selection:
    Image|contains: '*cmd*'
  unused:
    User: x
  condition: selection
`))
	if err != nil {
		log.Fatal(err)
	}
	for _, flaw := range sigma.Lint(documents) {
		fmt.Println(flaw)
	}
	// Output:
	// lint.yml:5:8: style: "attack.defense_evasion" has underscores, write attack.defense-evasion (tag-underscore)
	// lint.yml:9:21: style: the wildcard at the end of '*cmd*' changes nothing (wildcard-redundant)
	// lint.yml:10:3: doubtful: the condition does not use "unused" (identifier-unused)
}

func ExampleFold() {
	a := sigma.Fold(nil, []byte(`C:\PROGRAMET\Çelësi.exe`))
	b := sigma.Fold(nil, []byte(`c:\Programet\ÇELËSI.EXE`))
	fmt.Println(string(a) == string(b))
	// Output: true
}
