package syslog

import (
	"bytes"

	"github.com/kulla-defence/kulla/internal/source/row"
)

// strongSwan reads the messages of charon, "THREAD[GROUP] <CONNECTION> TEXT".
// A tunnel between sites begins like one of a person; only a person's gets an
// address.
func (p *parser) strongSwan(text []byte) {
	p.source = row.LogSource{Product: "strongswan", Category: "vpn"}
	text = skipSpaces(after(text, "] "))
	if len(text) > 0 && text[0] == '<' {
		p.addSome("connection", between(text, "<", ">"))
		text = skipSpaces(after(text, "> "))
	}
	switch {
	case bytes.HasPrefix(text, []byte("IKE_SA ")) && bytes.Contains(text, []byte(" established between ")):
		p.strongSwanPeer(text)
		p.addWord("action", "established")
		p.addWord("action", "login")
	case bytes.HasPrefix(text, []byte("deleting IKE_SA ")) && bytes.Contains(text, []byte(" between ")):
		p.strongSwanPeer(text)
		p.addWord("action", "deleting")
		p.addWord("action", "logout")
	case bytes.HasPrefix(text, []byte("assigning virtual IP ")):
		p.addSome("user", between(text, "'", "'"))
		p.addSome("tunnel_ip", word(after(text, "virtual IP ")))
		p.addWord("action", "login")
	case bytes.HasPrefix(text, []byte("EAP method ")) && bytes.Contains(text, []byte(" failed for peer ")):
		p.addSome("user", bytes.Trim(after(text, " failed for peer "), "'"))
		p.addWord("action", "failed")
	case bytes.HasPrefix(text, []byte("XAuth authentication of '")) && bytes.HasSuffix(text, []byte(" failed")):
		p.addSome("user", between(text, "'", "'"))
		p.addWord("action", "failed")
	case bytes.HasPrefix(text, []byte("closing CHILD_SA ")):
		p.addWord("action", "closing")
		p.addSome("bytes_in", between(text, "_i (", " bytes)"))
		p.addSome("bytes_out", between(text, "_o (", " bytes)"))
		p.addSome("tunnel_ip", bytes.TrimSuffix(word(after(text, " === ")), []byte("/32")))
	}
}

// strongSwanPeer reads the far end of "between ADDRESS[ID]...ADDRESS[ID]".
func (p *parser) strongSwanPeer(text []byte) {
	address, id, _ := bytes.Cut(after(after(text, " between "), "]..."), []byte{'['})
	p.addSome("user", bytes.TrimSuffix(id, []byte{']'}))
	p.addSome("src_ip", address)
}
