package main

import (
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
	"github.com/spf13/pflag"
)

// manCommand is for who makes packages, and therefore hidden.
func manCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "man DIR",
		Short: "Write the man pages",
		Long: `Write the man pages of popgate and of its commands into DIR, which is made where there is none. They hold the month that
SOURCE_DATE_EPOCH names, so that they can be made anew to the octet.`,
		Example: "  popgate man /usr/local/share/man/man1",
		Args:    cobra.ExactArgs(1),
		Hidden:  true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil { //nolint:gosec // everybody reads the manual
				return err
			}
			root := cmd.Root()
			root.DisableAutoGenTag = true
			forMan(root)
			return doc.GenManTree(root, &doc.GenManHeader{Manual: "popgate", Source: "popgate " + version()}, args[0])
		},
	}
}

// forMan makes the help of a command, and of all below it, the Markdown that package doc takes it for.
func forMan(cmd *cobra.Command) {
	cmd.Long = markdown(cmd.Long)
	cmd.Flags().VisitAll(func(f *pflag.Flag) { _, f.Usage = pflag.UnquoteUsage(f) })
	for _, sub := range cmd.Commands() {
		forMan(sub)
	}
}

// markdown returns a help text as Markdown: its indented lines, which are tables, as they are, and the rest as paragraphs.
func markdown(help string) string {
	var b strings.Builder
	table := false
	for line := range strings.Lines(help + "\n") {
		if indented := strings.HasPrefix(line, "  "); indented != table {
			b.WriteString("\n```\n")
			table = indented
		}
		b.WriteString(line)
	}
	return b.String()
}
