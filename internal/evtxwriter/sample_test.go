package evtxwriter

import (
	"fmt"
	"time"
)

var sampleTime = time.Date(2021, 5, 3, 8, 15, 30, 123456700, time.UTC)

// process is an event like Security 4688.
func process(n int) Event {
	return Event{
		Provider: "Microsoft-Windows-Security-Auditing", GUID: "54849625-5478-4994-a5ba-3e3b0328c30d",
		EventID: 4688, Version: 2, Task: 13312, Keywords: 0x8020000000000000,
		Time: sampleTime.Add(time.Duration(n) * time.Second), PID: 4, TID: 88 + uint32(n),
		Channel: "Security", Computer: "WEB01.example.test",
		Data: []Field{
			{"SubjectUserSid", SID("S-1-5-21-1004336348-1177238915-682003330-500")},
			{"SubjectUserName", String("svc-sharepoint")},
			{"SubjectLogonId", Hex64(0x3e7)},
			{"NewProcessId", Pointer(uint64(0x1000 + n))},
			{"NewProcessName", String(`C:\Windows\System32\cmd.exe`)},
			{"CommandLine", String(fmt.Sprintf("cmd /c echo %d & whoami < \"in\" ", n))},
			{"Empty", String("")},
			{"Null", Null()},
		},
	}
}

// everyType has a value of each type.
func everyType() Event {
	return Event{
		Provider: "Kulla-Test", EventID: 7, Level: 4, Time: sampleTime, Channel: "Application", Computer: "PRINT01",
		ActivityID: "{00112233-4455-6677-8899-AABBCCDDEEFF}", UserSID: "S-1-5-18",
		Data: []Field{
			{"String", String("zoë 🦅 <&>")}, {"ANSI", ANSI("plain")},
			{"Int8", Int8(-8)}, {"Uint8", Uint8(200)}, {"Int16", Int16(-1600)}, {"Uint16", Uint16(65535)},
			{"Int32", Int32(-2147483648)}, {"Uint32", Uint32(4294967295)},
			{"Int64", Int64(-9223372036854775808)}, {"Uint64", Uint64(18446744073709551615)},
			{"Float32", Float32(1.5)}, {"Float64", Float64(-0.25)}, {"Bool", Bool(true)},
			{"Binary", Binary([]byte{0, 0xde, 0xad})}, {"GUID", GUID("00112233-4455-6677-8899-aabbccddeeff")},
			{"Size4", Size(0xabc, 4)}, {"Size8", Size(0xabcdef, 8)},
			{"FileTime", FileTime(sampleTime)}, {"SystemTime", SystemTime(sampleTime)}, {"SID", SID("S-1-5-32-544")},
			{"Hex32", Hex32(0xff)}, {"Hex64", Hex64(0x8000000000000000)},
			{"Strings", Strings("one", "", "three")}, {"Numbers", Array(Uint16(1), Uint16(2), Uint16(3))},
			{"GUIDs", Array(GUID("00112233-4455-6677-8899-aabbccddeeff"), GUID("54849625-5478-4994-a5ba-3e3b0328c30d"))},
		},
	}
}

// cleared is an event with UserData, like Security 1102.
func cleared() Event {
	return Event{
		Provider: "Microsoft-Windows-Eventlog", GUID: "fc65ddd8-d6ef-4962-83d5-6e5cfe9ce148",
		EventID: 1102, Level: 4, Task: 104, Keywords: 0x4020000000000000, Time: sampleTime, Channel: "Security", Computer: "DC01",
		UserData: &Element{Name: "LogFileCleared",
			Attributes: []Attribute{{"xmlns", Text("http://manifests.microsoft.com/win/2004/08/windows/eventlog")}},
			Children: []Node{
				&Element{Name: "SubjectUserSid", Children: []Node{SID("S-1-5-18")}},
				&Element{Name: "SubjectUserName", Children: []Node{String("admin-t1")}},
				&Element{Name: "SubjectLogonId", Children: []Node{Hex64(0x1f2e3d)}},
			}},
	}
}

// rareNodes has the nodes that Windows seldom writes.
func rareNodes() Event {
	e := cleared()
	e.EventID = 9
	e.UserData = &Element{Name: "Rare", Children: []Node{
		&Element{Name: "Mixed", Children: []Node{
			Text("a"), EntityReference("amp"), Text("b"), CharacterReference(228), CDATA("<raw>"), Uint32(5), Text("c")}},
		Instruction{Target: "kulla", Data: "go on"},
		&Element{Name: "Nothing"},
		&Element{Name: "Inner", Children: []Node{BinXML(&Element{Name: "Deep", Children: []Node{String("down")}})}},
	}}
	return e
}

// classic is an event of a classic source: strings without names.
func classic() Event {
	qualifiers := uint16(0x4000)
	return Event{Provider: "Service Control", EventID: 7036, Qualifiers: &qualifiers, Level: 4, Time: sampleTime,
		Keywords: 0x80000000000000, Channel: "System", Computer: "FILE01",
		Data: []Field{{"", String("first")}, {"", String("second")}, {"", Binary([]byte{1, 2})}}}
}

// bare has neither EventData nor UserData.
func bare() Event {
	return Event{Provider: "Kulla-Test", EventID: 1, Time: sampleTime, Channel: "Application", Computer: "PRINT01"}
}

func plain(e Event) Event {
	e.Plain = true
	return e
}

// samples has each form of record, enough of them for several chunks.
func samples() []Event {
	events := []Event{process(0), everyType(), cleared(), rareNodes(), classic(), bare(), plain(process(1)), plain(cleared())}
	for n := range 300 {
		events = append(events, process(n))
	}
	return events
}
