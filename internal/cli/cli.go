// Package cli is the command line: one file a command, and the wiring of the
// rooms behind it.
//
// It is the edge of the program, and the only place that reads the clock, the
// environment and the terminal; everything below is given what it needs.
// Results go to standard output; progress, summaries beside machine-readable
// output, and errors go to standard error. Begin with Run.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/kulla-defence/kulla/internal/report"
	"github.com/kulla-defence/kulla/internal/spool"
)

// Exit codes, as "kulla help exit-codes" documents them.
const (
	exitDone        = 0
	exitError       = 1
	exitUsage       = 2
	exitFindings    = 3
	exitUnreadable  = 4
	exitInterrupted = 130
)

// An Environment is what a command may know of the world outside.
type Environment struct {
	In       io.Reader
	Out, Err io.Writer
	// OutTerminal and ErrTerminal give the width of the terminal that Out and
	// Err are, 0 where they are none.
	OutTerminal, ErrTerminal func() int
	// OutHeight is the height of that terminal; nil or 0 where it is unknown.
	OutHeight func() int
	Now       func() time.Time
	Getenv    func(string) string
	// TempDir is where what does not fit in memory is put aside.
	TempDir string
}

// System returns the environment of the process.
func System() Environment {
	return Environment{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr,
		OutTerminal: func() int { return terminalWidth(os.Stdout) },
		ErrTerminal: func() int { return terminalWidth(os.Stderr) },
		OutHeight:   func() int { return terminalHeight(os.Stdout) },
		Now:         time.Now,
		Getenv:      os.Getenv,
		TempDir:     os.TempDir(),
	}
}

func terminalWidth(file *os.File) int {
	if !term.IsTerminal(int(file.Fd())) {
		return 0
	}
	width, _, err := term.GetSize(int(file.Fd()))
	if err != nil || width < 1 {
		return 80
	}
	return width
}

func terminalHeight(file *os.File) int {
	if !term.IsTerminal(int(file.Fd())) {
		return 0
	}
	_, height, err := term.GetSize(int(file.Fd()))
	if err != nil {
		return 0
	}
	return height
}

// Signals are those that end a command early. A hangup that is ignored, as
// nohup wants it, stays so.
func Signals() []os.Signal {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		signals = append(signals, syscall.SIGHUP)
	}
	return signals
}

// Run runs one command and returns its exit code.
func Run(ctx context.Context, arguments []string, env Environment) int {
	spool.Sweep(env.TempDir, env.Now())
	root := newRoot(env)
	root.SetArgs(arguments)
	root.SetIn(env.In)
	root.SetOut(env.Out)
	root.SetErr(env.Err)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	var outcome *outcome
	if errors.As(err, &outcome) {
		return outcome.code
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		fmt.Fprintln(env.Err, "kulla: interrupted")
		return exitInterrupted
	}
	printError(env.Err, err)
	var usage *usageError
	if errors.As(err, &usage) || isCobraUsage(err) {
		return exitUsage
	}
	return exitError
}

// An outcome ends a command that has already said everything, with a code.
type outcome struct{ code int }

func (o *outcome) Error() string { return fmt.Sprintf("exit code %d", o.code) }

// A usageError is a command line that cannot be meant.
type usageError struct {
	err  error
	hint string
}

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

func usagef(hint, format string, arguments ...any) error {
	return &usageError{err: fmt.Errorf(format, arguments...), hint: hint}
}

// A hintedError says what to do about an error.
type hintedError struct {
	error
	hint string
}

func (e *hintedError) Unwrap() error { return e.error }

func withHint(err error, hint string) error {
	if err == nil {
		return nil
	}
	return &hintedError{err, hint}
}

func printError(w io.Writer, err error) {
	// What went wrong may be told in the words of the evidence; joined errors
	// are told in one line.
	fmt.Fprintf(w, "kulla: error: %s\n", report.Visible(strings.ReplaceAll(err.Error(), "\n", "; ")))
	var usage *usageError
	var hinted *hintedError
	switch {
	case errors.As(err, &usage) && usage.hint != "":
		fmt.Fprintf(w, "kulla: hint: %s\n", usage.hint)
	case errors.As(err, &hinted):
		fmt.Fprintf(w, "kulla: hint: %s\n", hinted.hint)
	}
}

// isCobraUsage recognises the errors by which the command library refuses a
// command line; it has no types for them.
func isCobraUsage(err error) bool {
	for _, prefix := range []string{"unknown command", "accepts ", "requires at least", "required flag"} {
		if strings.HasPrefix(err.Error(), prefix) {
			return true
		}
	}
	return false
}

func newRoot(env Environment) *cobra.Command {
	root := &cobra.Command{
		Use:   "kulla",
		Short: "Find intrusions in logs, say what happened and who did it, and prove every sentence",
		Long: `Kulla finds intrusions in the logs of public services, joins them into incidents, and
says who probably did it and how sure that is. Every sentence points at the bytes it
rests on, and what could not be seen is listed beside it.

It reads evidence and writes reports. It opens no network connection, but for
"kulla rules pull", which fetches rules from the address you give it.`,
		Example: `  kulla investigate evidence/               make a case, with its report
  kulla verify evidence.kulla evidence/     check every sentence of it
  kulla hunt evidence/                      hunt with the built-in rules
  kulla hunt --rules sigma.zip case.zip     hunt with other Sigma rules
  kulla dump Security.evtx                  print records as JSON
  kulla explain RULE Security.evtx          why a rule matched, or did not`,
		Version:           thisProgram().Version,
		PersistentPreRunE: refuseEmpty,

		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(command *cobra.Command, _ []string) error { return command.Help() },
	}
	root.SetVersionTemplate("kulla {{.Version}}\n")
	root.SetFlagErrorFunc(func(command *cobra.Command, err error) error {
		return &usageError{err: explainFlag(err), hint: fmt.Sprintf("see %q", command.CommandPath()+" --help")}
	})
	root.AddCommand(newInvestigate(env), newCase(env), newVerify(env), newHunt(env), newTimeline(env), newSearch(env), newStats(env), newDump(env), newExplain(env),
		newRules(env), newKnowledge(env), newAttribution(env), newVersion(env), newMan(env))
	root.AddCommand(topics()...)
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	refuseUnknown(root)
	suggestCommands(root)
	return root
}

// refuseUnknown makes the commands of the library refuse a name that they do
// not know; by themselves they print their help, and succeed.
func refuseUnknown(root *cobra.Command) {
	for _, command := range root.Commands() {
		switch command.Name() {
		case "completion":
			command.RunE = func(command *cobra.Command, _ []string) error { return command.Help() }
		case "help":
			command.Run = nil
			command.RunE = func(_ *cobra.Command, names []string) error {
				found, rest, err := root.Find(names)
				if err != nil || len(rest) > 0 {
					return usagef(didYouMean(root, strings.Join(names, " "), "kulla help lists all there are"), "there is no help on %q", strings.Join(names, " "))
				}
				found.InitDefaultHelpFlag()
				return found.Help()
			}
		}
	}
}
