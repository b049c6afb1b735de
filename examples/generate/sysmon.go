package main

import (
	"cmp"
	"crypto/md5"
	"fmt"
	"strings"
	"time"

	"github.com/kulla-defence/kulla/internal/evtxwriter"
)

// A process is a program that is started.
type process struct {
	image, commandLine        string
	parent, parentCommandLine string
	user                      account
	original, product, md5    string
}

// start records the start of a process, by Sysmon or by Windows itself.
func (h *host) start(t time.Time, p process) {
	if p.commandLine == "" {
		p.commandLine = p.image
	}
	if p.parentCommandLine == "" {
		p.parentCommandLine = p.parent
	}
	if !h.hasSysmon {
		h.audited(t, p)
		return
	}
	user, integrity, logon := h.userOf(p.user)
	h.sysmon(t, 1, 5,
		identifier("ProcessGuid", h.guid()),
		integer("ProcessId", h.process()),
		text("Image", p.image), text("FileVersion", "-"), text("Description", "-"), text("Product", orDash(p.product)),
		text("Company", "-"), text("OriginalFileName", orDash(p.original)),
		text("CommandLine", p.commandLine), text("CurrentDirectory", `C:\Windows\system32\`), text("User", user),
		identifier("LogonGuid", h.guid()),
		hex("LogonId", logon),
		integer("TerminalSessionId", 0),
		text("IntegrityLevel", integrity), text("Hashes", hashes(p)),
		identifier("ParentProcessGuid", h.guid()),
		integer("ParentProcessId", h.process()),
		text("ParentImage", p.parent), text("ParentCommandLine", p.parentCommandLine), text("ParentUser", user),
	)
}

// sysmon records an event of Sysmon, with the two fields that begin each.
func (h *host) sysmon(t time.Time, id uint16, version uint8, fields ...evtxwriter.Field) {
	begin := []evtxwriter.Field{text("RuleName", "-"), text("UtcTime", h.clock(t).Format("2006-01-02 15:04:05.000"))}
	h.add(sysmon, evtxwriter.Event{
		Provider: "Microsoft-Windows-Sysmon", GUID: "{5770385f-c22a-43e0-bf4c-06f5698ffbd9}", EventID: id, Version: version, Level: 4, Task: id,
		Keywords: 0x8000000000000000, Time: t, UserSID: "S-1-5-18", Data: append(begin, fields...),
	})
}

// by is the process an event of Sysmon is about.
func (h *host) by(image string) []evtxwriter.Field {
	return []evtxwriter.Field{
		identifier("ProcessGuid", h.guid()),
		integer("ProcessId", h.process()),
		text("Image", image),
	}
}

func (h *host) connects(t time.Time, image, user, to string, port uint16) {
	h.connectsFrom(t, image, user, 0, to, port)
}

// connectsFrom is connects with the port at this side; 0 is any.
func (h *host) connectsFrom(t time.Time, image, user string, own uint16, to string, port uint16) {
	h.sysmon(t, 3, 5, append(h.by(image),
		text("User", user), text("Protocol", "tcp"), truth("Initiated", true),
		truth("SourceIsIpv6", false), text("SourceIp", h.address), text("SourceHostname", h.computer()),
		evtxwriter.Field{Name: "SourcePort", Value: evtxwriter.Uint16(cmp.Or(own, uint16(49152+h.random.IntN(16000))))}, text("SourcePortName", "-"),
		truth("DestinationIsIpv6", strings.Contains(to, ":")), text("DestinationIp", to), text("DestinationHostname", "-"),
		evtxwriter.Field{Name: "DestinationPort", Value: evtxwriter.Uint16(port)}, text("DestinationPortName", "-"))...)
}

func (h *host) loadsDriver(t time.Time, image, signature string) {
	h.sysmon(t, 6, 4, text("ImageLoaded", image), text("Hashes", hashes(process{image: image})),
		text("Signed", "true"), text("Signature", signature), text("SignatureStatus", "Valid"))
}

func (h *host) readsDisk(t time.Time, image, device string) {
	h.sysmon(t, 9, 2, append(h.by(image), text("Device", device), text("User", systemUser))...)
}

func (h *host) opensProcess(t time.Time, image, target string, access uint32) {
	h.sysmon(t, 10, 3,
		identifier("SourceProcessGUID", h.guid()),
		integer("SourceProcessId", h.process()),
		integer("SourceThreadId", h.process()),
		text("SourceImage", image),
		identifier("TargetProcessGUID", h.guid()),
		integer("TargetProcessId", h.process()),
		text("TargetImage", target), hex("GrantedAccess", uint64(access)),
		text("CallTrace", `C:\Windows\SYSTEM32\ntdll.dll+9d4c4|C:\Windows\System32\KERNELBASE.dll+2c0fe`),
		text("SourceUser", systemUser), text("TargetUser", systemUser))
}

func (h *host) writes(t time.Time, image, target, user string) {
	h.sysmon(t, 11, 2, append(h.by(image), text("TargetFilename", target),
		text("CreationUtcTime", h.clock(t).Format("2006-01-02 15:04:05.000")), text("User", user))...)
}

func (h *host) setsValue(t time.Time, image, object, details string) {
	h.sysmon(t, 13, 2, append([]evtxwriter.Field{text("EventType", "SetValue")}, append(h.by(image),
		text("TargetObject", object), text("Details", details), text("User", systemUser))...)...)
}

func (h *host) asksName(t time.Time, image, name, answer string) {
	h.sysmon(t, 22, 5, append(h.by(image)[:2], text("QueryName", name), text("QueryStatus", "0"),
		text("QueryResults", answer), text("Image", image), text("User", systemUser))...)
}

const systemUser = `NT AUTHORITY\SYSTEM`

// userOf gives user, integrity level and logon of a process; no account is
// the system.
func (h *host) userOf(a account) (user, integrity string, logon uint64) {
	if a == (account{}) {
		return systemUser, "System", nobodyLogon
	}
	return domain + `\` + a.name, "High", 0x10000 + number(h.name+a.name)%0xffffff
}

// hashes of a file: the known one where the record gives it, else made of the
// file's name.
func hashes(p process) string {
	known := p.md5
	if known == "" {
		known = fmt.Sprintf("%X", md5.Sum([]byte(p.image)))
	}
	return "MD5=" + strings.ToUpper(known)
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
