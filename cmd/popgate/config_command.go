package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"

	"github.com/popgate/popgate/server"
)

func configCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Look at the settings of serve",
		Long: `Look at the settings of serve: those of a file (--config), of POPGATE_* variables, which are stronger, and of flags, which are
stronger still. Keys of the file are the names of serve's flags:

  listen: ":9110"
  tls-cert: /etc/popgate/tls.crt
  tls-key: /etc/popgate/tls.key
  allow-target:
    - mail.internal.example:110
    - 10.1.0.0/16`,
		Example: `  popgate config check --config popgate.yaml
  popgate config show --config popgate.yaml`,
	}
	cmd.AddCommand(configCheckCommand(), configShowCommand())
	return cmd
}

func configCheckCommand() *cobra.Command {
	var c serveConfig
	cmd := &cobra.Command{
		Use:     "check",
		Short:   "Find what serve would find wrong",
		Long:    "Find what serve would find wrong with its settings and the files that they name, without listening. The exit status is 0 if it is nothing.",
		Example: "  popgate config check --config popgate.yaml",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, _, err := c.assemble(cmd.Flags())
			if err != nil {
				return err
			}
			gateway, err := server.New(config)
			if err != nil {
				return err
			}
			over, cancel := context.WithCancel(cmd.Context())
			cancel()
			gateway.Shutdown(over)
			_, err = fmt.Fprintln(cmd.OutOrStdout(), "ok")
			return err
		},
	}
	serveFlags(cmd.Flags(), &c)
	return cmd
}

func configShowCommand() *cobra.Command {
	var c serveConfig
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Write the settings, and where each comes from",
		Long: `Write the settings as a file for --config, each with where its value comes from: a line of the file, a variable, a flag, or popgate's
default. Passwords are left out of addresses.`,
		Example: "  popgate config show --config popgate.yaml",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return showConfig(cmd.Flags(), cmd.OutOrStdout()) },
	}
	serveFlags(cmd.Flags(), &c)
	return cmd
}

// showConfig writes the settings as YAML.
func showConfig(flags *pflag.FlagSet, out io.Writer) error {
	root := &yaml.Node{Kind: yaml.MappingNode}
	flags.VisitAll(func(f *pflag.Flag) {
		if !isSetting(f) {
			return
		}
		value := valueNode(f)
		value.LineComment = originOf(f)
		root.Content = append(root.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: f.Name}, value)
	})
	encoder := yaml.NewEncoder(out)
	encoder.SetIndent(2)
	return encoder.Encode(root)
}

// valueNode returns a flag's value, without secrets.
func valueNode(f *pflag.Flag) *yaml.Node {
	text := f.Value.String()
	if target, err := url.Parse(text); f.Name == "proxy" && err == nil {
		text = target.Redacted()
	}
	node := &yaml.Node{}
	switch f.Value.(type) {
	case *targetRules, *sourceAddresses:
		node.Kind, node.Style = yaml.SequenceNode, yaml.FlowStyle
		for item := range strings.SplitSeq(text, ",") {
			if item != "" {
				node.Content = append(node.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: item})
			}
		}
		return node
	}
	node.Kind, node.Value = yaml.ScalarNode, text
	if text == "" {
		node.Style = yaml.DoubleQuotedStyle
	}
	return node
}

// rereadConfig reads the file anew. The level of the log is put into force; what else has changed is said to need a restart.
func rereadConfig(file string, before *pflag.FlagSet, level *slog.LevelVar, log *slog.Logger) error {
	if file == "" {
		return nil
	}
	var c serveConfig
	now := pflag.NewFlagSet("serve", pflag.ContinueOnError)
	serveFlags(now, &c)
	before.VisitAll(func(f *pflag.Flag) {
		if f.Changed && !strings.HasPrefix(originOf(f), file+":") {
			_ = now.Set(f.Name, f.Value.String()) // it was set to this before
		}
	})
	if err := fromFile(now, file); err != nil {
		log.Error("the new configuration is refused, and the old one stays in force", "error", err)
		return err
	}
	var waiting []string
	now.VisitAll(func(f *pflag.Flag) {
		if old := before.Lookup(f.Name); old != nil && old.Value.String() != f.Value.String() && f.Name != "log-level" {
			waiting = append(waiting, f.Name)
		}
	})
	level.Set(c.logLevel)
	slices.Sort(waiting)
	if len(waiting) > 0 {
		log.Warn("these settings have changed and need a restart", "settings", strings.Join(waiting, " "))
	}
	log.Info("the configuration was read anew", "log_level", c.logLevel)
	return nil
}
