// Package winjson makes events of JSON.
package winjson

import (
	"github.com/kulla-defence/kulla/internal/source/format"
)

// Format returns the format.
func Format() *format.Format {
	return &format.Format{Name: "json", Recognise: func([]byte) bool { return false }}
}
