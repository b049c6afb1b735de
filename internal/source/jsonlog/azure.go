package jsonlog

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kulla-defence/kulla/internal/source/row"
)

// Microsoft Entra ID and Azure write the same records in three shapes: as
// diagnostic settings export them ("properties" inside of common fields), as
// tables of Azure Monitor (all beside one another, capital letters), and as
// their interfaces answer (all beside one another, small letters). They get
// the names of the first.
// https://learn.microsoft.com/azure/azure-monitor/platform/resource-logs-schema

// azureSignIn is a sign-in.
// https://learn.microsoft.com/azure/azure-monitor/reference/tables/signinlogs
var azureSignIn = dialect{
	marks: [][]string{
		{"properties.createdDateTime", "properties.userPrincipalName", "properties.appId"},
		{"properties.createdDateTime", "properties.servicePrincipalId", "properties.appId", "resultType"},
		{"createdDateTime", "userPrincipalName", "appId", "clientAppUsed"},
		{"createdDateTime", "userPrincipalName", "appId", "status.errorCode"},
		{"ResultType", "UserPrincipalName", "AppId"},
		{"ResultType", "ServicePrincipalId", "AppId"},
	},
	source: row.LogSource{Product: "azure", Service: "signinlogs"},
	names: azureNames("createdDateTime", map[string]string{
		"IPAddress":                "callerIpAddress",
		"ipAddress":                "callerIpAddress",
		"status.errorCode":         "resultType",
		"status.failureReason":     "resultDescription",
		"location.countryOrRegion": "location",
		"LocationDetails":          "properties.location",
		"LocationDetails.":         "properties.location.",
	}),
	times: azureTimes,
	utc:   true,
}

// azureAudit is a change in the directory.
// https://learn.microsoft.com/azure/azure-monitor/reference/tables/auditlogs
var azureAudit = dialect{
	marks: [][]string{
		{"properties.activityDisplayName"},
		{"activityDisplayName", "activityDateTime"},
		{"ActivityDisplayName", "TimeGenerated"}, {"ActivityDisplayName", "ActivityDateTime"},
	},
	source: row.LogSource{Product: "azure", Service: "auditlogs"},
	names: azureNames("activityDateTime", map[string]string{
		"activityDisplayName": "operationName",
		"category":            "category",
	}),
	times: azureTimes,
	utc:   true,
}

// azureRisk is a risk that Entra ID Protection found.
// https://learn.microsoft.com/graph/api/resources/riskdetection
var azureRisk = dialect{
	marks:  [][]string{{"properties.riskEventType"}, {"riskEventType", "detectedDateTime"}, {"RiskEventType", "TimeGenerated"}},
	source: row.LogSource{Product: "azure", Service: "riskdetection"},
	names:  azureNames("detectedDateTime", map[string]string{"IpAddress": "callerIpAddress", "ipAddress": "callerIpAddress"}),
	times:  azureTimes,
	utc:    true,
}

// azureActivity is an act on Azure's resources.
// https://learn.microsoft.com/azure/azure-monitor/platform/activity-log-schema
var azureActivity = dialect{
	marks: [][]string{
		{"time", "resourceId", "operationName", "category"},
		{"eventTimestamp", "operationName.value"},
		{"event_timestamp", "operation_name.value"},
		{"OperationNameValue", "TimeGenerated"},
		{"OperationNameValue", "CategoryValue"},
	},
	source: row.LogSource{Product: "azure", Service: "activitylogs"},
	names: azureNames("eventTimestamp", map[string]string{
		"operationName.value":            "operationName",
		"operation_name.value":           "operationName",
		"OperationNameValue":             "operationName",
		"OperationName":                  "operationNameText",
		"category.value":                 "category",
		"CategoryValue":                  "category",
		"Category":                       "categoryText",
		"status.value":                   "resultType",
		"ActivityStatusValue":            "resultType",
		"subStatus.value":                "resultSignature",
		"sub_status.value":               "resultSignature",
		"ActivitySubstatusValue":         "resultSignature",
		"resourceProviderName.value":     "resourceProvider",
		"resource_provider_name.value":   "resourceProvider",
		"ResourceProviderValue":          "resourceProvider",
		"resource_id":                    "resourceId",
		"_ResourceId":                    "resourceId",
		"httpRequest.clientIpAddress":    "callerIpAddress",
		"http_request.client_ip_address": "callerIpAddress",
		"CallerIpAddress":                "callerIpAddress",
		"Caller":                         "caller",
		"caller":                         "caller",
		"correlation_id":                 "correlationId",
		"event_timestamp":                "time",
	}),
	times: azureTimes,
	utc:   true,
}

var azureTimes = []string{"time", "TimeGenerated"}

// azureCommon are the fields that are beside the properties, in small letters.
var azureCommon = map[string]bool{
	"operationname": true, "operationversion": true, "category": true, "resulttype": true, "resultsignature": true,
	"resultdescription": true, "durationms": true, "correlationid": true, "resourceid": true, "identity": true,
	"level": true, "location": true, "tenantid": true, "calleripaddress": true, "resourceprovider": true,
	"sourcesystem": true, "type": true, "time": true, "claims": true, "authorization": true, "id": true,
}

// azureNames gives records in the flat shapes the names of exported ones. Time
// is what the interface calls it.
func azureNames(time string, known map[string]string) func(paths []string) []string {
	return func(paths []string) []string {
		nested := hasAll(paths, []string{"time", "properties."})
		names := make([]string, len(paths))
		for i, path := range paths {
			names[i] = azureName(path, time, known, nested)
		}
		return names
	}
}

func azureName(path, time string, known map[string]string, nested bool) string {
	if name, ok := known[path]; ok && !(nested && strings.ContainsRune(path, '.')) {
		return name
	}
	section, rest, _ := strings.Cut(path, ".")
	if nested || section == "properties" {
		return path
	}
	if name, ok := known[section+"."]; ok && rest != "" {
		return name + rest
	}
	switch {
	case path == time || path == "TimeGenerated":
		return "time"
	case section == "Properties":
		return "properties." + rest
	case azureCommon[strings.ToLower(section)]:
		return uncapital(path)
	case strings.HasPrefix(path, "_"):
		return path
	}
	return "properties." + uncapital(path)
}

// uncapital makes the first letter small, unless the word is in capitals.
func uncapital(name string) string {
	first, size := utf8.DecodeRuneInString(name)
	second, _ := utf8.DecodeRuneInString(name[size:])
	if unicode.IsUpper(second) {
		return name
	}
	return string(unicode.ToLower(first)) + name[size:]
}
