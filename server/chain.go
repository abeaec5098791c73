package server

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"
	"strings"

	middleware "github.com/grpc-ecosystem/go-grpc-middleware/v2"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/logging"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/recovery"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/selector"
	"google.golang.org/grpc"
	"google.golang.org/grpc/status"
)

// step is one interceptor in its two forms.
type step struct {
	unary  grpc.UnaryServerInterceptor
	stream grpc.StreamServerInterceptor
}

// chain lists the interceptors, the outermost first. Both kinds of calls are built from it.
func (s *Server) chain() []step {
	return []step{
		refusing(),     // before anything else: it has to cost little
		s.measured(),   // so far out that it sees the status that the caller sees, and the whole time
		s.logged(),     // as above
		s.told(),       // what is known of the call when it is over
		translated(),   // all below return plain Go errors; their statuses and trailers are made here
		s.recovered(),  // a panic below is an error like any other
		s.identified(), // who calls, and whether it may; nothing below is done for nobody
		noted(),        // who it is, for all that is told
		s.limited(),    // before anything of the call is looked at
		admitted(s),    // arguments, then the session
		s.guarded(),    // a caller that does not read cannot hold a call for ever
	}
}

// chainOptions returns the chain as options of a grpc.Server.
func (s *Server) chainOptions() []grpc.ServerOption {
	var unary []grpc.UnaryServerInterceptor
	var stream []grpc.StreamServerInterceptor
	for _, step := range s.chain() {
		if step.unary != nil {
			unary = append(unary, step.unary)
		}
		stream = append(stream, step.stream)
	}
	return []grpc.ServerOption{grpc.ChainUnaryInterceptor(unary...), grpc.ChainStreamInterceptor(stream...)}
}

// around makes a step of a function that works on a call's context and error.
func around(f func(ctx context.Context, next func(context.Context) error) error) step {
	return step{
		unary: func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (resp any, err error) {
			err = f(ctx, func(ctx context.Context) error {
				resp, err = handler(ctx, req)
				return err
			})
			return resp, err
		},
		stream: func(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
			return f(ss.Context(), func(ctx context.Context) error {
				return handler(srv, &middleware.WrappedServerStream{ServerStream: ss, WrappedContext: ctx})
			})
		},
	}
}

// isOurs selects popgate's own services: health checks and reflection have no session, and come too often to be logged.
var isOurs = selector.MatchFunc(func(_ context.Context, c interceptors.CallMeta) bool {
	return strings.HasPrefix(c.Service, "popgate.")
})

func (s *Server) logged() step {
	logger := logging.LoggerFunc(func(ctx context.Context, level logging.Level, msg string, fields ...any) {
		s.config.Log.Log(ctx, slog.Level(level), msg, fields...)
	})
	options := []logging.Option{
		logging.WithLogOnEvents(logging.FinishCall),
		logging.WithDisableLoggingFields("protocol", "grpc.component", "grpc.method_type"),
		logging.WithErrorFields(func(err error) logging.Fields {
			if reason := reasonOf(err); reason != "" {
				return logging.Fields{"reason", reason}
			}
			return nil
		}),
	}
	return step{
		selector.UnaryServerInterceptor(logging.UnaryServerInterceptor(logger, options...), isOurs),
		selector.StreamServerInterceptor(logging.StreamServerInterceptor(logger, options...), isOurs),
	}
}

// reasonOf returns the reason in a status' ErrorInfo.
func reasonOf(err error) string {
	for _, detail := range status.Convert(err).Details() {
		if info, ok := detail.(interface{ GetReason() string }); ok {
			return info.GetReason()
		}
	}
	return ""
}

func translated() step {
	return around(func(ctx context.Context, next func(context.Context) error) error {
		err := next(ctx)
		if err == nil {
			return nil
		}
		st, trailers := statusOf(ctx, err)
		_ = grpc.SetTrailer(ctx, trailers) // fails only where the call is over, and then nobody reads them
		return st.Err()
	})
}

// errPanic is what a panic becomes; faultOf makes INTERNAL of it.
var errPanic = errors.New("panic")

func (s *Server) recovered() step {
	handler := recovery.WithRecoveryHandlerContext(func(ctx context.Context, p any) error {
		s.config.Log.ErrorContext(ctx, "panic in a handler", "panic", p, "stack", string(debug.Stack()))
		return errPanic
	})
	return step{recovery.UnaryServerInterceptor(handler), recovery.StreamServerInterceptor(handler)}
}

func (s *Server) identified() step {
	identify := around(s.bound)
	stream := func(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		return identify.stream(srv, ss, info, func(srv any, ss grpc.ServerStream) error {
			if info.IsClientStream {
				ss = boundStream{ss}
			}
			return handler(srv, ss)
		})
	}
	// Health is for probes, which have no identity.
	notHealth := selector.MatchFunc(func(_ context.Context, c interceptors.CallMeta) bool {
		return c.Service != "grpc.health.v1.Health"
	})
	return step{
		selector.UnaryServerInterceptor(identify.unary, notHealth),
		selector.StreamServerInterceptor(stream, notHealth),
	}
}

// guarded is for streams alone: what a unary call sends fits into the transport's buffers.
func (s *Server) guarded() step {
	octets := newRates(s.config.Limits.OctetsPerSecondPerCaller, frameSize)
	return step{stream: func(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		return handler(srv, &guardedStream{ServerStream: ss, limit: s.config.Limits.SendStall, octets: octets})
	}}
}

type sessionKey struct{}

// sessionOf returns the session that the request names, as admitted has found it.
func sessionOf(ctx context.Context) *session { return ctx.Value(sessionKey{}).(*session) }

// admit checks a request's arguments and finds its session.
func (s *Server) admit(ctx context.Context, req any) (context.Context, error) {
	if err := validate(req); err != nil {
		return nil, err
	}
	named, ok := req.(interface{ GetSessionId() string })
	if !ok {
		accountOf(ctx).note(req, nil)
		return ctx, nil
	}
	session, err := s.registry.find(callerOf(ctx), named.GetSessionId())
	if err != nil {
		return nil, err
	}
	accountOf(ctx).note(req, session)
	return context.WithValue(ctx, sessionKey{}, session), nil
}

func admitted(s *Server) step {
	return step{
		unary: selector.UnaryServerInterceptor(
			func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
				ctx, err := s.admit(ctx, req)
				if err != nil {
					return nil, err
				}
				return handler(ctx, req)
			}, isOurs),
		stream: selector.StreamServerInterceptor(
			func(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
				return handler(srv, &admittedStream{ServerStream: ss, ctx: ss.Context(), server: s})
			}, isOurs),
	}
}

// admittedStream admits the first request of a stream when it comes; its context then has the session.
type admittedStream struct {
	grpc.ServerStream
	ctx    context.Context //nolint:containedctx // that is what a stream is
	server *Server
	begun  bool
}

func (s *admittedStream) Context() context.Context { return s.ctx }

func (s *admittedStream) RecvMsg(m any) error {
	if err := s.ServerStream.RecvMsg(m); err != nil || s.begun {
		return err
	}
	ctx, err := s.server.admit(s.ctx, m)
	if err != nil {
		return err
	}
	s.ctx, s.begun = ctx, true
	return nil
}
