package main

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// TestExamplesAreValid parses every example of every help text.
func TestExamplesAreValid(t *testing.T) {
	for _, cmd := range append(rootCommand().Commands(), rootCommand()) {
		if cmd.Name() == "version" {
			continue // has nothing to choose
		}
		if cmd.Example == "" {
			t.Errorf("%s has no example", cmd.CommandPath())
		}
		for line := range strings.Lines(cmd.Example) {
			if err := parses(line); err != nil {
				t.Errorf("%s: example %q: %v", cmd.CommandPath(), strings.TrimSpace(line), err)
			}
		}
	}
}

// parses finds the command of a line and parses its flags.
func parses(line string) error {
	line, _, _ = strings.Cut(line, " >") // the shell's
	words := strings.Fields(line)
	if len(words) < 2 || words[0] != "popgate" {
		return errors.New("is no call of popgate with a command")
	}
	cmd, rest, err := rootCommand().Find(words[1:])
	if err != nil {
		return err
	}
	if err := cmd.ParseFlags(rest); err != nil {
		return err
	}
	return cmd.ValidateArgs(cmd.Flags().Args())
}

func TestEveryFlagIsExplained(t *testing.T) {
	for _, cmd := range rootCommand().Commands() {
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if f.Usage == "" {
				t.Errorf("%s: --%s is not explained", cmd.CommandPath(), f.Name)
			}
		})
	}
}

func TestFromEnvironment(t *testing.T) {
	tests := []struct {
		name      string
		args      []string
		env       map[string]string
		targets   string // of --allow-target
		replica   string
		plaintext string
	}{
		{"nothing", nil, nil, "", "host", "false"},
		{"a variable", nil, map[string]string{"POPGATE_REPLICA": "a"}, "", "a", "false"},
		{"a flag alone", []string{"--replica", "b"}, nil, "", "b", "false"},
		{"a flag is stronger", []string{"--replica", "b"}, map[string]string{"POPGATE_REPLICA": "a"}, "", "b", "false"},
		{
			"a flag is stronger even with the default's value",
			[]string{"--unsafe-allow-plaintext=false"},
			map[string]string{"POPGATE_UNSAFE_ALLOW_PLAINTEXT": "true"}, "", "host", "false",
		},
		{"a switch", nil, map[string]string{"POPGATE_UNSAFE_ALLOW_PLAINTEXT": "true"}, "", "host", "true"},
		{
			"a list",
			nil, map[string]string{"POPGATE_ALLOW_TARGET": "10.0.0.0/8,mail.example:110"},
			"10.0.0.0/8,mail.example:110", "host", "false",
		},
		{
			"a list is replaced, not added to",
			[]string{"--allow-target", "192.168.0.0/16", "--allow-target", "mail.example:1110"},
			map[string]string{"POPGATE_ALLOW_TARGET": "10.0.0.0/8"},
			"192.168.0.0/16,mail.example:1110", "host", "false",
		},
		{"an empty list", nil, map[string]string{"POPGATE_ALLOW_TARGET": ""}, "", "host", "false"},
		{"no other prefix, no lower case", nil, map[string]string{"REPLICA": "a", "popgate_replica": "a"}, "", "host", "false"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			flags := serveCommand().Flags()
			flags.Lookup("replica").Value.Set("host") // in place of this host's name
			if err := flags.Parse(test.args); err != nil {
				t.Fatal(err)
			}
			lookup := func(name string) (string, bool) { v, ok := test.env[name]; return v, ok }
			if err := fromEnvironment(flags, lookup); err != nil {
				t.Fatal(err)
			}
			for name, want := range map[string]string{
				"allow-target": test.targets, "replica": test.replica, "unsafe-allow-plaintext": test.plaintext,
			} {
				if got := flags.Lookup(name).Value.String(); got != want {
					t.Errorf("--%s is %q, want %q", name, got, want)
				}
			}
		})
	}
}

// TestVariableOfTheEnvironment goes the whole way, through run.
func TestVariableOfTheEnvironment(t *testing.T) {
	t.Setenv("POPGATE_LOG_FORMAT", "json")
	t.Setenv("POPGATE_LISTEN", "203.0.113.1:1") // the flag is stronger
	gateway := serves(t)
	gateway.log.waitFor(t, `"msg":"listening"`)
}

func TestIsLoopback(t *testing.T) {
	tests := []struct {
		address string
		want    bool
	}{
		{"127.0.0.1:9110", true},
		{"127.9.9.9:0", true},
		{"[::1]:9110", true},
		{"localhost:9110", true},
		{"[::ffff:127.0.0.1]:1", true},
		{":9110", false},
		{"0.0.0.0:9110", false},
		{"[::]:9110", false},
		{"192.168.1.1:9110", false},
		{"localhost.example:9110", false},
		{"127.0.0.1", false},
		{"", false},
	}
	for _, test := range tests {
		if got := isLoopback(test.address); got != test.want {
			t.Errorf("isLoopback(%q) = %t", test.address, got)
		}
	}
}

// failing is a writer that takes nothing.
type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

func TestOutputThatCannotBeWritten(t *testing.T) {
	for _, args := range [][]string{
		{"version"},
		{"demo", "--listen", "127.0.0.1:0", "--mailbox", "127.0.0.1:0"},
	} {
		if err := run(t.Context(), args, failing{}, io.Discard); !errors.Is(err, io.ErrShortWrite) {
			t.Errorf("popgate %s: %v", args[0], err)
		}
	}
}
