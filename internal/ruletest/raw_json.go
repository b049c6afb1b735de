package ruletest

import (
	"strings"

	"github.com/kulla-defence/kulla/internal/logwriter"
)

// jsonRecords are, by product and service, the fields that records in JSON
// always have, by which their reader knows them.
var jsonRecords = map[string][]logwriter.Field{
	"suricata/": {{Name: "timestamp", Value: jsonTime}, {Name: "event_type", Value: "alert"}, {Name: "src_ip", Value: "192.0.2.1"}},
	"aws/cloudtrail": {{Name: "eventVersion", Value: "1.11"}, {Name: "eventTime", Value: jsonTime}, {Name: "eventSource", Value: "service.amazonaws.com"},
		{Name: "eventName", Value: "Event"}},
	"azure/signinlogs": {{Name: "time", Value: jsonTime}, {Name: "resultType", Value: "0"}, {Name: "properties.createdDateTime", Value: jsonTime},
		{Name: "properties.userPrincipalName", Value: "user@example.test"}, {Name: "properties.appId", Value: "1"}},
	"azure/auditlogs":     {{Name: "time", Value: jsonTime}, {Name: "properties.activityDisplayName", Value: "activity"}},
	"azure/riskdetection": {{Name: "time", Value: jsonTime}, {Name: "properties.riskEventType", Value: "risk"}},
	"azure/activitylogs": {{Name: "time", Value: jsonTime}, {Name: "resourceId", Value: "/subscriptions/1"}, {Name: "operationName", Value: "operation"},
		{Name: "category", Value: "category"}},
	"m365/audit": {{Name: "CreationTime", Value: "2024-01-01T00:00:00"}, {Name: "Operation", Value: "operation"}, {Name: "Workload", Value: "workload"}},
	"gcp/gcp.audit": {{Name: "timestamp", Value: jsonTime}, {Name: "protoPayload.methodName", Value: "method"},
		{Name: "protoPayload.serviceName", Value: "service.googleapis.com"}},
	"gcp/google_workspace.admin":         workspaceRecord("admin"),
	"gcp/google_workspace.user_accounts": workspaceRecord("user_accounts"),
	"gcp/google_workspace.login":         {{Name: "timestamp", Value: jsonTime}, {Name: "protoPayload.serviceName", Value: "login.googleapis.com"}},
	"okta/okta":                          {{Name: "published", Value: jsonTime}, {Name: "eventType", Value: "type"}, {Name: "actor.alternateId", Value: "user"}},
	"onelogin/onelogin.events":           {{Name: "created_at", Value: jsonTime}, {Name: "event_type_id", Value: "1"}, {Name: "account_id", Value: "1"}},
	"github/audit":                       {{Name: "@timestamp", Value: jsonTime}, {Name: "action", Value: "action"}, {Name: "actor", Value: "actor"}, {Name: "org", Value: "org"}},
	"bitbucket/audit":                    {{Name: "timestamp", Value: jsonTime}, {Name: "auditType.action", Value: "action"}, {Name: "auditType.category", Value: "category"}},
	"kubernetes/audit":                   {{Name: "requestReceivedTimestamp", Value: jsonTime}, {Name: "auditID", Value: "1"}, {Name: "stage", Value: "ResponseComplete"}},
	"cisco/duo":                          {{Name: "isotimestamp", Value: jsonTime}, {Name: "txid", Value: "1"}, {Name: "event_type", Value: "authentication"}, {Name: "factor", Value: "phone"}},
	"opencanary/":                        {{Name: "utc_time", Value: "2024-01-01 00:00:00"}, {Name: "logtype", Value: "1"}, {Name: "node_id", Value: "canary"}},
}

const jsonTime = "2024-01-01T00:00:00Z"

// workspaceRecord is an activity of the Reports interface, whose columns have
// other names than its paths.
func workspaceRecord(application string) []logwriter.Field {
	return []logwriter.Field{{Name: "id.time", Value: jsonTime}, {Name: "id.applicationName", Value: application}, {Name: "events.name", Value: "EVENT"}}
}

// workspacePaths are where the columns of such an activity stand. Others are
// its parameters.
var workspacePaths = map[string]string{"eventService": "id.applicationName", "eventName": "events.name"}

// writeJSON writes columns as paths of a record, with the fields by which it
// is known.
func writeJSON(r row, base []logwriter.Field) ([]byte, error) {
	isActivity := len(base) > 0 && base[0].Name == "id.time"
	var fields []logwriter.Field
	var nulls []string
	for _, field := range r {
		if !isOneLine(strings.ReplaceAll(field.Text, "\n", "")) || field.Name == "" {
			return nil, cannotHold(field)
		}
		name := field.Name
		if isActivity {
			name = workspacePath(name)
		}
		if field.Null {
			nulls = append(nulls, name)
			field.Text = "null"
		}
		fields = append(fields, logwriter.Field{Name: name, Value: field.Text})
	}
	for _, one := range base {
		if !hasPath(fields, one.Name) {
			fields = append(fields, one)
		}
	}
	for _, field := range fields {
		if other := within(fields, field.Name); other != "" {
			return nil, cannotHold(Field{Name: field.Name, Text: "a text, and " + other})
		}
	}
	return logwriter.AppendJSON(nil, fields, nulls...), nil
}

func workspacePath(name string) string {
	if path := workspacePaths[name]; path != "" {
		return path
	}
	if section, _, _ := strings.Cut(name, "."); section == "id" || section == "actor" || section == "protoPayload" {
		return name
	}
	return "events.parameters." + name
}

func hasPath(fields []logwriter.Field, path string) bool {
	for i := range fields {
		if fields[i].Name == path {
			return true
		}
	}
	return false
}

// within is a path that leads further than another one.
func within(fields []logwriter.Field, path string) string {
	for i := range fields {
		if strings.HasPrefix(fields[i].Name, path+".") {
			return fields[i].Name
		}
	}
	return ""
}
