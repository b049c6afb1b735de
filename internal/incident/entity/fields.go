package entity

// The table of what the fields of each log name. A pattern is one mention: its
// kind, its role, and the columns that its parts stand in, by the log source's
// own names. Of several columns for one part the first that the event has
// counts. Events are described in docs/sources.md and sigma/taxonomy.

// A family is the patterns of one kind of log. All conditions must hold.
type family struct {
	name     string
	when     []condition
	patterns []pattern
}

// A condition asks for a column: to have one of some values, compared without
// case; with no values to be there; or not to be there.
type condition struct {
	column string
	values []string
	absent bool
}

// A pattern is how one entity stands in an event.
type pattern struct {
	kind Kind
	role Role
	// value is its name; further columns are alternatives. A trailing "[2]"
	// is the third value of a column that has several.
	value []string
	// read says how to read the value; plain by default.
	read reading
	// Parts of accounts and processes. before is what stands before a path.
	domain, sid, guid, pid, hashes, before []string
	when                                   []condition
}

// A reading is how the text of a value gives the names of entities.
type reading uint8

const (
	plain       reading = iota
	separated           // several, with blanks, commas or semicolons between
	commandLine         // the program at the front
	answers             // Sysmon's results of DNS: "type:  5 name;::ffff:192.0.2.1;"
	threatPaths         // Defender's "file:_C:\x;containerfile:_C:\y"
	cmdlet              // the parameters of a cmdlet of Exchange, by their names
	remoteHost          // \\host, host:port, host/path, SPN service/host
	processPID          // "1234 name" or a number
	smtpMailbox         // "Smtp~user@domain", "Smtp:user@domain", "<user@domain>"
)

func columns(names ...string) []string { return names }

func is(column string, values ...string) condition { return condition{column: column, values: values} }
func has(column string) condition                  { return condition{column: column} }
func lacks(column string) condition                { return condition{column: column, absent: true} }

func numbered(ids ...string) []condition { return []condition{is("EventID", ids...)} }

// groupEvents are those of which the target is a group and the member an
// account; ticketEvents those of Kerberos.
var (
	groupEvents  = []string{"4727", "4728", "4729", "4730", "4731", "4732", "4733", "4734", "4735", "4737", "4746", "4747", "4751", "4752", "4754", "4755", "4756", "4757", "4758", "4761", "4762", "4764", "4799"}
	ticketEvents = []string{"4768", "4769", "4770", "4771", "4772", "4773"}
)

// families is the whole table.
func families() []family {
	return []family{windowsFamily(), sysmonFamily(), windowsServicesFamily(), exchangeCmdletFamily(), webFamily(), exchangeFamily(),
		linuxFamily(), networkFamily(), zeekFamily(), suricataFamily(), cloudFamily(), microsoft365Family(), defenderFamily()}
}

// windowsFamily is the Security log, and names that other channels share.
func windowsFamily() family {
	notGroup := condition{column: "MemberSid", absent: true}
	return family{"windows", []condition{has("EventID")}, []pattern{
		{kind: Account, role: Actor, value: columns("SubjectUserName"), domain: columns("SubjectDomainName"), sid: columns("SubjectUserSid", "SubjectSid")},
		{kind: Session, role: Actor, value: columns("SubjectLogonId")},
		{kind: Account, role: Target, value: columns("TargetUserName"), domain: columns("TargetDomainName", "TargetDomain"), sid: columns("TargetUserSid", "TargetSid"),
			when: []condition{notGroup, {column: "EventID", values: groupEvents, absent: true}}},
		{kind: Account, role: Target, value: columns("MemberName"), sid: columns("MemberSid")},
		{kind: Account, role: Target, value: columns("NewTargetUserName"), domain: columns("TargetDomainName"), sid: columns("TargetSid"), when: []condition{has("NewTargetUserName")}},
		{kind: Account, role: Target, value: columns("TargetOutboundUserName"), domain: columns("TargetOutboundDomainName")},
		{kind: Session, role: Target, value: columns("TargetLogonId")},
		{kind: Account, role: Actor, sid: columns("Security_UserID")},
		{kind: Address, role: Source, value: columns("IpAddress", "ClientAddress", "CallingStationID")},
		{kind: Host, role: Source, value: columns("WorkstationName", "Workstation", "ClientName"), read: remoteHost},
		{kind: Host, role: Target, value: columns("TargetServerName"), read: remoteHost},
		{kind: Account, role: Target, value: columns("ServiceName"), sid: columns("ServiceSid"), when: numbered(ticketEvents...)},
		{kind: Account, role: Actor, value: columns("AccountName"), when: numbered("4774", "4775", "4777")},
		// A new process, and the one that started it.
		{kind: Process, role: Actor, value: columns("NewProcessName"), pid: columns("NewProcessId")},
		{kind: Process, role: Parent, value: columns("ParentProcessName"), pid: columns("ProcessId"), when: []condition{has("NewProcessName")}},
		{kind: File, role: Named, value: columns("NewProcessName")},
		{kind: Process, role: Actor, value: columns("ProcessName"), pid: columns("ProcessId"), when: []condition{has("ProcessName"), lacks("NewProcessName")}},
		{kind: Process, role: Actor, value: columns("Application"), pid: columns("ProcessID", "ProcessId"), when: numbered("5152", "5154", "5155", "5156", "5157", "5158")},
		{kind: Address, role: Source, value: columns("SourceAddress"), when: numbered("5152", "5156", "5157")},
		{kind: Address, role: Target, value: columns("DestAddress"), when: numbered("5152", "5156", "5157")},
		// Objects and shares.
		{kind: File, role: Target, value: columns("ObjectName"), when: []condition{is("ObjectType", "File")}},
		{kind: File, role: Target, value: columns("RelativeTargetName"), before: columns("ShareLocalPath", "ShareName")},
		// Services.
		{kind: Service, role: Target, value: columns("ServiceName"), when: numbered("7045", "4697")},
		{kind: File, role: Target, value: columns("ImagePath", "ServiceFileName"), read: commandLine, when: numbered("7045", "4697")},
		{kind: Account, role: Target, value: columns("AccountName", "ServiceAccount"), when: numbered("7045", "4697")},
		{kind: Service, role: Target, value: columns("param4"), when: numbered("7040")},
	}}
}

func sysmonFamily() family {
	return family{"sysmon", []condition{has("EventID")}, []pattern{
		{kind: Process, role: Actor, value: columns("Image"), guid: columns("ProcessGuid", "ProcessGUID"), pid: columns("ProcessId"), when: []condition{has("Image")}},
		{kind: Process, role: Parent, value: columns("ParentImage"), guid: columns("ParentProcessGuid", "ParentProcessGUID"), pid: columns("ParentProcessId")},
		{kind: Process, role: Actor, value: columns("SourceImage"), guid: columns("SourceProcessGUID", "SourceProcessGuid"), pid: columns("SourceProcessId")},
		{kind: Process, role: Target, value: columns("TargetImage"), guid: columns("TargetProcessGUID", "TargetProcessGuid"), pid: columns("TargetProcessId")},
		{kind: Account, role: Actor, value: columns("User", "SourceUser")},
		{kind: Account, role: Target, value: columns("TargetUser")},
		{kind: Session, role: Actor, value: columns("LogonId"), when: []condition{has("ProcessGuid")}},
		{kind: File, role: Named, value: columns("Image"), hashes: columns("Hashes"), when: []condition{has("ParentProcessGuid")}},
		{kind: File, role: Target, value: columns("TargetFilename"), hashes: columns("Hashes", "Hash")},
		{kind: File, role: Target, value: columns("ImageLoaded"), hashes: columns("Hashes")},
		{kind: Address, role: Source, value: columns("SourceIp")},
		{kind: Address, role: Target, value: columns("DestinationIp")},
		{kind: Host, role: Source, value: columns("SourceHostname"), read: remoteHost},
		{kind: Domain, role: Target, value: columns("DestinationHostname")},
		{kind: Domain, role: Target, value: columns("QueryName")},
		{kind: Address, role: Target, value: columns("QueryResults"), read: answers},
	}}
}

// windowsServicesFamily is what other channels of Windows have of their own.
func windowsServicesFamily() family {
	return family{"windows services", []condition{has("EventID")}, []pattern{
		// PowerShell runs in the process that writes the event.
		{kind: Process, role: Actor, pid: columns("Execution_ProcessID"), when: []condition{is("Provider_Name", "Microsoft-Windows-PowerShell", "PowerShellCore")}},
		{kind: File, role: Named, value: columns("Path"), when: []condition{is("Provider_Name", "Microsoft-Windows-PowerShell", "PowerShellCore")}},
		// Microsoft Defender.
		{kind: File, role: Target, value: columns("Path"), read: threatPaths, when: []condition{is("Provider_Name", "Microsoft-Windows-Windows Defender")}},
		{kind: Process, role: Actor, value: columns("Process Name"), when: []condition{has("Process Name")}},
		{kind: Account, role: Actor, value: columns("Detection User")},
		// Remote desktop: LocalSessionManager, RemoteConnectionManager, RdpCoreTS, the client.
		{kind: Address, role: Source, value: columns("Address"), when: []condition{has("SessionID")}},
		{kind: Account, role: Target, value: columns("Param1"), domain: columns("Param2"), when: numbered("1149")},
		{kind: Address, role: Source, value: columns("Param3"), when: numbered("1149")},
		{kind: Address, role: Source, value: columns("ClientIP"), when: numbered("131", "139", "140")},
		{kind: Host, role: Target, value: columns("Value"), read: remoteHost, when: numbered("1024", "1102")},
		// SMB, WinRM, WMI, tasks, BITS.
		{kind: Host, role: Target, value: columns("ServerName", "connection"), read: remoteHost},
		{kind: Host, role: Source, value: columns("ClientMachine"), read: remoteHost},
		{kind: Account, role: Actor, value: columns("UserContext", "UserName", "jobOwner"), when: []condition{lacks("Param1")}},
		{kind: File, role: Target, value: columns("ActionName"), read: commandLine},
		{kind: URL, role: Target, value: columns("url"), when: numbered("3", "59", "60", "61")},
		{kind: Process, role: Actor, value: columns("processPath"), pid: columns("processId")},
		// CodeIntegrity, AppLocker.
		{kind: File, role: Target, value: columns("FullFilePath", "FilePath")},
		{kind: Account, role: Actor, sid: columns("TargetUser"), when: []condition{has("FullFilePath")}},
		// Netlogon and Kerberos of the System log.
		{kind: Address, role: Target, value: columns("DestinationAddress")},
	}}
}

// exchangeCmdletFamily is the log of cmdlets: their name, parameters, the
// caller, the caller's SID, and the worker process.
func exchangeCmdletFamily() family {
	return family{"exchange cmdlets", []condition{is("Provider_Name", "MSExchange CmdletLogs")}, []pattern{
		{kind: Account, role: Actor, value: columns("Data[2]"), sid: columns("Data[3]")},
		{kind: Process, role: Actor, pid: columns("Data[6]"), read: processPID},
		{kind: Mailbox, role: Target, value: columns("Data[1]"), read: cmdlet},
		{kind: File, role: Target, value: columns("Data[1]"), read: cmdlet},
		{kind: URL, role: Target, value: columns("Data[1]"), read: cmdlet},
		{kind: Account, role: Target, value: columns("Data[1]"), read: cmdlet},
	}}
}

// webFamily is access logs, W3C logs and proxies.
func webFamily() family {
	return family{"web", nil, []pattern{
		{kind: Address, role: Source, value: columns("c-ip")},
		{kind: Account, role: Actor, value: columns("cs-username")},
		{kind: Address, role: Target, value: columns("s-ip")},
		{kind: Domain, role: Target, value: columns("cs-host")},
		{kind: URL, role: Target, value: columns("cs-uri-stem"), when: []condition{lacks("c-uri")}},
		{kind: URL, role: Target, value: columns("c-uri")},
	}}
}

// exchangeFamily is the text logs of Exchange.
func exchangeFamily() family {
	return family{"exchange", nil, []pattern{
		{kind: Address, role: Source, value: columns("ClientIpAddress", "client-ip", "cIp", "remote-endpoint")},
		{kind: Address, role: Source, value: columns("original-client-ip")},
		{kind: Host, role: Source, value: columns("client-hostname"), read: remoteHost},
		{kind: Address, role: Target, value: columns("server-ip", "sIp", "local-endpoint")},
		{kind: Host, role: Target, value: columns("server-hostname", "TargetServer"), read: remoteHost},
		{kind: Account, role: Actor, value: columns("AuthenticatedUser")},
		{kind: Account, role: Actor, value: columns("Caller")},
		{kind: Account, role: Target, value: columns("ImpersonatedUser", "ActAsUser")},
		{kind: Mailbox, role: Target, value: columns("AnchorMailbox"), read: smtpMailbox},
		{kind: Mailbox, role: Source, value: columns("sender-address"), read: smtpMailbox},
		{kind: Mailbox, role: Target, value: columns("recipient-address"), read: separated},
		{kind: URL, role: Target, value: columns("UrlStem")},
		{kind: Domain, role: Target, value: columns("UrlHost")},
	}}
}

// linuxFamily is syslog and the audit log. Numbers of users stand there for
// names unless the log is enriched.
func linuxFamily() family {
	audit := []condition{has("auid"), lacks("EventID")}
	return family{"linux", []condition{lacks("EventID")}, []pattern{
		{kind: Account, role: Actor, value: columns("AUID", "auid"), when: audit},
		{kind: Account, role: Actor, value: columns("UID"), when: audit},
		{kind: Account, role: Target, value: columns("acct"), when: audit},
		{kind: Session, role: Actor, value: columns("ses"), when: audit},
		{kind: Process, role: Actor, value: columns("exe"), pid: columns("pid"), when: audit},
		{kind: Process, role: Parent, pid: columns("ppid"), when: audit},
		{kind: File, role: Target, value: columns("name"), when: audit},
		{kind: Address, role: Source, value: columns("addr"), when: audit},
		{kind: Host, role: Source, value: columns("rhost"), read: remoteHost},
		{kind: Account, role: Target, value: columns("USER")},
		{kind: File, role: Target, value: columns("COMMAND"), read: commandLine},
	}}
}

// networkFamily is the common names of firewalls, gateways and name servers.
func networkFamily() family {
	return family{"network", []condition{lacks("EventID")}, []pattern{
		{kind: Address, role: Source, value: columns("src_ip")},
		{kind: Address, role: Target, value: columns("dst_ip", "dest_ip")},
		{kind: Address, role: Actor, value: columns("tunnel_ip")},
		{kind: Account, role: Actor, value: columns("user"), when: []condition{lacks("id.orig_h")}},
		{kind: Domain, role: Target, value: columns("query")},
		{kind: Domain, role: Target, value: columns("hostname"), when: []condition{is("type", "utm")}},
		{kind: URL, role: Target, value: columns("url"), when: []condition{has("src_ip")}},
	}}
}

func zeekFamily() family {
	return family{"zeek", []condition{lacks("EventID")}, []pattern{
		{kind: Address, role: Source, value: columns("id.orig_h", "tx_hosts")},
		{kind: Address, role: Target, value: columns("id.resp_h", "rx_hosts")},
		{kind: Address, role: Target, value: columns("answers", "answer")},
		{kind: Domain, role: Target, value: columns("server_name", "host"), when: []condition{has("id.orig_h")}},
		{kind: URL, role: Target, value: columns("uri"), when: []condition{has("id.orig_h")}},
		{kind: Account, role: Actor, value: columns("username", "user", "cookie"), domain: columns("domainname"), when: []condition{has("id.orig_h")}},
		{kind: Account, role: Actor, value: columns("client"), when: []condition{has("id.orig_h"), has("till")}},
		{kind: File, role: Target, value: columns("filename", "name"), before: columns("path"), hashes: columns("sha256", "sha1", "md5"), when: []condition{has("fuid")}},
		{kind: File, role: Target, value: columns("name"), before: columns("path"), when: []condition{has("id.orig_h"), lacks("fuid"), has("path")}},
		{kind: Host, role: Actor, value: columns("host_name"), read: remoteHost, when: []condition{has("assigned_addr")}},
		{kind: Address, role: Actor, value: columns("assigned_addr", "assigned_ip")},
		{kind: Mailbox, role: Source, value: columns("mailfrom"), read: smtpMailbox},
		{kind: Mailbox, role: Target, value: columns("rcptto"), read: smtpMailbox},
	}}
}

func suricataFamily() family {
	return family{"suricata", []condition{has("dest_ip"), lacks("EventID")}, []pattern{
		{kind: Domain, role: Target, value: columns("dns.rrname", "tls.sni", "http.hostname")},
		{kind: URL, role: Target, value: columns("http.url")},
		{kind: File, role: Target, value: columns("fileinfo.filename"), hashes: columns("fileinfo.sha256", "fileinfo.sha1", "fileinfo.md5")},
		{kind: Account, role: Actor, value: columns("smb.ntlmssp.user"), domain: columns("smb.ntlmssp.domain")},
		{kind: Mailbox, role: Source, value: columns("smtp.mail_from"), read: smtpMailbox},
		{kind: Mailbox, role: Target, value: columns("smtp.rcpt_to"), read: smtpMailbox},
	}}
}

// cloudFamily is the audit logs of AWS, Azure, Google, Okta, GitHub and
// Kubernetes.
func cloudFamily() family {
	return family{"cloud", []condition{lacks("EventID")}, []pattern{
		{kind: Account, role: Actor, value: columns("userIdentity.arn", "userIdentity.userName", "userIdentity.principalId")},
		{kind: Account, role: Target, value: columns("requestParameters.userName")},
		{kind: Address, role: Source, value: columns("sourceIPAddress")},
		{kind: Account, role: Actor, value: columns("properties.userPrincipalName", "identity.claims.upn", "caller")},
		{kind: Account, role: Actor, value: columns("properties.initiatedBy.user.userPrincipalName")},
		{kind: Account, role: Target, value: columns("properties.targetResources.userPrincipalName")},
		{kind: Address, role: Source, value: columns("properties.ipAddress", "callerIpAddress", "properties.initiatedBy.user.ipAddress")},
		{kind: Host, role: Source, value: columns("properties.deviceDetail.displayName"), read: remoteHost},
		{kind: Account, role: Actor, value: columns("protoPayload.authenticationInfo.principalEmail", "actor.email")},
		{kind: Address, role: Source, value: columns("protoPayload.requestMetadata.callerIp", "ipAddress")},
		{kind: Account, role: Actor, value: columns("actor.alternateId", "actor_user_name")},
		{kind: Account, role: Target, value: columns("target.alternateId")},
		{kind: Address, role: Source, value: columns("client.ipAddress", "actor_ip", "ipaddr")},
		{kind: Account, role: Actor, value: columns("actor"), when: []condition{has("actor_id")}},
		{kind: Account, role: Actor, value: columns("user.username")},
		{kind: Address, role: Source, value: columns("sourceIPs")},
	}}
}

func microsoft365Family() family {
	return family{"microsoft 365", []condition{has("Workload")}, []pattern{
		{kind: Account, role: Actor, value: columns("UserId"), sid: columns("LogonUserSid")},
		{kind: Address, role: Source, value: columns("ClientIP", "ClientIPAddress")},
		{kind: Address, role: Source, value: columns("ActorIpAddress")},
		{kind: Mailbox, role: Target, value: columns("MailboxOwnerUPN"), read: smtpMailbox},
		{kind: Mailbox, role: Target, value: columns("Parameters.Mailbox", "Parameters.ForwardingSmtpAddress", "Parameters.ForwardTo"), read: smtpMailbox},
		{kind: File, role: Target, value: columns("SourceFileName")},
		{kind: URL, role: Target, value: columns("SiteUrl")},
	}}
}

// defenderFamily is advanced hunting of Microsoft 365 Defender.
func defenderFamily() family {
	return family{"defender", []condition{has("ActionType"), has("DeviceName")}, []pattern{
		{kind: Account, role: Actor, value: columns("InitiatingProcessAccountName"), domain: columns("InitiatingProcessAccountDomain"), sid: columns("InitiatingProcessAccountSid")},
		{kind: Account, role: Target, value: columns("AccountName"), domain: columns("AccountDomain"), sid: columns("AccountSid")},
		{kind: Process, role: Parent, value: columns("InitiatingProcessFileName"), pid: columns("InitiatingProcessId")},
		{kind: Process, role: Actor, value: columns("FileName"), pid: columns("ProcessId")},
		{kind: File, role: Target, value: columns("FolderPath"), hashes: columns("SHA256", "SHA1", "MD5")},
		{kind: Address, role: Source, value: columns("LocalIP")},
		{kind: Address, role: Target, value: columns("RemoteIP")},
		{kind: Domain, role: Target, value: columns("RemoteUrl", "RemoteDeviceName")},
	}}
}
