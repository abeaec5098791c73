package main

import (
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"

	"github.com/popgate/popgate/server"
)

// targetRules are the values of --allow-target: each is checked where it is given, so that the error names the flag or the variable.
type targetRules struct {
	rules   []string
	targets server.Targets
}

// Set adds rules; commas part them.
func (r *targetRules) Set(list string) error {
	if list == "" {
		return nil
	}
	rules := slices.Concat(r.rules, strings.Split(list, ","))
	targets, err := server.ParseTargets(rules)
	if err != nil {
		return err
	}
	r.rules, r.targets = rules, targets
	return nil
}

func (r *targetRules) String() string { return strings.Join(r.rules, ",") }

// Type implements pflag.Value.
func (r *targetRules) Type() string { return "target" }

// sourceAddresses are the values of --source-address.
type sourceAddresses struct {
	list    []string
	sources server.Sources
}

// Set adds addresses; commas part them.
func (a *sourceAddresses) Set(list string) error {
	if list == "" {
		return nil
	}
	all := slices.Concat(a.list, strings.Split(list, ","))
	sources, err := server.ParseSources(all)
	if err != nil {
		return err
	}
	a.list, a.sources = all, sources
	return nil
}

func (a *sourceAddresses) String() string { return strings.Join(a.list, ",") }

// Type implements pflag.Value.
func (a *sourceAddresses) Type() string { return "address" }

// logFormat is the value of --log-format.
type logFormat string

const (
	logText logFormat = "text"
	logJSON logFormat = "json"
)

// UnmarshalText implements encoding.TextUnmarshaler.
func (f *logFormat) UnmarshalText(text []byte) error {
	format := logFormat(text)
	if format != logText && format != logJSON {
		return fmt.Errorf("neither %s nor %s", logText, logJSON)
	}
	*f = format
	return nil
}

// MarshalText implements encoding.TextMarshaler.
func (f logFormat) MarshalText() ([]byte, error) { return []byte(f), nil }

// handler returns what writes log records in the format.
func (f logFormat) handler(w io.Writer, level slog.Leveler) slog.Handler {
	options := &slog.HandlerOptions{Level: level}
	if f == logJSON {
		return slog.NewJSONHandler(w, options)
	}
	return slog.NewTextHandler(w, options)
}
