package syslog

import (
	"slices"
	"strings"
	"testing"

	"github.com/kulla-defence/kulla/internal/source/format"
	"github.com/kulla-defence/kulla/internal/source/formattest"
)

// applianceMessages are messages with what is read of them: the log source and
// the columns between those of the header and Message.
var applianceMessages = []struct{ message, want string }{
	// Cisco ASA and Firepower.
	{`%ASA-6-302013: Built outbound TCP connection 71 for outside:192.0.2.1/443 (192.0.2.1/443) to inside:10.0.0.5/51182 (198.51.100.5/51182)`,
		`cisco/firewall/syslog mnemonic="302013" action="Built" action="accept" protocol="TCP" connection="71" src_ip="10.0.0.5" src_port="51182" dst_ip="192.0.2.1" dst_port="443"`},
	{`%ASA-6-302015: Built inbound UDP connection 72 for outside:2001:db8::1/5353 (2001:db8::1/5353)(LOCAL\anna) to inside:2001:db8::2/53 (2001:db8::2/53)`,
		`cisco/firewall/syslog mnemonic="302015" action="Built" action="accept" protocol="UDP" connection="72" src_ip="2001:db8::1" src_port="5353" dst_ip="2001:db8::2" dst_port="53"`},
	{`%FTD-6-302014: Teardown TCP connection 71 for outside:192.0.2.1/443 to inside:10.0.0.5/51182 duration 0:01:02 bytes 1234 TCP FINs from inside`,
		`cisco/firewall/syslog mnemonic="302014" action="Teardown" protocol="TCP" connection="71" src_ip="10.0.0.5" src_port="51182" dst_ip="192.0.2.1" dst_port="443" duration="0:01:02" bytes="1234"`},
	{`%ASA-4-106023: Deny tcp src outside:192.0.2.1/51182 dst inside:10.0.0.5/445 by access-group "outside_in" [0x0, 0x0]`,
		`cisco/firewall/syslog mnemonic="106023" action="deny" protocol="tcp" src_ip="192.0.2.1" src_port="51182" dst_ip="10.0.0.5" dst_port="445" rule="outside_in"`},
	{`%ASA-4-106023: Deny icmp src outside:192.0.2.1 dst inside:10.0.0.5 (type 8, code 0) by access-group "outside_in" [0x0, 0x0]`,
		`cisco/firewall/syslog mnemonic="106023" action="deny" protocol="icmp" src_ip="192.0.2.1" dst_ip="10.0.0.5" rule="outside_in"`},
	{`%ASA-6-106100: access-list inside_in permitted tcp inside/10.0.0.5(51182) -> outside/192.0.2.1(443) hit-cnt 1 first hit [0x0, 0x0]`,
		`cisco/firewall/syslog mnemonic="106100" action="permitted" action="accept" protocol="tcp" src_ip="10.0.0.5" src_port="51182" dst_ip="192.0.2.1" dst_port="443" rule="inside_in"`},
	{`%ASA-2-106001: Inbound TCP connection denied from 192.0.2.1/51182 to 198.51.100.5/22 flags SYN  on interface outside`,
		`cisco/firewall/syslog mnemonic="106001" action="deny" protocol="TCP" src_ip="192.0.2.1" src_port="51182" dst_ip="198.51.100.5" dst_port="22"`},
	{`%ASA-3-710003: TCP access denied by ACL from 192.0.2.1/51182 to outside:198.51.100.5/22`,
		`cisco/firewall/syslog mnemonic="710003" action="deny" protocol="TCP" src_ip="192.0.2.1" src_port="51182" dst_ip="198.51.100.5" dst_port="22"`},
	{`%ASA-6-113004: AAA user authentication Successful : server =  10.0.0.9 : user = anna`,
		`cisco/vpn/syslog mnemonic="113004" action="Successful" server="10.0.0.9" user="anna"`},
	{`%ASA-auth-6-113015: AAA user authentication Rejected : reason = Invalid password : local database : user = anna : user IP = 192.0.2.1`,
		`cisco/vpn/syslog mnemonic="113015" action="Rejected" action="failed" reason="Invalid password" user="anna" src_ip="192.0.2.1"`},
	{`%ASA-6-113005: AAA user authentication Rejected: reason = AAA failure: server = 10.0.0.9: user = anna: user IP = 192.0.2.1`,
		`cisco/vpn/syslog mnemonic="113005" action="Rejected" action="failed" reason="AAA failure" server="10.0.0.9" user="anna" src_ip="192.0.2.1"`},
	{`%ASA-4-722051: Group <staff> User <anna> IP <192.0.2.1> IPv4 Address <10.8.0.5> IPv6 address <::> assigned to session`,
		`cisco/vpn/syslog mnemonic="722051" group="staff" user="anna" src_ip="192.0.2.1" tunnel_ip="10.8.0.5" action="login"`},
	{`%ASA-6-113039: Group <staff> User <anna> IP <192.0.2.1> AnyConnect parent session started.`,
		`cisco/vpn/syslog mnemonic="113039" group="staff" user="anna" src_ip="192.0.2.1" action="login"`},
	{`%ASA-6-716039: Group <staff> User <anna> IP <192.0.2.1> Authentication: rejected, Session Type: WebVPN.`,
		`cisco/vpn/syslog mnemonic="716039" group="staff" user="anna" src_ip="192.0.2.1" action="failed"`},
	{`%ASA-5-722022: Group <staff> User <anna> IP <192.0.2.1> TCP SVC connection established without compression`,
		`cisco/vpn/syslog mnemonic="722022" group="staff" user="anna" src_ip="192.0.2.1" action="established"`},
	{`%ASA-4-113019: Group = staff, Username = anna, IP = 192.0.2.1, Session disconnected. Session Type: AnyConnect-Parent, Duration: 0h:10m:02s, Bytes xmt: 12345, Bytes rcv: 678, Reason: User Requested`,
		`cisco/vpn/syslog mnemonic="113019" group="staff" user="anna" src_ip="192.0.2.1" duration="0h:10m:02s" bytes_out="12345" bytes_in="678" reason="User Requested" action="logout"`},
	{`%ASA-5-751025: Local:198.51.100.5:500 Remote:192.0.2.1:51182 Username:anna IKEv2 Group:staff IPv4 Address=10.8.0.5 IPv6 address=:: assigned to session`,
		`cisco/vpn/syslog mnemonic="751025" user="anna" src_ip="192.0.2.1" src_port="51182" tunnel_ip="10.8.0.5" action="login"`},
	{`%ASA-6-109006: Authentication failed for user 'anna' from 192.0.2.1/51182 to 10.0.0.5/23 on interface outside`,
		`cisco//syslog mnemonic="109006" user="anna" src_ip="192.0.2.1" src_port="51182" dst_ip="10.0.0.5" dst_port="23" action="failed"`},
	{`%ASA-6-605005: Login permitted from 10.0.0.9/51182 to inside:10.0.0.1/ssh for user "anna"`,
		`cisco//syslog mnemonic="605005" user="anna" src_ip="10.0.0.9" src_port="51182" dst_ip="10.0.0.1" dst_port="ssh" action="login"`},
	{`%ASA-5-111010: User 'anna', running 'CLI' from IP 10.0.0.9, executed 'no logging host inside 10.0.0.8'`,
		`cisco//aaa mnemonic="111010" src_ip="10.0.0.9" user="anna" command="no logging host inside 10.0.0.8"`},
	{`%FTD-1-430003: EventPriority: Low, AccessControlRuleAction: Block with reset, SrcIP: 10.0.0.5, DstIP: 192.0.2.1, SrcPort: 51182, DstPort: 443, Protocol: tcp, InitiatorBytes: 78, ResponderBytes: 0`,
		`cisco/firewall/syslog mnemonic="430003" EventPriority="Low" AccessControlRuleAction="Block with reset" action="Block with reset" action="deny" SrcIP="10.0.0.5" src_ip="10.0.0.5" DstIP="192.0.2.1" dst_ip="192.0.2.1" SrcPort="51182" src_port="51182" DstPort="443" dst_port="443" Protocol="tcp" protocol="tcp" InitiatorBytes="78" bytes_out="78" ResponderBytes="0" bytes_in="0"`},
	{`%ASA-6-302013: Built`, `cisco//syslog mnemonic="302013"`},
	// Cisco IOS.
	{`%SEC_LOGIN-4-LOGIN_FAILED: Login failed [user: anna] [Source: 192.0.2.1] [localport: 22] [Reason: Login Authentication Failed] at 22:14:15 UTC Sun Oct 1 2023`,
		`cisco//syslog mnemonic="LOGIN_FAILED" user="anna" src_ip="192.0.2.1" dst_port="22" reason="Login Authentication Failed" action="failed"`},
	{`%SEC_LOGIN-5-WEBLOGIN_SUCCESS: Login Success [user: cisco_support] [Source: 192.0.2.1] at 22:14:15 UTC Sun Oct 1 2023`,
		`cisco//syslog mnemonic="WEBLOGIN_SUCCESS" user="cisco_support" src_ip="192.0.2.1" action="login"`},
	{`%SYS-5-CONFIG_I: Configured from console by anna on vty0 (192.0.2.1)`,
		`cisco//syslog mnemonic="CONFIG_I" user="anna" src_ip="192.0.2.1"`},
	{`%PARSER-5-CFGLOG_LOGGEDCMD: User:anna  logged command:no logging host 10.0.0.8`,
		`cisco//aaa mnemonic="CFGLOG_LOGGEDCMD" user="anna" command="no logging host 10.0.0.8"`},
	{`%SEC-6-IPACCESSLOGP: list 101 denied tcp 192.0.2.1(51182) (GigabitEthernet0/0 0000.5e00.5301) -> 198.51.100.5(80), 1 packet`,
		`cisco/firewall/syslog mnemonic="IPACCESSLOGP" rule="101" action="denied" action="deny" protocol="tcp" src_ip="192.0.2.1" src_port="51182" dst_ip="198.51.100.5" dst_port="80"`},
	{`%IP-TCP-3-BADAUTH: No MD5 digest from 192.0.2.1:51182 to 198.51.100.5:179`, `cisco//bgp mnemonic="BADAUTH"`},
	{`%LDP-3-SOCKET_TCP_PACKET_MD5_AUTHEN_FAIL: 192.0.2.1`, `cisco//ldp mnemonic="SOCKET_TCP_PACKET_MD5_AUTHEN_FAIL"`},
}

func TestAppliances(t *testing.T) {
	t.Parallel()
	for _, test := range applianceMessages {
		got := formattest.Read(t, Format(), []byte("<134>Oct  1 22:14:15 gate "+test.message), 1000, format.Options{Year: 2023})
		if len(got.Events) != 1 || len(got.Problems) > 0 {
			t.Errorf("%s: %q, %q", test.message, got.Events, got.Problems)
			continue
		}
		_, text, _ := strings.Cut(got.Events[0], " ")
		source, text, _ := strings.Cut(text, " ")
		_, text, _ = strings.Cut(text, ` hostname="gate"`)
		text, _, _ = strings.Cut(text, " Message=")
		if source+text != test.want {
			t.Errorf("%s:\n got %s\nwant %s", test.message, source+text, test.want)
		}
	}
}

// applianceLog is all messages behind headers of several kinds.
func applianceLog() []byte {
	var log []byte
	headers := []string{"<134>Oct  1 22:14:15 gate ", "<134>Oct 01 2023 22:14:15 gate : ", "<134>1 2023-10-01T22:14:15Z gate - - - - ", "<134>", "Oct  1 22:14:15 gate 45: *Oct  1 22:14:14.123 UTC: "}
	for i, test := range applianceMessages {
		log = append(append(append(log, headers[i%len(headers)]...), test.message...), '\n')
	}
	return log
}

func TestAppliancesSplit(t *testing.T) {
	t.Parallel()
	log := applianceLog()
	want := formattest.Read(t, Format(), log, len(log)+1, format.Options{Year: 2023})
	for _, piece := range []int{20, 100, 1000} {
		if got := formattest.Read(t, Format(), log, piece, format.Options{Year: 2023}); !slices.Equal(got.Events, want.Events) {
			t.Errorf("other events in pieces of %d", piece)
		}
	}
	if len(want.Events) != len(applianceMessages) || len(want.Problems) > 0 {
		t.Errorf("%d events of %d, %q", len(want.Events), len(applianceMessages), want.Problems)
	}
}

func BenchmarkAppliances(b *testing.B) {
	log := applianceLog()
	formattest.Benchmark(b, Format(), slices.Repeat(log, 1<<20/len(log)+1))
}
