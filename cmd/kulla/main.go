// Command kulla finds intrusions in logs. See internal/cli for what it does.
package main

import (
	"context"
	"os"
	"os/signal"

	"github.com/kulla-defence/kulla/internal/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	// A second interrupt ends the program at once: the first has put the
	// default back.
	context.AfterFunc(ctx, stop)
	os.Exit(cli.Run(ctx, os.Args[1:], cli.System()))
}
