package knowledge

import (
	"testing"
)

func TestBuiltin(t *testing.T) {
	t.Parallel()
	base, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	t.Log(len(base.Actors), len(base.Software), len(base.Artefacts), len(base.Techniques), base.Identity())
}
