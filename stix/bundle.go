package stix

import (
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"slices"
	"strings"
)

// A Bundle is objects in one document (section 8).
type Bundle struct {
	Type    string   `json:"type"`
	ID      string   `json:"id"`
	Objects []Object `json:"objects"`
}

// NewBundle puts objects together: markings and identities first, then by type
// and id, each id once. The name makes the bundle's id.
func NewBundle(name string, objects ...Object) *Bundle {
	slices.SortStableFunc(objects, func(a, b Object) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), strings.Compare(a.Identifier(), b.Identifier()))
	})
	objects = slices.CompactFunc(objects, func(a, b Object) bool { return a.Identifier() == b.Identifier() })
	return &Bundle{Type: "bundle", ID: NewID("bundle", name), Objects: objects}
}

// rank puts first what others refer to, and last what refers to others.
func rank(o Object) int {
	switch kind, _, _ := strings.Cut(o.Identifier(), "--"); kind {
	case "marking-definition":
		return 0
	case "identity":
		return 1
	case "relationship":
		return 3
	}
	return 2
}

// WriteTo writes the bundle as indented JSON. It implements io.WriterTo.
func (b *Bundle) WriteTo(w io.Writer) (int64, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(b); err != nil {
		return 0, err
	}
	return out.WriteTo(w)
}
