package syslog

import "bytes"

// appliance reads the messages of network appliances that their first words
// tell, and reports whether it is one.
func (p *parser) appliance(h *header) bool {
	switch {
	case isCisco(h.rest):
		h.body = h.rest
		p.cisco(h.body)
	case isPaloAlto(h.rest):
		h.body = h.rest
		p.paloAlto(h.body)
	case string(h.program) == "filterlog":
		p.filterlog(h.body)
	case isWELF(h.body):
		p.welf(h.body)
	case isIvanti(h.body):
		p.ivanti(h.body)
	case isNetScaler(h.rest):
		h.body = h.rest
		p.netScaler(h.body)
	case bytes.HasPrefix(h.program, []byte("openvpn")), bytes.HasPrefix(h.program, []byte("ovpn")):
		p.openVPN(h.body)
	case bytes.HasPrefix(h.program, []byte("charon")):
		p.strongSwan(h.body)
	case isHuawei(h.rest):
		h.body = h.rest
		p.huawei(h.body)
	case isJuniper(h):
		p.juniper(h)
	case isBigIP(h.rest):
		p.bigIP(h.rest)
	default:
		return false
	}
	return true
}

// isBareAppliance says whether a line is one that appliances and their
// collectors write without a header.
func isBareAppliance(text []byte) bool {
	return isPaloAlto(text) || isWELF(text) || isNetScaler(text)
}
