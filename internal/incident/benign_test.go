package incident

import (
	"slices"
	"testing"
)

// Where no innocent reading fits, it is said what was considered, and why not.
func TestBenignSaysWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	night := []record{
		{"14h", web, "high execution Run", started(2, 1, `C:\Tools\a.exe`, `C:\Tools\b.exe`, `CORP\ana`)},
		{"14h1m", web, "critical impact Break", started(3, 2, `C:\Tools\c.exe`, `C:\Tools\a.exe`, `CORP\ana`)}}
	for _, test := range []struct {
		name    string
		records []record
		want    []string
	}{
		{"at night", night, []string{"benign.none", "benign.not.known_account", "benign.not.working_hours", "benign.not.every_day", "benign.not.installation"}},
		{"by day", []record{{"0s", web, "high execution Run", started(2, 1, `C:\Tools\a.exe`, `C:\Tools\b.exe`, `CORP\ana`)},
			{"1m", web, "critical impact Break", started(3, 2, `C:\Tools\c.exe`, `C:\Tools\a.exe`, `CORP\ana`)}}, []string{"benign.working_hours"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			incidents := incidentsOf(t, test.records...)
			if got := messages(incidents[0].Benign); !slices.Equal(got, test.want) {
				t.Errorf("the readings are %q, want %q", got, test.want)
			}
		})
	}
}
