package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// suggestCommands makes a command, and all below it, answer a name that they do
// not know with those that may have been meant.
func suggestCommands(command *cobra.Command) {
	if command.HasSubCommands() {
		command.SuggestionsMinimumDistance = 2
		command.Args = knownCommand
	}
	for _, sub := range command.Commands() {
		suggestCommands(sub)
	}
}

func knownCommand(command *cobra.Command, names []string) error {
	if len(names) == 0 {
		return nil
	}
	return usagef(didYouMean(command, names[0], fmt.Sprintf("see %q", command.CommandPath()+" --help")),
		"unknown command %q for %q", names[0], command.CommandPath())
}

// didYouMean names the commands that a name is near to, or says something else
// where there are none.
func didYouMean(command *cobra.Command, name, otherwise string) string {
	var near []string
	for _, suggestion := range command.SuggestionsFor(name) {
		near = append(near, fmt.Sprintf("%q", command.CommandPath()+" "+suggestion))
	}
	if len(near) == 0 {
		return otherwise
	}
	return "did you mean " + strings.Join(near, " or ") + "?"
}
