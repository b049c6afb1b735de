package entity

import (
	"net/netip"
	"strings"
)

// parseAddress reads an address as logs write it: with or without a port, in
// brackets, IPv4 inside IPv6, behind two backslashes, with a zone. Loopback,
// unspecified, multicast and broadcast addresses are nobody's and not
// reported.
func parseAddress(text string) (netip.Addr, bool) {
	text = strings.TrimLeft(strings.TrimSpace(text), `\`)
	if len(text) < 2 || len(text) > 64 || !mayBeAddress(text) {
		return netip.Addr{}, false
	}
	address, err := netip.ParseAddr(text)
	if err != nil {
		address, err = parseWithPort(text)
	}
	if err != nil {
		return netip.Addr{}, false
	}
	address = address.Unmap().WithZone("")
	return address, isSomebodys(address)
}

// mayBeAddress tells most names from addresses, since errors are dear.
func mayBeAddress(text string) bool {
	return strings.IndexByte(text, ':') >= 0 || text[0] >= '0' && text[0] <= '9' && strings.Count(text, ".") >= 3
}

func parseWithPort(text string) (netip.Addr, error) {
	if inner, rest, found := strings.Cut(text, "]"); found && inner != "" && inner[0] == '[' && (rest == "" || rest[0] == ':') {
		return netip.ParseAddr(inner[1:])
	}
	if host, _, found := strings.Cut(text, "/"); found { // PostgreSQL, ASA: 192.0.2.1/1234
		return netip.ParseAddr(host)
	}
	both, err := netip.ParseAddrPort(text)
	return both.Addr(), err
}

var broadcast = netip.AddrFrom4([4]byte{255, 255, 255, 255})

func isSomebodys(a netip.Addr) bool {
	return !a.IsLoopback() && !a.IsUnspecified() && !a.IsMulticast() && a != broadcast
}

// isShared tells addresses that many machines have at once: those that
// machines give themselves where nobody else does.
func isShared(a netip.Addr) bool { return a.IsLinkLocalUnicast() }
