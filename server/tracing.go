package server

import (
	"context"
	"strings"
	"sync"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/stats"

	"github.com/popgate/popgate/pop3"
)

// tracerName is the instrumentation scope of the spans of POP3 commands.
const tracerName = "github.com/popgate/popgate/server"

// traced returns what makes a span of every call of popgate's own services: a child of the caller's, if it sends a traceparent. Baggage
// is never read, and metrics are not made here.
func (s *Server) traced() []grpc.ServerOption {
	if s.config.Tracing == nil {
		return nil
	}
	known := sync.OnceValue(func() map[string]bool { // others may have any name
		names := map[string]bool{}
		for service, info := range s.grpc.GetServiceInfo() {
			for _, m := range info.Methods {
				names["/"+service+"/"+m.Name] = strings.HasPrefix(service, "popgate.")
			}
		}
		return names
	})
	return []grpc.ServerOption{grpc.StatsHandler(otelgrpc.NewServerHandler(
		otelgrpc.WithTracerProvider(s.config.Tracing), otelgrpc.WithPropagators(propagation.TraceContext{}),
		otelgrpc.WithMeterProvider(metricnoop.NewMeterProvider()), otelgrpc.WithFilter(func(info *stats.RPCTagInfo) bool { return known()[info.FullMethodName] }),
	))}
}

// span tells of a command by a span below that of its call.
func (l *link) span(ctx context.Context, name, result string, d pop3.Done) {
	if l.tracer == nil || !trace.SpanFromContext(ctx).IsRecording() || !accountOf(ctx).mayTrace() {
		return
	}
	_, span := l.tracer.Start(ctx, "POP3 "+name, trace.WithTimestamp(d.Begun), trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
		attribute.String("server.address", l.host),
		attribute.Int64("pop3.connection", int64(l.number)), //nolint:gosec // counts connections
		attribute.String("pop3.command", name),
		attribute.String("pop3.result", result),
		attribute.Int64("pop3.octets_sent", d.Sent),
		attribute.Int64("pop3.octets_received", d.Received),
	))
	if d.Err != nil {
		span.SetStatus(codes.Error, result)
	}
	span.End(trace.WithTimestamp(d.Ended))
}
