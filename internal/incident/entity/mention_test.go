package entity

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kulla-defence/kulla/internal/detect"
)

// fieldsOf makes fields of names and values by turns; "null" is none.
func fieldsOf(pairs ...string) []detect.Field {
	var fields []detect.Field
	for i := 0; i < len(pairs); i += 2 {
		field := detect.Field{Name: pairs[i], Value: pairs[i+1]}
		if field.Value == "null" {
			field = detect.Field{Name: pairs[i], Null: true}
		}
		fields = append(fields, field)
	}
	return fields
}

// keysOf shows mentions as "role kind:key", and what else there is of files.
func keysOf(mentions []Mention) []string {
	c := NewContext()
	var keys []string
	for _, m := range mentions {
		key := string(m.Role) + " " + string(c.Resolve(m).Key)
		if m.SID != "" && !strings.Contains(strings.ToUpper(key), m.SID) {
			key += " " + m.SID
		}
		if len(m.Hashes) > 0 {
			key += " " + strings.Join(m.Hashes, " ")
		}
		keys = append(keys, key)
	}
	return keys
}

const (
	bobSID = "S-1-5-21-1-2-3-1105"
	host   = "ws01.corp.example.test"
)

func TestMentions(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		host   string
		fields []detect.Field
		want   []string
	}{
		"4624": {host, fieldsOf("EventID", "4624", "Channel", "Security", "SubjectUserSid", "S-1-5-18", "SubjectUserName", "WS01$", "SubjectDomainName", "CORP", "SubjectLogonId", "0x3e7",
			"TargetUserSid", bobSID, "TargetUserName", "bob", "TargetDomainName", "CORP", "TargetLogonId", "0x5b4f2d", "LogonType", "3", "WorkstationName", "WS02",
			"ProcessId", "0x0", "ProcessName", "-", "IpAddress", "::ffff:192.0.2.7", "IpPort", "50000", "TargetOutboundUserName", "-"),
			[]string{"actor account:nt authority\\system S-1-5-18", "target account:corp\\bob " + bobSID, "target session:" + host + "/0x5b4f2d",
				"source host:ws02", "source address:192.0.2.7"}},
		"4624 at the machine itself": {host, fieldsOf("EventID", "4624", "TargetUserName", "bob", "TargetDomainName", "CORP", "TargetLogonId", "0x5", "WorkstationName", "WS01", "IpAddress", "127.0.0.1"),
			[]string{"target account:corp\\bob", "target session:" + host + "/0x5"}},
		"4625": {host, fieldsOf("EventID", "4625", "SubjectUserSid", "S-1-0-0", "SubjectUserName", "-", "SubjectDomainName", "-", "SubjectLogonId", "0x0",
			"TargetUserSid", "S-1-0-0", "TargetUserName", "guest", "TargetDomainName", "", "IpAddress", "192.0.2.7", "WorkstationName", "-"),
			[]string{"target account:guest", "source address:192.0.2.7"}},
		"4648": {host, fieldsOf("EventID", "4648", "SubjectUserSid", bobSID, "SubjectUserName", "bob", "SubjectDomainName", "CORP", "SubjectLogonId", "0x99",
			"TargetUserName", "admin", "TargetDomainName", "CORP", "TargetServerName", "file01.corp.example.test", "ProcessId", "0x2c", "ProcessName", `C:\Windows\System32\svchost.exe`, "IpAddress", "-"),
			[]string{"actor account:corp\\bob " + bobSID, "actor session:" + host + "/0x99", "target account:corp\\admin", "target host:file01.corp.example.test",
				"actor process:" + host + "/44:svchost.exe"}},
		"4672": {host, fieldsOf("EventID", "4672", "SubjectUserSid", bobSID, "SubjectUserName", "bob", "SubjectDomainName", "CORP", "SubjectLogonId", "0x99", "PrivilegeList", "SeDebugPrivilege"),
			[]string{"actor account:corp\\bob " + bobSID, "actor session:" + host + "/0x99"}},
		"4688": {host, fieldsOf("EventID", "4688", "SubjectUserSid", bobSID, "SubjectUserName", "bob", "SubjectDomainName", "CORP", "SubjectLogonId", "0x99", "NewProcessId", "0x3e8",
			"NewProcessName", `C:\Windows\System32\cmd.exe`, "ProcessId", "0x1f4", "ParentProcessName", `C:\Windows\explorer.exe`, "TargetUserSid", "S-1-0-0", "TargetUserName", "-", "TargetDomainName", "-", "TargetLogonId", "0x0"),
			[]string{"actor account:corp\\bob " + bobSID, "actor session:" + host + "/0x99", "actor process:" + host + "/1000:cmd.exe", `mention file:c:\windows\system32\cmd.exe`,
				"parent process:" + host + "/500:explorer.exe"}},
		"4720": {host, fieldsOf("EventID", "4720", "TargetUserName", "eve", "TargetDomainName", "CORP", "TargetSid", "S-1-5-21-1-2-3-2000", "SubjectUserSid", bobSID, "SubjectUserName", "bob", "SubjectDomainName", "CORP", "SubjectLogonId", "0x99"),
			[]string{"target account:corp\\eve S-1-5-21-1-2-3-2000", "actor account:corp\\bob " + bobSID, "actor session:" + host + "/0x99"}},
		"4732: the group is no account": {host, fieldsOf("EventID", "4732", "MemberName", "-", "MemberSid", bobSID, "TargetUserName", "Administrators", "TargetDomainName", "Builtin", "TargetSid", "S-1-5-32-544"),
			[]string{"target account:s-1-5-21-1-2-3-1105"}},
		"4756 with a distinguished name": {host, fieldsOf("EventID", "4756", "MemberName", "CN=bob,CN=Users,DC=corp,DC=example,DC=test", "MemberSid", bobSID, "TargetUserName", "Enterprise Admins", "TargetSid", "S-1-5-21-1-2-3-519"),
			[]string{"target account:corp.example.test\\bob " + bobSID}},
		"4663": {host, fieldsOf("EventID", "4663", "ObjectType", "File", "ObjectName", `C:\Secret\a.docx`, "ProcessId", "0x10", "ProcessName", `C:\Windows\explorer.exe`),
			[]string{`target file:c:\secret\a.docx`, "actor process:" + host + "/16:explorer.exe"}},
		"4663 of the registry": {host, fieldsOf("EventID", "4663", "ObjectType", "Key", "ObjectName", `\REGISTRY\MACHINE\SAM`), nil},
		"5140":                 {host, fieldsOf("EventID", "5140", "IpAddress", "192.0.2.7", "ShareName", `\\*\C$`), []string{"source address:192.0.2.7"}},
		"5145": {host, fieldsOf("EventID", "5145", "IpAddress", "192.0.2.7", "ShareName", `\\*\C$`, "ShareLocalPath", `\??\C:\`, "RelativeTargetName", `Temp\x.exe`),
			[]string{"source address:192.0.2.7", `target file:c:\temp\x.exe`}},
		"5145 without a local path": {host, fieldsOf("EventID", "5145", "ShareName", `\\*\IPC$`, "RelativeTargetName", `svcctl.x`),
			[]string{`target file:\\` + host + `\ipc$\svcctl.x`}},
		"7045": {host, fieldsOf("EventID", "7045", "ServiceName", "kQzV", "ImagePath", `"C:\Temp\a b.exe" -k x`, "AccountName", "LocalSystem"),
			[]string{"target service:kqzv", `target file:c:\temp\a b.exe`, `target account:nt authority\system`}},
		"7040": {host, fieldsOf("EventID", "7040", "param1", "Defender", "param2", "a", "param3", "b", "param4", "WinDefend"), []string{"target service:windefend"}},
		"1102": {host, fieldsOf("EventID", "1102", "SubjectUserSid", bobSID, "SubjectUserName", "bob", "SubjectDomainName", "CORP", "SubjectLogonId", "0x99"),
			[]string{"actor account:corp\\bob " + bobSID, "actor session:" + host + "/0x99"}},
		"4769": {host, fieldsOf("EventID", "4769", "TargetUserName", "bob@CORP.EXAMPLE.TEST", "TargetDomainName", "CORP.EXAMPLE.TEST", "ServiceName", "FILE01$", "ServiceSid", "S-1-5-21-1-2-3-1200", "IpAddress", "::ffff:192.0.2.7"),
			[]string{"target account:corp.example.test\\bob", "target account:file01$ S-1-5-21-1-2-3-1200", "source address:192.0.2.7"}},
		"5156": {host, fieldsOf("EventID", "5156", "ProcessID", "612", "Application", `\device\harddiskvolume2\windows\system32\svchost.exe`, "SourceAddress", "192.0.2.7", "DestAddress", "192.0.2.8"),
			[]string{"actor process:" + host + "/612:svchost.exe", "source address:192.0.2.7", "target address:192.0.2.8"}},
		"Sysmon 1": {host, fieldsOf("EventID", "1", "ProcessGuid", "{AC061C88-4a98-652f-ef00-000000000200}", "ProcessId", "448", "Image", `C:\Temp\x.exe`, "User", `CORP\bob`, "LogonId", "0x99",
			"Hashes", "MD5=A46CD7D9337AFC25A221B58EF1C9970F,IMPHASH=11111111111111111111111111111111", "ParentProcessGuid", "{ac061c88-4a98-652f-ef00-000000000100}", "ParentProcessId", "44", "ParentImage", `C:\Windows\explorer.exe`, "ParentUser", `CORP\bob`),
			[]string{"actor process:ac061c88-4a98-652f-ef00-000000000200", `mention file:c:\temp\x.exe md5=a46cd7d9337afc25a221b58ef1c9970f`, "actor account:corp\\bob",
				"actor session:" + host + "/0x99", "parent process:ac061c88-4a98-652f-ef00-000000000100"}},
		"Sysmon 3": {host, fieldsOf("EventID", "3", "ProcessGuid", "{ac061c88-4a98-652f-ef00-000000000200}", "Image", `C:\Temp\x.exe`, "SourceIp", "192.0.2.7", "SourceHostname", host, "DestinationIp", "203.0.113.9", "DestinationHostname", "c2.example.test"),
			[]string{"actor process:ac061c88-4a98-652f-ef00-000000000200", "source address:192.0.2.7", "target address:203.0.113.9", "target domain:c2.example.test"}},
		"Sysmon 6": {host, fieldsOf("EventID", "6", "ImageLoaded", `C:\Temp\d.sys`, "Hashes", "SHA256="+strings.Repeat("AB", 32)), []string{`target file:c:\temp\d.sys sha256=` + strings.Repeat("ab", 32)}},
		"Sysmon 8": {host, fieldsOf("EventID", "8", "SourceProcessGuid", "{ac061c88-4a98-652f-ef00-000000000200}", "SourceImage", `C:\a.exe`, "TargetProcessGuid", "{ac061c88-4a98-652f-ef00-000000000300}", "TargetImage", `C:\b.exe`),
			[]string{"actor process:ac061c88-4a98-652f-ef00-000000000200", "target process:ac061c88-4a98-652f-ef00-000000000300"}},
		"Sysmon 11": {host, fieldsOf("EventID", "11", "ProcessGuid", "{ac061c88-4a98-652f-ef00-000000000200}", "ProcessId", "9", "Image", `C:\w3wp.exe`, "TargetFilename", `C:\inetpub\x.aspx`),
			[]string{"actor process:ac061c88-4a98-652f-ef00-000000000200", `target file:c:\inetpub\x.aspx`}},
		"Sysmon 22": {host, fieldsOf("EventID", "22", "ProcessGuid", "{ac061c88-4a98-652f-ef00-000000000200}", "Image", `C:\a.exe`, "QueryName", "api.example.test", "QueryResults", "type:  5 x.example.test;::ffff:203.0.113.167;"),
			[]string{"actor process:ac061c88-4a98-652f-ef00-000000000200", "target domain:api.example.test", "target address:203.0.113.167"}},
		"PowerShell 4104": {host, fieldsOf("Provider_Name", "Microsoft-Windows-PowerShell", "EventID", "4104", "Execution_ProcessID", "512", "Security_UserID", bobSID, "Path", `C:\Temp\x.ps1`, "ScriptBlockText", "iex"),
			[]string{"actor process:" + host + "/512:", "actor account:s-1-5-21-1-2-3-1105", `mention file:c:\temp\x.ps1`}},
		"PowerShell as SYSTEM": {host, fieldsOf("Provider_Name", "Microsoft-Windows-PowerShell", "EventID", "4104", "Security_UserID", "S-1-5-18"), nil},
		"Defender 1116": {host, fieldsOf("Provider_Name", "Microsoft-Windows-Windows Defender", "EventID", "1116", "Detection User", `CORP\bob`, "Process Name", "Unknown", "Path", `containerfile:_C:\a.zip; file:_C:\a.zip->m.exe; process:_pid:12`),
			[]string{"actor account:corp\\bob", `target file:c:\a.zip`}},
		"remote desktop":                 {host, fieldsOf("EventID", "21", "User", `CORP\bob`, "SessionID", "2", "Address", "192.0.2.7"), []string{"actor account:corp\\bob", "source address:192.0.2.7"}},
		"remote desktop, at the machine": {host, fieldsOf("EventID", "21", "User", `CORP\bob`, "SessionID", "2", "Address", "LOCAL"), []string{"actor account:corp\\bob"}},
		"1149":                           {host, fieldsOf("EventID", "1149", "Param1", "bob", "Param2", "CORP", "Param3", "192.0.2.7"), []string{"target account:corp\\bob", "source address:192.0.2.7"}},
		"Exchange cmdlet": {host, fieldsOf("Provider_Name", "MSExchange CmdletLogs", "EventID", "1", "Data", "New-MailboxExportRequest", "Data", `-Mailbox "boss" -FilePath "\\127.0.0.1\c$\x.aspx"`,
			"Data", "corp.example.test/Users/bob", "Data", bobSID, "Data", bobSID, "Data", "x", "Data", "14600 w3wp#Pool"),
			[]string{"actor account:corp.example.test\\bob " + bobSID, "actor process:" + host + "/14600:", "target mailbox:boss", `target file:c:\x.aspx`}},
		"IIS": {"WEB01", fieldsOf("s-ip", "192.0.2.10", "cs-method", "POST", "cs-uri-stem", "/X.aspx", "cs-username", `CORP\bob`, "c-ip", "203.0.113.7", "cs-host", "www.example.test:443"),
			[]string{"target address:192.0.2.10", "target url:web01/x.aspx", "actor account:corp\\bob", "source address:203.0.113.7", "target domain:www.example.test"}},
		"IIS without a user": {"WEB01", fieldsOf("cs-username", "null", "c-ip", "203.0.113.7"), []string{"source address:203.0.113.7"}},
		"Exchange web services": {"MAIL01", fieldsOf("AuthenticatedUser", "bob@corp.example.test", "ClientIpAddress", "192.0.2.7", "ServerHostName", "MAIL01", "ImpersonatedUser", ""),
			[]string{"actor account:corp.example.test\\bob", "source address:192.0.2.7"}},
		"Exchange proxy": {"MAIL01", fieldsOf("UrlHost", "mail.example.test", "UrlStem", "/ews", "AnchorMailbox", "Smtp:boss@example.test"),
			[]string{"target domain:mail.example.test", "target url:mail01/ews", "target mailbox:boss@example.test"}},
		"message tracking": {"MAIL01", fieldsOf("client-ip", "192.0.2.7", "server-hostname", "mx.example.test", "recipient-address", "a@example.test;b@example.test", "sender-address", "c@example.test"),
			[]string{"source address:192.0.2.7", "target host:mx.example.test", "target mailbox:a@example.test", "target mailbox:b@example.test", "source mailbox:c@example.test"}},
		"SMTP": {"MAIL01", fieldsOf("local-endpoint", "192.0.2.1:25", "remote-endpoint", "203.0.113.7:5000"), []string{"target address:192.0.2.1", "source address:203.0.113.7"}},
		"auditd": {"db01", fieldsOf("type", "SYSCALL", "type", "PATH", "pid", "2057", "ppid", "2000", "auid", "1000", "AUID", "bob", "UID", "root", "ses", "6", "exe", "/usr/bin/cat", "name", "/etc/shadow", "addr", "?"),
			[]string{"parent process:db01/2000:", "actor account:bob", "actor account:db01\\root", "actor session:db01/0x6", "actor process:db01/2057:cat", "target file:/etc/shadow"}},
		"sshd":      {"db01", fieldsOf("program", "sshd", "user", "root", "src_ip", "203.0.113.7", "src_port", "5000", "outcome", "success"), []string{"actor account:db01\\root", "source address:203.0.113.7"}},
		"sudo":      {"db01", fieldsOf("user", "bob", "USER", "root", "COMMAND", "/bin/cat /etc/shadow"), []string{"actor account:bob", "target account:db01\\root", "target file:/bin/cat"}},
		"VPN":       {"vpn01", fieldsOf("user", "bob", "src_ip", "203.0.113.7", "tunnel_ip", "192.0.2.200", "action", "login"), []string{"actor account:bob", "source address:203.0.113.7", "actor address:192.0.2.200"}},
		"firewall":  {"fw01", fieldsOf("src_ip", "192.0.2.7", "dst_ip", "203.0.113.7", "dst_port", "443"), []string{"source address:192.0.2.7", "target address:203.0.113.7"}},
		"Zeek conn": {"", fieldsOf("id.orig_h", "192.0.2.7", "id.resp_h", "203.0.113.7"), []string{"source address:192.0.2.7", "target address:203.0.113.7"}},
		"Zeek dns": {"", fieldsOf("id.orig_h", "192.0.2.7", "query", "x.example.test", "answers", "203.0.113.7", "answers", "203.0.113.8"),
			[]string{"source address:192.0.2.7", "target domain:x.example.test", "target address:203.0.113.7", "target address:203.0.113.8"}},
		"Suricata": {"", fieldsOf("src_ip", "192.0.2.7", "dest_ip", "203.0.113.7", "http.hostname", "x.example.test", "http.url", "http://x.example.test/A", "fileinfo.sha256", strings.Repeat("0a", 32), "fileinfo.filename", "/a.bin"),
			[]string{"source address:192.0.2.7", "target address:203.0.113.7", "target domain:x.example.test", "target url:http://x.example.test/a", "target file:/a.bin sha256=" + strings.Repeat("0a", 32)}},
		"CloudTrail": {"", fieldsOf("userIdentity.type", "IAMUser", "userIdentity.arn", "arn:aws:iam::1:user/bob", "userIdentity.userName", "bob", "sourceIPAddress", "203.0.113.7"),
			[]string{"actor account:arn:aws:iam::1:user/bob", "source address:203.0.113.7"}},
		"CloudTrail by a service": {"", fieldsOf("sourceIPAddress", "ec2.amazonaws.com"), nil},
		"Azure sign-in": {"", fieldsOf("properties.userPrincipalName", "bob@example.test", "callerIpAddress", "203.0.113.7", "properties.deviceDetail.displayName", "WS01"),
			[]string{"actor account:example.test\\bob", "source address:203.0.113.7", "source host:ws01"}},
		"Microsoft 365": {"", fieldsOf("Workload", "Exchange", "UserId", `NT AUTHORITY\SYSTEM (Microsoft.Exchange.Servicehost)`, "ClientIP", "[2001:db8::1]:443", "MailboxOwnerUPN", "boss@example.test"),
			[]string{`actor account:nt authority\system`, "source address:2001:db8::1", "target mailbox:boss@example.test"}},
		"Google": {"", fieldsOf("protoPayload.authenticationInfo.principalEmail", "bob@example.test", "protoPayload.requestMetadata.callerIp", "203.0.113.7"),
			[]string{"actor account:example.test\\bob", "source address:203.0.113.7"}},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := keysOf(Mentions(&detect.Finding{Host: test.host, Time: noon, Fields: test.fields}))
			want := test.want
			if test.host != "" {
				want = append([]string{"at host:" + strings.ToLower(test.host)}, want...)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("mentions (-want +got):\n%s", diff)
			}
		})
	}
}

// A correlation names what its group and its events name, each once.
func TestMentionsOfCorrelation(t *testing.T) {
	t.Parallel()
	finding := &detect.Finding{Host: "WEB01", Time: noon, Correlation: &detect.Correlation{
		Group: fieldsOf("c-ip", "203.0.113.7"),
		Events: []detect.Member{
			{Host: "WEB01", Time: noon, Fields: fieldsOf("c-ip", "203.0.113.7", "cs-uri-stem", "/a")},
			{Host: "WEB02", Time: noon, Fields: fieldsOf("c-ip", "203.0.113.7", "cs-uri-stem", "/a")},
		}}}
	want := []string{"at host:web01", "source address:203.0.113.7", "target url:web01/a", "at host:web02", "target url:web02/a"}
	if diff := cmp.Diff(want, keysOf(Mentions(finding))); diff != "" {
		t.Errorf("mentions (-want +got):\n%s", diff)
	}
}

// No two numbers of processes are taken for one, whatever characters they would be.
func TestMentionsOfNumbers(t *testing.T) {
	t.Parallel()
	seen := map[string]uint32{}
	for _, pid := range []uint32{0xd7ff, 0xd800, 0xd804, 0xdfff, 0xe000, 0xfffd, 0x1_d800, 0x11_d804, 0xffff_ffff} {
		m := Mention{Kind: Process, Role: Target, Value: "cmd.exe", PID: pid}
		if other, again := seen[m.identity()]; again {
			t.Errorf("%#x is taken for %#x", pid, other)
		}
		seen[m.identity()] = pid
	}
}

// What one finding can name is bounded.
func TestMentionsAreBounded(t *testing.T) {
	t.Parallel()
	var fields []detect.Field
	for i := range 2 * maxMentions {
		fields = append(fields, detect.Field{Name: "recipient-address", Value: fmt.Sprintf("%d@example.test", i)})
	}
	if got := len(Mentions(&detect.Finding{Fields: fields})); got != maxMentions {
		t.Errorf("%d mentions, want %d", got, maxMentions)
	}
}

// Each pattern of the table can be led to, and its conditions can hold.
func TestTableIsReachable(t *testing.T) {
	t.Parallel()
	for _, f := range families() {
		for i, p := range f.patterns {
			leads := p.compile(f.when).leads
			if len(leads) == 0 {
				t.Errorf("%s, pattern %d: no column leads to it", f.name, i)
			}
			for _, lead := range leads {
				for _, c := range append(f.when, p.when...) {
					if c.absent && len(c.values) == 0 && c.column == lead && len(leads) == 1 {
						t.Errorf("%s, pattern %d: asks that its own column %s is not there", f.name, i, lead)
					}
				}
			}
		}
	}
}
