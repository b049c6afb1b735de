package entity

import "strings"

// An accountName is what an account is called, as an event writes it.
type accountName struct {
	domain, name, sid string
}

// parseAccount reads the spellings of an account: DOMAIN\user, user@domain,
// the canonical domain/folder/user of Exchange, a distinguished name, a SID.
// Exchange adds the service in brackets. Placeholders give an empty name.
func parseAccount(text string) accountName {
	text = strings.TrimSpace(text)
	if bare, _, found := strings.Cut(text, " ("); found && strings.HasSuffix(text, ")") {
		text = bare
	}
	switch {
	case isPlaceholder(text):
		return accountName{}
	case isSID(text):
		return accountName{sid: strings.ToUpper(text)}
	case len(text) > 3 && strings.EqualFold(text[:3], "CN="):
		return parseDistinguished(text)
	}
	if domain, name, found := strings.Cut(text, `\`); found {
		if isPlaceholder(domain) || domain == "." {
			domain = ""
		}
		return accountName{domain: domain, name: name}
	}
	if at := strings.LastIndexByte(text, '@'); at > 0 && at < len(text)-1 {
		return accountName{domain: text[at+1:], name: text[:at]}
	}
	if domain, rest, found := strings.Cut(text, "/"); found && strings.Contains(domain, ".") {
		return accountName{domain: domain, name: rest[strings.LastIndexByte(rest, '/')+1:]}
	}
	return accountName{name: text}
}

// parseDistinguished reads CN=name,…,DC=corp,DC=example (RFC 4514), as far as
// accounts need it: the first part, and the domain.
func parseDistinguished(text string) accountName {
	var found accountName
	var labels []string
	for i, part := range strings.Split(text, ",") {
		kind, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch {
		case i == 0:
			found.name = value
		case strings.EqualFold(kind, "DC"):
			labels = append(labels, value)
		}
	}
	found.domain = strings.Join(labels, ".")
	return found
}

// isPlaceholder tells what logs write where there is nothing to say.
func isPlaceholder(text string) bool {
	switch len(text) {
	case 0:
		return true
	case 1:
		return text == "-" || text == "?" || text == "*"
	case 7:
		return strings.EqualFold(text, "S-1-0-0") || strings.EqualFold(text, "unknown") || text == "(empty)"
	}
	return strings.EqualFold(text, "(null)") || strings.EqualFold(text, "null") || strings.EqualFold(text, "N/A") ||
		text == "(unset)" || text == "(unknown)" || text == "(none)" || text == "4294967295"
}

// isSID reports whether a text is a security identifier ([MS-DTYP] 2.4.2.1).
func isSID(text string) bool {
	if len(text) < 7 || len(text) > 184 || text[0]|0x20 != 's' || text[1] != '-' || text[2] != '1' || text[3] != '-' {
		return false
	}
	digits := false
	for _, c := range []byte(text[4:]) {
		switch {
		case c >= '0' && c <= '9':
			digits = true
		case c == '-' && digits:
			digits = false
		default:
			return false
		}
	}
	return digits
}

// domainOfSID is the part of the SID of a domain's or machine's account that
// all its accounts share; empty for other SIDs.
func domainOfSID(sid string) string {
	if !strings.HasPrefix(sid, "S-1-5-21-") || strings.Count(sid, "-") != 7 {
		return ""
	}
	return sid[:strings.LastIndexByte(sid, '-')]
}

// wellKnown are accounts that are the same on every machine ([MS-DTYP]
// 2.4.2.4); Windows translates their names, so the SID decides.
var wellKnown = map[string]accountName{
	"S-1-5-7":  {domain: "NT AUTHORITY", name: "ANONYMOUS LOGON"},
	"S-1-5-18": {domain: "NT AUTHORITY", name: "SYSTEM"},
	"S-1-5-19": {domain: "NT AUTHORITY", name: "LOCAL SERVICE"},
	"S-1-5-20": {domain: "NT AUTHORITY", name: "NETWORK SERVICE"},
}

// systemNames are what Windows calls the same accounts elsewhere.
var systemNames = map[string]string{
	"localsystem":     "S-1-5-18",
	"system":          "S-1-5-18",
	"localservice":    "S-1-5-19",
	"local service":   "S-1-5-19",
	"networkservice":  "S-1-5-20",
	"network service": "S-1-5-20",
	"anonymous logon": "S-1-5-7",
	"anonymous":       "S-1-5-7",
}

// systemAccount tells whether Windows itself acts under an account, and gives
// the account's own name and SID.
func systemAccount(a accountName) (accountName, bool) {
	sid := a.sid
	if sid == "" && (a.domain == "" || strings.EqualFold(a.domain, "NT AUTHORITY")) {
		sid = systemNames[strings.ToLower(a.name)]
		if a.domain == "" && !strings.EqualFold(a.name, "LocalSystem") && !strings.EqualFold(a.name, "SYSTEM") {
			sid = ""
		}
	}
	if known, ok := wellKnown[sid]; ok {
		known.sid = sid
		return known, true
	}
	return a, strings.HasPrefix(sid, "S-1-5-90-") || strings.HasPrefix(sid, "S-1-5-96-") || isDesktopManager(a)
}

// isDesktopManager tells the accounts that Windows makes for each desktop.
func isDesktopManager(a accountName) bool {
	return strings.EqualFold(a.domain, "Window Manager") || strings.EqualFold(a.domain, "Font Driver Host")
}

// isVirtual tells accounts that every machine makes for itself: of services
// and of the application pools of IIS.
func isVirtual(a accountName) bool {
	return strings.HasPrefix(a.sid, "S-1-5-80-") || strings.HasPrefix(a.sid, "S-1-5-82-") || strings.HasPrefix(a.sid, "S-1-5-83-") ||
		strings.EqualFold(a.domain, "NT SERVICE") || strings.EqualFold(a.domain, "IIS APPPOOL") ||
		strings.EqualFold(a.domain, "NT VIRTUAL MACHINE")
}

// isGroup tells SIDs of groups that stand where accounts may: those built in,
// and everyone.
func isGroup(sid string) bool {
	return strings.HasPrefix(sid, "S-1-5-32-") || strings.HasPrefix(sid, "S-1-1-") || sid == "S-1-5-11" ||
		strings.HasPrefix(sid, "S-1-16-")
}

// isMachine tells a computer's own account, which ends in a dollar.
func isMachine(name string) bool { return len(name) > 1 && strings.HasSuffix(name, "$") }
