package main

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/popgate/popgate/server"
)

// refusal runs popgate with a context that has ended, so that a gateway which starts all the same is over at once.
func refusal(t *testing.T, args ...string) error {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return run(ctx, args, io.Discard, io.Discard)
}

// TestTypos: a flag whose name is wrong by one letter keeps the gateway from starting, and is named.
func TestTypos(t *testing.T) {
	typos := 0
	serveCommand().Flags().VisitAll(func(f *pflag.Flag) {
		for _, name := range []string{f.Name[:len(f.Name)-1], f.Name[:1] + f.Name[2:]} {
			typos++
			var usage *usageError
			err := refusal(t, "serve", "--listen", "127.0.0.1:0", "--"+name+"=1")
			if !errors.As(err, &usage) || !strings.Contains(err.Error(), "unknown flag: --"+name) {
				t.Errorf("--%s: %v", name, err)
			}
		}
	})
	if typos < 20 {
		t.Errorf("only %d", typos)
	}
}

// TestLimitsAreNotNegative: nobody switches a limit off by a number below 0.
func TestLimitsAreNotNegative(t *testing.T) {
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	limitFlags(flags, new(server.Limits))
	flags.VisitAll(func(f *pflag.Flag) {
		value := "-1"
		if f.Value.Type() == "duration" {
			value = "-1s"
		}
		if err := refusal(t, "serve", "--listen", "127.0.0.1:0", "--"+f.Name, value); err == nil || !strings.Contains(err.Error(), "--"+f.Name) {
			t.Errorf("--%s %s: %v", f.Name, value, err)
		}
	})
}

// TestWhatIsOpenedIsSaid: each target beside the public ones, and each flag that makes the gateway less safe, is a warning at the start.
func TestWhatIsOpenedIsSaid(t *testing.T) {
	targets := []string{"10.0.0.0/8", "*:2110", "mail.example.com:110"}
	args := []string{"--unsafe-allow-plaintext", "--unsafe-allow-unverified-tls"}
	for _, target := range targets {
		args = append(args, "--allow-target", target)
	}
	gateway := serves(t, args...)
	if err := gateway.stop(); err != nil {
		t.Fatal(err)
	}
	log := gateway.log.String()
	if got := strings.Count(log, "level=WARN"); got != len(targets)+2 {
		t.Errorf("%d warnings:\n%s", got, log)
	}
	for _, target := range targets {
		if !strings.Contains(log, "target="+target+"\n") {
			t.Errorf("nothing is said of %s:\n%s", target, log)
		}
	}
	if got := strings.Count(log, "unsafe: "); got != 2 {
		t.Errorf("%d warnings of unsafe flags:\n%s", got, log)
	}
}
