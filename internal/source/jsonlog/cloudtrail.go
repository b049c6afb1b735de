package jsonlog

import (
	"strings"

	"github.com/kulla-defence/kulla/internal/source/row"
)

// cloudTrail is a record of AWS CloudTrail: one of the files in its bucket, or
// of the answer to lookup-events, which holds the record as text.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
var cloudTrail = dialect{
	marks:  [][]string{{"eventVersion", "eventSource", "eventName"}, {"userIdentity.type", "eventSource", "eventName"}},
	source: row.LogSource{Product: "aws", Service: "cloudtrail"},
	names:  cloudTrailNames,
	times:  []string{"eventTime"},
	utc:    true,
}

// lookupFields are those that lookup-events repeats beside the record. Its
// EventTime has the zone of who asked.
var lookupFields = []string{"EventId", "EventName", "EventSource", "EventTime", "ReadOnly", "AccessKeyId", "Username", "Resources"}

func cloudTrailNames(paths []string) []string {
	names := make([]string, len(paths))
	for i, path := range paths {
		names[i] = path
		for _, field := range lookupFields {
			if path == field || strings.HasPrefix(path, field+".") {
				names[i] = "LookupEvent." + path
			}
		}
	}
	return names
}
