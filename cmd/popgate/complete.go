package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/popgate/popgate/cmd/popgate/internal/store"
)

// fixedValues are the values of the flags that take one of a few, by the flag's name.
var fixedValues = map[string][]cobra.Completion{
	"format":     {string(store.Maildir), string(store.EML)},
	"level":      {"1", "2"},
	"log-format": {string(logText), string(logJSON)},
	"log-level":  {"debug", "info", "warn", "error"},
	"mechanism": {
		"SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5", "PLAIN", "LOGIN", "OAUTHBEARER", "XOAUTH2",
		"EXTERNAL", "ANONYMOUS",
	},
}

// completes tells the shell what fits where, for a command and all below it: the names of files where a flag's help says `file`, the
// folders for an argument DIR, and the fixed values. rootCommand sees to it that nothing is offered elsewhere.
func completes(cmd *cobra.Command) {
	if at := slices.Index(strings.Fields(cmd.Use), "DIR"); at > 0 {
		cmd.ValidArgsFunction = func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) == at-1 {
				return nil, cobra.ShellCompDirectiveFilterDirs
			}
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
	}
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		values, fixed := fixedValues[f.Name]
		complete := cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)
		if placeholder, _ := pflag.UnquoteUsage(f); placeholder == "file" {
			complete = cobra.FixedCompletions(nil, cobra.ShellCompDirectiveDefault)
		} else if !fixed {
			return
		}
		if err := cmd.RegisterFlagCompletionFunc(f.Name, complete); err != nil {
			panic(err) // the flag has one already
		}
	})
	for _, sub := range cmd.Commands() {
		completes(sub)
	}
}
