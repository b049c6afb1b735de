package syslog

import "bytes"

// account reads the messages of the programs that change accounts, of su, cron
// and systemd-logind, and of PAM's modules in any program. It reports whether
// the message is one of PAM.
func (p *parser) account(program, text []byte) (isPAM bool) {
	if bytes.HasPrefix(text, []byte("pam_")) && p.pam(text, string(program) != "sshd" && string(program) != "sshd-session") {
		return true
	}
	switch string(program) {
	case "su":
		p.su(text)
	case "systemd-logind":
		p.logind(text)
	case "CRON", "cron", "crond", "crontab", "anacron":
		p.cron(text)
	case "useradd", "usermod", "userdel", "groupadd", "groupmod", "groupdel", "gpasswd", "passwd", "chpasswd":
		p.accountChange(text)
	}
	return false
}

// pam reads "pam_unix(sshd:session): session opened for user anna(uid=1000) by
// (uid=0)" and "...: authentication failure; logname= uid=0 ... user=anna". What
// the program says of the failure, too, counts as one there.
func (p *parser) pam(text []byte, failures bool) bool {
	module, rest, found := bytes.Cut(text, []byte{'('})
	place, rest, closed := bytes.Cut(rest, []byte("): "))
	service, kind, colon := bytes.Cut(place, []byte{':'})
	if !found || !closed || !colon {
		return false
	}
	p.add("pam_module", module)
	p.add("pam_service", service)
	p.add("pam_type", kind)
	if action, user, found := bytes.Cut(rest, []byte(" for user ")); found && bytes.HasPrefix(action, []byte("session ")) {
		p.add("action", action)
		user, _, _ = bytes.Cut(user, []byte(" by "))
		user, _, _ = bytes.Cut(user, []byte{'('})
		p.add("user", user)
		return true
	}
	if user, found := bytes.CutPrefix(rest, []byte("password changed for ")); found {
		p.addWord("action", "password changed")
		p.add("user", user)
		return true
	}
	if reason, pairs, found := bytes.Cut(rest, []byte("; logname=")); found {
		p.add("reason", reason)
		if failures {
			p.addWord("outcome", outcome(false))
		}
		p.pamPairs(rest[len(rest)-len(pairs)-len("logname="):])
	}
	return true
}

// pamPairs adds what PAM knows of who failed. The user comes last, and may have
// any name.
func (p *parser) pamPairs(text []byte) {
	for {
		text = skipSpaces(text)
		name, value, found := bytes.Cut(text, []byte{'='})
		if !found || bytes.IndexByte(name, ' ') >= 0 {
			return
		}
		if string(name) == "user" {
			p.add("user", value)
			return
		}
		value, text, _ = bytes.Cut(value, []byte{' '})
		if len(value) == 0 {
			continue
		}
		p.addNamed(name, value)
		if string(name) == "rhost" && isIP(value) {
			p.add("src_ip", value)
		}
	}
}

// su reads what the su of util-linux, of shadow and of BSD write:
//
//	[FAILED SU ](to root) anna on pts/0
//	Successful su for root by anna
//	BAD SU anna to root on /dev/ttyp0
func (p *parser) su(text []byte) {
	var user, target, terminal []byte
	failed := bytes.HasPrefix(text, []byte("FAILED ")) || bytes.HasPrefix(text, []byte("BAD "))
	switch {
	case bytes.Contains(text, []byte(" su for ")):
		target, user, _ = bytes.Cut(after(text, " su for "), []byte(" by "))
	case bytes.Contains(text, []byte("(to ")):
		target = between(text, "(to ", ") ")
		user, terminal, _ = bytes.Cut(after(text, ") "), []byte(" on "))
	default:
		var rest []byte
		user, rest, _ = bytes.Cut(bytes.TrimPrefix(text, []byte("BAD SU ")), []byte(" to "))
		target, terminal, _ = bytes.Cut(rest, []byte(" on "))
	}
	if len(user) == 0 || len(target) == 0 {
		return
	}
	p.add("user", user)
	p.add("USER", target)
	p.addSome("TTY", terminal)
	p.addWord("outcome", outcome(!failed))
}

// logind reads "New session 5 of user anna." and "Removed session 5."; newer
// versions write names in quotes.
func (p *parser) logind(text []byte) {
	action, rest, found := bytes.Cut(text, []byte(" session "))
	if !found || string(action) != "New" && string(action) != "Removed" {
		return
	}
	if action[0] == 'N' {
		p.addWord("action", "session opened")
	} else {
		p.addWord("action", "session closed")
	}
	session, rest, _ := bytes.Cut(rest, []byte{' '})
	p.add("session", bytes.Trim(session, "'."))
	if user, found := bytes.CutPrefix(rest, []byte("of user ")); found {
		user, _, _ = bytes.Cut(user, []byte{' '})
		p.add("user", bytes.Trim(user, "'."))
	}
}

// cron reads "(root) CMD (run-parts /etc/cron.hourly)".
func (p *parser) cron(text []byte) {
	user, rest, found := bytes.Cut(bytes.TrimPrefix(text, []byte{'('}), []byte(") "))
	if !found || text[0] != '(' {
		return
	}
	action, command, _ := bytes.Cut(rest, []byte(" ("))
	if len(action) == 0 || bytes.IndexByte(action, ' ') >= 0 {
		return
	}
	p.add("user", user)
	p.add("action", action)
	p.addSome("command", bytes.TrimSuffix(command, []byte{')'}))
}

// accountChange reads what the programs of shadow write:
//
//	new user: name=anna, UID=1001, GID=1001, home=/home/anna, shell=/bin/sh
//	add 'anna' to group 'sudo'
//	change user 'anna' UID from '1001' to '0'
//	user anna added by root to group sudo
func (p *parser) accountChange(text []byte) {
	if action, pairs, found := bytes.Cut(text, []byte(": name=")); found {
		p.add("action", action)
		p.accountPairs(bytes.Contains(action, []byte("group")), text[len(text)-len(pairs)-len("name="):])
		return
	}
	if action, rest, found := bytes.Cut(text, []byte(" '")); found {
		subject, change, _ := bytes.Cut(rest, []byte{'\''})
		p.add("action", action)
		if bytes.HasSuffix(action, []byte("group")) {
			p.add("group", subject)
		} else {
			p.add("user", subject)
		}
		p.addSome("group", between(change, "group '", "'"))
		p.addSome("change", skipSpaces(change))
		return
	}
	if user, rest, found := bytes.Cut(bytes.TrimPrefix(text, []byte("user ")), []byte(" by ")); found {
		name, action, isChange := bytes.Cut(user, []byte{' '})
		_, group, hasGroup := bytes.Cut(rest, []byte(" group "))
		if isChange && hasGroup && bytes.HasPrefix(text, []byte("user ")) {
			p.add("action", action)
			p.add("user", name)
			p.add("group", group)
		}
	}
}

// accountPairs adds pairs between commas. What has a name is a user or a group.
func (p *parser) accountPairs(group bool, text []byte) {
	for len(text) > 0 {
		var pair []byte
		pair, text, _ = bytes.Cut(text, []byte(", "))
		name, value, found := bytes.Cut(pair, []byte{'='})
		switch {
		case !found:
		case string(name) == "name" && group:
			p.add("group", value)
		case string(name) == "name":
			p.add("user", value)
		default:
			p.addNamed(name, value)
		}
	}
}
