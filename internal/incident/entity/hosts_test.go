package entity

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kulla-defence/kulla/internal/event"
)

// showHost is a host's key, its name, and its aliases with how each is known.
func showHost(c *Context, name string) string {
	e := c.Resolve(Mention{Kind: Host, Value: name})
	parts := []string{string(e.Key), e.Name}
	for i, alias := range e.Aliases {
		parts = append(parts, alias+"="+string(e.Known[i]))
	}
	return strings.Join(parts, " ")
}

// in places an event in a log.
func in(source *event.Source, record uint64, e *event.Event) *event.Event {
	e.Provenance = event.Provenance{Source: source, RecordID: record}
	return e
}

func TestHosts(t *testing.T) {
	t.Parallel()
	plain := func(host string) *event.Event { return eventOf(host, noon, "EventID", "1") }
	cases := map[string]struct {
		events []*event.Event
		ask    string
		want   string
	}{
		"nothing is known": {nil, "WEB01", "host:web01 WEB01"},
		"short and full":   {[]*event.Event{plain("WEB01"), plain("WEB01.corp.example.test")}, "web01", "host:web01.corp.example.test WEB01.corp.example.test WEB01=prefixed"},
		"short name of no log": {[]*event.Event{plain("WEB01.corp.example.test")}, "WEB01",
			"host:web01.corp.example.test WEB01.corp.example.test WEB01=prefixed"},
		"a dot at the end": {[]*event.Event{plain("web01.corp.example.test")}, "web01.corp.example.test.", "host:web01.corp.example.test web01.corp.example.test"},
		"two full names with one short stay apart": {[]*event.Event{plain("web01.a.example.test"), plain("web01.b.example.test"), plain("web01")},
			"web01", "host:web01 web01"},
		"and each is itself": {[]*event.Event{plain("web01.a.example.test"), plain("web01.b.example.test"), plain("web01")},
			"web01.b.example.test", "host:web01.b.example.test web01.b.example.test"},
		"a name cut to what NetBIOS has room for": {[]*event.Event{plain("exchangeserver-tirana.example.test"), plain("EXCHANGESERVER-")},
			"EXCHANGESERVER-", "host:exchangeserver-tirana.example.test exchangeserver-tirana.example.test EXCHANGESERVER-=prefixed"},
		"its own side of a connection": {[]*event.Event{connection("ws01", noon, true, "192.0.2.7", 1, "203.0.113.9", 443)},
			"192.0.2.7", "host:ws01 ws01 192.0.2.7=connected"},
		"the other side is not its own": {[]*event.Event{connection("ws01", noon, true, "192.0.2.7", 1, "203.0.113.9", 443)},
			"203.0.113.9", "host:203.0.113.9 203.0.113.9"},
		"accepted": {[]*event.Event{connection("ws01", noon, false, "192.0.2.7", 1, "192.0.2.8", 445)},
			"ws01", "host:ws01 ws01 192.0.2.8=connected"},
		"two machines with one address": {[]*event.Event{connection("ws01", noon, true, "10.0.2.15", 1, "203.0.113.9", 443), connection("ws02", noon, true, "10.0.2.15", 1, "203.0.113.9", 443)},
			"10.0.2.15", "host:10.0.2.15 10.0.2.15"},
		"loopback and link-local are nobody's": {[]*event.Event{connection("ws01", noon, true, "127.0.0.1", 1, "127.0.0.1", 443), connection("ws01", noon, true, "fe80::1", 1, "fe80::2", 443)},
			"ws01", "host:ws01 ws01"},
		"a web server's own address": {[]*event.Event{eventOf("WEB01", noon, "s-ip", "192.0.2.10", "c-ip", "203.0.113.7"), plain("WEB01.corp.example.test")},
			"192.0.2.10", "host:web01.corp.example.test WEB01.corp.example.test WEB01=prefixed 192.0.2.10=connected"},
		"a machine's account logs on": {[]*event.Event{plain("ws07.corp.example.test"), logon("dc01", noon, 7, "WS07$", "192.0.2.7", "0", "-", guidText(0))},
			"192.0.2.7", "host:ws07.corp.example.test ws07.corp.example.test 192.0.2.7=authenticated"},
		"a machine asks for a ticket": {[]*event.Event{plain("ws07.corp.example.test"), eventOf("dc01", noon, "EventID", "4768", "TargetUserName", "WS07$", "IpAddress", "::ffff:192.0.2.7", "TicketOptions", "0x1")},
			"ws07", "host:ws07.corp.example.test ws07.corp.example.test ws07=prefixed 192.0.2.7=authenticated"},
		"what a client calls itself": {[]*event.Event{plain("ws07"), logon("dc01", noon, 7, "bob", "192.0.2.7", "0", "WS07", guidText(0))},
			"ws07", "host:ws07 ws07 192.0.2.7=claimed"},
		"is weaker than what is seen": {[]*event.Event{plain("ws07"), logon("dc01", noon, 7, "bob", "192.0.2.7", "0", "WS07", guidText(0)),
			connection("ws08", noon, true, "192.0.2.7", 1, "203.0.113.9", 443)}, "ws07", "host:ws07 ws07"},
		"a lease": {[]*event.Event{eventOf("", noon, "assigned_addr", "192.0.2.7", "host_name", "ws07"), plain("WS07")},
			"192.0.2.7", "host:ws07 WS07 192.0.2.7=answered"},
		"an answer of DNS": {[]*event.Event{eventOf("ws01", noon, "EventID", "22", "QueryName", "file01.corp.example.test", "QueryResults", "::ffff:10.1.1.1;"), plain("FILE01.corp.example.test")},
			"10.1.1.1", "host:file01.corp.example.test FILE01.corp.example.test 10.1.1.1=answered"},
		"a name of a service is not that of the machine": {[]*event.Event{eventOf("ws01", noon, "EventID", "22", "QueryName", "intranet.corp.example.test", "QueryResults", "::ffff:10.1.1.1;"),
			connection("web01", noon, false, "192.0.2.7", 1, "10.1.1.1", 443)}, "10.1.1.1", "host:web01 web01 10.1.1.1=connected"},
		"renamed, as Windows states": {[]*event.Event{plain("WIN-ABC123"), plain("WEB01.corp.example.test"),
			eventOf("WEB01.corp.example.test", noon, "EventID", "6011", "Provider_Name", "EventLog", "Data", "WIN-ABC123", "Data", "WEB01")},
			"WIN-ABC123", "host:web01.corp.example.test WEB01.corp.example.test WIN-ABC123=renamed"},
		"6011 of another provider": {[]*event.Event{plain("WIN-ABC123"), plain("WEB01"),
			eventOf("WEB01", noon, "EventID", "6011", "Provider_Name", "Other", "Data", "WIN-ABC123", "Data", "WEB01")}, "WIN-ABC123", "host:win-abc123 WIN-ABC123"},
		"renamed to and fro": {[]*event.Event{plain("a"), plain("b"),
			eventOf("a", noon, "EventID", "6011", "Provider_Name", "EventLog", "Data", "a", "Data", "b"),
			eventOf("b", noon, "EventID", "6011", "Provider_Name", "EventLog", "Data", "b", "Data", "a")}, "b", "host:a a b=renamed"},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, showHost(contextOf(t, test.events...), test.ask)); diff != "" {
				t.Errorf("host (-want +got):\n%s", diff)
			}
		})
	}
}

// Logs that go on under a new name are of a renamed machine when two or more
// do, one after the other; merged logs of several machines are not.
func TestRenamedByLogs(t *testing.T) {
	t.Parallel()
	// build makes logs of records; a log is the names of its records' hosts.
	build := func(logs ...string) *Context {
		var events []*event.Event
		for i, log := range logs {
			source := &event.Source{Name: fmt.Sprint("log", i)}
			for record, name := range strings.Fields(log) {
				events = append(events, in(source, uint64(record+1), eventOf(name, noon, "EventID", "1")))
			}
		}
		return contextOf(t, events...)
	}
	for name, test := range map[string]struct {
		logs    []string
		renamed bool
	}{
		"two logs":              {[]string{"old old new new", "old new"}, true},
		"one log is not enough": {[]string{"old old new new", "new"}, false},
		"one log goes back":     {[]string{"old new", "old new", "old new old"}, false},
		"many missing between":  {[]string{"old" + strings.Repeat(" x", 20) + " new", "old" + strings.Repeat(" y", 20) + " new"}, false},
	} {
		c := build(test.logs...)
		if renamed := c.Resolve(Mention{Kind: Host, Value: "old"}).Key == "host:new"; renamed != test.renamed {
			t.Errorf("%s: renamed is %v", name, renamed)
		}
	}
}

func TestHostOf(t *testing.T) {
	t.Parallel()
	c := contextOf(t,
		connection("ws01", noon, true, "192.0.2.7", 1, "203.0.113.9", 443),
		logon("ws01", noon, 7, "bob", "192.0.2.8", "0", "WS02", guidText(0)),
		eventOf("dc01", noon, "EventID", "4769", "TargetUserName", "bob", "IpAddress", "192.0.2.7", "TicketOptions", "0x1"))
	for address, want := range map[string]Key{"192.0.2.7": "host:ws01", "::ffff:192.0.2.7": "host:ws01", "192.0.2.8": "", "192.0.2.9": "", "": "", "127.0.0.1": ""} {
		if got, ok := c.HostOf(address); got != want || ok != (want != "") {
			t.Errorf("host of %q is %q, want %q", address, got, want)
		}
	}
	if e := c.Resolve(Mention{Kind: Address, Value: "192.0.2.7"}); e.Host != "host:ws01" || e.Key != "address:192.0.2.7" {
		t.Errorf("address resolves to %+v", e)
	}
	if e := c.Resolve(Mention{Kind: Domain, Value: "WS01"}); e.Host != "host:ws01" {
		t.Errorf("domain resolves to %+v", e)
	}
	if !c.IsDomainController("host:dc01") || c.IsDomainController("host:ws01") {
		t.Error("the machine that gives tickets is not known")
	}
}

// Whatever is asked, aliases and how they are known go together.
func TestKnownGoesWithAliases(t *testing.T) {
	t.Parallel()
	c := observe(t, manyEvents(200), 1)
	for _, m := range []Mention{{Kind: Host, Value: "ws01"}, {Kind: Account, SID: "S-1-5-21-1-2-3-5"}, {Kind: Process, GUID: guidText(5)}} {
		e := c.Resolve(m)
		if len(e.Aliases) == 0 || len(e.Aliases) != len(e.Known) || slices.Contains(e.Known, "") || slices.Contains(e.Aliases, e.Name) {
			t.Errorf("%v resolves to %+v", m, e)
		}
	}
}
