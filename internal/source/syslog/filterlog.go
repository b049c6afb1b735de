package syslog

import (
	"strings"

	"github.com/kulla-defence/kulla/internal/source/row"
)

// The values that pfSense and OPNsense write of a packet, in their order
// (pfSense Documentation, Raw Filter Log Format). OPNsense names the rule where
// pfSense has a number, the tracker.
var (
	filterHead = strings.Split("rule,subrule,anchor,tracker,interface,reason,action,direction,ip_version", ",")
	filterV4   = strings.Split("tos,ecn,ttl,id,offset,ip_flags,protocol_id,protocol,length,src_ip,dst_ip", ",")
	filterV6   = strings.Split("class,flow_label,hop_limit,protocol,protocol_id,length,src_ip,dst_ip", ",")
	filterTCP  = strings.Split("src_port,dst_port,data_length,tcp_flags,seq,ack,window,urg,options", ",")
	filterUDP  = strings.Split("src_port,dst_port,data_length", ",")
)

// filterlog reads what pf did with a packet.
func (p *parser) filterlog(text []byte) {
	p.source = row.LogSource{Product: "pfsense"}
	p.cut(text)
	values := p.separated.Values
	network, protocol := filterV4, 7
	switch {
	case len(values) <= len(filterHead):
		return
	case string(values[8]) == "6":
		network, protocol = filterV6, 3
	case string(values[8]) != "4":
		return
	}
	p.source.Category = "firewall"
	p.addAll(filterHead)
	if verdict := verdict(values[6]); verdict != "" {
		p.addWord("action", verdict)
	}
	p.separated.Values = values[len(filterHead):]
	name := string(p.value(protocol))
	p.addAll(network)
	if len(p.separated.Values) > len(network) {
		p.separated.Values = p.separated.Values[len(network):]
		switch name {
		case "tcp", "TCP":
			p.addAll(filterTCP)
		case "udp", "UDP":
			p.addAll(filterUDP)
		}
	}
	p.separated.Values = values
}
