package syslog

// appliance reads the messages of network appliances that their first words
// tell, and reports whether it is one.
func (p *parser) appliance(h *header) bool {
	switch {
	case isCisco(h.rest):
		h.body = h.rest
		p.cisco(h.body)
	default:
		return false
	}
	return true
}
