package jsonlog

import (
	"slices"
	"strings"

	"github.com/kulla-defence/kulla/internal/source/row"
	"github.com/kulla-defence/kulla/internal/source/winnames"
)

// A dialect is how one product writes its records: how they are known, where
// they belong, and what their values are called.
type dialect struct {
	// marks are sets of paths. A record that has all of one set is of this
	// dialect. A path that ends with a dot stands for all that begin with it.
	marks [][]string
	// source is the log source of its records, as far as all have the same.
	source row.LogSource
	// decider is a column whose value says more of the log source; decide
	// says what, and whether it does.
	decider string
	decide  func(value string) (row.LogSource, bool)
	// names gives the columns their names; nil keeps the paths.
	names func(paths []string) []string
	// times are the columns that say when it happened, best first. Those that
	// state a zone go before those that do not, unless utc says that all of
	// them are UTC by definition.
	times []string
	utc   bool
	// hosts are the columns that name the machine, best first.
	hosts []string
	// uri is a column of path and query. They become two more columns.
	uri string
}

// dialects are asked in this order; the last knows everything.
var dialects = []*dialect{
	&sysmonForLinux, &windows,
	&suricata, &zeek,
	&cloudTrail,
	&azureSyslog, &azureConnection, &azureSignIn, &azureAudit, &azureRisk, &azureActivity,
	&officeActivity, &unifiedAudit, &defender,
	&googleCloudAudit, &googleWorkspace, &googleCloud,
	&okta, &oneLogin, &gitHub, &bitbucket, &kubernetes, &duo, &openCanary,
	&caddy,
	&plainObject,
}

// wrappers are containers in which others put a record as it was. They are no
// part of its names.
var wrappers = []string{"_source.", "result.", "AuditData.", "CloudTrailEvent."}

// unwrapped returns paths without the containers around the record.
func unwrapped(paths []string) []string {
	bare := slices.Clone(paths)
	for i := range bare {
		for _, wrapper := range wrappers {
			bare[i] = strings.TrimPrefix(bare[i], wrapper)
		}
	}
	return bare
}

// dialectOf returns the dialect of a record with some paths, and the names of
// its columns.
func dialectOf(paths []string) (*dialect, []string) {
	bare := unwrapped(paths)
	for _, d := range dialects {
		if names, ok := d.read(bare); ok {
			return d, names
		}
	}
	return &plainObject, bare
}

// read returns the names of the columns, when the record is of the dialect.
func (d *dialect) read(paths []string) ([]string, bool) {
	if d == &windows {
		names := windowsNames(paths)
		return names, isWindows(names)
	}
	if !slices.ContainsFunc(d.marks, func(mark []string) bool { return hasAll(paths, mark) }) {
		return nil, false
	}
	if d.names == nil {
		return paths, true
	}
	return d.names(paths), true
}

func hasAll(paths, mark []string) bool {
	for _, wanted := range mark {
		found := slices.Contains(paths, wanted)
		if strings.HasSuffix(wanted, ".") {
			found = slices.ContainsFunc(paths, func(path string) bool { return strings.HasPrefix(path, wanted) })
		}
		if !found {
			return false
		}
	}
	return true
}

// renamed gives some paths other names, and keeps the rest.
func renamed(known map[string]string) func(paths []string) []string {
	return func(paths []string) []string {
		names := make([]string, len(paths))
		for i, path := range paths {
			names[i] = path
			if name, ok := known[path]; ok {
				names[i] = name
			}
		}
		return names
	}
}

// services decides by a fixed list of values, compared in lower case.
func services(product string, known map[string]string) func(string) (row.LogSource, bool) {
	return func(value string) (row.LogSource, bool) {
		service, ok := known[strings.ToLower(value)]
		return row.LogSource{Product: product, Service: service}, ok
	}
}

// maxService bounds the length of a value that is a service by itself.
const maxService = 40

// anyService takes the value itself for the service, when it looks like one.
func anyService(product, prefix string) func(string) (row.LogSource, bool) {
	return func(value string) (row.LogSource, bool) {
		plain := value != "" && len(value) <= maxService && strings.Trim(value, "abcdefghijklmnopqrstuvwxyz0123456789_-") == ""
		return row.LogSource{Product: product, Service: prefix + value}, plain
	}
}

// plainObject is any object at all: its columns are its paths, its log source
// is what the user says.
var plainObject = dialect{
	marks: [][]string{{}},
	names: windowsNames,
	times: plainTimes,
	hosts: winnames.Hosts(),
}
