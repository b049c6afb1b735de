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
	// Most garbage is made while rules are loaded, and little lives on: collect
	// half as often. docs/performance.md has the figures.
	debug.SetGCPercent(200)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	// A second interrupt ends the program at once: the first has put the
	// default back.
	context.AfterFunc(ctx, stop)
	os.Exit(cli.Run(ctx, os.Args[1:], cli.System()))
}
