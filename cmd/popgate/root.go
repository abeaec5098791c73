package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// run runs popgate with its arguments until it is done or ctx ends. A *usageError is a command line that is wrong, a *partialError
// work that is done in part.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	root := rootCommand()
	understood := false
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		err := fromEnvironment(cmd.Flags(), os.LookupEnv)
		file := cmd.Flags().Lookup("config") // where the settings of serve are
		if err == nil && file != nil {
			err = refuseUnknown(root, os.Environ())
		}
		if err == nil && file != nil && file.Value.String() != "" {
			err = fromFile(cmd.Flags(), file.Value.String())
		}
		understood = err == nil
		return err
	}
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err != nil && !understood { // cobra's own errors have no type
		return &usageError{err}
	}
	return err
}

func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "popgate",
		Short: "A gRPC gateway to POP3 mailboxes",
		Long: `popgate puts POP3 behind gRPC: a backend in any language reads mailboxes through generated stubs.

Every flag can also be set by an environment variable: --allow-target by POPGATE_ALLOW_TARGET, and so on.
Values of a flag that may be repeated are separated by commas there. A flag is stronger than its variable,
and a variable than the file of serve --config.

` + statusHelp,
		Example: `  popgate demo
  popgate list alice@example.com
  popgate serve --tls-cert cert.pem --tls-key key.pem --tls-client-ca callers.pem --listen :9110`,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(
		serveCommand(), configCommand(), tokenCommand(), demoCommand(),
		listCommand(), fetchCommand(), deleteCommand(), diagnoseCommand(), watchCommand(), shellCommand(),
		healthcheckCommand(), versionCommand(), manCommand(),
	)
	root.CompletionOptions.SetDefaultShellCompDirective(cobra.ShellCompDirectiveNoFileComp) // else it is the names of files
	completes(root)
	return root
}

// fromEnvironment sets the flags that were not given from POPGATE_* variables.
func fromEnvironment(flags *pflag.FlagSet, lookup func(string) (string, bool)) error {
	var failed error
	flags.VisitAll(func(f *pflag.Flag) {
		name := variableOf(f.Name)
		value, ok := lookup(name)
		if !ok || f.Changed || f.Name == "help" || failed != nil {
			return
		}
		if err := flags.Set(f.Name, value); err != nil {
			failed = fmt.Errorf("%s: %w", name, err)
		}
		setOrigin(f, name)
	})
	return failed
}
