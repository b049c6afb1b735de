package main

import (
	"fmt"
	"slices"
	"strings"
)

// A variant is another intrusion into the same network, told by the same means.
type variant string

const (
	ofRecord  variant = ""           // the public record: story.go
	falseFlag variant = "false-flag" // the same with the traces of others planted
	unknown   variant = "unknown"    // by somebody whom nobody knows
)

var variants = []variant{ofRecord, falseFlag, unknown}

// parseVariant takes a variant's name.
func parseVariant(name string) (variant, error) {
	if v := variant(name); slices.Contains(variants, v) {
		return v, nil
	}
	return "", fmt.Errorf("--variant is %s or %s, not %s", falseFlag, unknown, strings.TrimSpace(name))
}

// tell makes the hosts and what the variant left on them.
func (v variant) tell(size scale) *story {
	switch v {
	case falseFlag:
		return tellFalseFlag(size)
	case unknown:
		return tellUnknown(size)
	}
	return tell(size)
}

// sample is the scale of the sample evidence.
var sample = scale{desks: 2, days: len(ordinaryDays), busy: 1}

// brief is a scale small enough for an example beside the sample: one ordinary
// day. A variant has it unless another scale is asked for.
var brief = scale{desks: 2, days: 1, busy: 1}
