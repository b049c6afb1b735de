package entity

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kulla-defence/kulla/internal/event"
)

func showAccount(c *Context, m Mention) string {
	m.Kind = Account
	e := c.Resolve(m)
	parts := []string{string(e.Key), e.Name}
	for i, alias := range e.Aliases {
		parts = append(parts, alias+"="+string(e.Known[i]))
	}
	if e.Host != "" {
		parts = append(parts, "at", string(e.Host))
	}
	return strings.Join(parts, " ")
}

func TestAccounts(t *testing.T) {
	t.Parallel()
	const eveSID = "S-1-5-21-1-2-3-2000"
	plain := func(host string) *event.Event { return eventOf(host, noon, "EventID", "1") }
	bob := named("dc01", bobSID, "CORP", "Bob")
	cases := map[string]struct {
		events []*event.Event
		ask    Mention
		want   string
	}{
		"by its name":                       {[]*event.Event{bob}, Mention{Domain: "corp", Value: "BOB"}, `account:corp\bob CORP\Bob ` + bobSID + "=stated"},
		"by its SID":                        {[]*event.Event{bob}, Mention{SID: bobSID}, `account:corp\bob CORP\Bob ` + bobSID + "=stated"},
		"by its SID as a name":              {[]*event.Event{bob}, Mention{Value: strings.ToLower(bobSID)}, `account:corp\bob CORP\Bob ` + bobSID + "=stated"},
		"name with its domain in one":       {[]*event.Event{bob}, Mention{Value: `CORP\bob`}, `account:corp\bob CORP\Bob ` + bobSID + "=stated"},
		"the domain's other name":           {[]*event.Event{bob, named("dc01", eveSID, "CORP.EXAMPLE.TEST", "eve")}, Mention{Value: "bob@corp.example.test"}, `account:corp\bob CORP\Bob ` + bobSID + "=stated bob@corp.example.test=prefixed"},
		"the domain's other name, by hosts": {[]*event.Event{bob, plain("ws01.corp.example.test")}, Mention{Value: "bob@corp.example.test"}, `account:corp\bob CORP\Bob ` + bobSID + "=stated bob@corp.example.test=prefixed"},
		"two domains that begin alike stay apart": {[]*event.Event{bob, plain("ws01.corp.example.test"), plain("ws01.corp.other.test")}, Mention{Value: "bob@corp.example.test"},
			`account:corp.example.test\bob bob@corp.example.test`},
		"a bare name, when only one has it":            {[]*event.Event{bob}, Mention{Value: "bob"}, `account:corp\bob CORP\Bob ` + bobSID + "=stated bob=only-one"},
		"a bare name that two have":                    {[]*event.Event{bob, named("dc02", "S-1-5-21-9-9-9-1105", "OTHER", "bob")}, Mention{Value: "bob"}, "account:bob bob"},
		"a bare name of a local account is not joined": {[]*event.Event{plain("ws01"), named("ws01", bobSID, "WS01", "bob")}, Mention{Value: "bob"}, "account:bob bob"},
		"renamed":                  {[]*event.Event{bob, named("dc01", bobSID, "CORP", "bobby")}, Mention{Domain: "CORP", Value: "bobby"}, `account:corp\bob CORP\Bob ` + bobSID + `=stated CORP\bobby=stated`},
		"made anew under its name": {[]*event.Event{bob, named("dc01", eveSID, "CORP", "bob")}, Mention{SID: eveSID}, `account:corp\bob CORP\Bob ` + bobSID + "=stated " + eveSID + "=stated"},
		"local": {[]*event.Event{plain("WS01.corp.example.test"), named("ws01.corp.example.test", "S-1-5-21-7-7-7-500", "WS01", "Administrator")}, Mention{SID: "S-1-5-21-7-7-7-500"},
			`account:ws01\administrator WS01\Administrator S-1-5-21-7-7-7-500=stated at host:ws01.corp.example.test`},
		"local accounts of two machines": {[]*event.Event{plain("WS01"), plain("WS02"), named("WS01", "S-1-5-21-7-7-7-500", "WS01", "Administrator"), named("WS02", "S-1-5-21-8-8-8-500", "WS02", "Administrator")},
			Mention{Domain: "WS02", Value: "Administrator"}, `account:ws02\administrator WS02\Administrator S-1-5-21-8-8-8-500=stated at host:ws02`},
		"machines that were copied have the same SIDs": {[]*event.Event{plain("WS01"), plain("WS02"), named("WS01", "S-1-5-21-7-7-7-500", "WS01", "Administrator"), named("WS02", "S-1-5-21-7-7-7-500", "WS02", "Administrator")},
			Mention{Domain: "WS02", Value: "Administrator", SID: "S-1-5-21-7-7-7-500"}, `account:ws02\administrator WS02\Administrator S-1-5-21-7-7-7-500=stated at host:ws02`},
		"a name that every machine has while it is set up": {[]*event.Event{plain("WS01"), plain("WS02"), named("WS01", "S-1-5-21-7-7-7-501", "MINWINPC", "Guest"), named("WS02", "S-1-5-21-8-8-8-501", "MINWINPC", "Guest"),
			named("WS01", "S-1-5-21-7-7-7-501", "WS01", "Guest"), named("WS02", "S-1-5-21-8-8-8-501", "WS02", "Guest")},
			Mention{SID: "S-1-5-21-7-7-7-501"}, `account:ws01\guest WS01\Guest S-1-5-21-7-7-7-501=stated MINWINPC\Guest=stated at host:ws01`},
		"the same of machines without logs": {[]*event.Event{named("dc", "S-1-5-21-7-7-7-501", "MINWINPC", "Guest"), named("dc", "S-1-5-21-8-8-8-501", "MINWINPC", "Guest"),
			named("dc", "S-1-5-21-7-7-7-501", "WORKSTATION1", "Guest"), named("dc", "S-1-5-21-8-8-8-501", "WORKSTATION2", "Guest")},
			Mention{SID: "S-1-5-21-8-8-8-501"}, `account:workstation2\guest WORKSTATION2\Guest S-1-5-21-8-8-8-501=stated MINWINPC\Guest=stated`},
		"SYSTEM":                          {nil, Mention{Value: `NT AUTHORITY\SYSTEM`}, `account:nt authority\system NT AUTHORITY\SYSTEM S-1-5-18=stated`},
		"SYSTEM in another language":      {nil, Mention{Value: "Système", Domain: "AUTORITE NT", SID: "S-1-5-18"}, `account:nt authority\system NT AUTHORITY\SYSTEM S-1-5-18=stated`},
		"SYSTEM as services have it":      {nil, Mention{Value: "LocalSystem"}, `account:nt authority\system NT AUTHORITY\SYSTEM S-1-5-18=stated`},
		"an application pool":             {[]*event.Event{plain("web01")}, Mention{Value: `IIS APPPOOL\Portal`, Host: "web01"}, `account:web01\iis apppool\portal IIS APPPOOL\Portal at host:web01`},
		"a machine's account":             {[]*event.Event{plain("web01.corp.example.test")}, Mention{Domain: "CORP", Value: "WEB01$"}, `account:corp\web01$ CORP\WEB01$ at host:web01.corp.example.test`},
		"a SID of which nothing is known": {nil, Mention{SID: bobSID}, "account:" + strings.ToLower(bobSID) + " " + bobSID},
		"a SID of a known domain":         {[]*event.Event{bob}, Mention{SID: eveSID, Value: "eve"}, `account:corp\eve eve ` + eveSID + "=stated"},
		"root is of each machine":         {[]*event.Event{plain("db01")}, Mention{Value: "root", Host: "db01"}, "account:db01\\root root at host:db01"},
		"groups have no part in it":       {[]*event.Event{named("dc01", "S-1-5-32-544", "BUILTIN", "bob")}, Mention{Value: "bob"}, "account:bob bob"},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, showAccount(contextOf(t, test.events...), test.ask)); diff != "" {
				t.Errorf("account (-want +got):\n%s", diff)
			}
		})
	}
}

func TestKindsOfAccounts(t *testing.T) {
	t.Parallel()
	c := NewContext()
	for key, want := range map[Key]struct{ machine, system bool }{
		`account:corp\web01$`:          {true, false},
		`account:corp\bob`:             {},
		`account:nt authority\system`:  {false, true},
		`account:window manager\dwm-1`: {false, true},
		`account:s-1-5-96-0-1`:         {false, true},
		`account:web01\iis apppool\x`:  {},
		`host:nt authority\system`:     {},
		`service:web01$`:               {},
	} {
		if machine, system := c.IsMachineAccount(key), c.IsSystemAccount(key); machine != want.machine || system != want.system {
			t.Errorf("%s: machine %v, system %v", key, machine, system)
		}
	}
}

func TestParseAccount(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]accountName{
		`CORP\bob`:                       {domain: "CORP", name: "bob"},
		`.\bob`:                          {name: "bob"},
		`-\bob`:                          {name: "bob"},
		"bob@corp.example.test":          {domain: "corp.example.test", name: "bob"},
		"@bob":                           {name: "@bob"},
		"corp.example.test/Users/IT/bob": {domain: "corp.example.test", name: "bob"},
		"CN=Bob B,OU=x,DC=corp,DC=test":  {domain: "corp.test", name: "Bob B"},
		`NT AUTHORITY\SYSTEM (w3wp)`:     {domain: "NT AUTHORITY", name: "SYSTEM"},
		"s-1-5-18":                       {sid: "S-1-5-18"},
		" bob ":                          {name: "bob"},
		"-":                              {}, "": {}, "S-1-0-0": {}, "(null)": {}, "unknown": {}, "4294967295": {},
	} {
		if got := parseAccount(text); got != want {
			t.Errorf("%q is %+v, want %+v", text, got, want)
		}
	}
}

// A SID with thousands of names, and an address that thousands claim, which
// crafted logs and gateways have, show few of them.
func TestAliasesAreBounded(t *testing.T) {
	t.Parallel()
	var events []*event.Event
	for i := range 4000 {
		events = append(events, named("dc01", bobSID, "CORP", fmt.Sprintf("user%04d", i)),
			connection("dc01", noon, true, fmt.Sprintf("10.0.%d.%d", i>>8, i&255), 1, "203.0.113.9", 443))
	}
	c := contextOf(t, events...)
	for _, m := range []Mention{{Kind: Account, SID: bobSID}, {Kind: Host, Value: "dc01"}} {
		if e := c.Resolve(m); len(e.Aliases) > maxAliases || len(e.Aliases) < maxAliases-1 {
			t.Errorf("%s has %d aliases, want about %d", e.Key, len(e.Aliases), maxAliases)
		}
	}
	first, last := c.Resolve(Mention{Kind: Account, Value: `CORP\user0000`}), c.Resolve(Mention{Kind: Account, Value: `CORP\user3999`})
	if first.Key != last.Key {
		t.Errorf("names of one SID are %s and %s", first.Key, last.Key)
	}
}
