package incident

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/kulla-defence/kulla/internal/detect"
	"github.com/kulla-defence/kulla/internal/incident/entity"
)

// A naming is who and what the events of a finding name, for sentences that
// tell only the kind of what was done. Each is a short list; empty where
// nothing is known.
type naming struct {
	// account is who acted or was acted on, by who changed an account.
	account, by string
	// from is where it came from; what is what it was done to.
	from, what string
	kind       namedKind
}

// A namedKind is what a naming's what is; its text ends the message's key.
type namedKind string

const (
	namedNothing  namedKind = "nothing"
	namedAddress  namedKind = "to"
	namedPage     namedKind = "page"
	namedProgram  namedKind = "program"
	namedFile     namedKind = "file"
	namedService  namedKind = "service"
	namedRegistry namedKind = "registry"
)

var namedKinds = map[action]namedKind{actionNetwork: namedAddress, actionWeb: namedPage, actionProcess: namedProgram, actionFile: namedFile,
	actionImage: namedFile, actionDriver: namedFile, actionShare: namedFile, actionService: namedService, actionRegistry: namedRegistry}

// maxNamed bounds how many of a kind a sentence names, maxNamedEvents how many
// events of a correlation are asked.
const maxNamed, maxNamedEvents = 3, 64

// names gathers a naming.
type names struct {
	accounts, by, from []string
	what               map[namedKind][]string
}

// namingOf reads who and what a finding's events name; what they leave open,
// the values that a correlation grouped them by may say.
func namingOf(f *detect.Finding, d *deed) naming {
	var n names
	if f.Correlation == nil {
		if !d.complete() { // else its own sentence names all of it
			n.deed(d)
		}
		return n.told()
	}
	events := f.Correlation.Events
	for i := range events {
		if i >= maxNamedEvents/2 && i < len(events)-maxNamedEvents/2 {
			continue // the first say how it began, the last what came of it
		}
		if read := deedIn(events[i].Fields); len(events[i].Fields) > 0 {
			n.deed(&read)
		}
	}
	for _, field := range f.Correlation.Group {
		n.group(field.Name, field.Value)
	}
	return n.told()
}

// deed takes the parts of one event.
func (n *names) deed(d *deed) {
	switch kinds := sentenceKinds[d.action]; {
	case d.action == actionAccount || d.action == actionMember:
		n.accounts, n.by = named(n.accounts, d.object), named(n.by, d.by)
	case kinds[0] == entity.Account:
		n.accounts = named(n.accounts, d.by)
	}
	n.from = named(n.from, d.from)
	if kind, ok := namedKinds[d.action]; ok && d.object != "" {
		n.add(kind, d.object)
	}
}

func (n *names) add(kind namedKind, value string) {
	if n.what == nil {
		n.what = map[namedKind][]string{}
	}
	n.what[kind] = named(n.what[kind], value)
}

// group takes a value that events were grouped by, where they themselves did
// not name its kind.
func (n *names) group(name, value string) {
	value = shortened(value)
	_, err := netip.ParseAddr(value)
	switch {
	case groupTargets[name] && len(n.what[namedAddress]) == 0:
		n.add(namedAddress, value)
	case groupTargets[name]:
	case err == nil && len(n.from) == 0:
		n.from = named(nil, value)
	case groupAccounts[name] && len(n.accounts) == 0:
		n.accounts = named(nil, value)
	}
}

// Fields, and names that rules give to fields, by which events are grouped.
var (
	groupTargets  = set("dst_ip", "DestinationIp", "DestAddress", "id.resp_h", "server")
	groupAccounts = set("user", "User", "username", "account", "TargetUserName", "TargetUserSid", "TargetSid", "SubjectUserName", "SubjectUserSid", "MemberSid",
		"AuthenticatedUser", "cs-username", "UserId", "caller", "properties.userPrincipalName")
)

// named adds a value to a list that has none like it.
func named(list []string, value string) []string {
	if value == "" || isUnspecified(value) || slices.ContainsFunc(list, func(known string) bool { return strings.EqualFold(known, value) }) {
		return list
	}
	return append(list, value)
}

func (n *names) told() naming {
	told := naming{account: listed(withoutSIDs(n.accounts)), by: listed(withoutSIDs(n.by)), from: listed(n.from), kind: namedNothing}
	for _, kind := range []namedKind{namedAddress, namedPage, namedProgram, namedFile, namedService, namedRegistry} {
		if list := n.what[kind]; len(list) > 0 {
			told.what, told.kind = listed(list), kind
			break
		}
	}
	return told
}

// withoutSIDs leaves out identifiers beside names: they are of the same accounts.
func withoutSIDs(accounts []string) []string {
	isSID := func(text string) bool { return strings.HasPrefix(text, "S-1-") }
	if !slices.ContainsFunc(accounts, func(account string) bool { return !isSID(account) }) {
		return accounts
	}
	return slices.DeleteFunc(slices.Clone(accounts), isSID)
}

func listed(list []string) string {
	if len(list) > maxNamed {
		list = append(slices.Clone(list[:maxNamed]), "…")
	}
	return strings.Join(list, ", ")
}

// rule is the value of a sentence that names its rules, and with them what the
// events name.
func (n *naming) rule(rules string) []Value {
	if *n == (naming{kind: namedNothing}) {
		return []Value{text("rule", rules)}
	}
	values := []Value{{Name: "rule", Message: "story.named"}, text("title", rules)}
	for _, part := range []Value{{Name: "account", Text: n.account, Kind: entity.Account}, {Name: "by", Text: n.by, Kind: entity.Account},
		{Name: "from", Text: n.from, Kind: entity.Address}, {Name: "what", Text: n.what, Kind: namedEntities[n.kind]}} {
		message := "story.named." + part.Name
		if part.Name == "what" {
			message = "story.named." + string(n.kind)
		}
		if part.Text == "" {
			message = "story.named.nothing"
		} else {
			values = append(values, part)
		}
		values = append(values, Value{Name: "with_" + part.Name, Message: message})
	}
	return values
}

var namedEntities = map[namedKind]entity.Kind{namedAddress: entity.Address, namedPage: entity.URL, namedProgram: "", namedFile: entity.File, namedService: entity.Service}
