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
	// Palo Alto.
	{`1,2023/10/01 22:14:15,007051000012345,GLOBALPROTECT,0,2305,2023/10/01 22:14:14,vsys1,gateway-connected,connected,,IPSec,example\anna,AL,pc7,192.0.2.1,0.0.0.0,10.8.0.5,0.0.0.0,id7,,6.0.4,Windows,"Microsoft Windows 11 Pro , 64-bit",1,,,"",success,,0,,0,gate`,
		`paloalto/vpn/globalprotect receive_time="2023/10/01 22:14:15" serial="007051000012345" type="GLOBALPROTECT" subtype="0" time_generated="2023/10/01 22:14:14" vsys="vsys1" eventid="gateway-connected" stage="connected" auth_method="" tunnel_type="IPSec" srcuser="example\\anna" srcregion="AL" machinename="pc7" public_ip="192.0.2.1" public_ipv6="0.0.0.0" private_ip="10.8.0.5" private_ipv6="0.0.0.0" hostid="id7" serialnumber="" client_ver="6.0.4" client_os="Windows" client_os_ver="Microsoft Windows 11 Pro , 64-bit" repeatcnt="1" reason="" error="" opaque="" status="success" location="" login_duration="0" connect_method="" error_code="0" portal="gate" user="anna" src_ip="192.0.2.1" tunnel_ip="10.8.0.5" action="gateway-connected" action="login"`},
	{`1,2023/10/01 22:14:15,007051000012345,SYSTEM,globalprotect,0,2023/10/01 22:14:14,,globalprotectgateway-auth-fail,gate,0,0,general,informational,"GlobalProtect gateway user authentication failed. Login from: 192.0.2.1, User name: anna, Reason: Authentication failed: ""no"", Auth type: profile",641953,0x0`,
		`paloalto/vpn/globalprotect receive_time="2023/10/01 22:14:15" serial="007051000012345" type="SYSTEM" subtype="globalprotect" time_generated="2023/10/01 22:14:14" vsys="" eventid="globalprotectgateway-auth-fail" object="gate" module="general" severity="informational" opaque="GlobalProtect gateway user authentication failed. Login from: 192.0.2.1, User name: anna, Reason: Authentication failed: \"no\", Auth type: profile" seqno="641953" actionflags="0x0" user="anna" src_ip="192.0.2.1" reason="Authentication failed: \"no\"" action="globalprotectgateway-auth-fail" action="failed"`},
	{`1,2023/10/01 22:14:15,007051000012345,SYSTEM,auth,0,2023/10/01 22:14:14,,auth-fail,,0,0,general,medium,"failed authentication for user 'anna'. Reason: Invalid username/password. From: 192.0.2.1."`,
		`paloalto//system receive_time="2023/10/01 22:14:15" serial="007051000012345" type="SYSTEM" subtype="auth" time_generated="2023/10/01 22:14:14" vsys="" eventid="auth-fail" object="" module="general" severity="medium" opaque="failed authentication for user 'anna'. Reason: Invalid username/password. From: 192.0.2.1." user="anna" src_ip="192.0.2.1" action="auth-fail" action="failed"`},
	{`1,2023/10/01 22:14:15,007051000012345,TRAFFIC,end,2305,2023/10/01 22:14:14,10.0.0.5,192.0.2.1,198.51.100.5,192.0.2.1,out,example\anna,,ssl,vsys1,in,out,ethernet1/2,ethernet1/1,send,2023/10/01 22:14:14,71,1,51182,443,4711,443,0x400053,tcp,allow,1300,900,400,12,2023/10/01 22:14:00,4,any`,
		`paloalto/firewall/traffic receive_time="2023/10/01 22:14:15" serial="007051000012345" type="TRAFFIC" subtype="end" time_generated="2023/10/01 22:14:14" src="10.0.0.5" dst="192.0.2.1" natsrc="198.51.100.5" natdst="192.0.2.1" rule="out" srcuser="example\\anna" dstuser="" app="ssl" vsys="vsys1" from="in" to="out" inbound_if="ethernet1/2" outbound_if="ethernet1/1" logset="send" sessionid="71" repeatcnt="1" sport="51182" dport="443" natsport="4711" natdport="443" flags="0x400053" proto="tcp" action="allow" bytes="1300" bytes_sent="900" bytes_received="400" packets="12" start="2023/10/01 22:14:00" elapsed="4" category="any" user="anna" src_ip="10.0.0.5" src_port="51182" dst_ip="192.0.2.1" dst_port="443" protocol="tcp" action="accept" bytes_out="900" bytes_in="400"`},
	{`1,2023/10/01 22:14:15,007051000012345,THREAT,url,2305,2023/10/01 22:14:14,10.0.0.5,192.0.2.1,,,out,,,web-browsing,vsys1,in,out,,,,,71,1,51182,80,0,0,0x0,tcp,block-url,"example.test/a,b",(9999),malware,high,client-to-server`,
		`paloalto//threat receive_time="2023/10/01 22:14:15" serial="007051000012345" type="THREAT" subtype="url" time_generated="2023/10/01 22:14:14" src="10.0.0.5" dst="192.0.2.1" natsrc="" natdst="" rule="out" srcuser="" dstuser="" app="web-browsing" vsys="vsys1" from="in" to="out" inbound_if="" outbound_if="" logset="" sessionid="71" repeatcnt="1" sport="51182" dport="80" natsport="0" natdport="0" flags="0x0" proto="tcp" action="block-url" misc="example.test/a,b" threatid="(9999)" category="malware" severity="high" direction="client-to-server" src_ip="10.0.0.5" src_port="51182" dst_ip="192.0.2.1" dst_port="80" protocol="tcp" action="deny"`},
	{`1,2023/10/01 22:14:15,007051000012345,CONFIG,0,0,2023/10/01 22:14:14,192.0.2.1,,set,anna,Web,Succeeded,mgt-config users`,
		`paloalto//config receive_time="2023/10/01 22:14:15" serial="007051000012345" type="CONFIG" subtype="0" time_generated="2023/10/01 22:14:14" host="192.0.2.1" vsys="" cmd="set" admin="anna" client="Web" result="Succeeded" path="mgt-config users" user="anna" src_ip="192.0.2.1"`},
	// pfSense and OPNsense.
	{`filterlog[71]: 4,,,1000000103,igb0,match,block,in,4,0x0,,64,12345,0,DF,6,tcp,60,192.0.2.1,198.51.100.5,51182,445,0,S,1234567890,,64240,,mss;sackOK`,
		`pfsense/firewall/ program="filterlog" pid="71" rule="4" subrule="" anchor="" tracker="1000000103" interface="igb0" reason="match" action="block" direction="in" ip_version="4" action="deny" tos="0x0" ecn="" ttl="64" id="12345" offset="0" ip_flags="DF" protocol_id="6" protocol="tcp" length="60" src_ip="192.0.2.1" dst_ip="198.51.100.5" src_port="51182" dst_port="445" data_length="0" tcp_flags="S" seq="1234567890" ack="" window="64240" urg="" options="mss;sackOK"`},
	{`filterlog: 7,,,02f4bab031b57d1e30553ce08e0ec131,igb1,match,pass,out,6,0x00,0x00000,64,UDP,17,90,2001:db8::1,2001:db8::2,5353,53,50`,
		`pfsense/firewall/ program="filterlog" rule="7" subrule="" anchor="" tracker="02f4bab031b57d1e30553ce08e0ec131" interface="igb1" reason="match" action="pass" direction="out" ip_version="6" action="accept" class="0x00" flow_label="0x00000" hop_limit="64" protocol="UDP" protocol_id="17" length="90" src_ip="2001:db8::1" dst_ip="2001:db8::2" src_port="5353" dst_port="53" data_length="50"`},
	{`filterlog: 7,,,1,igb1,match,pass,out`, `pfsense// program="filterlog"`},
	// OpenVPN and strongSwan.
	{`openvpn[71]: 192.0.2.1:51182 [anna] Peer Connection Initiated with [AF_INET]192.0.2.1:51182`,
		`openvpn/vpn/ program="openvpn" pid="71" action="login" user="anna" src_ip="192.0.2.1" src_port="51182"`},
	{`ovpn-server[71]: anna/192.0.2.1:51182 MULTI: Learn: 10.8.0.5 -> anna/192.0.2.1:51182`,
		`openvpn/vpn/ program="ovpn-server" pid="71" tunnel_ip="10.8.0.5" action="login" user="anna" src_ip="192.0.2.1" src_port="51182"`},
	{`ovpn-server[71]: MULTI: Learn: 10.8.0.5 -> anna/192.0.2.1:51182`,
		`openvpn/vpn/ program="ovpn-server" pid="71" tunnel_ip="10.8.0.5" action="login" user="anna" src_ip="192.0.2.1" src_port="51182"`},
	{`openvpn[71]: anna/192.0.2.1:51182 MULTI: Learn: 10.9.0.0/24 -> anna/192.0.2.1:51182`,
		`openvpn/vpn/ program="openvpn" pid="71" user="anna" src_ip="192.0.2.1" src_port="51182"`},
	{`openvpn[71]: 192.0.2.1:51182 TLS Auth Error: Auth Username/Password verification failed for peer`,
		`openvpn/vpn/ program="openvpn" pid="71" reason="Auth Username/Password verification failed for peer" action="failed" src_ip="192.0.2.1" src_port="51182"`},
	{`openvpn[71]: 192.0.2.1:51182 SENT CONTROL [UNDEF]: 'AUTH_FAILED' (status=1)`,
		`openvpn/vpn/ program="openvpn" pid="71" action="AUTH_FAILED" action="failed" src_ip="192.0.2.1" src_port="51182"`},
	{`openvpn[71]: anna/192.0.2.1:51182 SIGTERM[soft,remote-exit] received, client-instance exiting`,
		`openvpn/vpn/ program="openvpn" pid="71" reason="soft,remote-exit" action="SIGTERM" action="logout" user="anna" src_ip="192.0.2.1" src_port="51182"`},
	{`openvpn[71]: 192.0.2.1:51182 peer info: IV_VER=2.6.8`,
		`openvpn/vpn/ program="openvpn" pid="71" IV_VER="2.6.8" src_ip="192.0.2.1" src_port="51182"`},
	{`openvpn[71]: user 'anna' could not authenticate.`, `openvpn/vpn/ program="openvpn" pid="71" user="anna" action="failed"`},
	{`charon: 12[IKE] <rw|5> IKE_SA rw[5] established between 198.51.100.5[gate.example.test]...192.0.2.1[anna@example.test]`,
		`strongswan/vpn/ program="charon" connection="rw|5" user="anna@example.test" src_ip="192.0.2.1" action="established" action="login"`},
	{`charon: 12[IKE] assigning virtual IP 10.9.0.5 to peer 'anna'`,
		`strongswan/vpn/ program="charon" user="anna" tunnel_ip="10.9.0.5" action="login"`},
	{`charon-systemd[71]: 12[IKE] EAP method EAP_MSCHAPV2 failed for peer anna`,
		`strongswan/vpn/ program="charon-systemd" pid="71" user="anna" action="failed"`},
	{`charon: 12[IKE] closing CHILD_SA rw{3} with SPIs c1_i (1234 bytes) c2_o (5678 bytes) and TS 10.0.0.0/24 === 10.9.0.5/32`,
		`strongswan/vpn/ program="charon" action="closing" bytes_in="1234" bytes_out="5678" tunnel_ip="10.9.0.5"`},
	{`charon: 12[IKE] deleting IKE_SA rw[5] between 198.51.100.5[gate.example.test]...192.0.2.1[anna]`,
		`strongswan/vpn/ program="charon" user="anna" src_ip="192.0.2.1" action="deleting" action="logout"`},
	// Ivanti Connect Secure.
	{`PulseSecure: id=firewall time="2023-10-01 22:14:15" pri=6 fw=198.51.100.5 vpn=ive ivs=Default Network user=anna realm="Staff" roles="" proto=auth src=192.0.2.1 dst= type=vpn agent="" msg="AUT23457: Login failed using auth server Local.  Reason: Failed"`,
		`ivanti/vpn/connect-secure program="PulseSecure" id="firewall" time="2023-10-01 22:14:15" pri="6" fw="198.51.100.5" vpn="ive" ivs="Default Network" user="anna" realm="Staff" roles="" proto="auth" src="192.0.2.1" dst="" type="vpn" agent="" msg="AUT23457: Login failed using auth server Local.  Reason: Failed" src_ip="192.0.2.1" message_id="AUT23457" reason="Failed" action="failed"`},
	{`PulseSecure: 2023-10-01 22:14:15 - ive - [192.0.2.1] Root::anna(Staff)[Users] - NWC23464: VPN Tunneling: Session started for user with IPv4 address 10.8.0.5, hostname pc7`,
		`ivanti/vpn/connect-secure program="PulseSecure" node="ive" realm="Staff" user="anna" src_ip="192.0.2.1" message_id="NWC23464" tunnel_ip="10.8.0.5" action="login"`},
	{`PulseSecure: 2023-10-01 22:14:15 - ive - [192.0.2.1] anna(Staff)[Users] - Closed connection to TUN-VPN port 443 after 6 seconds, with 1234 bytes read (in 1 chunks) and 5678 bytes written (in 2 chunks)`,
		`ivanti/vpn/connect-secure program="PulseSecure" node="ive" realm="Staff" user="anna" src_ip="192.0.2.1" bytes_in="1234" bytes_out="5678" action="closed"`},
	{`PulseSecure: 2023-10-01 22:14:15 - ive - [192.0.2.1] anna(Staff)[] - Primary authentication successful for anna/Local from 192.0.2.1`,
		`ivanti/vpn/connect-secure program="PulseSecure" node="ive" realm="Staff" user="anna" src_ip="192.0.2.1" action="successful"`},
	{`PulseSecure: 2023-10-01 22:14:15 - ive - [192.0.2.1] anna(Staff)[Users] - AUT22673: Logout from 192.0.2.1 (session:00000000)`,
		`ivanti/vpn/connect-secure program="PulseSecure" node="ive" realm="Staff" user="anna" src_ip="192.0.2.1" message_id="AUT22673" action="logout"`},
	// SonicWall.
	{`id=firewall sn=0017C5000000 time="2023-10-01 22:14:15 UTC" fw=198.51.100.5 pri=6 c=32 m=1080 msg="SSL VPN zone remote user login allowed" n=7 src=192.0.2.1:51182:X1 dst=198.51.100.5:443:X1 usr="anna" proto=tcp/https`,
		`sonicwall/vpn/ id="firewall" sn="0017C5000000" time="2023-10-01 22:14:15 UTC" fw="198.51.100.5" pri="6" c="32" m="1080" msg="SSL VPN zone remote user login allowed" n="7" src="192.0.2.1:51182:X1" dst="198.51.100.5:443:X1" usr="anna" proto="tcp/https" src_ip="192.0.2.1" src_port="51182" dst_ip="198.51.100.5" dst_port="443" user="anna" action="login"`},
	{`id=firewall sn=0017C5000000 time="2023-10-01 22:14:15" fw=198.51.100.5 pri=6 c=1024 m=537 msg="Connection Closed" n=8 src=10.0.0.5:51182:X0 dst=192.0.2.1:443:X1 proto=tcp/https sent=900 rcvd=400`,
		`sonicwall/firewall/ id="firewall" sn="0017C5000000" time="2023-10-01 22:14:15" fw="198.51.100.5" pri="6" c="1024" m="537" msg="Connection Closed" n="8" src="10.0.0.5:51182:X0" dst="192.0.2.1:443:X1" proto="tcp/https" sent="900" rcvd="400" src_ip="10.0.0.5" src_port="51182" dst_ip="192.0.2.1" dst_port="443" protocol="tcp" bytes_out="900" bytes_in="400" action="accept"`},
	// Citrix NetScaler.
	{` 10/01/2023:22:14:15 GMT ns 0-PPE-0 : default SSLVPN LOGIN 71 0 : Context anna@192.0.2.1 - SessionId: 7- User anna - Client_ip 192.0.2.1 - Nat_ip "Mapped Ip" - Vserver 198.51.100.5:443 - Browser_type "Mozilla/5.0 - x" - SSLVPN_client_type Agent - Group(s) "N/A"`,
		`citrix/vpn/netscaler module="SSLVPN" event="LOGIN" Context="anna@192.0.2.1" SessionId="7" User="anna" Client_ip="192.0.2.1" Nat_ip="Mapped Ip" Vserver="198.51.100.5:443" Browser_type="Mozilla/5.0 - x" SSLVPN_client_type="Agent" Group(s)="N/A" user="anna" src_ip="192.0.2.1" action="login"`},
	{` 10/01/2023:22:14:15 GMT ns PPE-0 : SSLVPN TCPCONNSTAT 72 : Context anna@192.0.2.1 - SessionId: 7- User anna - Client_ip 192.0.2.1 - Source 192.0.2.9:51182 - Destination 10.0.0.5:445 - Total_bytes_send 5678 - Total_bytes_recv 1234 - Access Allowed`,
		`citrix/vpn/netscaler module="SSLVPN" event="TCPCONNSTAT" Context="anna@192.0.2.1" SessionId="7" User="anna" Client_ip="192.0.2.1" Source="192.0.2.9:51182" Destination="10.0.0.5:445" Total_bytes_send="5678" Total_bytes_recv="1234" Access="Allowed" user="anna" src_ip="192.0.2.9" src_port="51182" dst_ip="10.0.0.5" dst_port="445" bytes_out="5678" bytes_in="1234" action="TCPCONNSTAT"`},
	{` 10/01/2023:22:14:15 GMT ns 0-PPE-0 : default AAA LOGIN_FAILED 73 0 :  User anna - Client_ip 192.0.2.1 - Failure_reason "External authentication server denied access"`,
		`citrix/vpn/netscaler module="AAA" event="LOGIN_FAILED" User="anna" Client_ip="192.0.2.1" Failure_reason="External authentication server denied access" user="anna" src_ip="192.0.2.1" reason="External authentication server denied access" action="LOGIN_FAILED" action="failed"`},
	// Routers.
	{`%%01BGP/3/BGP_AUTH_FAILED(l)[71]:BGP session authentication failed. (PeerID=192.0.2.1, Port=51182, Local=198.51.100.5:179)`,
		`huawei//bgp module="BGP" mnemonic="BGP_AUTH_FAILED"`},
	{`/kernel: tcp_auth_ok: Packet from 192.0.2.1:179 missing MD5 digest`, `juniper//bgp program="/kernel"`},
	{`rpd[71]: RPD_LDP_SESSIONDOWN: LDP session 192.0.2.1 is down`, `juniper//ldp program="rpd" pid="71"`},
	// F5 Access Policy Manager.
	{`notice tmm1[71]: 01490500:5: /Common/staff:Common:e03c2ca8: New session from client IP 192.0.2.1 (ST=/CC=AL/C=EU) at VIP 198.51.100.5 Listener /Common/vs (Reputation=Unknown)`,
		`f5/vpn/apm message_id="01490500" session="e03c2ca8" src_ip="192.0.2.1" action="new session"`},
	{`tmm1[71]: 01490521:5: 49dc8781: Session statistics - bytes in: 1234, bytes out: 5678`,
		`f5/vpn/apm program="tmm1" pid="71" message_id="01490521" session="49dc8781" bytes_in="1234" bytes_out="5678" action="statistics"`},
	{`tmm1[71]: 01490549:5: /Common/staff:Common:e03c2ca8: Assigned PPP Dynamic IPv4: 10.8.0.5 Tunnel Type: VPN_TUNNELTYPE_TLS NA Resource: /Common/net Client IP: 192.0.2.1 - /Common/staff`,
		`f5/vpn/apm program="tmm1" pid="71" message_id="01490549" session="e03c2ca8" tunnel_ip="10.8.0.5" src_ip="192.0.2.1" action="login"`},
	{`apmd[71]: 01490502:5: /Common/staff:Common:e03c2ca8: Session deleted due to user inactivity.`,
		`f5/vpn/apm program="apmd" pid="71" message_id="01490502" session="e03c2ca8" reason="Session deleted due to user inactivity." action="logout"`},
	{`apmd[71]: 01490017:6: /Common/staff:Common:e03c2ca8: AD agent: Auth (logon attempt:0): authenticate with 'anna' failed`,
		`f5/vpn/apm program="apmd" pid="71" message_id="01490017" session="e03c2ca8" user="anna" action="failed"`},
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

// Appliances that write files of their own leave the header away.
func TestBareAppliances(t *testing.T) {
	t.Parallel()
	for log, want := range map[string]string{
		"1,2023/10/01 22:14:15,0070,CONFIG,0,0,2023/10/01 22:14:14,192.0.2.1,,set,anna":    "paloalto//config 2023-10-01T22:14:14Z (2023/10/01 22:14:14)",
		"<134> 10/01/2023:22:14:15 GMT ns 0-PPE-0 : default SSLVPN LOGIN 71 0 : User anna": "citrix/vpn/netscaler 2023-10-01T22:14:15Z on ns",
		"<134> 31/01/2023:22:14:15  ns 0-PPE-0 : default SSLVPN LOGIN 71 0 : User anna":    "citrix/vpn/netscaler 2023-01-31T22:14:15Z (31/01/2023:22:14:15) on ns",
		`<14>1 2023-10-01T22:14:15.003Z gate RT_FLOW - RT_FLOW_SESSION_CLOSE [junos@2636.1.1.1.2.41 reason="TCP FIN" source-address="10.0.0.5" source-port="51182" destination-address="192.0.2.1" destination-port="443" protocol-id="6" bytes-from-client="900" bytes-from-server="400" username="N/A"]`: `juniper/firewall/ 2023-10-01T22:14:15.003Z on gate facility="user" severity="info" hostname="gate" program="RT_FLOW" msgid="RT_FLOW_SESSION_CLOSE" junos.reason="TCP FIN" junos.source-address="10.0.0.5" junos.source-port="51182" junos.destination-address="192.0.2.1" junos.destination-port="443" junos.protocol-id="6" junos.bytes-from-client="900" junos.bytes-from-server="400" junos.username="N/A" src_ip="10.0.0.5" src_port="51182" dst_ip="192.0.2.1" dst_port="443" protocol="tcp" bytes_out="900" bytes_in="400" action="CLOSE"`,
		`id=firewall sn=0017 time="2023-10-01 22:14:15 UTC" fw=198.51.100.5 m=98`:   "sonicwall// 2023-10-01T22:14:15Z",
		"Oct  1 22:14:15 gate 45: Oct  1 22:14:14.123: %SYS-5-CONFIG_I: Configured": "cisco//syslog 2023-10-01T22:14:15Z (Oct  1 22:14:15) on gate",
		"<189>45: rtr: *Oct  1 22:14:15.123 UTC: %SYS-5-CONFIG_I: Configured":       "cisco//syslog 2023-10-01T22:14:15.123Z on rtr",
		"<166>:Oct 08 22:14:15 MSK: %ASA-auth-6-113012: AAA":                        "cisco/vpn/syslog 2023-10-08T22:14:15Z (Oct 08 22:14:15) facility=\"local4\"",
		"<166>Oct 08 2023 22:14:15 fw : %ASA-6-113012: AAA":                         "cisco/vpn/syslog 2023-10-08T22:14:15Z (Oct 08 2023 22:14:15) on fw",
	} {
		got := formattest.Read(t, Format(), []byte(log), 1000, format.Options{Year: 2023})
		if !recognise([]byte(log)) || len(got.Events) != 1 || !strings.Contains(got.Events[0], " "+want+" ") {
			t.Errorf("%s: %q", log, got.Events)
		}
	}
}

// The year of times behind the name of a device goes on from block to block.
func TestCiscoYearRollsOver(t *testing.T) {
	t.Parallel()
	log := "<189>1: rtr: Dec 31 23:59:59: %SYS-5-RESTART: x\n<189>2: rtr: Jan  1 00:00:00: %SYS-5-RESTART: x\n<189>3: rtr: Jan  1 00:00:01: %SYS-5-RESTART: x\n"
	for _, piece := range []int{60, 1000} {
		got := formattest.Read(t, Format(), []byte(log), piece, format.Options{Year: 2022})
		if len(got.Events) != 3 || !strings.Contains(got.Events[0], " 2022-12-31T") || !strings.Contains(got.Events[2], " 2023-01-01T00:00:01Z") {
			t.Errorf("pieces of %d: %q", piece, got.Events)
		}
	}
}

func BenchmarkAppliances(b *testing.B) {
	var log []byte
	for _, test := range applianceMessages {
		log = append(append(append(log, "<134>Oct  1 22:14:15 gate "...), test.message...), '\n')
	}
	formattest.Benchmark(b, Format(), slices.Repeat(log, 1<<20/len(log)+1))
}
