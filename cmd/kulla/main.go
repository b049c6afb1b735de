// Command kulla finds intrusions in logs. See internal/cli for what it does.
package main

import (
	"context"
	"os"
	"os/signal"

	"github.com/kulla-defence/kulla/internal/cli"
)

func main() {
	cli.LimitMemory()
	ctx, stop := signal.NotifyContext(context.Background(), cli.Signals()...)
	// A second signal ends the program at once: the first has put the
	// default back.
	context.AfterFunc(ctx, stop)
	os.Exit(cli.Run(ctx, os.Args[1:], cli.System()))
}
