package jsonlog

import "github.com/kulla-defence/kulla/internal/source/row"

// The audit logs of services that need no names of their own: public rules use
// those of the records.

// okta is an event of Okta's System Log.
// https://developer.okta.com/docs/reference/api/system-log/
var okta = dialect{
	marks:  [][]string{{"eventType", "published", "actor.alternateId"}, {"eventType", "published", "outcome.result"}},
	source: row.LogSource{Product: "okta", Service: "okta"},
	times:  []string{"published"},
}

// oneLogin is an event of OneLogin.
// https://developers.onelogin.com/api-docs/1/events/event-resource
var oneLogin = dialect{
	marks:  [][]string{{"event_type_id", "account_id", "created_at"}},
	source: row.LogSource{Product: "onelogin", Service: "onelogin.events"},
	times:  []string{"created_at", "event_timestamp"},
}

// gitHub is an entry of the audit log of an organisation on GitHub.
// https://docs.github.com/organizations/keeping-your-organization-secure
var gitHub = dialect{
	marks:  [][]string{{"action", "actor", "_document_id"}, {"action", "actor", "org", "@timestamp"}, {"action", "actor", "org", "created_at"}},
	source: row.LogSource{Product: "github", Service: "audit"},
	times:  []string{"@timestamp", "created_at"},
}

// bitbucket is an entry of the audit log of Bitbucket Data Center.
var bitbucket = dialect{
	marks:  [][]string{{"auditType.action", "auditType.category"}},
	source: row.LogSource{Product: "bitbucket", Service: "audit"},
	times:  []string{"timestamp"},
}

// kubernetes is an event of the API server's audit log.
// https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/
var kubernetes = dialect{
	marks:  [][]string{{"auditID", "verb", "requestURI"}, {"auditID", "stage"}},
	source: row.LogSource{Product: "kubernetes", Service: "audit"},
	times:  []string{"requestReceivedTimestamp", "stageTimestamp"},
}

// duo is an authentication of Cisco Duo.
// https://duo.com/docs/adminapi#authentication-logs
var duo = dialect{
	marks:  [][]string{{"txid", "event_type", "factor"}},
	source: row.LogSource{Product: "cisco", Service: "duo"},
	times:  []string{"isotimestamp", "timestamp"},
}

// openCanary is an alarm of OpenCanary. Its utc_time states no zone.
// https://opencanary.readthedocs.io/en/latest/
var openCanary = dialect{
	marks:  [][]string{{"logtype", "node_id", "utc_time"}},
	source: row.LogSource{Product: "opencanary"},
	times:  []string{"utc_time"},
	utc:    true,
	hosts:  []string{"node_id"},
}
