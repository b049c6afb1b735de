package jsonlog

import (
	"slices"
	"strings"

	"github.com/kulla-defence/kulla/internal/source/row"
	"github.com/kulla-defence/kulla/internal/source/winnames"
)

// windows is the event log of Windows, however it was exported.
var windows = dialect{
	source:  row.LogSource{Product: "windows"},
	decider: "Channel",
	decide: func(channel string) (row.LogSource, bool) {
		return row.LogSource{Product: "linux"}, channel == sysmonForLinuxChannel
	},
	times: plainTimes,
	hosts: winnames.Hosts(),
}

// plainTimes are those of flat exports, and of Splunk's.
var plainTimes = append(winnames.Times(), "_time")

// isWindows says whether a record has the marks of a Windows event.
func isWindows(names []string) bool {
	return slices.Contains(names, "EventID") && (slices.Contains(names, "Channel") || slices.Contains(names, "Provider_Name"))
}

// windowsNames gives the field names of Sigma's taxonomy to the paths of an
// event's values. What is not of a known shape keeps its path.
func windowsNames(paths []string) []string {
	names := make([]string, len(paths))
	for i, path := range paths {
		names[i] = nested(path)
	}
	if numbered := splunkNumber(names); winnames.IsFlat(numbered) {
		names = numbered
		winnames.RenameFlat(names)
	}
	return names
}

// splunkNumber gives the number of an event its name where only Splunk's is
// there.
func splunkNumber(names []string) []string {
	code := slices.Index(names, "EventCode")
	if code < 0 || slices.ContainsFunc(names, func(name string) bool { return name == "EventID" || name == "EventId" || name == "Id" }) {
		return names
	}
	numbered := slices.Clone(names)
	numbered[code] = "EventID"
	return numbered
}

// nested names a value in one of the shapes with sections.
func nested(path string) string {
	for _, event := range []string{"Event.", "Payload.", ""} {
		rest, ok := strings.CutPrefix(path, event)
		if !ok {
			continue
		}
		if rest, ok := strings.CutPrefix(rest, "System."); ok {
			return element(rest)
		}
		if rest, ok := cutSection(rest, "EventData", "EventData_dynamic"); ok {
			return dataName(rest)
		}
		if rest, ok := cutSection(rest, "UserData"); ok {
			return userDataName(rest)
		}
	}
	return elastic(path)
}

// cutSection removes the name of a section that a path begins with. The
// section itself, where it has a value, is unnamed data.
func cutSection(path string, sections ...string) (string, bool) {
	for _, section := range sections {
		if path == section {
			return "", true
		}
		if rest, ok := strings.CutPrefix(path, section+"."); ok {
			return rest, true
		}
	}
	return "", false
}

// element joins an element and its attribute, however attributes are marked:
// Provider.#attributes.Name, Provider_attributes.Name and Provider.@Name are
// Provider_Name. The text of an element is the element.
func element(path string) string {
	if path == "EventID.Value" || path == "EventID.value" { // beside its qualifiers: Velociraptor, the agent of Datadog
		return "EventID"
	}
	path = strings.TrimSuffix(path, ".#text")
	path = strings.ReplaceAll(path, ".#attributes.", "_")
	path = strings.ReplaceAll(path, "_attributes.", "_")
	path = strings.ReplaceAll(path, ".@", "_")
	return strings.ReplaceAll(path, ".", "_")
}

// dataName names a child of EventData.
func dataName(path string) string {
	switch path {
	case "", "Data", "Data.#text", "#text":
		return "Data"
	}
	return dropText(strings.TrimPrefix(path, "Data."))
}

// userDataName names a child of the one element that UserData has.
func userDataName(path string) string {
	if _, child, ok := strings.Cut(path, "."); ok {
		path = child
	}
	return dropText(path)
}

func dropText(path string) string {
	path = strings.TrimSuffix(path, ".#text")
	return strings.ReplaceAll(path, ".#attributes.", "_")
}

// elasticNames are the fields of Winlogbeat, and of Elastic Agent, that have
// another name in the event itself.
var elasticNames = map[string]string{
	"winlog.channel":           "Channel",
	"winlog.event_id":          "EventID",
	"winlog.provider_name":     "Provider_Name",
	"winlog.provider_guid":     "Provider_Guid",
	"winlog.computer_name":     "Computer",
	"winlog.record_id":         "EventRecordID",
	"winlog.task":              "Task",
	"winlog.opcode":            "Opcode",
	"winlog.version":           "Version",
	"winlog.keywords":          "Keywords",
	"winlog.level":             "Level",
	"winlog.activity_id":       "Correlation_ActivityID",
	"winlog.process.pid":       "Execution_ProcessID",
	"winlog.process.thread.id": "Execution_ThreadID",
	"winlog.user.identifier":   "Security_UserID",
	"winlog.time_created":      "TimeCreated_SystemTime",
	"message":                  "Message",
}

func elastic(path string) string {
	for _, section := range []string{"winlog.event_data.", "winlog.user_data."} {
		if rest, ok := strings.CutPrefix(path, section); ok {
			return rest
		}
	}
	if name, ok := elasticNames[path]; ok {
		return name
	}
	return path
}
