package sigma_test

import (
	"fmt"

	"github.com/kulla-defence/kulla/sigma"
)

// Process creations are recorded by Sysmon, and by Windows itself under other
// names.
func ExampleTaxonomy_Routes() {
	taxonomy, err := sigma.DefaultTaxonomy()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, route := range taxonomy.Routes(sigma.LogSource{Product: "windows", Category: "process_creation"}) {
		column := "Image"
		if source := route.Source("Image"); source != nil {
			column = source.Columns[0]
		}
		fmt.Println(route.LogSource.Category, route.Where, column)
	}
	// Output:
	//  [{Channel [Microsoft-Windows-Sysmon/Operational]} {EventID [1]}] Image
	//  [{Channel [Security]} {EventID [4688]}] NewProcessName
	// process_creation [] Image
}
