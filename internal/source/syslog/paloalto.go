package syslog

import (
	"bytes"
	"strings"

	"github.com/kulla-defence/kulla/internal/source/row"
)

// isPaloAlto knows the separated values of PAN-OS: a field without a meaning,
// the time of reception, the serial number.
func isPaloAlto(text []byte) bool {
	if len(text) < 24 || text[0] != '1' || text[1] != ',' {
		return false
	}
	_, rest, ok := parseStamp(text[2:])
	return ok && len(rest) > 0 && rest[0] == ','
}

// The names of the values as PAN-OS Administrator's Guide, Syslog Field
// Descriptions has them, in the order of the default format. Later versions
// only append, so what an older one does not send is not there. A blank stands
// for a field without a name.
var (
	panTraffic       = strings.Split(panConnection+",bytes,bytes_sent,bytes_received,packets,start,elapsed,category,,seqno,actionflags,srcloc,dstloc,,pkts_sent,pkts_received,session_end_reason,"+panGroups+",action_source,src_uuid,dst_uuid,tunnelid,monitortag,parent_session_id,parent_start_time,tunnel,assoc_id,chunks,chunks_sent,chunks_received,rule_uuid,http2_connection", ",")
	panThreat        = strings.Split(panConnection+",misc,threatid,category,severity,direction,seqno,actionflags,srcloc,dstloc,,contenttype,pcap_id,filedigest,cloud,url_idx,user_agent,filetype,xff,referer,sender,subject,recipient,reportid,"+panGroups+",,src_uuid,dst_uuid,http_method,tunnelid,monitortag,parent_session_id,parent_start_time,tunnel,thr_category,contentver,,assoc_id,ppid,http_headers,url_category_list,rule_uuid,http2_connection,dynusergroup_name", ",")
	panGlobalProtect = strings.Split(panHead+",vsys,eventid,stage,auth_method,tunnel_type,srcuser,srcregion,machinename,public_ip,public_ipv6,private_ip,private_ipv6,hostid,serialnumber,client_ver,client_os,client_os_ver,repeatcnt,reason,error,opaque,status,location,login_duration,connect_method,error_code,portal,seqno,actionflags,high_res_timestamp,selection_type,response_time,priority,attempted_gateways,gateway,"+panGroups+",vsys_id,cluster_name", ",")
	panSystem        = strings.Split(panHead+",vsys,eventid,object,,,module,severity,opaque,seqno,actionflags,"+panGroups, ",")
	panConfig        = strings.Split(panHead+",host,vsys,cmd,admin,client,result,path", ",")
	panOther         = strings.Split(panHead, ",")
)

const (
	panHead       = ",receive_time,serial,type,subtype,,time_generated"
	panConnection = panHead + ",src,dst,natsrc,natdst,rule,srcuser,dstuser,app,vsys,from,to,inbound_if,outbound_if,logset,,sessionid,repeatcnt,sport,dport,natsport,natdport,flags,proto,action"
	panGroups     = "dg_hier_level_1,dg_hier_level_2,dg_hier_level_3,dg_hier_level_4,vsys_name,device_name"
)

// Places of values in the messages of PAN-OS.
const (
	panType, panSubtype, panGenerated        = 3, 4, 6
	panSource, panDestination, panUser       = 7, 8, 12
	panSourcePort, panDestinationPort        = 24, 25
	panProtocol, panAction                   = 29, 30
	panBytesSent, panBytesReceived           = 32, 33
	panEvent, panDescription                 = 8, 14
	panPublic, panPublic6, panPrivate        = 15, 16, 17
	panPrivate6, panStatus, panGlobalPrecise = 18, 28, 36
	panAdministrator, panAdministratorHost   = 10, 7
)

// paloAlto reads a message of PAN-OS. Its own names stay, and the uniform ones
// stand beside them.
func (p *parser) paloAlto(text []byte) {
	p.cut(text)
	p.source = row.LogSource{Product: "paloalto"}
	switch string(p.value(panType)) {
	case "TRAFFIC":
		p.addAll(panTraffic)
		p.panTraffic()
	case "THREAT":
		p.addAll(panThreat)
		p.panThreat()
	case "GLOBALPROTECT":
		p.addAll(panGlobalProtect)
		p.panGlobalProtect()
	case "SYSTEM":
		p.addAll(panSystem)
		p.panSystem()
	case "CONFIG":
		p.addAll(panConfig)
		p.source.Service = "config"
		p.addSome("user", p.value(panAdministrator))
		p.addSome("src_ip", p.value(panAdministratorHost))
	default:
		p.addAll(panOther)
	}
	p.timeIn(p.value(panGenerated))
}

func (p *parser) panEnds() {
	p.addSome("user", withoutDomain(p.value(panUser)))
	p.from(p.value(panSource), p.value(panSourcePort))
	p.to(p.value(panDestination), p.value(panDestinationPort))
	p.addSome("protocol", p.value(panProtocol))
	if own := p.value(panAction); verdict(own) != "" && verdict(own) != string(own) {
		p.addWord("action", verdict(own))
	}
}

func (p *parser) panTraffic() {
	p.source.Category, p.source.Service = "firewall", "traffic"
	p.panEnds()
	p.addSome("bytes_out", p.value(panBytesSent))
	p.addSome("bytes_in", p.value(panBytesReceived))
}

// panThreat reads what was found in a connection. It is no connection of its
// own, so it has no category.
func (p *parser) panThreat() {
	p.source.Service = "threat"
	p.panEnds()
}

// panGlobalProtect reads the messages that versions from 9.1 on write.
func (p *parser) panGlobalProtect() {
	p.source.Category, p.source.Service = "vpn", "globalprotect"
	p.addSome("user", withoutDomain(p.value(panUser)))
	p.addAddress("src_ip", p.value(panPublic), p.value(panPublic6))
	p.addAddress("tunnel_ip", p.value(panPrivate), p.value(panPrivate6))
	event, failed := p.value(panEvent), string(p.value(panStatus)) == "failure"
	switch {
	case failed && bytes.Contains(event, []byte("auth")), failed && bytes.HasSuffix(event, []byte("prelogin")):
		p.actions(event, "failed")
	case !failed && string(event) == "gateway-connected":
		p.actions(event, "login")
	case string(event) == "gateway-logout":
		p.actions(event, "logout")
	default:
		p.addSome("action", event)
	}
	p.timeIn(p.value(panGlobalPrecise))
}

// addAddress adds the first of two addresses that is one. PAN-OS writes zeros
// where there is none.
func (c *columns) addAddress(name string, addresses ...[]byte) {
	for _, address := range addresses {
		if len(address) > 0 && string(address) != "0.0.0.0" && string(address) != "::" {
			c.add(name, address)
			return
		}
	}
}

// panSystem reads who came to the VPN, as versions before 9.1 write it, and who
// came to the device.
func (p *parser) panSystem() {
	p.source.Service = "system"
	event, text := p.value(panEvent), p.value(panDescription)
	switch string(p.value(panSubtype)) {
	case "globalprotect":
		p.source.Category, p.source.Service = "vpn", "globalprotect"
		p.addSome("user", withoutDomain(between(text, "User name: ", ",")))
		p.addSome("src_ip", between(text, "Login from: ", ","))
		p.addSome("tunnel_ip", between(text, "Private IP: ", ","))
		p.addSome("reason", between(text, "Reason: ", ","))
		p.actions(event, panLegacyActions[string(event)])
	case "auth":
		p.addSome("user", between(text, "for user '", "'"))
		p.addSome("src_ip", bytes.TrimRight(after(text, "From: "), "."))
		switch {
		case bytes.Contains(event, []byte("fail")):
			p.actions(event, "failed")
		case bytes.Contains(event, []byte("succ")):
			p.actions(event, "login")
		}
	}
}

// The successful authentication comes before the login, which the gateway
// registers; the configuration says which address it gave.
var panLegacyActions = map[string]string{
	"globalprotectgateway-regist-succ": "login",
	"globalprotectgateway-config-succ": "login",
	"globalprotectgateway-logout-succ": "logout",
	"globalprotectgateway-auth-fail":   "failed",
	"globalprotectportal-auth-fail":    "failed",
}

// withoutDomain is the user of DOMAIN\USER.
func withoutDomain(user []byte) []byte {
	return user[bytes.LastIndexByte(user, '\\')+1:]
}
