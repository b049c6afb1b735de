package entity

import "github.com/kulla-defence/kulla/internal/event"

// A counted column names an account or an address in a log that is not of
// Windows. Of those of Windows the interests count what is worth it.
type counted struct {
	kind   Kind
	column int
	domain int // -1 without one
}

// countedIn finds the columns of a layout that the table of fields says to be
// accounts or addresses.
func countedIn(layout *event.Layout) []counted {
	var found []counted
	for i, name := range layout.Names {
		if columnOf(layout, name) < i {
			continue
		}
		for _, p := range patternsOf[name] {
			if p.isCounted(name) && judgedBy(layout, p.family) && judgedBy(layout, p.when) {
				c := counted{kind: p.kind, column: i, domain: -1}
				if len(p.domain) > 0 {
					c.domain = columnOf(layout, p.domain[0].column)
				}
				found = append(found, c)
				break
			}
		}
	}
	return found
}

func (p *compiled) isCounted(column string) bool {
	return (p.kind == Account || p.kind == Address) && p.read == plain && len(p.value) > 0 &&
		len(p.leads) > 0 && isPlaceOf(p.value, column)
}

func isPlaceOf(part []place, column string) bool {
	for _, at := range part {
		if at.column == column && at.index < 0 {
			return true
		}
	}
	return false
}

// judgedBy reports whether conditions hold by the names of columns alone.
func judgedBy(layout *event.Layout, conditions []condition) bool {
	for _, c := range conditions {
		if len(c.values) > 0 || columnOf(layout, c.column) >= 0 == c.absent {
			return false
		}
	}
	return true
}

// count notes the account or address in a column for the host and day.
func (o *Observer) count(c *counted, s *sight) {
	text := o.read(s.event, c.column)
	if len(text) <= 1 || len(text) > 256 || c.domain < 0 && !o.isNew(newMixer().bytes(text).text(string(c.kind)).number(o.hostBit).number(o.dayBit)) {
		return
	}
	if c.kind == Address {
		if address, ok := parseAddress(string(text)); ok {
			s.useAddress(address)
		}
		return
	}
	a := parseAccount(o.share(text))
	if c.domain >= 0 && a.domain == "" {
		a.domain = o.share(o.read(s.event, c.domain))
	}
	s.useAccount(a)
}
