package entity

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A chain goes through processes that no rule matched, to the last one whose
// start is known, and names the one above it.
func TestProcessChain(t *testing.T) {
	t.Parallel()
	c := contextOf(t,
		sysmonStart("web01", after(0), 2, 1, `C:\w3wp.exe`),
		sysmonStart("web01", after(10), 3, 2, `C:\cmd.exe`),
		sysmonStart("web01", after(20), 4, 3, `C:\whoami.exe`))
	id := func(n int) Key { return Key("process:" + guidText(n)[1:37]) }
	if diff := cmp.Diff([]Key{id(3), id(2), id(1)}, c.ProcessChain(id(4))); diff != "" {
		t.Errorf("chain (-want +got):\n%s", diff)
	}
	start, ok := c.ProcessStart(id(3))
	want := Start{Process: id(3), Parent: id(2), Host: "host:web01", Image: `C:\cmd.exe`, ParentImage: `C:\Windows\parent.exe`,
		Account: `account:corp\bob`, Session: "session:web01/0x99", Time: after(10)}
	if diff := cmp.Diff(want, start); diff != "" || !ok {
		t.Errorf("start (-want +got):\n%s", diff)
	}
	if _, ok := c.ProcessStart(id(1)); ok {
		t.Error("a process of which no start was seen has one")
	}
}

// Processes without a GUID are told by host, number and time: numbers are used
// again.
func TestProcessNumbers(t *testing.T) {
	t.Parallel()
	c := contextOf(t,
		auditStart("web01", after(0), 500, 400, `C:\a.exe`),
		auditStart("web01", after(1000), 500, 400, `C:\b.exe`),
		auditStart("web01", after(1100), 600, 500, `C:\c.exe`),
		auditStart("web02", after(1050), 500, 400, `C:\d.exe`))
	resolve := func(host string, at time.Time, image string) string {
		e := c.Resolve(Mention{Kind: Process, Host: host, PID: 500, Value: image, Time: at})
		return string(e.Key) + " " + e.Name
	}
	for want, got := range map[string]string{
		`process:web01/500@2022-07-15t12:00:00z C:\a.exe`: resolve("web01", after(10), ""),
		`process:web01/500@2022-07-15t12:16:40z C:\b.exe`: resolve("WEB01", after(1001), `C:\b.exe`),
		`process:web02/500@2022-07-15t12:17:30z C:\d.exe`: resolve("web02", after(2000), ""),
		`process:web01/500:x.exe C:\x.exe`:                resolve("web01", after(2000), `C:\x.exe`), // the start of this one was not seen
		`process:web01/500: process 500`:                  resolve("web01", after(-60), ""),
	} {
		if got != want {
			t.Errorf("resolves to %s, want %s", got, want)
		}
	}
	child := c.Resolve(Mention{Kind: Process, Host: "web01", PID: 600, Time: after(1200)}).Key
	// What is said of the parent's image is not what number 500 ran then.
	if parent, ok := c.Parent(child); parent != "process:web01/500:parent.exe" || !ok {
		t.Errorf("parent is %s", parent)
	}
}

// One start in both logs is one process, also where the clock of one record is
// a little behind.
func TestProcessInBothLogs(t *testing.T) {
	t.Parallel()
	for _, delay := range []float64{-1.5, 0, 1.5} {
		c := contextOf(t,
			sysmonStart("web01", after(0), 2, 1, `C:\Windows\System32\cmd.exe`),
			auditStart("web01", after(delay), 1002, 1001, `C:\Windows\System32\cmd.exe`))
		byNumber := c.Resolve(Mention{Kind: Process, Host: "web01", PID: 1002, Time: after(5)}).Key
		byGUID := c.Resolve(Mention{Kind: Process, GUID: guidText(2)}).Key
		if byNumber != byGUID {
			t.Errorf("%vs apart: %s and %s", delay, byNumber, byGUID)
		}
	}
	c := contextOf(t,
		sysmonStart("web01", after(0), 2, 1, `C:\Windows\System32\cmd.exe`),
		auditStart("web01", after(1), 1002, 1001, `C:\Windows\System32\other.exe`))
	if c.Resolve(Mention{Kind: Process, Host: "web01", PID: 1002, Time: after(5)}).Key == c.Resolve(Mention{Kind: Process, GUID: guidText(2)}).Key {
		t.Error("two programs are one process")
	}
}

// A circle of parents, which only crafted logs have, ends.
func TestProcessCircle(t *testing.T) {
	t.Parallel()
	c := contextOf(t, sysmonStart("web01", after(0), 1, 2, `a`), sysmonStart("web01", after(0), 2, 1, `b`), sysmonStart("web01", after(0), 3, 3, `c`))
	if n := len(c.ProcessChain(Key("process:" + guidText(1)[1:37]))); n != 1 {
		t.Errorf("%d processes above one of a circle of two", n)
	}
	if n := len(c.ProcessChain(Key("process:" + guidText(3)[1:37]))); n != 0 {
		t.Errorf("%d processes above one that started itself", n)
	}
}

func TestSessions(t *testing.T) {
	t.Parallel()
	c := contextOf(t,
		connection("ws02", noon, true, "192.0.2.7", 1, "192.0.2.8", 445),
		eventOf("ws03", noon, "EventID", "1"),
		logon("web01", after(0), 0x99, "bob", "192.0.2.7", "50000", "WS02", guidText(0)),
		logon("web01", after(1000), 0x99, "eve", "192.0.2.9", "50000", "WS03", guidText(0)),
		logon("web01", after(2000), 0x88, "eve", "203.0.113.9", "50000", "WEB01", guidText(0)))
	session := func(id int, at time.Time) Key {
		return c.Resolve(Mention{Kind: Session, Value: fmt.Sprintf("0x%x", id), Host: "WEB01", Time: at}).Key
	}
	want := Logon{Session: "session:web01/0x99@2022-07-15t12:00:00z", Host: "host:web01", Account: `account:corp\bob`, Address: "192.0.2.7", Workstation: "WS02",
		Source: "host:ws02", Type: 3, Time: after(0)}
	got, ok := c.SessionOf(session(0x99, after(500)))
	if diff := cmp.Diff(want, got); diff != "" || !ok {
		t.Errorf("logon (-want +got):\n%s", diff)
	}
	if got, _ := c.SessionOf(session(0x99, after(1500))); got.Account != `account:corp\eve` && got.Account != `account:corp\bob` || got.Time != after(1000) || got.Source != "host:ws03" {
		t.Errorf("after a restart the same number is %+v", got)
	}
	if got, _ := c.SessionOf(session(0x88, after(3000))); got.Source != "" || got.Address != "203.0.113.9" {
		t.Errorf("a server that names itself is the source of %+v", got)
	}
	if key := session(0x77, noon); key != "session:web01/0x77" {
		t.Errorf("a session that nobody saw begin is %s", key)
	}
	if _, ok := c.SessionOf("session:web01/0x77"); ok {
		t.Error("and it has a logon")
	}
}

// Keys that nobody gave are not found, and break nothing.
func TestStrangeKeys(t *testing.T) {
	t.Parallel()
	c := observe(t, manyEvents(5), 1)
	for _, key := range []Key{"", "process:", "process:x", "process:a/b@c", "process:a/@", "process:a@b/1", "session:", "session:/@", "session:a/0x1@", "host:x", "account:"} {
		if _, ok := c.Parent(key); ok {
			t.Errorf("%q has a parent", key)
		}
		if _, ok := c.SessionOf(key); ok {
			t.Errorf("%q has a logon", key)
		}
		if _, ok := c.ProcessStart(key); ok {
			t.Errorf("%q has a start", key)
		}
		if r := c.Rarity(key); r < 0 || r > 1 {
			t.Errorf("%q has rarity %v", key, r)
		}
	}
}
