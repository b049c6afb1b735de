package casereport

import (
	"net/netip"
	"strings"

	"github.com/kulla-defence/kulla/internal/incident/entity"
)

// hostNames are the names that hosts of a case are shown under.
type hostNames struct {
	full  map[string]string // by each name in lower case
	short map[string]string // by the full name
}

func newHostNames(d *Document) hostNames {
	n := hostNames{map[string]string{}, map[string]string{}}
	taken := map[string]int{}
	for _, one := range d.Incidents {
		for _, use := range one.Entities {
			if use.Kind != entity.Host || n.short[use.Name] != "" {
				continue
			}
			n.short[use.Name] = firstLabel(use.Name)
			taken[strings.ToLower(firstLabel(use.Name))]++
			for _, alias := range append([]string{use.Name}, use.Aliases...) {
				if key := strings.ToLower(alias); n.full[key] == "" {
					n.full[key] = use.Name
				}
			}
		}
	}
	for name, short := range n.short {
		if taken[strings.ToLower(short)] > 1 {
			n.short[name] = name
		}
	}
	return n
}

// firstLabel is a host's name without its domain.
func firstLabel(name string) string {
	if _, err := netip.ParseAddr(name); err == nil {
		return name
	}
	label, _, _ := strings.Cut(name, ".")
	return label
}

// of is the full name of a host that goes by several.
func (n hostNames) of(host string) string {
	if name, ok := n.full[strings.ToLower(host)]; ok {
		return name
	}
	return host
}

// shortOf is a host's name without its domain, where that is unique.
func (n hostNames) shortOf(name string) string {
	if short, ok := n.short[name]; ok {
		return short
	}
	return name
}
