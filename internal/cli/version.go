package cli

import (
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// release is set by the linker for a release build.
var release = ""

// A build is what "kulla version" prints.
type build struct {
	Version  string `json:"version"`
	Commit   string `json:"commit,omitempty"`
	Date     string `json:"commit_date,omitempty"`
	Modified bool   `json:"modified"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
	Rules    int    `json:"built_in_rules"`
}

func newVersion(env Environment) *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use:   "version",
		Short: "Print the version, the commit it was built from, and the built-in rules",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			b, err := thisBuild()
			if err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(env.Out).Encode(b)
			}
			_, err = fmt.Fprintln(env.Out, b)
			return err
		},
	}
	command.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return command
}

func (b build) String() string {
	text := fmt.Sprintf("kulla %s", b.Version)
	if b.Commit != "" {
		text += fmt.Sprintf("\ncommit    %s (%s)", b.Commit, b.Date)
		if b.Modified {
			text += ", with local changes"
		}
	}
	return text + fmt.Sprintf("\nbuilt by  %s for %s\nrules     %d built in", b.Go, b.Platform, b.Rules)
}

func thisBuild() (build, error) {
	b := thisProgram()
	set, err := builtInRules()
	if err != nil {
		return build{}, err
	}
	b.Rules = len(set.Rules) + len(set.Correlations)
	return b, nil
}

// thisProgram is the build but for its rules, which take a while to read.
func thisProgram() build {
	b := build{Version: "development", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	if info, ok := debug.ReadBuildInfo(); ok {
		if info.Main.Version != "" && info.Main.Version != "(devel)" {
			b.Version = info.Main.Version
		}
		for _, setting := range info.Settings {
			switch setting.Key {
			case "vcs.revision":
				b.Commit = setting.Value
			case "vcs.time":
				b.Date = setting.Value
			case "vcs.modified":
				b.Modified = setting.Value == "true"
			}
		}
	}
	if release != "" {
		b.Version = release
	}
	return b
}
