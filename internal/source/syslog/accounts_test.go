package syslog

import (
	"strings"
	"testing"

	"github.com/kulla-defence/kulla/internal/source/format"
	"github.com/kulla-defence/kulla/internal/source/formattest"
)

func TestAccounts(t *testing.T) {
	t.Parallel()
	for log, want := range map[string]string{
		"sshd: Connection closed by authenticating user a port 1 192.0.2.9 192.0.2.1 port 22 [preauth]":                    `sshd user="a port 1 192.0.2.9" src_ip="192.0.2.1" src_port="22"`,
		"sshd: Connection reset by 2001:db8::1 port 22":                                                                    `sshd src_ip="2001:db8::1" src_port="22"`,
		"sshd: Disconnected from user anna 192.0.2.1 port 22":                                                              `sshd user="anna" src_ip="192.0.2.1" src_port="22"`,
		"sshd: Received disconnect from 192.0.2.1 port 22:11: bye 192.0.2.9 port 5 [preauth]":                              `sshd src_ip="192.0.2.1" src_port="22"`,
		"sshd: error: maximum authentication attempts exceeded for invalid user a b from 192.0.2.1 port 22 ssh2 [preauth]": `sshd user="a b" src_ip="192.0.2.1" src_port="22"`,
		"sshd: Server listening on 0.0.0.0 port 22.":                                                                       `sshd`,
		"sshd: pam_unix(sshd:auth): authentication failure; logname= uid=0 tty=ssh rhost=192.0.2.1  user=a b=c":            `sshd pam_module="pam_unix" pam_service="sshd" pam_type="auth" reason="authentication failure" uid="0" tty="ssh" rhost="192.0.2.1" src_ip="192.0.2.1" user="a b=c"`,
		"su: pam_unix(su-l:auth): authentication failure; logname=anna uid=5 rhost= user=root":                             `auth pam_module="pam_unix" pam_service="su-l" pam_type="auth" reason="authentication failure" outcome="failure" logname="anna" uid="5" user="root"`,
		"CRON: pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)":                                     `auth pam_module="pam_unix" pam_service="cron" pam_type="session" action="session opened" user="root"`,
		"gdm: pam_unix(gdm:session): session closed for user anna":                                                         `auth pam_module="pam_unix" pam_service="gdm" pam_type="session" action="session closed" user="anna"`,
		"passwd: pam_unix(passwd:chauthtok): password changed for anna":                                                    `auth pam_module="pam_unix" pam_service="passwd" pam_type="chauthtok" action="password changed" user="anna"`,
		"su: (to root) anna on pts/0":                                                                                      `auth user="anna" USER="root" TTY="pts/0" outcome="success"`,
		"su: FAILED SU (to root) anna on pts/0":                                                                            `auth user="anna" USER="root" TTY="pts/0" outcome="failure"`,
		"su: Successful su for root by anna":                                                                               `auth user="anna" USER="root" outcome="success"`,
		"su: BAD SU anna to root on /dev/ttyp0":                                                                            `auth user="anna" USER="root" TTY="/dev/ttyp0" outcome="failure"`,
		"su: + /dev/pts/0 anna:root":                                                                                       `auth`,
		"systemd-logind: New session 5 of user anna.":                                                                      `auth action="session opened" session="5" user="anna"`,
		"systemd-logind: New session '5' of user 'anna' with class 'user' and type 'tty'.":                                 `auth action="session opened" session="5" user="anna"`,
		"systemd-logind: Removed session 5.":                                                                               `auth action="session closed" session="5"`,
		"CRON: (root) CMD (sh -c (a))":                                                                                     `cron user="root" action="CMD" command="sh -c (a)"`,
		"crontab: (anna) REPLACE (anna)":                                                                                   `cron user="anna" action="REPLACE" command="anna"`,
		"cron: ) x":                                                                                                        `cron`,
		"useradd: new user: name=anna, UID=0, shell=/bin/sh":                                                               `auth action="new user" user="anna" UID="0" shell="/bin/sh"`,
		"groupadd: group added to /etc/group: name=ops, GID=5":                                                             `auth action="group added to /etc/group" group="ops" GID="5"`,
		"usermod: add 'anna' to group 'sudo'":                                                                              `auth action="add" user="anna" group="sudo" change="to group 'sudo'"`,
		"usermod: change user 'anna' UID from '1' to '0'":                                                                  `auth action="change user" user="anna" change="UID from '1' to '0'"`,
		"userdel: delete user 'anna'":                                                                                      `auth action="delete user" user="anna"`,
		"userdel: removed group 'anna' owned by 'anna'":                                                                    `auth action="removed group" group="anna" change="owned by 'anna'"`,
		"gpasswd: user anna added by root to group sudo":                                                                   `auth action="added" user="anna" group="sudo"`,
		"sudo: anna : a sorry pwd ; TTY=x ; COMMAND=/bin/a ; =b":                                                           `sudo user="anna" reason="a sorry pwd" TTY="x" COMMAND="/bin/a ; =b"`,
	} {
		got := formattest.Read(t, Format(), []byte("2023-10-01T22:14:15Z h "+log), 1<<16, format.Options{})
		_, text, _ := strings.Cut(got.Events[0], "//")
		program, _, _ := strings.Cut(log, ":")
		text = strings.Replace(text, ` 2023-10-01T22:14:15Z on h hostname="h" program="`+program+`"`, "", 1)
		if text, _, _ = strings.Cut(text, " Message="); text != want {
			t.Errorf("%s:\n got %s\nwant %s", log, text, want)
		}
	}
}

func FuzzAccounts(f *testing.F) {
	f.Add("su: FAILED SU (to root) anna on pts/0")
	f.Add("sshd: pam_unix(sshd:auth): authentication failure; logname= uid=0 rhost=192.0.2.1 user=a")
	f.Add("usermod: add 'a' to group 'b'")
	f.Add("useradd: new user: name=a, UID=0")
	f.Add("cron: (a) CMD (b)")
	f.Add("systemd-logind: New session '5' of user 'a' with")
	f.Add("sshd: Connection closed by user a 192.0.2.1 port 22")
	f.Fuzz(func(t *testing.T, text string) {
		log := []byte("2023-10-01T22:14:15Z h " + strings.ReplaceAll(text, "\n", " "))
		if got := formattest.Read(t, Format(), log, len(log), format.Options{}); len(got.Events) != 1 {
			t.Errorf("%d events", len(got.Events))
		}
	})
}
