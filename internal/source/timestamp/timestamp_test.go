package timestamp_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/kulla-defence/kulla/internal/source/timestamp"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"2024-03-01T10:00:00Z":               "2024-03-01T10:00:00Z true",
		"2024-03-01T10:00:00.1234567Z":       "2024-03-01T10:00:00.1234567Z true",
		"2024-03-01T10:00:00,5+02:00":        "2024-03-01T08:00:00.5Z true",
		"2024-03-01 10:00:00.123":            "2024-03-01T10:00:00.123Z false",
		"2024-03-01T10:00:00-0130":           "2024-03-01T11:30:00Z true",
		"2024-03-01 10:00:00 UTC":            "2024-03-01T10:00:00Z true",
		"/Date(1709287200500)/":              "2024-03-01T10:00:00.5Z true",
		"1709287200.25":                      "2024-03-01T10:00:00.25Z true",
		"2024-02-30T10:00:00Z":               "no",
		"2024-03-01T25:00:00Z":               "no",
		"2024-03-01":                         "no",
		"":                                   "no",
		"2024-03-01T10:00:00Zulu":            "no",
		"99999999999999999999999":            "no",
		"2024-03-01T10:00:00.1234567891234Z": "2024-03-01T10:00:00.123456789Z true",
	} {
		got := "no"
		if when, zoned, ok := timestamp.Parse([]byte(text)); ok {
			got = fmt.Sprint(when.Format(time.RFC3339Nano), " ", zoned)
		}
		if got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}
