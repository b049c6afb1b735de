// Package stix makes STIX 2.1 objects: identities, incidents, indicators,
// observed data, relationships and the other domain objects that a case is
// shared with, the observables they speak of, TLP 2.0 markings, and patterns.
//
// Identifiers are deterministic. Those of observables are as section 2.9 of
// the specification makes them, the same from every producer; those of other
// objects are made of a name that the caller gives (NewID), so that the same
// case gives the same bundle.
//
//	address := stix.IPv4("198.51.100.3")
//	indicator := &stix.Indicator{Common: stix.NewCommon("indicator", "my case/198.51.100.3", now), …}
//	bundle := stix.NewBundle("my case", address, indicator)
//
// The package reads nothing and opens no connection; it imports only the
// standard library. It does not hold every object of the specification: those
// that are not here are custom types of the caller's that implement Object.
// Begin with Bundle.
package stix
