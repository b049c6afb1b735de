// Package stix holds STIX 2.1: objects, deterministic identifiers, patterns,
// and TLP 2.0 markings.
//
// Begin with Bundle.
package stix
