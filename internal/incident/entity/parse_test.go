package entity

import (
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestParseAddress(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"192.0.2.7": "192.0.2.7", " 192.0.2.7 ": "192.0.2.7", "192.0.2.7:50000": "192.0.2.7", "::ffff:192.0.2.7": "192.0.2.7",
		"[::ffff:192.0.2.7]:443": "192.0.2.7", "[2001:db8::1]": "2001:db8::1", "[2001:db8::1]:443": "2001:db8::1", "2001:DB8::1": "2001:db8::1",
		`\\192.0.2.7`: "192.0.2.7", "fe80::1%12": "fe80::1", "192.0.2.7/1234": "192.0.2.7",
		"127.0.0.1": "", "::1": "", "0.0.0.0": "", "::": "", "255.255.255.255": "", "224.0.0.1": "", "LOCAL": "", "-": "", "": "", "192.0.2": "", "192.0.2.300": "",
		"[2001:db8::1]x": "", "[": "", "::ffff:127.0.0.1": "", strings.Repeat("1", 100): "",
	} {
		got := ""
		if address, ok := parseAddress(text); ok {
			got = address.String()
		}
		if got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

func TestParseHashes(t *testing.T) {
	t.Parallel()
	md5, sha1, sha256 := strings.Repeat("Ab", 16), strings.Repeat("Cd", 20), strings.Repeat("Ef", 32)
	for text, want := range map[string][]string{
		"SHA1=" + sha1 + ",MD5=" + md5 + ",SHA256=" + sha256 + ",IMPHASH=" + md5: {"sha1=" + strings.ToLower(sha1), "md5=" + strings.ToLower(md5), "sha256=" + strings.ToLower(sha256)},
		sha256:                           {"sha256=" + strings.ToLower(sha256)},
		"MD5=" + strings.Repeat("0", 32): nil,
		"MD5=xyz,Unknown,=":              nil,
		"SHA256=" + md5:                  nil,
		"":                               nil,
	} {
		if got := parseHashes(text); !slices.Equal(got, want) {
			t.Errorf("%q gives %q, want %q", text, got, want)
		}
	}
}

func TestParseNumberAndGUID(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]uint64{"0x3e7": 999, "0X3E7": 999, "999": 999, "0": 0, "18446744073709551615": 1<<64 - 1} {
		if got, ok := parseNumber(text); got != want || !ok {
			t.Errorf("%q is %d, %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "0x", "-1", "12a", "18446744073709551616", "0x10000000000000000"} {
		if got, ok := parseNumber(text); ok {
			t.Errorf("%q is the number %d", text, got)
		}
	}
	const digits = "ac061c88-4a98-652f-ef00-000000000200"
	for _, text := range []string{digits, "{" + digits + "}", strings.ToUpper(digits)} {
		if got, ok := parseGUID(text); got.String() != digits || !ok {
			t.Errorf("%q is %q, %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "{}", "{00000000-0000-0000-0000-000000000000}", digits + "0", strings.Replace(digits, "-", "0", 1), strings.Replace(digits, "a", "g", 1)} {
		if got, ok := parseGUID(text); ok {
			t.Errorf("%q is the GUID %s", text, got)
		}
	}
}

func TestPaths(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`C:\Temp\X.exe`: `c:\temp\x.exe`, `"C:\Temp\X.exe"`: `c:\temp\x.exe`, `\??\C:\X.exe`: `c:\x.exe`, `\\?\C:\X.exe`: `c:\x.exe`, `%SystemRoot%\X.exe`: `c:\windows\x.exe`,
		`\SystemRoot\X.sys`: `c:\windows\x.sys`, `\\WEB01\C$\Temp\x`: `c:\temp\x`, `\\web01\share\x.doc`: `\\web01\share\x.doc`, `\Device\HarddiskVolume3\Temp\x`: `\temp\x`,
		"/etc/Shadow": "/etc/Shadow", `C:/Temp/x`: `c:\temp\x`, `\REGISTRY\MACHINE\SAM`: "", `\Device\NamedPipe\x`: "", `HKLM\Software\x`: "", "-": "", "": "", "System": "",
	} {
		if got := pathKey(cleanPath(text)); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]string{
		`"C:\a b\x.exe" -k`: `C:\a b\x.exe`, `C:\a b\x.exe -k`: `C:\a b\x.exe`, `C:\x.exe.old\y.exe z`: `C:\x.exe.old\y.exe`, `\SystemRoot\d.sys`: `\SystemRoot\d.sys`,
		`/bin/cat /etc/shadow`: `/bin/cat`, `cmd /c x`: "", "": "",
	} {
		if got := programOf(text); got != want {
			t.Errorf("program of %q is %q, want %q", text, got, want)
		}
	}
}

// Whatever is written, what is read of it reads again as the same.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{`CORP\bob`, "bob@example.test", "CN=a,DC=b", "S-1-5-21-1-2-3-4", "[2001:db8::1]:443", "::ffff:192.0.2.7", "MD5=" + strings.Repeat("ab", 16),
		`\\WEB01\C$\x`, `"C:\a b.exe" x`, `-Mailbox "a b" -FilePath '\\x\y'`, "cifs/web01:445", "file:_C:\\a;containerfile:_b->c", "0x3e7", guidText(7), "Smtp~a@b", "%SystemRoot%\\",
		"\x80C:\\a b.exe\"", "\u0130\u0130\u0130C:\\a b.exe", "\u212aC:\\a b.EXE x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if address, ok := parseAddress(text); ok {
			if again, ok := parseAddress(address.String()); again != address || !ok {
				t.Errorf("address %s reads as %s", address, again)
			}
		}
		if id, ok := parseGUID(text); ok {
			if again, _ := parseGUID(id.String()); again != id {
				t.Errorf("GUID %s reads as %s", id, again)
			}
		}
		if n, ok := parseNumber(text); ok {
			if again, _ := parseNumber(strconv.FormatUint(n, 10)); again != n {
				t.Errorf("number %d reads as %d", n, again)
			}
		}
		for _, hash := range parseHashes(text) {
			if again := parseHashes(hash); len(again) != 1 || again[0] != hash {
				t.Errorf("hash %s reads as %s", hash, again)
			}
		}
		if a := parseAccount(text); a.sid != "" && !isSID(a.sid) {
			t.Errorf("%q has the SID %q", text, a.sid)
		}
		if key := pathKey(cleanPath(text)); pathKey(key) != key && !strings.Contains(key, "$") && !strings.Contains(key, "%") {
			t.Errorf("path %q is %q", key, pathKey(key))
		}
		for how := plain; how <= smtpMailbox; how++ {
			for _, part := range split(how, Mailbox, text) {
				if len(part) > len(text) {
					t.Errorf("%q is longer than the %q it is read from", part, text)
				}
			}
		}
		NewContext().Resolve(Mention{Kind: Account, Value: text})
		NewContext().Resolve(Mention{Kind: Host, Value: text})
	})
}
