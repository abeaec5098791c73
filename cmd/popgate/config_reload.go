package main

import (
	"log/slog"
	"os"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// atHangup are the settings of the file that SIGHUP puts into force. The others need a restart.
var atHangup = []string{"log-level", "max-sessions", "max-sessions-per-caller", "max-sessions-per-host"}

// hangup is what SIGHUP does beside reading the files of callers.
type hangup struct {
	signals <-chan os.Signal
	reread  func()
}

// rereadConfig reads the file of settings anew and applies those of atHangup. What else has changed is said to need a restart. A
// file that serve would refuse at its start changes nothing.
func rereadConfig(file string, before *pflag.FlagSet, log *slog.Logger, apply func(serveConfig)) error {
	var c serveConfig
	now := pflag.NewFlagSet("serve", pflag.ContinueOnError)
	serveFlags(now, &c)
	before.VisitAll(func(f *pflag.Flag) {
		if f.Changed && !strings.HasPrefix(originOf(f), file+":") {
			_ = now.Set(f.Name, f.Value.String()) // it was set to this before
		}
	})
	err := fromFile(now, file)
	if err == nil {
		err = c.wrong(now)
	}
	if err != nil {
		log.Error("the new configuration is refused, and the old one stays in force", "error", err)
		return err
	}
	apply(c)
	if waiting := needRestart(before, now); len(waiting) > 0 {
		log.Warn("these settings have changed and need a restart", "settings", strings.Join(waiting, " "))
	}
	log.Info("the configuration was read anew", "log_level", c.logLevel)
	return nil
}

// needRestart names the settings that have changed and are not in force.
func needRestart(before, now *pflag.FlagSet) (names []string) {
	now.VisitAll(func(f *pflag.Flag) {
		if old := before.Lookup(f.Name); old.Value.String() != f.Value.String() && !slices.Contains(atHangup, f.Name) {
			names = append(names, f.Name)
		}
	})
	return names
}
