package main

import (
	"fmt"

	"github.com/spf13/pflag"

	"github.com/popgate/popgate/server"
)

// limitFlags adds the flags of the gateway's limits. Their defaults, 0, are those of server.Limits.
func limitFlags(f *pflag.FlagSet, l *server.Limits) {
	f.DurationVar(&l.IdleTimeout, "idle-timeout", 0, "how long a session waits for a call (default 5m)")
	f.DurationVar(&l.MaxAge, "max-age", 0, "how old a session gets; a call that is running then is finished (default 1h)")
	f.IntVar(&l.Sessions, "max-sessions", 0, "greatest `number` of sessions (default 10000)")
	f.IntVar(&l.SessionsPerCaller, "max-sessions-per-caller", 0, "greatest `number` of sessions of a caller (default 1000)")
	f.IntVar(&l.SessionsPerHost, "max-sessions-per-host", 0, "greatest `number` of sessions with a POP3 host (default 500)")
	f.IntVar(&l.Connections, "max-connections", 0, "greatest `number` of callers' connections (default 4096)")
	f.Int64Var(&l.MessageOctets, "max-message-octets", 0, "greatest size of a message in `octets` (default 4294967296)")
	f.Float64Var(&l.LoginsPerSecond, "logins-per-second", 0,
		"greatest `number` of logins a second at one POP3 host, evenly spread, which calls wait for; 0.1 is one in 10 s, 0 no limit")
	f.Float64Var(&l.LoginsPerSecondPerCaller, "logins-per-second-per-caller", 0,
		"greatest `number` of logins that a caller may begin a second; 0 is no limit")
	f.Float64Var(&l.CallsPerSecondPerCaller, "calls-per-second-per-caller", 0,
		"greatest `number` of calls that a caller may begin a second; 0 is no limit")
	f.Float64Var(&l.OctetsPerSecondPerCaller, "octets-per-second-per-caller", 0,
		"greatest `number` of octets that a caller is sent a second, which streams wait for; 0 is no limit")
	f.IntVar(&l.FailedLogins, "failed-logins", 0,
		"`number` of logins in a row of a caller as a user at a host that may fail before each next one has to wait, 2 s to 15 s (default 3)")
}

// checkLimits finds what is less than nothing.
func checkLimits(f *pflag.FlagSet, l server.Limits) error {
	for name, wrong := range map[string]bool{
		"idle-timeout": l.IdleTimeout < 0, "max-age": l.MaxAge < 0, "max-sessions": l.Sessions < 0,
		"max-sessions-per-caller": l.SessionsPerCaller < 0, "max-sessions-per-host": l.SessionsPerHost < 0,
		"max-connections": l.Connections < 0, "max-message-octets": l.MessageOctets < 0, "failed-logins": l.FailedLogins < 0,
		"logins-per-second": !(l.LoginsPerSecond >= 0), "logins-per-second-per-caller": !(l.LoginsPerSecondPerCaller >= 0),
		"calls-per-second-per-caller": !(l.CallsPerSecondPerCaller >= 0), "octets-per-second-per-caller": !(l.OctetsPerSecondPerCaller >= 0),
	} {
		if wrong {
			return fmt.Errorf("--%s %s: less than 0", name, f.Lookup(name).Value)
		}
	}
	return nil
}
