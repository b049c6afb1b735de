package jsonlog

import "github.com/kulla-defence/kulla/internal/source/row"

// unifiedAudit is a record of the unified audit log of Microsoft 365: from the
// Management Activity API, or the AuditData of Search-UnifiedAuditLog. Times
// are UTC. https://learn.microsoft.com/office/office-365-management-api/office-365-management-activity-api-schema
var unifiedAudit = dialect{
	marks: [][]string{
		{"CreationTime", "Operation", "Workload"},
		{"CreationTime", "Operation", "RecordType", "UserType"},
	},
	source: row.LogSource{Product: "m365", Service: "audit"},
	times:  []string{"CreationTime", "CreationDate"},
	utc:    true,
}

// officeActivity is the same as a table of Azure Monitor, whose columns have
// names of their own.
// https://learn.microsoft.com/azure/azure-monitor/reference/tables/officeactivity
var officeActivity = dialect{
	marks:  [][]string{{"OfficeWorkload", "Operation", "TimeGenerated"}},
	source: row.LogSource{Product: "m365", Service: "audit"},
	names: renamed(map[string]string{
		"OfficeWorkload":   "Workload",
		"OfficeObjectId":   "ObjectId",
		"OfficeId":         "Id",
		"Client_IPAddress": "ClientIP",
		"Logon_Type":       "LogonType",
		"Site_Url":         "SiteUrl",
		"Source_Name":      "SourceName",
	}),
	times: []string{"TimeGenerated"},
	utc:   true,
}

// defender is an event of Microsoft Defender for Endpoint, as advanced hunting
// and its tables in Azure Monitor have it.
// https://learn.microsoft.com/defender-xdr/advanced-hunting-schema-tables
var defender = dialect{
	marks:  [][]string{{"ActionType", "DeviceId", "DeviceName"}},
	source: row.LogSource{Product: "m365", Service: "defender"},
	times:  []string{"Timestamp", "TimeGenerated"},
	utc:    true,
	hosts:  []string{"DeviceName"},
}
