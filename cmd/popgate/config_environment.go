package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/popgate/popgate/cmd/popgate/internal/account"
)

// variablePrefix begins the name of every variable that popgate reads for itself.
const variablePrefix = "POPGATE_"

// variableOf returns the variable that sets a flag.
func variableOf(flag string) string {
	return variablePrefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// passedOver are variables that popgate does not read, and that its environment may have all the same: those of programs that call a
// gateway, and of tests.
var passedOver = []string{
	"POPGATE_TARGET", "POPGATE_TOKEN",
	"POPGATE_CONFORMANCE_RUNNER", "POPGATE_DOVECOT", "POPGATE_INTEROP", "POPGATE_INTEROP_CACHE", "POPGATE_TLS",
	"POPGATE_TEST_GATEWAY_TO_KILL", "POPGATE_TEST_SYSTEM_ROOTS",
}

// ofKubernetes is a variable, with its value, that Kubernetes gives to every pod of a namespace that has a Service with a name such as
// popgate or popgate-admin. A PORT that has no URL is somebody's mistake.
var ofKubernetes = regexp.MustCompile(
	`^POPGATE_(\w+_)?(SERVICE_HOST=|SERVICE_PORT(_\w+)?=|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?=|PORT=\w+://)`)

// refuseUnknown tells of a variable of an environment that is not popgate's, with the nearest one that is. Those of its other commands
// are: an image sets them for all. The value is not told, it may be a secret.
func refuseUnknown(root *cobra.Command, environment []string) error {
	known := append(variables(root), account.PasswordVariable, account.AccessTokenVariable)
	for _, entry := range slices.Sorted(slices.Values(environment)) {
		name, _, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, variablePrefix) || slices.Contains(known, name) || slices.Contains(passedOver, name) ||
			ofKubernetes.MatchString(entry) {
			continue
		}
		return fmt.Errorf("unknown variable %s%s", name, didYouMean(name, known))
	}
	return nil
}

// variables returns those of the flags of a command and of the commands below it.
func variables(cmd *cobra.Command) (names []string) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Name != "help" {
			names = append(names, variableOf(f.Name))
		}
	})
	for _, below := range cmd.Commands() {
		names = append(names, variables(below)...)
	}
	return names
}
