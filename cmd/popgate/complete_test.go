package main

import (
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// TestFixedValues: each value that a shell offers is one that its flag takes, and a flag that takes few has them offered.
func TestFixedValues(t *testing.T) {
	seen := map[string]bool{}
	var visit func(cmd *cobra.Command)
	visit = func(cmd *cobra.Command) {
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			values, fixed := fixedValues[f.Name]
			seen[f.Name] = true
			for _, value := range values {
				if err := f.Value.Set(value); err != nil {
					t.Errorf("%s: --%s %s: %v", cmd.CommandPath(), f.Name, value, err)
				}
			}
			if f.Value.Type() == "" && !fixed { // which is so of TextVar alone
				t.Errorf("%s: --%s has no values to offer", cmd.CommandPath(), f.Name)
			}
		})
		for _, sub := range cmd.Commands() {
			visit(sub)
		}
	}
	visit(rootCommand())
	for name := range fixedValues {
		if !seen[name] {
			t.Errorf("no command has --%s", name)
		}
	}
}
