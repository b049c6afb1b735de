package jsonlog

import (
	"strings"

	"github.com/kulla-defence/kulla/internal/source/row"
)

// googleCloudAudit is an entry of Cloud Audit Logs in Cloud Logging. Google
// Workspace shares its own there, under the service that made them.
// https://cloud.google.com/logging/docs/reference/audit/auditlog/rest/Shared.Types/AuditLog
var googleCloudAudit = dialect{
	marks: [][]string{
		{"protoPayload.methodName"}, {"protoPayload.serviceName"}, {"data.protoPayload.methodName"},
	},
	source:  row.LogSource{Product: "gcp", Service: "gcp.audit"},
	decider: "protoPayload.serviceName",
	decide: services("gcp", map[string]string{
		"admin.googleapis.com": "google_workspace.admin",
		"login.googleapis.com": "google_workspace.login",
	}),
	names: func(paths []string) []string {
		names := make([]string, len(paths))
		for i, path := range paths {
			names[i] = strings.TrimPrefix(path, "data.") // through Pub/Sub
		}
		return names
	},
	times: []string{"timestamp", "receiveTimestamp"},
}

// googleCloud is any other entry of Cloud Logging.
var googleCloud = dialect{
	marks:  [][]string{{"insertId", "logName"}},
	source: row.LogSource{Product: "gcp"},
	times:  []string{"timestamp", "receiveTimestamp"},
}

// googleWorkspace is an activity of the Reports interface of Google Workspace.
// https://developers.google.com/workspace/admin/reports/reference/rest/v1/activities
var googleWorkspace = dialect{
	marks:   [][]string{{"id.applicationName", "id.time", "events.name"}},
	source:  row.LogSource{Product: "gcp"},
	decider: "eventService",
	decide:  anyService("gcp", "google_workspace."),
	names: func(paths []string) []string {
		names := make([]string, len(paths))
		for i, path := range paths {
			names[i] = strings.TrimPrefix(path, "events.parameters.")
			switch path {
			case "id.applicationName":
				names[i] = "eventService"
			case "events.name":
				names[i] = "eventName"
			}
		}
		return names
	},
	times: []string{"id.time"},
}
