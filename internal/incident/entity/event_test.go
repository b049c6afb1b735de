package entity

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kulla-defence/kulla/internal/event"
)

// contextOf shows events to one observer.
func contextOf(tb testing.TB, events ...*event.Event) *Context {
	tb.Helper()
	c := NewContext()
	o := c.Observer()
	for _, e := range events {
		if err := o.Event(e); err != nil {
			tb.Fatal(err)
		}
	}
	c.Finish()
	return c
}

func encoded(tb testing.TB, c *Context) string {
	tb.Helper()
	data, err := c.MarshalBinary()
	if err != nil {
		tb.Fatal(err)
	}
	return string(data)
}

// Layouts are compared by identity, so events of one shape share theirs.
func sharing(events []*event.Event) []*event.Event {
	known := map[string]*event.Layout{}
	for _, e := range events {
		key := strings.Join(e.Layout.Names, "\x00")
		if known[key] == nil {
			known[key] = e.Layout
		}
		e.Layout = known[key]
	}
	return events
}

func after(seconds float64) time.Time { return noon.Add(time.Duration(seconds * float64(time.Second))) }

func guidText(n int) string { return fmt.Sprintf("{ac061c88-4a98-652f-ef00-%012x}", n) }

// sysmonStart is a process that began, by the numbers of its GUID and its
// parent's.
func sysmonStart(host string, at time.Time, id, parent int, image string) *event.Event {
	return eventOf(host, at, "EventID", "1", "ProcessGuid", guidText(id), "ProcessId", fmt.Sprint(1000+id), "Image", image,
		"ParentProcessGuid", guidText(parent), "ParentProcessId", fmt.Sprint(1000+parent), "ParentImage", `C:\Windows\parent.exe`, "User", `CORP\bob`, "LogonId", "0x99")
}

// auditStart is the same as event 4688.
func auditStart(host string, at time.Time, pid, parent int, image string) *event.Event {
	return eventOf(host, at, "EventID", "4688", "SubjectUserSid", bobSID, "SubjectUserName", "bob", "SubjectDomainName", "CORP", "SubjectLogonId", "0x99",
		"NewProcessId", fmt.Sprintf("0x%x", pid), "NewProcessName", image, "ProcessId", fmt.Sprintf("0x%x", parent), "ParentProcessName", `C:\Windows\parent.exe`)
}

// logon is event 4624.
func logon(host string, at time.Time, id int, user, address, port, workstation string, logonGUID string) *event.Event {
	return eventOf(host, at, "EventID", "4624", "TargetUserSid", bobSID, "TargetUserName", user, "TargetDomainName", "CORP", "TargetLogonId", fmt.Sprintf("0x%x", id),
		"LogonType", "3", "IpAddress", address, "IpPort", port, "WorkstationName", workstation, "LogonGuid", logonGUID, "AuthenticationPackageName", "Kerberos")
}

// connection is event 3 of Sysmon.
func connection(host string, at time.Time, began bool, source string, sourcePort int, destination string, destinationPort int) *event.Event {
	return eventOf(host, at, "EventID", "3", "Initiated", fmt.Sprint(began), "SourceIp", source, "SourcePort", fmt.Sprint(sourcePort),
		"DestinationIp", destination, "DestinationPort", fmt.Sprint(destinationPort), "User", `CORP\bob`)
}

// named binds a SID to a name.
func named(host, sid, domain, name string) *event.Event {
	return eventOf(host, noon, "EventID", "4672", "SubjectUserSid", sid, "SubjectUserName", name, "SubjectDomainName", domain)
}
