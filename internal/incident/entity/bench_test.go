package entity

import (
	"fmt"
	"testing"
	"time"

	"github.com/kulla-defence/kulla/internal/event"
)

// texts are the values of an event in a test, one a column.
type texts []string

func (t texts) AppendValue(dst []byte, column int) ([]byte, event.State) {
	if t[column] == "" {
		return dst, event.Null
	}
	return append(dst, t[column]...), event.Present
}

// eventOf makes an event of names and values by turns.
func eventOf(host string, at time.Time, pairs ...string) *event.Event {
	layout, values := &event.Layout{}, texts{}
	for i := 0; i < len(pairs); i += 2 {
		layout.Names, values = append(layout.Names, pairs[i]), append(values, pairs[i+1])
	}
	return &event.Event{Layout: layout, Values: values, Host: host, Time: at}
}

var noon = time.Date(2022, 7, 15, 12, 0, 0, 0, time.UTC)

func BenchmarkObserver(b *testing.B) {
	cases := map[string]func(int) *event.Event{
		"uninteresting": func(i int) *event.Event {
			return eventOf("WS01.corp.example.test", noon, "EventID", "7", "Channel", "x", "Image", "c", "ImageLoaded", "d", "Hashes", "e")
		},
		"web": func(i int) *event.Event {
			return eventOf("WEB01", noon, "c-ip", fmt.Sprintf("203.0.113.%d", i%7), "s-ip", "192.0.2.1", "cs-username", "", "cs-uri-stem", "/")
		},
		"subject": func(i int) *event.Event {
			return eventOf("WS01", noon, "EventID", "4663", "SubjectUserSid", "S-1-5-21-1-2-3-1105", "SubjectUserName", "bob", "SubjectDomainName", "CORP", "SubjectLogonId", "0x1234")
		},
		"logon": func(i int) *event.Event {
			return eventOf("WS01", noon.Add(time.Duration(i)*time.Second), "EventID", "4624", "TargetUserSid", "S-1-5-21-1-2-3-1105", "TargetUserName", "bob", "TargetDomainName", "CORP",
				"TargetLogonId", fmt.Sprintf("0x%x", 4096+i), "LogonType", "3", "IpAddress", "192.0.2.7", "IpPort", "50000", "WorkstationName", "WS02", "LogonGuid", "{00000000-0000-0000-0000-000000000000}", "AuthenticationPackageName", "NTLM")
		},
		"process": func(i int) *event.Event {
			return eventOf("WS01", noon.Add(time.Duration(i)*time.Second), "EventID", "1", "ProcessGuid", fmt.Sprintf("{ac061c88-4a98-652f-ef00-%012x}", i), "ProcessId", "448", "Image", `C:\Windows\System32\cmd.exe`,
				"ParentProcessGuid", "{ac061c88-4a98-652f-ef00-000000000100}", "ParentProcessId", "44", "ParentImage", `C:\Windows\explorer.exe`, "User", `CORP\bob`, "LogonId", "0x1234")
		},
		"firewall": func(i int) *event.Event {
			return eventOf("fw01", noon.Add(time.Duration(i)*time.Second), "src_ip", fmt.Sprintf("10.0.%d.%d", i%3, i%200), "dst_ip", fmt.Sprintf("203.0.113.%d", i%250), "src_port", fmt.Sprint(1024+i%60000), "dst_port", "443", "action", "accept")
		},
	}
	for name, make := range cases {
		b.Run(name, func(b *testing.B) {
			events := []*event.Event{}
			for i := range 4096 {
				e := make(i)
				if i > 0 {
					e.Layout = events[0].Layout
				}
				events = append(events, e)
			}
			o := NewContext().Observer()
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				if err := o.Event(events[i&4095]); err != nil {
					b.Fatal(err)
				}
				i++
			}
		})
	}
}
