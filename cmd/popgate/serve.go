package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/popgate/popgate/server"
)

// defaultListen is where the gateway listens: loopback, so that a first try opens nothing.
const defaultListen = "127.0.0.1:9110"

// serveConfig are the settings of popgate serve.
type serveConfig struct {
	callerConfig

	config                      string
	listen                      string
	unsafeAllowPlaintextCallers bool

	allowTargets             targetRules
	proxy, proxyCredentials  string
	sources                  sourceAddresses
	unsafeAllowPlaintext     bool
	unsafeAllowUnverifiedTLS bool
	replica                  string
	limits                   server.Limits
	drain                    time.Duration
	logFormat                logFormat
	logLevel                 slog.Level
	observe                  observeConfig
}

func serveCommand() *cobra.Command {
	var c serveConfig
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the gateway",
		Long: `Run the gateway until SIGINT or SIGTERM. It then drains: health turns NOT_SERVING, no new session is let in, sessions get
--drain to end, and the rest is closed without QUIT, which removes nothing. A second signal ends it at once.

The files of --tls-cert, --tls-key, --tls-client-ca and --callers are read anew when they change, within 5 seconds, and at SIGHUP. What is
wrong with new ones is in the log, and the old ones stay in force. A call whose caller loses its credentials ends. SIGHUP reads the file of
--config anew, too: a new log-level and new limits of the number of sessions are in force at once, and what else has changed needs a
restart, which the log says. It opens the file of --audit-log anew, which may have been moved away by then.

` + callersHelp,
		Example: `  popgate serve
  popgate serve --allow-target mail.internal.example:110 --allow-target 10.1.0.0/16
  popgate serve --listen :9110 --tls-cert cert.pem --tls-key key.pem --tls-client-ca callers.pem
  popgate serve --listen :9110 --tls-cert cert.pem --tls-key key.pem --callers callers.yaml
  popgate serve --config popgate.yaml
  popgate serve --proxy socks5://proxy.internal.example:1080 --proxy-credentials proxy.txt`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return serve(cmd.Context(), c, cmd.Flags(), cmd.ErrOrStderr())
		},
	}
	serveFlags(cmd.Flags(), &c)
	return cmd
}

// serveFlags adds the flags of the settings of serve.
func serveFlags(f *pflag.FlagSet, c *serveConfig) {
	host, err := os.Hostname()
	if err != nil {
		host = "popgate"
	}
	f.StringVar(&c.config, "config", "", "YAML `file` with settings: the names of these flags and their values")
	f.StringVar(&c.listen, "listen", defaultListen, "`address` to listen on, or systemd for the socket that systemd passes; beyond loopback only with TLS, or with "+
		"--unsafe-allow-plaintext-callers")
	f.StringVar(&c.tlsCert, "tls-cert", "", "PEM `file` with the gateway's certificate chain")
	f.StringVar(&c.tlsKey, "tls-key", "", "PEM `file` with its private key")
	f.StringVar(&c.tlsClientCA, "tls-client-ca", "",
		"PEM `file` with the CAs of callers; a caller is then known by the SAN of its certificate and owns its sessions, "+
			"without it all callers are the same one")
	f.StringVar(&c.callers, "callers", "",
		"YAML `file` with who may call, by tokens, certificates or JWTs, and what; without it whoever TLS lets in may make every call")
	f.BoolVar(&c.unsafeAllowPlaintextCallers, "unsafe-allow-plaintext-callers", false,
		"listen beyond loopback without TLS: callers' tokens, passwords and mail go over the network for all to read")
	f.Var(&c.allowTargets, "allow-target",
		"opens a POP3 `target` beside ports 110 and 995 of public addresses: host:port, *.domain:port, a CIDR block for the same ports, "+
			"block:port, or *:port for public addresses; repeatable")
	f.StringVar(&c.proxy, "proxy", "",
		"proxy for connections to POP3 servers, a `URL`: socks5://host:port, or http://host:port or https://host:port for CONNECT; "+
			"it is given the IP address that was found and allowed here")
	f.StringVar(&c.proxyCredentials, "proxy-credentials", "", "`file` with user:password for the proxy")
	f.Var(&c.sources, "source-address",
		"IP `address` that outgoing connections of its family come from; repeatable, once for IPv4 and once for IPv6")
	f.BoolVar(&c.unsafeAllowPlaintext, "unsafe-allow-plaintext", false, "let logins go to POP3 servers without TLS")
	f.BoolVar(&c.unsafeAllowUnverifiedTLS, "unsafe-allow-unverified-tls", false,
		"let callers switch off the verification of POP3 servers' certificates")
	f.StringVar(&c.replica, "replica", host, "`name` of this replica in session ids; without it this host's")
	f.Lookup("replica").DefValue = "" // help and man pages are the same everywhere
	limitFlags(f, &c.limits)
	f.DurationVar(&c.drain, "drain", 30*time.Second, "how long sessions get to end at shutdown")
	c.observe.flags(f)
	f.TextVar(&c.logFormat, "log-format", logText, "`format` of the log on standard error: text or json")
	f.TextVar(&c.logLevel, "log-level", slog.LevelInfo, "least `level` of what is logged: debug, info, warn or error")
}

// gcPercent is how much garbage there may be beside what is in use. A third of Go's default keeps a gateway small that lists a large
// maildrop, and costs little: the octets of messages go through buffers that are used again.
const gcPercent = 35

// serve runs the gateway until ctx ends.
func serve(ctx context.Context, c serveConfig, flags *pflag.FlagSet, stderr io.Writer) error {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	signals := make(chan os.Signal, 1) // before anything else: from here on SIGHUP ends nothing
	signal.Notify(signals, syscall.SIGHUP)
	defer signal.Stop(signals)
	level := new(slog.LevelVar)
	level.Set(c.logLevel)
	log := slog.New(c.logFormat.handler(stderr, level))
	if err := noCore(); err != nil {
		log.Warn("a crash may write a core file", "error", err)
	}
	config, callers, err := c.assemble(flags)
	if err != nil {
		return err
	}
	config.Log = log
	audit, closeAll, err := c.observe.into(ctx, &config)
	if err != nil {
		return err
	}
	defer closeAll()
	gateway, err := server.New(config)
	if err != nil {
		return withOrigins(err, flags)
	}
	listener, err := listen(ctx, c.listen)
	if err != nil {
		return fmt.Errorf("--listen: %w", err)
	}
	stopAdmin, err := c.observe.serveAdmin(ctx, gateway, log)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer stopAdmin()
	c.warn(log)
	if config.Proxy != nil {
		log.Info("connections to POP3 servers go through a proxy", "proxy", config.Proxy.String())
	}
	log.Info("listening", "address", listener.Addr().String(), "tls", callers.tls != nil, "version", version())
	stop := c.reloads(ctx, gateway, callers, log, hangup{signals, func() {
		if audit != nil {
			gateway.Reloaded(server.ReloadAuditLog, audit.reopen())
		}
		if c.config != "" {
			gateway.Reloaded(server.ReloadConfiguration, rereadConfig(c.config, flags, log, func(now serveConfig) {
				level.Set(now.logLevel)
				gateway.LimitSessions(now.limits)
			}))
		}
	}})
	defer stop()
	return serveUntil(ctx, gateway, listener, c.drain, log)
}

// reloads keeps the gateway up to the files of callers, and calls hangup at SIGHUP. stop ends that.
func (c serveConfig) reloads(
	ctx context.Context, gateway *server.Server, first accepted, log *slog.Logger, hangup hangup,
) (stop func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx)) // certificates end during a drain, too
	ended := make(chan struct{})
	r := &reloader{
		callerConfig: c.callerConfig, reload: gateway.Reload, log: log, seen: first.content, until: first.end(),
		told: func(err error) { gateway.Reloaded(server.ReloadCallers, err) }, hangup: hangup,
	}
	go func() {
		defer close(ended)
		r.run(ctx)
	}()
	return func() {
		cancel()
		<-ended
	}
}

// warn tells what the operator has opened.
func (c serveConfig) warn(log *slog.Logger) {
	for _, rule := range c.allowTargets.rules {
		log.Warn("a target beside the public ones is allowed", "target", rule)
	}
	if c.exposed() {
		log.Warn("unsafe: callers' tokens, passwords and mail go over the network in plaintext", "address", c.listen)
	}
	if c.unsafeAllowPlaintext {
		log.Warn("unsafe: logins may go to POP3 servers without TLS")
	}
	if c.observe.unsafeAdmin {
		log.Warn("unsafe: the admin pages are for whoever reaches them", "address", c.observe.admin)
	}
	if c.unsafeAllowUnverifiedTLS {
		log.Warn("unsafe: callers may switch off the verification of POP3 servers' certificates")
	}
}

// serveUntil serves on a listener until ctx ends, and then drains.
func serveUntil(ctx context.Context, gateway *server.Server, listener net.Listener, drain time.Duration, log *slog.Logger) error {
	served := make(chan error, 1)
	go func() { served <- gateway.Serve(listener) }()
	tellSystemd(daemon.SdNotifyReady, log)
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	tellSystemd(daemon.SdNotifyStopping, log)
	log.Info("draining", "for", drain.String())
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
	defer cancel()
	gateway.Shutdown(limit)
	log.Info("stopped")
	return <-served
}
