package jsonlog

import "bytes"

// An envelope is an object around an array of records, as interfaces on the web
// and archives in clouds have it: {"Records":[…]}. The records are documents,
// and what stands around them is skipped.

// maxEnvelope is how far an envelope may reach before its array begins; that of
// Splunk, which lists all fields there, maxSplunkEnvelope.
const (
	maxEnvelope       = 4096
	maxSplunkEnvelope = 64 << 10
)

// envelopeInitials are the first letters of envelopeKeys.
var envelopeInitials = [256]bool{'R': true, 'r': true, 'v': true, 'k': true, '@': true, 'e': true, 'n': true, 'a': true, 't': true, '_': true, 'h': true, 'p': true}

// isEnvelopeKey says whether an envelope may begin with a key: that of the
// array, or one of those that stand before it.
func isEnvelopeKey(key []byte) bool {
	switch string(key) {
	case "Records", "records", "value", // AWS CloudTrail; Azure Monitor; Microsoft Graph and Azure Resource Manager
		"@odata.context", "@odata.count", "@odata.nextLink", "nextLink", // Microsoft Graph
		"kind", "etag", "nextPageToken", "apiVersion", // Google, Kubernetes
		"took", "timed_out", "_scroll_id", "hits", // Elasticsearch
		"preview": // Splunk
		return true
	}
	return false
}

// holdsRecords says whether the array of a key holds the records.
//
// Opening is the first key of the object, nil for that itself: items and results
// are what many an ordinary record has.
func holdsRecords(key, opening []byte) bool {
	switch string(key) {
	case "Records", "records", "value", "hits":
		return true
	case "items":
		return opening != nil
	case "results":
		return string(opening) == "preview"
	}
	return false
}

// envelope returns the place of the first record when an object is an envelope,
// 0 when it is none, and -1 when more of it has to be seen.
func envelope(text []byte, at int) int {
	i := skipSpace(text, at+1)
	if i+1 < len(text) && (text[i] != '"' || !envelopeInitials[text[i+1]]) {
		return 0
	}
	limit := maxEnvelope
	if i < len(text) && bytes.HasPrefix(text[i:], []byte(`"preview"`)) {
		limit = maxSplunkEnvelope
	}
	short := len(text)-at < limit
	text = text[:min(len(text), at+limit)]
	inner := members(text, i, nil)
	if inner < 0 && !short {
		return 0
	}
	return inner
}

// members goes over the members of an object until the array of records.
func members(text []byte, i int, opening []byte) int {
	for {
		i = skipSpace(text, i)
		if i >= len(text) {
			return -1
		}
		if text[i] != '"' {
			return 0
		}
		end := closingQuote(text, i+1)
		if end < 0 {
			return -1
		}
		key := text[i+1 : end]
		if opening == nil && !isEnvelopeKey(key) {
			return 0
		}
		value := valueAfter(text, end+1)
		if value <= 0 {
			return value
		}
		if inner := records(text, value, key, opening); inner != 0 {
			return inner
		}
		if opening == nil {
			opening = key
		}
		if i = skipValue(text, value); i <= 0 {
			return i
		}
		if i = skipSpace(text, i); i >= len(text) {
			return -1
		}
		if text[i] != ',' {
			return 0
		}
		i++
	}
}

// records returns the place of the first record of an array that holds them.
func records(text []byte, value int, key, opening []byte) int {
	if !holdsRecords(key, opening) {
		return 0
	}
	switch text[value] {
	case '[':
		i := skipSpace(text, value+1)
		if i >= len(text) {
			return -1
		}
		if text[i] == '{' || text[i] == ']' {
			return i
		}
	case '{': // Elasticsearch: "hits":{"total":…,"hits":[…]}
		if string(key) == "hits" {
			return members(text, value+1, key)
		}
	}
	return 0
}

// valueAfter returns the place of the value behind a key; 0 when there is no
// colon, -1 at the end of the text.
func valueAfter(text []byte, i int) int {
	i = skipSpace(text, i)
	if i < len(text) && text[i] != ':' {
		return 0
	}
	if i = skipSpace(text, min(i+1, len(text))); i >= len(text) {
		return -1
	}
	return i
}

// skipValue returns the place behind a value; 0 when it is none, -1 at the end
// of the text.
func skipValue(text []byte, i int) int {
	switch text[i] {
	case '"':
		if end := closingQuote(text, i+1); end > 0 {
			return end + 1
		}
		return -1
	case '{', '[':
		return skipContainer(text, i)
	}
	end, _, f := scanLiteral(text, i)
	switch {
	case end >= len(text):
		return -1
	case f != "":
		return 0
	}
	return end
}

func skipContainer(text []byte, i int) int {
	for depth := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			if i = closingQuote(text, i+1); i < 0 {
				return -1
			}
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return -1
}

// envelopeEnd skips one piece of what follows the records of an envelope: its
// brace, or a member. It returns the same place when there is neither.
func envelopeEnd(text []byte, at int) int {
	switch text[at] {
	case '}':
		return at + 1
	case '"':
		end := closingQuote(text, at+1)
		if end < 0 {
			return at
		}
		if value := valueAfter(text, end+1); value > 0 {
			return max(at, skipValue(text, value))
		}
	}
	return at
}
