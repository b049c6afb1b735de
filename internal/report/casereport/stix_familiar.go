package casereport

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/kulla-defence/kulla/internal/incident/entity"
)

// Familiar is what nobody should be told to look for: what is the case's own,
// what is everybody's, and what belongs to an operating system.
type familiar struct {
	hosts     map[string]bool // names of the case's hosts, in lower case
	suffixes  []string        // of their names: ".corp.example.test"
	addresses map[netip.Addr]bool
	digests   map[string]bool // of files in system folders, as aliases have them
}

func newFamiliar(d *Document) *familiar {
	f := &familiar{hosts: map[string]bool{}, addresses: map[netip.Addr]bool{}, digests: map[string]bool{}}
	for _, one := range d.Incidents {
		for i := range one.Entities {
			use := &one.Entities[i]
			switch {
			case use.Kind == entity.Host && slices.Contains(use.Roles, entity.At):
				f.host(&use.Entity)
			case use.Kind == entity.File && slices.ContainsFunc(pathsOf(&use.Entity), isSystemPath):
				for _, alias := range use.Aliases {
					f.digests[strings.ToLower(alias)] = true
				}
			}
		}
	}
	return f
}

// host notes a host that logs are of, and the domain that it is in.
func (f *familiar) host(e *entity.Entity) {
	for _, name := range append([]string{e.Name}, e.Aliases...) {
		if address, err := netip.ParseAddr(name); err == nil {
			f.addresses[address.Unmap()] = true
			continue
		}
		name = strings.Trim(strings.ToLower(name), ".")
		f.hosts[name] = true
		if _, domain, ok := strings.Cut(name, "."); ok && strings.Contains(domain, ".") {
			f.suffixes = append(f.suffixes, "."+domain)
		}
	}
}

// carrierGrade are addresses between a provider and its customers (RFC 6598).
var carrierGrade = netip.MustParsePrefix("100.64.0.0/10")

// sharedAddresses are resolvers that everybody asks.
var sharedAddresses = []string{"1.1.1.1", "1.0.0.1", "8.8.8.8", "8.8.4.4", "9.9.9.9", "149.112.112.112", "208.67.222.222", "208.67.220.220"}

func (f *familiar) address(text string) bool {
	address, err := netip.ParseAddr(text)
	if err != nil {
		return true
	}
	address = address.Unmap()
	return !address.IsGlobalUnicast() || address.IsPrivate() || carrierGrade.Contains(address) || f.addresses[address] || slices.Contains(sharedAddresses, address.String())
}

// sharedServices are domains that many use for good: that an intruder used them
// too makes none of their users one.
var sharedServices = []string{
	"telegram.org", "t.me", "discord.com", "discordapp.com", "slack.com", "whatsapp.com", "microsoft.com", "windows.com", "windowsupdate.com", "windows.net",
	"azure.com", "azureedge.net", "azurewebsites.net", "office.com", "office.net", "office365.com", "outlook.com", "live.com", "sharepoint.com", "onedrive.com",
	"msftncsi.com", "msftconnecttest.com", "bing.com", "google.com", "googleapis.com", "googleusercontent.com", "gstatic.com", "gmail.com", "youtube.com",
	"github.com", "githubusercontent.com", "github.io", "gitlab.com", "bitbucket.org", "amazonaws.com", "cloudfront.net", "cloudflare.com", "workers.dev", "akamai.net", "akamaiedge.net",
	"fastly.net", "dropbox.com", "dropboxusercontent.com", "mega.nz", "pastebin.com", "mediafire.com", "digicert.com", "verisign.com", "globalsign.com", "letsencrypt.org",
	"apple.com", "icloud.com", "mozilla.org", "firefox.com", "ubuntu.com", "debian.org", "facebook.com", "twitter.com", "x.com", "linkedin.com", "yahoo.com", "wikipedia.org",
}

func (f *familiar) domain(name string) bool {
	name = strings.Trim(strings.ToLower(name), ".")
	if !strings.Contains(name, ".") || f.hosts[name] {
		return true
	}
	for _, suffix := range f.suffixes {
		if strings.HasSuffix("."+name, suffix) {
			return true
		}
	}
	return slices.ContainsFunc(sharedServices, func(shared string) bool { return strings.HasSuffix("."+name, "."+shared) })
}

// file says whether a file is, or may be, a part of an operating system or of
// an installed program: only one with a known place elsewhere is not.
func (f *familiar) file(e *entity.Entity) bool {
	paths := pathsOf(e)
	if len(paths) == 0 || slices.ContainsFunc(paths, isSystemPath) {
		return true
	}
	for _, path := range paths {
		if _, name := splitPath(path); slices.Contains(systemPrograms, strings.ToLower(name)) {
			return true
		}
	}
	return slices.ContainsFunc(e.Aliases, func(alias string) bool { return f.digests[strings.ToLower(alias)] && strings.Contains(alias, "=") })
}

// pathsOf are the places of a file.
func pathsOf(e *entity.Entity) []string {
	var paths []string
	for _, name := range append([]string{e.Name}, e.Aliases...) {
		if folder, _ := splitPath(name); folder != "" && !isDigest(name) {
			paths = append(paths, name)
		}
	}
	return paths
}

func isDigest(alias string) bool {
	return slices.ContainsFunc(hashNames, func(h hashName) bool { return strings.HasPrefix(alias, h.prefix) })
}

// systemFolders hold what is installed; in writableFolders below them anybody
// may leave a file.
var (
	systemFolders = []string{`\windows\`, `\program files\`, `\program files (x86)\`, `\programdata\microsoft\windows defender\`,
		"/bin/", "/sbin/", "/usr/", "/lib/", "/lib64/", "/opt/", "/snap/"}
	writableFolders = []string{`\windows\temp\`, `\windows\tasks\`, `\windows\debug\`, `\windows\tracing\`, `\windows\system32\tasks\`,
		`\windows\system32\spool\drivers\color\`, "/usr/local/tmp/", "/usr/tmp/"}
)

func isSystemPath(path string) bool {
	path = strings.ToLower(path)
	for _, prefix := range []string{`\??\`, `\\?\`, `%systemdrive%`} {
		path = strings.TrimPrefix(path, prefix)
	}
	for _, root := range []string{`%systemroot%\`, `%windir%\`, `\systemroot\`} {
		if rest, ok := strings.CutPrefix(path, root); ok {
			path = `\windows\` + rest
		}
	}
	if len(path) > 2 && path[1] == ':' {
		path = path[2:]
	}
	if rest, ok := strings.CutPrefix(path, `\device\harddiskvolume`); ok {
		if at := strings.IndexByte(rest, '\\'); at >= 0 {
			path = rest[at:]
		}
	}
	begins := func(folder string) bool { return strings.HasPrefix(path, folder) }
	return slices.ContainsFunc(systemFolders, begins) && !slices.ContainsFunc(writableFolders, begins)
}

// systemPrograms are programs of Windows that intruders use, and that may lie
// elsewhere as a copy.
var systemPrograms = []string{
	"cmd.exe", "powershell.exe", "powershell_ise.exe", "pwsh.exe", "net.exe", "net1.exe", "reg.exe", "regedit.exe", "regsvr32.exe", "rundll32.exe", "whoami.exe", "certutil.exe",
	"wevtutil.exe", "vssadmin.exe", "bcdedit.exe", "wbadmin.exe", "wmic.exe", "mshta.exe", "cscript.exe", "wscript.exe", "cmstp.exe", "msiexec.exe", "schtasks.exe", "at.exe", "sc.exe",
	"taskkill.exe", "tasklist.exe", "bitsadmin.exe", "nltest.exe", "netsh.exe", "ipconfig.exe", "systeminfo.exe", "quser.exe", "query.exe", "nslookup.exe", "ping.exe", "tracert.exe",
	"dsquery.exe", "ntdsutil.exe", "esentutl.exe", "diskshadow.exe", "icacls.exe", "takeown.exe", "attrib.exe", "xcopy.exe", "robocopy.exe", "ftp.exe", "mstsc.exe", "tscon.exe",
	"csc.exe", "vbc.exe", "msbuild.exe", "installutil.exe", "regasm.exe", "regsvcs.exe", "svchost.exe", "lsass.exe", "services.exe", "explorer.exe", "conhost.exe", "taskhostw.exe",
	"dllhost.exe", "w3wp.exe", "wsmprovhost.exe", "wmiprvse.exe", "spoolsv.exe", "notepad.exe", "shutdown.exe", "cipher.exe", "fsutil.exe", "format.com", "diskpart.exe", "klist.exe",
}
