package cli

import (
	"context"
	"os"
	"os/signal"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// The conversations under testdata/script run the real command line in a
// process of its own: what a user types, and what they see.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"kulla": func() {
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
			context.AfterFunc(ctx, stop)
			os.Exit(Run(ctx, os.Args[1:], System()))
		},
	})
}

func TestScripts(t *testing.T) {
	t.Parallel()
	examples, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	releases, hash := serveReleases(t)
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Setenv("EXAMPLES", examples+"/../../examples")
			env.Setenv("RELEASES", releases)
			env.Setenv("RELEASE_SHA256", hash)
			return nil
		},
		RequireExplicitExec: true,
	})
}
