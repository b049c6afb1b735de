package entity

import (
	"cmp"
	"strings"
)

// hashLengths are the digits of the hashes that name a file's content, by
// name. The hash of imports (IMPHASH) is shared by many files and is none.
var hashLengths = map[string]int{"md5": 32, "sha1": 40, "sha256": 64}

// parseHashes reads Sysmon's "SHA1=…,MD5=…,SHA256=…,IMPHASH=…", or one hash
// that its length tells, into "md5=…", lower case.
func parseHashes(text string) []string {
	var hashes []string
	for part := range strings.SplitSeq(text, ",") {
		name, digits, found := strings.Cut(strings.TrimSpace(part), "=")
		if !found {
			digits = name
			name = hashName(len(digits))
		}
		name, digits = strings.ToLower(name), strings.ToLower(digits)
		if hashLengths[name] == len(digits) && len(digits) > 0 && isHexadecimal(digits) && strings.Trim(digits, "0") != "" {
			hashes = append(hashes, name+"="+digits)
		}
	}
	return hashes
}

func hashName(length int) string {
	for name, digits := range hashLengths {
		if digits == length {
			return name
		}
	}
	return ""
}

func isHexadecimal(text string) bool {
	for _, c := range []byte(text) {
		if !(c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f') {
			return false
		}
	}
	return true
}

// cleanPath brings the spellings of a path to one: without quotes, the marks
// of NT object names and of Defender. Keys of the registry and names of
// devices and pipes are no files and give "".
func cleanPath(path string) string {
	path = strings.Trim(strings.TrimSpace(path), `"`)
	for _, mark := range []string{`\??\`, `\\?\`, `\DosDevices\`} {
		path = strings.TrimPrefix(path, mark)
	}
	if volume, rest, found := cutVolume(path); found {
		path = volume + rest
	}
	if isPlaceholder(path) || hasPrefixFold(path, `\REGISTRY\`) || hasPrefixFold(path, `\Device\`) ||
		hasPrefixFold(path, `HKLM\`) || hasPrefixFold(path, `HKU\`) || !strings.ContainsAny(path, `\/.`) {
		return ""
	}
	return path
}

// cutVolume takes \Device\HarddiskVolume2 from the front. Which drive it is
// the event does not say; what remains begins with the backslash.
func cutVolume(path string) (drive, rest string, found bool) {
	const device = `\device\harddiskvolume`
	if !hasPrefixFold(path, device) {
		return "", path, false
	}
	at := strings.IndexByte(path[len(device):], '\\')
	if at < 0 {
		return "", path, false
	}
	return "", path[len(device)+at:], true
}

func hasPrefixFold(text, prefix string) bool {
	return len(text) >= len(prefix) && strings.EqualFold(text[:len(prefix)], prefix)
}

// programOf is the program in a command line, such as a service's: what stands
// in the quotes, else up to the first ending of a program.
func programOf(command string) string {
	command = strings.TrimSpace(command)
	if strings.HasPrefix(command, `"`) {
		quoted, _, _ := strings.Cut(command[1:], `"`)
		return cleanPath(quoted)
	}
	// Only ASCII is lowered: a letter of another length would move the rest.
	lower := lowerASCII(command)
	for _, ending := range []string{".exe", ".sys", ".dll", ".com", ".bat", ".cmd", ".ps1"} {
		at := strings.Index(lower, ending)
		if at >= 0 && (at+len(ending) == len(command) || command[at+len(ending)] == ' ') {
			return cleanPath(command[:at+len(ending)])
		}
	}
	first, _, _ := strings.Cut(command, " ")
	return cleanPath(first)
}

func lowerASCII(text string) string {
	lower := []byte(text)
	for i, c := range lower {
		if c >= 'A' && c <= 'Z' {
			lower[i] = c + 'a' - 'A'
		}
	}
	return string(lower)
}

// pathKey is a path as it is compared: that of Windows without case, with the
// variables that stand for its folder replaced, and with the drive in place of
// the share by which administrators reach it.
func pathKey(path string) string {
	if strings.HasPrefix(path, "/") {
		return path
	}
	path = strings.ToLower(strings.ReplaceAll(path, "/", `\`))
	if share, found := strings.CutPrefix(path, `\\`); found {
		if _, local, found := strings.Cut(share, `\`); found && len(local) > 2 && local[1] == '$' && local[2] == '\\' {
			return local[:1] + ":" + local[2:]
		}
	}
	for _, alias := range []string{`%systemroot%`, `%windir%`, `\systemroot`} {
		if rest, found := strings.CutPrefix(path, alias); found {
			return `c:\windows` + rest
		}
	}
	return path
}

// baseName is the last part of a path of any system.
func baseName(path string) string {
	return path[max(strings.LastIndexByte(path, '\\'), strings.LastIndexByte(path, '/'))+1:]
}

// sameProgram compares images of which one may be a bare name.
func sameProgram(a, b string) bool {
	return a == "" || b == "" || strings.EqualFold(cmp.Or(baseName(a), a), cmp.Or(baseName(b), b))
}
