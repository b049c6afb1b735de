// Package winnames knows what exports of Windows events call their columns,
// whatever they are exported to: JSON or separated values.
//
// It reads nothing. Begin with IsFlat and RenameFlat.
package winnames

import "slices"

// flat are what tools that put all fields beside one another call those of
// System: nxlog, the tables of Azure, EvtxECmd, and PowerShell's Get-WinEvent.
// The first that is there takes the name.
var flat = []struct {
	name    string
	aliases []string
}{
	{"EventID", []string{"EventId", "Id", "event_id"}},
	{"Channel", []string{"LogName"}},
	{"Provider_Name", []string{"SourceName", "ProviderName", "EventSourceName", "Provider"}},
	{"Provider_Guid", []string{"ProviderGuid", "ProviderId"}},
	{"Computer", []string{"Hostname", "MachineName", "ComputerName"}},
	{"EventRecordID", []string{"RecordNumber", "EventRecordId", "RecordId"}},
	{"Execution_ProcessID", []string{"ExecutionProcessID", "SystemProcessId"}},
	{"Execution_ThreadID", []string{"ThreadID", "SystemThreadId"}},
	{"Security_UserID", []string{"UserID", "SystemUserId"}},
	{"Correlation_ActivityID", []string{"ActivityID", "ActivityId"}},
}

// IsFlat says whether the fields of System stand at the top: a number of the
// event with a channel or a provider.
func IsFlat(names []string) bool {
	hasAny := func(wanted ...string) bool {
		return slices.ContainsFunc(wanted, func(name string) bool { return slices.Contains(names, name) })
	}
	return hasAny("EventID", "EventId", "Id") && hasAny("Channel", "LogName", "SourceName", "ProviderName", "EventSourceName")
}

// RenameFlat gives names of flat events those of the taxonomy, in place.
func RenameFlat(names []string) {
	for _, field := range flat {
		if slices.Contains(names, field.name) {
			continue
		}
		for _, alias := range field.aliases {
			if i := slices.Index(names, alias); i >= 0 {
				names[i] = field.name
				break
			}
		}
	}
}

// Times returns the columns that say when an event happened, of the taxonomy
// and of what writes such exports. They are tried in this order: the first that
// states its zone is taken, and only if none does, the first that does not.
func Times() []string {
	return []string{
		"TimeCreated_SystemTime", "TimeCreated", "EventTime", "UtcTime", "@timestamp", "TimeGenerated",
		"timestamp", "Timestamp", "time", "eventTime", "CreationTime", "eventTimestamp", "ts", "EventReceivedTime",
	}
}

// IsUTC says whether a column is in UTC by definition though it does not state
// it: Sysmon's, and what [MS-EVEN6] calls SystemTime.
func IsUTC(name string) bool { return name == "TimeCreated_SystemTime" || name == "UtcTime" }

// Hosts returns the columns that name the machine, best first.
func Hosts() []string {
	return []string{"Computer", "host.name", "agent.hostname", "Hostname", "HostName", "DeviceName", "host"}
}
