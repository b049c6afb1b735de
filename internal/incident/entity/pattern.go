package entity

import (
	"net/url"
	"strings"
)

// A compiled pattern has its columns taken apart.
type compiled struct {
	kind                                          Kind
	role                                          Role
	read                                          reading
	value, domain, sid, guid, pid, hashes, before []place
	family, when                                  []condition
	// leads are the columns any of which makes the entity known, in order.
	leads []string
}

// A place is a column, and which of its values; -1 is all.
type place struct {
	column string
	index  int
}

// patternsOf holds the patterns of families by each column that may lead one.
// It never changes.
var patternsOf = compile(families())

func compile(families []family) map[string][]*compiled {
	byColumn := map[string][]*compiled{}
	for _, f := range families {
		for i := range f.patterns {
			p := f.patterns[i].compile(f.when)
			for _, lead := range p.leads {
				byColumn[lead] = append(byColumn[lead], p)
			}
		}
	}
	return byColumn
}

func (p *pattern) compile(family []condition) *compiled {
	made := &compiled{kind: p.kind, role: p.role, read: p.read, family: family, when: p.when,
		value: places(p.value), domain: places(p.domain), sid: places(p.sid), guid: places(p.guid),
		pid: places(p.pid), hashes: places(p.hashes), before: places(p.before)}
	seen := map[string]bool{}
	for _, part := range [][]place{made.value, made.guid, made.sid, made.pid} {
		for _, at := range part {
			if !seen[at.column] {
				seen[at.column] = true
				made.leads = append(made.leads, at.column)
			}
		}
	}
	return made
}

func places(columns []string) []place {
	var found []place
	for _, column := range columns {
		name, index, indexed := strings.Cut(column, "[")
		at := place{name, -1}
		if indexed {
			at.index = int(index[0] - '0')
		}
		found = append(found, at)
	}
	return found
}

// split gives the names in a value.
func split(how reading, kind Kind, text string) []string {
	switch how {
	case separated:
		return strings.FieldsFunc(text, func(r rune) bool { return r == ';' || r == ',' || r == ' ' })
	case commandLine:
		return []string{programOf(text)}
	case answers:
		return strings.Split(text, ";")
	case threatPaths:
		return threatFiles(text)
	case cmdlet:
		return cmdletParameters(kind, text)
	case remoteHost:
		return []string{remoteName(text)}
	case smtpMailbox:
		return []string{mailboxName(text)}
	}
	return []string{text}
}

// threatFiles reads what Defender calls a path: resources with their kind in
// front, apart by semicolons.
func threatFiles(text string) []string {
	var files []string
	for part := range strings.SplitSeq(text, ";") {
		kind, path, found := strings.Cut(strings.TrimSpace(part), ":_")
		switch {
		case !found:
			files = append(files, part)
		case kind == "file" || kind == "containerfile" || kind == "webfile":
			path, _, _ = strings.Cut(path, "->")
			path, _, _ = strings.Cut(path, "|")
			files = append(files, path)
		}
	}
	return files
}

// cmdletKinds says what the parameters of Exchange's cmdlets name.
var cmdletKinds = map[string]Kind{
	"-mailbox": Mailbox, "-targetmailbox": Mailbox, "-sourcemailboxes": Mailbox, "-forwardingsmtpaddress": Mailbox,
	"-forwardingaddress": Mailbox, "-forwardto": Mailbox, "-redirectto": Mailbox,
	"-filepath": File, "-externalurl": URL, "-internalurl": URL,
	"-userprincipalname": Account, "-members": Account, "-member": Account, "-user": Account,
}

// cmdletParameters are the values of the parameters that name entities of a
// kind: -Mailbox "Administrator" -FilePath "\\host\c$\x".
func cmdletParameters(kind Kind, text string) []string {
	var found []string
	for text != "" {
		name, rest, more := strings.Cut(strings.TrimLeft(text, " "), " ")
		if !more || !strings.HasPrefix(name, "-") {
			text = rest
			continue
		}
		var value string
		if quote := rest[:min(1, len(rest))]; quote == `"` || quote == `'` {
			value, text, _ = strings.Cut(rest[1:], quote)
		} else {
			value, text, _ = strings.Cut(rest, " ")
		}
		if cmdletKinds[strings.ToLower(name)] == kind {
			found = append(found, value)
		}
	}
	return found
}

// remoteName takes the name of a machine out of what a client asks for:
// \\name, name:port, name/path, and the principal of a service, cifs/name.
func remoteName(text string) string {
	text = strings.TrimLeft(strings.TrimSpace(text), `\`)
	if _, ok := parseAddress(text); ok {
		return text
	}
	if before, after, found := strings.Cut(text, "/"); found {
		text = before
		if isServiceClass(before) {
			text, _, _ = strings.Cut(after, "/")
		}
	}
	text, _, _ = strings.Cut(text, `\`)
	if strings.Count(text, ":") == 1 {
		text, _, _ = strings.Cut(text, ":")
	}
	return text
}

// isServiceClass tells what stands in front of a service principal's host.
func isServiceClass(text string) bool {
	switch strings.ToLower(text) {
	case "cifs", "host", "http", "ldap", "gc", "rpc", "rpcss", "termsrv", "wsman", "mssqlsvc", "dns", "restrictedkrbhost":
		return true
	}
	return false
}

// mailboxName takes an address of mail out of what stands around it.
func mailboxName(text string) string {
	for _, prefix := range []string{"smtp~", "smtp:", "FROM:", "TO:"} {
		if hasPrefixFold(text, prefix) {
			text = text[len(prefix):]
		}
	}
	return strings.Trim(text, "<> ")
}

// hostName brings the spellings of a machine's name to one, without its dot at
// the end; "" for names that mean the machine itself.
func hostName(text string) string {
	text = strings.TrimSuffix(strings.TrimSpace(text), ".")
	if isPlaceholder(text) || strings.EqualFold(text, "localhost") || strings.EqualFold(text, "localhost.localdomain") || len(text) > 255 {
		return ""
	}
	if address, ok := parseAddress(text); ok {
		return address.String()
	}
	if strings.HasPrefix(text, "127.") || text == "::1" {
		return ""
	}
	return strings.TrimLeft(text, `\`)
}

// domainName is the host in what may be a URL, host:port or a name.
func domainName(text string) string {
	if strings.Contains(text, "://") {
		if parsed, err := url.Parse(text); err == nil {
			text = parsed.Host
		}
	}
	if strings.Count(text, ":") == 1 {
		text, _, _ = strings.Cut(text, ":")
	}
	text, _, _ = strings.Cut(text, "/")
	return hostName(text)
}
