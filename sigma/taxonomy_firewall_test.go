package sigma

import (
	"slices"
	"testing"
)

// The words of Windows' own firewall, and of IIS in the event log, are found by
// rules in the words of others.
func TestWordsOfWindows(t *testing.T) {
	t.Parallel()
	documents, err := Parse("test.yml", []byte(`
title: accepted
logsource: {category: firewall}
detection: {s: {dst_port: 23, action: [forward, accept]}, condition: s}
---
title: denied
logsource: {category: firewall}
detection: {s: {dst_port: 23, action: denied}, condition: s}
---
title: web
logsource: {category: webserver}
detection: {s: {cs-uri-query|contains: /shell.aspx?c=, cs-user-agent|startswith: curl}, condition: s}
`))
	if err != nil {
		t.Fatal(err)
	}
	taxonomy := defaultTaxonomy(t)
	firewall := LogSource{Product: "windows", Category: "firewall"}
	for _, test := range []struct {
		event *routedEvent
		want  []int
	}{
		{eventOf(firewall, "action=ALLOW", "dst_port=23"), []int{0}},
		{eventOf(firewall, "action=OPEN-INBOUND", "dst_port=23"), []int{0}},
		{eventOf(firewall, "action=DROP", "dst_port=23"), []int{1}},
		{eventOf(firewall, "action=CLOSE", "dst_port=23"), nil},
		{eventOf(LogSource{Category: "firewall"}, "action=accept", "dst_port=23"), []int{0}},
		{eventOf(LogSource{Product: "windows"}, "Channel=Microsoft-IIS-Logging/Logs", "cs-uri-stem=/shell.aspx", "cs-uri-query=c=id", "csUser-Agent=curl/8"), []int{2}},
	} {
		if got := plainMatches(documents.Rules, taxonomy, test.event); !slices.Equal(got, test.want) {
			t.Errorf("%q: rules %v, want %v", test.event.columns, got, test.want)
		}
	}
}
