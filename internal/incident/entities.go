package incident

import (
	"net/netip"
	"strings"

	"github.com/kulla-defence/kulla/internal/incident/entity"
)

// An entityTable keeps each entity once, under a small number.
type entityTable struct {
	context *entity.Context
	byKey   map[entity.Key]int32
	all     []knownEntity
}

type knownEntity struct {
	entity.Entity
	rarity float64
}

func (t *entityTable) add(e entity.Entity) int32 {
	index, ok := t.byKey[e.Key]
	if !ok {
		// What the entity is made of may be a part of something large.
		e.Key, e.Name = entity.Key(strings.Clone(string(e.Key))), shortened(e.Name)
		index = int32(len(t.all))
		t.byKey[e.Key] = index
		t.all = append(t.all, knownEntity{e, t.context.Rarity(e.Key)})
	}
	return index
}

// baseName is the last element of a path of any system.
func baseName(name string) string {
	return name[strings.LastIndexAny(name, `/\`)+1:]
}

// isRoot reports whether a program starts whatever runs on a machine: what two
// of its children did says nothing of them together.
func isRoot(image string) bool { return rootPrograms[strings.ToLower(baseName(image))] }

var rootPrograms = set("system", "smss.exe", "csrss.exe", "wininit.exe", "winlogon.exe", "services.exe", "svchost.exe", "lsass.exe",
	"explorer.exe", "userinit.exe", "wmiprvse.exe", "taskeng.exe", "taskhostw.exe", "msmpeng.exe", "spoolsv.exe", "sihost.exe", "runtimebroker.exe",
	"systemd", "init", "sshd", "cron", "crond", "launchd", "dockerd", "containerd-shim")

// isWorker reports whether a program answers requests of the web.
func isWorker(image string) bool { return workerPrograms[strings.ToLower(baseName(image))] }

var workerPrograms = set("w3wp.exe", "httpd.exe", "httpd", "apache2", "nginx.exe", "nginx", "php-cgi.exe", "php-cgi", "php-fpm", "tomcat.exe",
	"tomcat8.exe", "tomcat9.exe", "java.exe", "java", "node.exe", "node", "umworkerprocess.exe", "ws_tomcatservice.exe")

// ordinaryFolders hold what any machine has.
var ordinaryFolders = []string{`c:\windows\system32\`, `c:\windows\syswow64\`, `c:\windows\winsxs\`, `c:\windows\microsoft.net\`,
	`%systemroot%\system32\`, `\systemroot\system32\`, `\device\`, `/usr/`, `/bin/`, `/sbin/`, `/lib/`, `/proc/`, `/etc/`, `/dev/`}

func isOrdinaryPath(name string) bool {
	name = strings.ToLower(name)
	if strings.HasSuffix(name, ".aspx") || strings.HasSuffix(name, ".php") || strings.HasSuffix(name, ".jsp") {
		return false
	}
	for _, folder := range ordinaryFolders {
		if strings.HasPrefix(name, folder) && !strings.Contains(name[len(folder):], `\tasks\`) {
			return true
		}
	}
	return ordinaryNames[baseName(name)]
}

// sharedFolder returns the folder of a program where anybody may write and
// programs seldom are, in lower case; empty for others.
func sharedFolder(name string) string {
	name = strings.ToLower(name)
	folder := name[:len(name)-len(baseName(name))]
	for _, odd := range oddFolders {
		if strings.HasPrefix(folder, odd) {
			return folder
		}
	}
	return ""
}

var oddFolders = []string{`c:\users\public\`, `c:\perflogs\`, `c:\programdata\microsoft\windows\`, `c:\$recycle.bin\`, `c:\intel\`, `/dev/shm/`, `/var/tmp/`}

// ordinaryNames are of files that say nothing by their name.
var ordinaryNames = set("cmd.exe", "powershell.exe", "pwsh.exe", "rundll32.exe", "regsvr32.exe", "net.exe", "net1.exe", "reg.exe", "sc.exe", "wmic.exe",
	"schtasks.exe", "svchost.exe", "lsass.exe", "services.exe", "explorer.exe", "w3wp.exe", "conhost.exe", "wevtutil.exe", "vssadmin.exe",
	"whoami.exe", "ntdll.dll", "kernel32.dll", "kernelbase.dll", "index.html", "index.php", "index.jsp", "default.aspx", "default.htm", "login.aspx",
	"java.exe", "python.exe", "desktop.ini", "ntuser.dat", "msmpeng.exe", "mpcmdrun.exe", "mshta.exe", "certutil.exe", "bitsadmin.exe",
	"powershell_ise.exe", "wscript.exe", "cscript.exe", "msiexec.exe", "dllhost.exe", "wmiprvse.exe", "taskhostw.exe", "favicon.ico", "robots.txt", "picker.aspx")

// isInside reports whether an address is one of a private network.
func isInside(text string) bool {
	address, err := netip.ParseAddr(text)
	return err == nil && (address.Unmap().IsPrivate() || address.IsLinkLocalUnicast() || address.IsLoopback())
}

// isUnspecified reports whether a text is the address that stands for none.
func isUnspecified(text string) bool {
	address, err := netip.ParseAddr(text)
	return err == nil && address.IsUnspecified()
}

func set(names ...string) map[string]bool {
	s := make(map[string]bool, len(names))
	for _, name := range names {
		s[name] = true
	}
	return s
}
