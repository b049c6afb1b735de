// Command kulla finds intrusions in logs. See internal/cli for what it does.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"

	"github.com/kulla-defence/kulla/internal/cli"
)

func main() {
	// Let garbage lie while there is room, and be strict when there is not: see
	// docs/performance.md. Both bounds are far below what an analyst's machine has.
	debug.SetGCPercent(400)
	debug.SetMemoryLimit(224 << 20)
	ctx, stop := signal.NotifyContext(context.Background(), cli.Signals()...)
	// A second signal ends the program at once: the first has put the
	// default back.
	context.AfterFunc(ctx, stop)
	os.Exit(cli.Run(ctx, os.Args[1:], cli.System()))
}
