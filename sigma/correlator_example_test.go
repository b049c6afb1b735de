package sigma_test

import (
	"fmt"
	"time"

	"github.com/kulla-defence/kulla/sigma"
)

// Three failures of one user within five minutes, and then a success. The
// failures of the other user stay below the threshold.
func ExampleCorrelator() {
	documents, err := sigma.Parse("logons.yml", []byte(`
title: Failed logon
name: failed
logsource: {product: windows, service: security}
detection: {selection: {EventID: 4625}, condition: selection}
---
title: Logon
name: success
logsource: {product: windows, service: security}
detection: {selection: {EventID: 4624}, condition: selection}
---
title: Many failed logons
name: many
correlation:
    type: event_count
    rules: [failed]
    group-by: [TargetUserName]
    timespan: 5m
    condition: {gte: 3}
---
title: Logon after many failures
correlation:
    type: temporal_ordered
    rules: [many, success]
    group-by: [TargetUserName]
    timespan: 10m
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	set := sigma.NewRuleSet(documents, sigma.Options{})
	correlator, problems := sigma.NewCorrelator(set.Correlations, set.Rules, sigma.CorrelatorOptions{})
	failed, _ := set.Find("failed")
	success, _ := set.Find("success")
	fmt.Println("problems:", problems, "inputs:", correlator.Inputs(failed))

	begin := time.Date(2022, 7, 15, 8, 0, 0, 0, time.UTC)
	add := func(record uint64, rule *sigma.Rule, second int, user string) {
		alerts := correlator.Add(sigma.Hit{Rule: rule, Ref: record, Time: begin.Add(time.Duration(second) * time.Second),
			Values: []sigma.FieldText{{Field: "TargetUserName", Text: user}}})
		for _, alert := range alerts {
			fmt.Println(alert.Correlation.Title, alert.Group, alert.Time.Format(time.TimeOnly), "records", alert.Refs)
		}
	}
	add(1, failed, 0, "ana")
	add(2, failed, 10, "ben")
	add(3, failed, 20, "ana")
	add(4, failed, 30, "ANA")
	add(5, success, 60, "ben")
	add(6, success, 90, "ana")
	add(7, success, 91, "ben") // a later time, so that the one before is due
	correlator.Flush()
	// Output:
	// problems: [] inputs: [TargetUserName]
	// Logon after many failures [{TargetUserName ana}] 08:01:30 records [1 3 4 6]
}
