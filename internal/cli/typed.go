package cli

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// refuseEmpty refuses flags that were given an empty text: most often a
// variable of the shell that is not set, and taken as if the flag was not there
// it would widen what is asked for.
func refuseEmpty(command *cobra.Command, _ []string) error {
	var err error
	command.Flags().Visit(func(flag *pflag.Flag) {
		if err == nil && flag.Value.Type() == "string" && flag.Value.String() == "" {
			err = usagef("give it a value, or leave it out; a variable of the shell may be unset", "--%s is empty", flag.Name)
		}
	})
	return err
}

// explainFlag says in plain words what is wrong with the value of a flag.
func explainFlag(err error) error {
	var invalid *pflag.InvalidValueError
	var number *strconv.NumError
	if !errors.As(err, &invalid) || !errors.As(err, &number) {
		return err
	}
	switch {
	case errors.Is(number.Err, strconv.ErrRange):
		return fmt.Errorf("--%s: %q is too large, or too small", invalid.GetFlag().Name, invalid.GetValue())
	case number.Func == "ParseBool":
		return fmt.Errorf("--%s: %q is neither true nor false", invalid.GetFlag().Name, invalid.GetValue())
	}
	return fmt.Errorf("--%s: %q is not a number", invalid.GetFlag().Name, invalid.GetValue())
}
