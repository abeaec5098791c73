package main

import (
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"
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
			if err := c.wrong(cmd.Flags()); err != nil {
				return err
			}
			_, err := fmt.Fprintln(cmd.OutOrStdout(), "ok")
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
default. What stands before the host of a proxy, where a password may be, is left out.`,
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

// userinfo is what stands before a host, also in an address that is none: a slip must not show a password.
var userinfo = regexp.MustCompile(`^([a-z0-9]*://)?.*@`)

// defaultInUsage is what 0 means for a flag, as its help tells.
var defaultInUsage = regexp.MustCompile(` \(default (\S+)\)$`)

// shown returns a flag's value as it takes effect, without secrets.
func shown(f *pflag.Flag) string {
	text := f.Value.String()
	if m := defaultInUsage.FindStringSubmatch(f.Usage); m != nil && text == f.DefValue {
		return m[1]
	}
	if f.Name == "proxy" {
		return userinfo.ReplaceAllString(text, "${1}xxxxx@")
	}
	return text
}

// valueNode returns what is shown of a flag as YAML.
func valueNode(f *pflag.Flag) *yaml.Node {
	text := shown(f)
	node := &yaml.Node{}
	if isList(f) {
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
