package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/pflag"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/popgate/popgate/server"
)

// observeConfig are the settings of what a gateway tells, its log aside.
type observeConfig struct {
	admin       string
	pprof       bool
	unsafeAdmin bool
	audit       string
}

func (c *observeConfig) flags(f *pflag.FlagSet) {
	f.StringVar(&c.admin, "admin-listen", "",
		"`address` of a second listener, for /metrics, /livez, /readyz and gRPC's channelz, in plaintext and for whoever reaches it, such as 127.0.0.1:9112; without it there is none")
	f.BoolVar(&c.pprof, "admin-pprof", false, "serve /debug/pprof/ there too")
	f.BoolVar(&c.unsafeAdmin, "unsafe-admin-beyond-loopback", false, "let --admin-listen be an address that other hosts reach")
	f.StringVar(&c.audit, "audit-log", "", "`file` that each OpenSession, login, DELE and QUIT is appended to, as JSON; SIGHUP opens it anew")
}

// check returns an error where the settings contradict each other.
func (c *observeConfig) check() error {
	switch {
	case c.admin == "" && (c.pprof || c.unsafeAdmin):
		return errors.New("--admin-pprof and --unsafe-admin-beyond-loopback need --admin-listen")
	case c.admin != "" && !c.unsafeAdmin && !isLoopback(c.admin):
		return fmt.Errorf("--admin-listen %s: only loopback, or give --unsafe-admin-beyond-loopback", c.admin)
	}
	if c.admin != "" {
		if err := checkAddress(c.admin); err != nil {
			return fmt.Errorf("--admin-listen: %w", err)
		}
	}
	if c.audit != "" {
		if _, err := os.Stat(filepath.Dir(c.audit)); err != nil {
			return fmt.Errorf("--audit-log: %w", err)
		}
	}
	return nil
}

// into makes a gateway tell what the settings ask for. closeAll is called when the gateway has stopped. audit is nil where there is none.
func (c *observeConfig) into(ctx context.Context, config *server.Config) (audit *auditFile, closeAll func(), err error) {
	closeAudit := func() error { return nil }
	if c.audit != "" {
		audit, err = openAudit(c.audit, config.Log)
		if err != nil {
			return nil, nil, fmt.Errorf("--audit-log: %w", err)
		}
		closeAudit = audit.close
		config.Audit = slog.New(slog.NewJSONHandler(audit, nil))
	}
	stopTracing := func() {}
	if tracing(os.Getenv) {
		if config.Tracing, stopTracing, err = startTracing(ctx, config.Replica, config.Log); err != nil {
			return nil, nil, errors.Join(err, closeAudit())
		}
	}
	return audit, func() {
		stopTracing()
		if err := closeAudit(); err != nil {
			config.Log.Error("--audit-log", "error", err)
		}
	}, nil
}

// tracing reports whether the variables of OpenTelemetry ask for traces.
func tracing(getenv func(string) string) bool {
	return (getenv("OTEL_EXPORTER_OTLP_ENDPOINT") != "" || getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") != "") &&
		getenv("OTEL_SDK_DISABLED") != "true" && getenv("OTEL_TRACES_EXPORTER") != "none"
}

// lastSpans is how long the collector gets for what is left at the end.
const lastSpans = 5 * time.Second

// startTracing sends spans to the collector that the environment names. Nothing waits for it, and spans are lost where it is away.
func startTracing(ctx context.Context, replica string, log *slog.Logger) (trace.TracerProvider, func(), error) {
	for _, name := range []string{"OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"} {
		if protocol := os.Getenv(name); protocol != "" && protocol != "grpc" {
			return nil, nil, fmt.Errorf("%s is %q: only grpc is known", name, protocol)
		}
	}
	exporter, err := otlptracegrpc.New(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("OTEL_EXPORTER_OTLP_ENDPOINT: %w", err)
	}
	// Not resource.Default: it tells the command line.
	about, err := resource.New(ctx, resource.WithAttributes(
		attribute.String("service.name", "popgate"), attribute.String("service.version", version()), attribute.String("service.instance.id", replica),
	), resource.WithTelemetrySDK(), resource.WithFromEnv())
	if err != nil {
		return nil, nil, fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.Warn("traces", "error", err) }))
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(about))
	return provider, func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastSpans)
		defer cancel()
		if err := provider.Shutdown(ctx); err != nil {
			log.Warn("traces", "error", err)
		}
	}, nil
}
