package main

import (
	"fmt"
	"time"

	"github.com/kulla-defence/kulla/internal/evtxwriter"
)

const (
	classicKeyword = 0x80000000000000
	controlManager = "Service Control Manager"
)

// controls records an event of the service control manager.
func (h *host) controls(t time.Time, id uint16, fields ...evtxwriter.Field) {
	qualifiers := uint16(0x4000)
	h.add(system, evtxwriter.Event{Provider: controlManager, GUID: "{555908d1-a6d7-4695-8e1e-26931d2012f4}", EventID: id, Qualifiers: &qualifiers,
		Level: 4, Keywords: 0x8080000000000000, Time: t, Data: fields})
}

func (h *host) installsService(t time.Time, name, image, kind string) {
	h.controls(t, 7045, text("ServiceName", name), text("ImagePath", image), text("ServiceType", kind), text("StartType", "demand start"), text("AccountName", "LocalSystem"))
}

func (h *host) changesStart(t time.Time, title, before, after, name string) {
	h.controls(t, 7040, text("param1", title), text("param2", before), text("param3", after), text("param4", name))
}

func (h *host) serviceIs(t time.Time, title, state string) {
	h.controls(t, 7036, text("param1", title), text("param2", state), evtxwriter.Field{Name: "", Value: evtxwriter.Binary([]byte(title + "/4"))})
}

// updates records that Windows Update downloads and installs something.
func (h *host) updates(t time.Time, id uint16, title string) {
	h.add(system, evtxwriter.Event{Provider: "Microsoft-Windows-WindowsUpdateClient", GUID: "{945a8954-c147-4acd-923f-40c45405a658}", EventID: id, Version: 1, Level: 4,
		Task: 1, Opcode: 13, Keywords: 0x8000000000000018, Time: t, UserSID: "S-1-5-18",
		Data: []evtxwriter.Field{text("updateTitle", title), identifier("updateGuid", h.guid()), integer("updateRevisionNumber", 200),
			identifier("serviceGuid", "{9482f4b4-e343-43b6-b170-9a65bc822c77}")}})
}

// clearsSystemLog is the record that the emptied log begins with.
func (h *host) clearsSystemLog(t time.Time, by account) {
	h.add(system, evtxwriter.Event{Provider: "Microsoft-Windows-Eventlog", GUID: eventLogGUID, EventID: 104, Level: 4, Task: 104, Keywords: 0x8000000000000000,
		Time: t, UserSID: by.sid(), UserData: &evtxwriter.Element{Name: "LogFileCleared", Children: []evtxwriter.Node{
			&evtxwriter.Element{Name: "SubjectUserName", Children: []evtxwriter.Node{evtxwriter.String(by.name)}},
			&evtxwriter.Element{Name: "SubjectDomainName", Children: []evtxwriter.Node{evtxwriter.String(domain)}},
			&evtxwriter.Element{Name: "Channel", Children: []evtxwriter.Node{evtxwriter.String("System")}},
			&evtxwriter.Element{Name: "BackupPath", Children: []evtxwriter.Node{evtxwriter.String("")}},
		}}})
	h.log(system).cleared = t
}

// defends records an event of Defender.
func (h *host) defends(t time.Time, id uint16, fields ...evtxwriter.Field) {
	begin := []evtxwriter.Field{text("Product Name", "Microsoft Defender Antivirus"), text("Product Version", "4.18.2205.7")}
	h.add(defender, evtxwriter.Event{Provider: "Microsoft-Windows-Windows Defender", GUID: "{11cd958a-c507-4ef3-b3f2-5fd9dfbd2c78}", EventID: id, Level: 4,
		Keywords: 0x8000000000000000, Time: t, UserSID: "S-1-5-18", Data: append(begin, fields...)})
}

const defenderKey = `HKLM\SOFTWARE\Microsoft\Windows Defender`

func (h *host) changesDefender(t time.Time, setting, before, after string) {
	h.defends(t, 5007, text("Old Value", before), text("New Value", defenderKey+`\`+setting+" = "+after))
}

// finds records that Defender found something.
func (h *host) finds(t time.Time, threat, path string) {
	h.defends(t, 1116, text("Detection ID", h.guid()), text("Detection Time", t.Format(time.RFC3339)), text("Threat ID", "2147705511"),
		text("Threat Name", threat), text("Severity ID", "4"), text("Severity Name", "High"), text("Category ID", "34"), text("Category Name", "Tool"),
		text("Path", "file:_"+path), text("Detection User", systemUser), text("Process Name", "Unknown"))
}

// runsScript records a block of PowerShell.
func (h *host) runsScript(t time.Time, a account, script string) {
	h.add(powershell, evtxwriter.Event{Provider: "Microsoft-Windows-PowerShell", GUID: "{a0c1853b-5c40-4b15-8766-3cf1c58f985a}", EventID: 4104, Version: 1, Level: 5,
		Task: 2, Opcode: 15, Time: t, UserSID: a.sid(),
		Data: []evtxwriter.Field{integer("MessageNumber", 1), integer("MessageTotal", 1), text("ScriptBlockText", script),
			text("ScriptBlockId", h.guid()), text("Path", "")}})
}

// cmdlet records a cmdlet of Exchange, as unnamed data.
func (h *host) cmdlet(t time.Time, by account, name, arguments string) {
	qualifiers := uint16(0x4000)
	var data []evtxwriter.Field
	for _, value := range []string{name, arguments, dnsDomain + "/Users/" + by.name, by.sid(), by.sid(), "Remote-ManagementShell-Unknown",
		fmt.Sprintf("%d w3wp#MSExchangePowerShellAppPool", h.process()), "", "5", "00:00:00.2187500", "View Entire Forest: 'False'", "", "", "False"} {
		data = append(data, text("", value))
	}
	h.add(exchange, evtxwriter.Event{Provider: "MSExchange CmdletLogs", EventID: 1, Qualifiers: &qualifiers, Level: 4, Task: 1, Keywords: classicKeyword, Time: t, Data: data})
}
