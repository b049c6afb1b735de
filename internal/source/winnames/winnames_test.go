package winnames_test

import (
	"slices"
	"testing"

	"github.com/kulla-defence/kulla/internal/source/winnames"
)

func TestRenameFlat(t *testing.T) {
	t.Parallel()
	names := []string{"Id", "ProviderName", "Computer", "MachineName", "CommandLine"}
	if !winnames.IsFlat(names) {
		t.Error("not flat")
	}
	winnames.RenameFlat(names)
	if want := []string{"EventID", "Provider_Name", "Computer", "MachineName", "CommandLine"}; !slices.Equal(names, want) {
		t.Errorf("%q, want %q", names, want)
	}
	for _, other := range [][]string{{"Id", "Name"}, {"Channel", "Computer"}, nil} {
		if winnames.IsFlat(other) {
			t.Errorf("%q is flat", other)
		}
	}
}
