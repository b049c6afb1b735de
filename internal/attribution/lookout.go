package attribution

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/kulla-defence/kulla/internal/incident/entity"
	"github.com/kulla-defence/kulla/internal/knowledge"
)

// A lookout finds the artefacts of a base by what was seen.
type lookout struct {
	exact    map[string][]*knowledge.Artefact // field, NUL, value in lower case
	patterns map[string][]pattern             // by field
	answers  map[string][]*knowledge.Artefact // what was asked before
}

type pattern struct {
	expression *regexp.Regexp
	artefact   *knowledge.Artefact
}

// maxAnswers bounds what a lookout remembers; maxCompared what it compares of
// one value.
const (
	maxAnswers  = 200_000
	maxCompared = 32 << 10
)

// newLookout also returns what patterns of the base cannot be used.
func newLookout(base *knowledge.Base) (*lookout, []error) {
	l := &lookout{exact: map[string][]*knowledge.Artefact{}, patterns: map[string][]pattern{}, answers: map[string][]*knowledge.Artefact{}}
	var problems []error
	for _, a := range base.Artefacts {
		if _, ok := bounds[Kind(a.Kind)]; !ok {
			problems = append(problems, fmt.Errorf("artefact %s: unknown kind %q", a.ID, a.Kind))
			continue
		}
		if !a.Pattern {
			key := a.Field + "\x00" + strings.ToLower(a.Value)
			l.exact[key] = append(l.exact[key], a)
			continue
		}
		expression, err := regexp.Compile("(?is)^(?:" + a.Value + ")$")
		if err != nil {
			problems = append(problems, fmt.Errorf("artefact %s: %w", a.ID, err))
			continue
		}
		l.patterns[a.Field] = append(l.patterns[a.Field], pattern{expression, a})
	}
	return l, problems
}

// find returns the artefacts with a value in a field.
func (l *lookout) find(field, value string) []*knowledge.Artefact {
	if len(value) > maxCompared {
		value = value[:maxCompared]
	}
	key := field + "\x00" + strings.ToLower(value)
	patterns := l.patterns[field]
	if len(patterns) == 0 {
		return l.exact[key]
	}
	if answer, ok := l.answers[key]; ok {
		return answer
	}
	found := l.exact[key]
	found = found[:len(found):len(found)]
	for _, p := range patterns {
		if p.expression.MatchString(value) {
			found = append(found, p.artefact)
		}
	}
	if len(l.answers) < maxAnswers {
		l.answers[key] = found
	}
	return found
}

// digests are the fields that tell a file by its content.
var digests = []string{"sha256", "md5", "sha1"}

// first is the artefact that a fact is of, or nil. Code is compared by the
// file that it is shared with.
func (l *lookout) first(fact *Fact) *knowledge.Artefact {
	fields, value := []string{fact.Field}, fact.Value
	if fact.Field == "code_overlap" {
		fields = digests
		if _, hash, ok := strings.Cut(value, "="); ok {
			value = hash
		}
	}
	for _, field := range fields {
		if found := l.find(field, value); len(found) > 0 {
			return found[0]
		}
	}
	return nil
}

// columns says what the columns of events are, in the words of the base.
var columns = map[string]string{
	"Image": "path", "ParentImage": "path", "ImageLoaded": "path", "TargetFilename": "path", "NewProcessName": "path", "ParentProcessName": "path",
	"ProcessName": "path", "ImagePath": "path", "RelativeTargetName": "path", "ServiceFileName": "path", "Path": "path", "cs-uri-stem": "path",
	"CommandLine": "command", "ParentCommandLine": "command", "ProcessCommandLine": "command", "ScriptBlockText": "command",
	"Signature": "signer", "Company": "signer", "ServiceName": "service", "param4": "service", "Device": "device",
	"c-ip": "address", "IpAddress": "address", "SourceIp": "address", "DestinationIp": "address", "src_ip": "address", "dst_ip": "address",
	"remip": "address", "SourceAddress": "address", "DestAddress": "address", "ClientIpAddress": "address",
	"QueryName": "domain", "DestinationHostname": "domain", "cs-host": "domain", "query": "domain",
	"cs-user-agent": "user_agent", "cs(User-Agent)": "user_agent", "UserAgent": "user_agent",
	"User": "account", "SubjectUserName": "account", "TargetUserName": "account", "SamAccountName": "account", "cs-username": "account",
	"user": "account", "AuthenticatedUser": "account", "Hashes": "hashes", "Hash": "hashes",
}

// eachFact yields what a column says, as fields of the base.
func eachFact(column, value string, yield func(field, value string)) {
	switch field := columns[column]; field {
	case "":
	case "hashes":
		for hash := range strings.SplitSeq(value, ",") {
			if name, digest, ok := strings.Cut(strings.TrimSpace(hash), "="); ok {
				yield(strings.ToLower(name), digest)
			}
		}
	case "path":
		eachPath(value, yield)
	case "account":
		yield(field, plainAccount(value))
	case "address":
		yield(field, strings.TrimPrefix(strings.ToLower(value), "::ffff:"))
	default:
		yield(field, value)
	}
}

// eachPath yields a path and the name of its file.
func eachPath(path string, yield func(field, value string)) {
	path = strings.Trim(path, `"`)
	yield("path", path)
	if i := strings.LastIndexAny(path, `\/`); i >= 0 {
		path = path[i+1:]
	}
	if path != "" {
		yield("file_name", path)
	}
}

// plainAccount is an account's name without its domain.
func plainAccount(name string) string {
	if i := strings.LastIndexByte(name, '\\'); i >= 0 {
		name = name[i+1:]
	}
	name, _, _ = strings.Cut(name, "@")
	return name
}

// eachName yields what a name of an entity says.
func eachName(kind entity.Kind, name string, yield func(field, value string)) {
	if algorithm, digest, ok := strings.Cut(name, "="); ok && kind == entity.File {
		yield(strings.ToLower(algorithm), digest)
		return
	}
	switch kind {
	case entity.File:
		eachPath(name, yield)
	case entity.Account:
		yield("account", plainAccount(name))
	case entity.Mailbox:
		yield("mailbox", name)
		yield("account", plainAccount(name))
	case entity.Service:
		yield("service", name)
	case entity.Address:
		yield("address", name)
	case entity.Domain:
		yield("domain", name)
	}
}
