package stix_test

import (
	"os"
	"time"

	"github.com/kulla-defence/kulla/stix"
)

func ExampleNewBundle() {
	seen := time.Date(2022, 7, 15, 3, 0, 0, 0, time.UTC)
	address := stix.IPv4("198.51.100.3")
	observed := &stix.ObservedData{Common: stix.NewCommon("observed-data", "example", seen),
		First: stix.Time{Time: seen}, Last: stix.Time{Time: seen}, Number: 1, Objects: []string{address.ID}}
	stix.NewBundle("example", observed, address).WriteTo(os.Stdout)
	// Output:
	// {
	//   "type": "bundle",
	//   "id": "bundle--81538993-c12b-53f7-ba87-1965ec62fb6f",
	//   "objects": [
	//     {
	//       "type": "ipv4-addr",
	//       "spec_version": "2.1",
	//       "id": "ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4",
	//       "value": "198.51.100.3"
	//     },
	//     {
	//       "type": "observed-data",
	//       "spec_version": "2.1",
	//       "id": "observed-data--248316ac-ea60-5fc0-86b3-b832e95fbcb5",
	//       "created": "2022-07-15T03:00:00.000Z",
	//       "modified": "2022-07-15T03:00:00.000Z",
	//       "first_observed": "2022-07-15T03:00:00.000Z",
	//       "last_observed": "2022-07-15T03:00:00.000Z",
	//       "number_observed": 1,
	//       "object_refs": [
	//         "ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4"
	//       ]
	//     }
	//   ]
	// }
}
