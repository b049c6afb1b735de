package cli

import (
	"bufio"
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kulla-defence/kulla/internal/report"
	"github.com/kulla-defence/kulla/internal/rulepull"
)

func newRulesPull(env Environment) *cobra.Command {
	var options rulepull.Options
	command := &cobra.Command{
		Use:   "pull --from URL|FILE -o FOLDER",
		Short: "Bring a release of public rules into a folder; the one command that uses the network",
		Long: `Pull fetches a release of public Sigma rules (a zip or tar.gz) from the address you give,
or takes it from a file, checks it, parses every rule, and writes those that can be used
into a new folder. Rules that cannot be used are listed with the reason.

It connects to the address you name, and to those this one redirects to, five at most,
and to nothing else; with HTTPS_PROXY set, by that proxy. Addresses are https, unless
--insecure-http permits others. An archive with a wrong hash, with names that lead out
of the folder, with links, or larger than 64 MiB (256 MiB unpacked) is refused whole.

A folder that is there already is only replaced with --replace, and only if it holds
nothing but rules. It is exchanged whole: an error leaves it as it was.
It ends with code 4 if some of the rules cannot be used.`,
		Example: `  kulla rules pull --from https://github.com/SigmaHQ/sigma/releases/latest/download/sigma_core.zip -o sigma-core
  kulla rules pull --from sigma_core.zip --sha256 "$(cut -d' ' -f1 sigma_core.zip.sha256)" -o sigma-core
  kulla hunt --rules builtin --rules sigma-core case.zip`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			options.TempDir = env.TempDir
			options.Proxy = cmp.Or(env.Getenv("HTTPS_PROXY"), env.Getenv("https_proxy"))
			return runRulesPull(command.Context(), env, options)
		},
	}
	flags := command.Flags()
	flags.StringVar(&options.From, "from", "", "`ADDRESS` (https) or file of a zip or tar.gz of rules")
	flags.StringVarP(&options.Into, "output", "o", "", "`FOLDER` that is made")
	flags.StringVar(&options.SHA256, "sha256", "", "the archive must have this `HASH`")
	flags.BoolVar(&options.Replace, "replace", false, "replace the folder, if it holds nothing but rules")
	flags.BoolVar(&options.InsecureHTTP, "insecure-http", false, "permit addresses without TLS, which anybody on the way can change")
	return command
}

func runRulesPull(ctx context.Context, env Environment, options rulepull.Options) error {
	if options.From == "" || options.Into == "" {
		return usagef("kulla rules pull --from ADDRESS -o FOLDER", "--from and --output are both needed")
	}
	if hash, err := hex.DecodeString(options.SHA256); err != nil || len(hash) != 0 && len(hash) != 32 {
		return usagef("it is the first word of what sha256sum prints", "--sha256 takes 64 hexadecimal digits")
	}
	result, err := rulepull.Pull(ctx, options)
	if ctx.Err() != nil {
		return &outcome{exitInterrupted}
	}
	if err != nil {
		return withHint(fmt.Errorf("rules: %w", err), pullHint(err))
	}
	if err := printPulled(env.Out, result, options.Into); err != nil {
		return err
	}
	if len(result.Problems) > 0 {
		return &outcome{exitUnreadable}
	}
	return nil
}

// pullHint says what to do about an error of Pull.
func pullHint(err error) string {
	switch {
	case errors.Is(err, rulepull.ErrExists):
		return "name another folder, or replace it with --replace"
	case errors.Is(err, rulepull.ErrForeign):
		return "name another folder; only one that holds nothing but rules is replaced"
	case errors.Is(err, rulepull.ErrHash):
		return "nothing was written; fetch it again, and compare with the hash its publisher names"
	case errors.Is(err, rulepull.ErrPlain):
		return "give an https address; --insecure-http permits others"
	case errors.Is(err, rulepull.ErrArchive):
		return "nothing was written; --from takes a zip or tar.gz of Sigma rules"
	case errors.Is(err, os.ErrNotExist):
		return "--from takes an https address, or a file that is there"
	}
	return "nothing was written; a file that was fetched by other means can be given with --from"
}

func printPulled(w io.Writer, result *rulepull.Result, into string) error {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "from     %s\nsha256   %s, %s\n", report.Visible(result.From), result.SHA256, counted(int(result.Bytes), "byte"))
	parts := []string{counted(result.Rules, "rule")}
	if result.Correlations > 0 {
		parts = append(parts, counted(result.Correlations, "correlation"))
	}
	if result.Filters > 0 {
		parts = append(parts, counted(result.Filters, "filter"))
	}
	fmt.Fprintf(out, "written  %s: %s in %s; %s left out\n", report.Visible(into), strings.Join(parts, ", "),
		counted(result.Files, "file"), counted(result.Others, "other file"))
	for _, problem := range result.Problems {
		fmt.Fprintf(out, "not loaded  %s\n", report.Visible(problem.String()))
	}
	if len(result.Problems) > 0 {
		fmt.Fprintf(out, "%s cannot be used\n", counted(len(result.Problems), "rule"))
	}
	fmt.Fprintf(out, "use them with: kulla hunt --rules %s\n", report.Visible(into))
	return out.Flush()
}
