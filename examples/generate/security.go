package main

import (
	"strconv"
	"strings"
	"time"

	"github.com/kulla-defence/kulla/internal/evtxwriter"
)

const (
	auditSuccess = 0x8020000000000000
	auditFailure = 0x8010000000000000
	noGUID       = "{00000000-0000-0000-0000-000000000000}"
)

// audit records an event of the Security log.
func (h *host) audit(t time.Time, id, task uint16, version uint8, keywords uint64, fields ...evtxwriter.Field) {
	h.add(security, evtxwriter.Event{
		Provider: "Microsoft-Windows-Security-Auditing", GUID: "{54849625-5478-4994-a5ba-3e3b0328c30d}",
		EventID: id, Version: version, Task: task, Keywords: keywords, Time: t, Data: fields,
	})
}

// subject is the account that acts.
func (h *host) subject(a account) []evtxwriter.Field {
	if a == (account{}) {
		return []evtxwriter.Field{sid("SubjectUserSid", "S-1-5-18"), text("SubjectUserName", h.name+"$"),
			text("SubjectDomainName", domain), hex("SubjectLogonId", nobodyLogon)}
	}
	_, _, logon := h.userOf(a)
	return []evtxwriter.Field{sid("SubjectUserSid", a.sid()), text("SubjectUserName", a.name),
		text("SubjectDomainName", domain), hex("SubjectLogonId", logon)}
}

// logon records a logon of a type: 2 at the keyboard, 3 over the network, 5
// of a service, 10 over Remote Desktop.
func (h *host) logon(t time.Time, a account, kind uint32, from string) {
	h.logonFrom(t, a, kind, from, 0, noGUID)
}

// logonFrom is logon with the port of the other side, and the identifier that
// the domain controller gave the logon.
func (h *host) logonFrom(t time.Time, a account, kind uint32, from string, port int, guid string) {
	_, _, logon := h.userOf(a)
	pack := "Kerberos"
	if kind == 10 {
		pack = "Negotiate"
	}
	fields := append(h.subject(account{}),
		sid("TargetUserSid", a.sid()), text("TargetUserName", a.name), text("TargetDomainName", domain), hex("TargetLogonId", logon+uint64(h.random.IntN(4096))),
		integer("LogonType", kind), text("LogonProcessName", "User32 "), text("AuthenticationPackageName", pack),
		text("WorkstationName", h.name), identifier("LogonGuid", guid), text("TransmittedServices", "-"), text("LmPackageName", "-"),
		integer("KeyLength", 0), pointer("ProcessId", h.process()),
		text("ProcessName", `C:\Windows\System32\svchost.exe`), text("IpAddress", from), text("IpPort", strconv.Itoa(port)), text("ImpersonationLevel", "%%1833"),
		text("RestrictedAdminMode", "-"), text("TargetOutboundUserName", "-"), text("TargetOutboundDomainName", "-"), text("VirtualAccount", "%%1843"),
		hex("TargetLinkedLogonId", 0), text("ElevatedToken", "%%1842"))
	h.audit(t, 4624, 12544, 2, auditSuccess, fields...)
}

// grants records that a domain controller gave a ticket for a service.
func (h *host) grants(t time.Time, a account, service *host, from, guid string) {
	h.audit(t, 4769, 14337, 0, auditSuccess, text("TargetUserName", a.name+"@"+strings.ToUpper(dnsDomain)), text("TargetDomainName", strings.ToUpper(dnsDomain)),
		text("ServiceName", service.name+"$"), sid("ServiceSid", service.machine().sid()), hex("TicketOptions", 0x40810000), hex("TicketEncryptionType", 0x12),
		text("IpAddress", "::ffff:"+from), text("IpPort", "0"), hex("Status", 0), identifier("LogonGuid", guid), text("TransmittedServices", "-"))
}

// machine is the account of a host itself.
func (h *host) machine() account { return account{h.name + "$", 1100 + int(number(h.name)%400)} }

func (h *host) failedLogon(t time.Time, name, from string) {
	h.audit(t, 4625, 12544, 0, auditFailure,
		sid("SubjectUserSid", "S-1-0-0"), text("SubjectUserName", "-"), text("SubjectDomainName", "-"), hex("SubjectLogonId", 0),
		sid("TargetUserSid", "S-1-0-0"), text("TargetUserName", name), text("TargetDomainName", domain),
		hex("Status", 0xc000006d), text("FailureReason", "%%2313"), hex("SubStatus", 0xc000006a),
		integer("LogonType", 3), text("LogonProcessName", "NtLmSsp "), text("AuthenticationPackageName", "NTLM"),
		text("WorkstationName", "-"), text("TransmittedServices", "-"), text("LmPackageName", "-"), integer("KeyLength", 0),
		pointer("ProcessId", 0), text("ProcessName", "-"), text("IpAddress", from), text("IpPort", "0"))
}

func (h *host) privileges(t time.Time, a account) {
	h.audit(t, 4672, 12548, 0, auditSuccess, append(h.subject(a), text("PrivilegeList", "SeSecurityPrivilege\n\t\t\tSeBackupPrivilege\n\t\t\tSeDebugPrivilege"))...)
}

func (h *host) logoff(t time.Time, a account, kind uint32) {
	_, _, logon := h.userOf(a)
	h.audit(t, 4634, 12545, 0, auditSuccess, sid("TargetUserSid", a.sid()), text("TargetUserName", a.name), text("TargetDomainName", domain),
		hex("TargetLogonId", logon), integer("LogonType", kind))
}

// audited is the start of a process as Windows itself records it.
func (h *host) audited(t time.Time, p process) {
	h.audit(t, 4688, 13312, 2, auditSuccess, append(h.subject(p.user),
		pointer("NewProcessId", h.process()), text("NewProcessName", p.image), text("TokenElevationType", "%%1936"),
		pointer("ProcessId", h.process()), text("CommandLine", p.commandLine),
		sid("TargetUserSid", "S-1-0-0"), text("TargetUserName", "-"), text("TargetDomainName", "-"), hex("TargetLogonId", 0),
		text("ParentProcessName", p.parent), sid("MandatoryLabel", "S-1-16-12288"))...)
}

func (h *host) createsAccount(t time.Time, by, created account) {
	target := []evtxwriter.Field{text("TargetUserName", created.name), text("TargetDomainName", domain), sid("TargetSid", created.sid())}
	h.audit(t, 4720, 13824, 0, auditSuccess, append(append(target, h.subject(by)...),
		text("PrivilegeList", "-"), text("SamAccountName", created.name), text("DisplayName", created.name), text("UserPrincipalName", created.name+"@"+dnsDomain),
		text("PasswordLastSet", "%%1794"), text("AccountExpires", "%%1794"), text("PrimaryGroupId", "513"), text("OldUacValue", "0x0"), text("NewUacValue", "0x15"))...)
}

// addsMember records a new member of a group: 4732 of a local, 4756 of a
// universal one.
func (h *host) addsMember(t time.Time, id uint16, by, added account, group, groupSID string) {
	target := []evtxwriter.Field{text("MemberName", "CN="+added.name+",CN=Users,DC=corp,DC=example,DC=test"), sid("MemberSid", added.sid()),
		text("TargetUserName", group), text("TargetDomainName", domain), sid("TargetSid", groupSID)}
	h.audit(t, id, 13826, 0, auditSuccess, append(append(target, h.subject(by)...), text("PrivilegeList", "-"))...)
}

// shared records the use of a share. The access of writing is %%4417.
func (h *host) shared(t time.Time, a account, from, share, file, access string) {
	h.audit(t, 5145, 12811, 0, auditSuccess, append(h.subject(a),
		text("ObjectType", "File"), text("IpAddress", from), text("IpPort", "49733"), text("ShareName", `\\*\`+share), text("ShareLocalPath", `\??\C:\`),
		text("RelativeTargetName", file), hex("AccessMask", 0x2), text("AccessList", access+"\n\t\t\t\t"), text("AccessReason", "-"))...)
}

func (h *host) cutsAudit(t time.Time, by account) {
	h.audit(t, 4719, 13568, 0, auditSuccess, append(h.subject(by), text("CategoryId", "%%8274"), text("SubcategoryId", "%%12804"),
		identifier("SubcategoryGuid", "{0cce921d-69ae-11d9-bed3-505054503030}"), text("AuditPolicyChanges", "%%8448, %%8450"))...)
}

// clears empties the Security log: all before is lost.
func (h *host) clears(t time.Time, by account) {
	subject := h.subject(by)
	element := &evtxwriter.Element{Name: "LogFileCleared", Attributes: []evtxwriter.Attribute{
		{Name: "xmlns", Value: evtxwriter.Text("http://manifests.microsoft.com/win/2004/08/windows/eventlog")}}}
	for _, field := range subject {
		element.Children = append(element.Children, &evtxwriter.Element{Name: field.Name, Children: []evtxwriter.Node{field.Value}})
	}
	h.add(security, evtxwriter.Event{Provider: "Microsoft-Windows-Eventlog", GUID: eventLogGUID, EventID: 1102, Level: 4, Task: 104,
		Keywords: 0x4020000000000000, Time: t, UserData: element})
	h.log(security).cleared = t
}

const eventLogGUID = "{fc65ddd8-d6ef-4962-83d5-6e5cfe9ce148}"
