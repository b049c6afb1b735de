package entity

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"strings"
)

// hostIndex knows which names and addresses are one machine.
type hostIndex struct {
	// written is how each known name is written.
	written map[string]string
	// canonical is the name that stands for a known one, and basis how that
	// is known.
	canonical map[string]string
	basis     map[string]Basis
	// byShort are the canonical names by their first label, or what stands for
	// a label too long for NetBIOS.
	byShort map[string][]string
	// names are the other names of a canonical one, addresses its addresses.
	names     map[string][]string
	addresses map[string][]ownedAddress
	owners    map[netip.Addr]owner

	controllers map[string]bool
}

// An owner is the machine that has an address.
type owner struct {
	host  string
	basis Basis
}

type ownedAddress struct {
	address netip.Addr
	basis   Basis
}

// shortName is a host's name without its domain. An address has none.
func shortName(name string) string {
	if name != "" && mayBeAddress(name) {
		return strings.ToLower(name)
	}
	short, _, _ := strings.Cut(name, ".")
	return strings.ToLower(short)
}

// netbiosLength is the longest name of a machine in NetBIOS; longer ones are
// cut ([MS-NBTE] 2.2.1).
const netbiosLength = 15

func newHostIndex(f *facts) hostIndex {
	h := hostIndex{written: map[string]string{}, canonical: map[string]string{}, basis: map[string]Basis{}, byShort: map[string][]string{},
		names: map[string][]string{}, addresses: map[string][]ownedAddress{}, owners: map[netip.Addr]owner{}, controllers: map[string]bool{}}
	for name, fact := range f.hosts.entries {
		h.written[name] = fact.written
	}
	h.joinRenamed(f)
	h.joinShort()
	for name := range h.written {
		if to := h.canonical[name]; to != "" && to != name {
			h.names[to] = append(h.names[to], name)
		}
	}
	for name, fact := range f.hosts.entries {
		if fact.controller {
			h.controllers[h.nameOf(name)] = true
		}
	}
	for _, names := range h.names {
		slices.Sort(names)
	}
	h.findOwners(f)
	return h
}

// joinRenamed makes the latest name stand for earlier ones.
func (h *hostIndex) joinRenamed(f *facts) {
	next := map[string]string{}
	for _, rename := range slices.SortedFunc(maps.Keys(renamesIn(f)), compareRenames) {
		if next[rename.from] == "" {
			next[rename.from] = rename.to
		}
	}
	for name := range h.written {
		if last := lastName(next, name); last != name {
			h.canonical[name], h.basis[name] = last, Renamed
		}
	}
}

// lastName follows a machine's names to the last. Of names that go round in a
// circle it is the first in order of letters.
func lastName(next map[string]string, name string) string {
	for range len(next) {
		if next[name] == "" {
			return name
		}
		name = next[name]
	}
	if next[name] == "" {
		return name
	}
	first := name
	for at := next[name]; at != name; at = next[at] {
		first = min(first, at)
	}
	return first
}

func compareRenames(a, b renameKey) int {
	return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to))
}

// renamesIn are the renames that Windows states (which has short names), and
// those by which two or more logs go on.
func renamesIn(f *facts) map[renameKey]bool {
	found := map[renameKey]bool{}
	known := namesByShort(f)
	for rename := range f.renames.entries {
		from, to := known[shortName(rename.from)], known[shortName(rename.to)]
		if len(from) == 1 && len(to) == 1 {
			found[renameKey{from[0], to[0]}] = true
		}
	}
	for rename, logs := range successions(f) {
		if logs >= 2 {
			found[rename] = true
		}
	}
	return found
}

// namesByShort are the names in the evidence that a short name may mean.
func namesByShort(f *facts) map[string][]string {
	found := map[string][]string{}
	for name := range f.hosts.entries {
		found[shortName(name)] = append(found[shortName(name)], name)
	}
	return found
}

// A log that was collected from one machine goes on under the new name with
// the next record. maxSuccession is how many may be missing between.
const maxSuccession = 16

// successions counts the logs in which one name follows on another, and leaves
// out pairs that overlap in any log: those are of several machines.
func successions(f *facts) map[renameKey]int {
	bySource := map[string][]spanKey{}
	for key := range f.spans.entries {
		bySource[key.source] = append(bySource[key.source], key)
	}
	found, broken := map[renameKey]int{}, map[renameKey]bool{}
	for _, spans := range bySource {
		if len(spans) < 2 || len(spans) > 8 {
			continue
		}
		slices.SortFunc(spans, func(a, b spanKey) int {
			return cmp.Or(cmp.Compare(f.spans.entries[a].first, f.spans.entries[b].first), cmp.Compare(a.host, b.host))
		})
		for i := 1; i < len(spans); i++ {
			before, after := f.spans.entries[spans[i-1]], f.spans.entries[spans[i]]
			pair := renameKey{spans[i-1].host, spans[i].host}
			if after.first > before.last && after.first-before.last <= maxSuccession {
				found[pair]++
			} else {
				broken[pair], broken[renameKey{pair.to, pair.from}] = true, true
			}
		}
	}
	for pair := range broken {
		delete(found, pair)
	}
	return found
}

// joinShort makes the one full name that begins with a short one stand for it.
func (h *hostIndex) joinShort() {
	full := map[string][]string{}
	for _, name := range slices.Sorted(maps.Keys(h.written)) {
		if short := shortName(name); short != name {
			full[short] = appendFew(full[short], h.nameOf(name), 2)
			if len(short) > netbiosLength {
				full[short[:netbiosLength]] = appendFew(full[short[:netbiosLength]], h.nameOf(name), 2)
			}
		}
	}
	h.byShort = full
	for name := range h.written {
		if candidates := full[name]; h.canonical[name] == "" && len(candidates) == 1 {
			h.canonical[name], h.basis[name] = candidates[0], Prefixed
		}
	}
	for name := range h.written { // short names that no full name begins with
		if !strings.Contains(name, ".") && len(full[name]) == 0 {
			full[name] = []string{h.nameOf(name)}
		}
	}
}

// appendFew adds a text that is not there yet while there are fewer than most.
func appendFew(list []string, text string, most int) []string {
	if len(list) >= most || slices.Contains(list, text) {
		return list
	}
	return append(list, text)
}

// nameOf is the canonical name of a host, in lower case.
func (h *hostIndex) nameOf(name string) string {
	name = strings.ToLower(name)
	if to := h.canonical[name]; to != "" {
		return to
	}
	if address, ok := parseAddress(name); ok {
		if owner, ok := h.owners[address]; ok && owner.basis != Claimed {
			return owner.host
		}
		return name
	}
	if _, known := h.written[name]; !known && !strings.Contains(name, ".") {
		if candidates := h.byShort[name]; len(candidates) == 1 {
			return candidates[0]
		}
	}
	return name
}

// isKnown reports whether a log is of a host.
func (h *hostIndex) isKnown(name string) bool {
	_, ok := h.written[name]
	return ok
}

// strength orders what says that a machine has an address. Of the strongest
// kind of evidence there is, all has to name one machine.
var strength = []Basis{Connected, Authenticated, Answered, Claimed}

func (h *hostIndex) findOwners(f *facts) {
	candidates := map[netip.Addr]map[Basis][]string{}
	for key := range f.addresses.entries {
		name := h.nameOf(strings.TrimSuffix(key.name, "$"))
		if candidates[key.address] == nil {
			candidates[key.address] = map[Basis][]string{}
		}
		candidates[key.address][key.basis] = appendFew(candidates[key.address][key.basis], name, 2)
	}
	for address, byBasis := range candidates {
		for _, basis := range strength {
			if names := byBasis[basis]; len(names) > 0 {
				if len(names) == 1 {
					h.owners[address] = owner{names[0], basis}
					h.addresses[names[0]] = append(h.addresses[names[0]], ownedAddress{address, basis})
				}
				break
			}
		}
	}
	for _, owned := range h.addresses {
		slices.SortFunc(owned, func(a, b ownedAddress) int { return a.address.Compare(b.address) })
	}
}

// entity makes a host's entity.
func (h *hostIndex) entity(written string) Entity {
	name := h.nameOf(written)
	e := Entity{Key: hostKey(name), Kind: Host, Name: cmp.Or(h.written[name], written)}
	if h.written[name] == "" && strings.ToLower(written) != name {
		e.Name = name
	}
	for _, alias := range h.names[name] {
		e.alias(h.written[alias], h.basis[alias])
	}
	if lower := strings.ToLower(written); lower != name && !slices.Contains(h.names[name], lower) {
		basis := Prefixed
		if address, ok := parseAddress(lower); ok {
			basis = h.owners[address].basis
		}
		e.alias(written, basis)
	}
	for _, owned := range h.addresses[name] {
		e.alias(owned.address.String(), owned.basis)
	}
	return e
}

func hostKey(name string) Key {
	if name == "" {
		return ""
	}
	return Key(string(Host) + ":" + name)
}

// maxAliases bounds the names that are shown of one entity. Crafted logs, and
// gateways, give one machine or account thousands.
const maxAliases = 64

// alias adds another name and how it is known.
func (e *Entity) alias(name string, basis Basis) {
	if name == "" || name == e.Name || len(e.Aliases) >= maxAliases || slices.Contains(e.Aliases, name) {
		return
	}
	e.Aliases, e.Known = append(e.Aliases, name), append(e.Known, basis)
}
