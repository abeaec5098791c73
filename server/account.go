package server

import (
	"context"
	"crypto/rand"
	"regexp"
	"sync"
	"time"

	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/logging"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
	"google.golang.org/protobuf/proto"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// requestIDHeader has the caller's name for a call. Who sends none gets none back: a header keeps gRPC libraries from repeating a call
// that asks for it, and a name that is new each time would tell answers apart that have to be the same.
const requestIDHeader = "x-request-id"

// requestID is what a name has to be, to be taken over.
var requestID = regexp.MustCompile(`^[A-Za-z0-9._:/+=@-]{1,128}$`)

// account is what is told of one call: in its line in the log, in the audit log and in its spans.
type account struct {
	id string

	mu                 sync.Mutex
	caller, host, user string         // "" where they are not known (yet)
	connection         uint64         // to a POP3 server, the last one; 0 for none
	octets             int64          // of messages to the caller
	spans              int            // of commands
	waited             *time.Duration // until its first login; nil for none, or when the header has told it
}

type accountKey struct{}

// accountOf returns what is told of the call that a context belongs to.
func accountOf(ctx context.Context) *account {
	if c, ok := ctx.Value(accountKey{}).(*account); ok {
		return c
	}
	return &account{} // of nobody
}

// accounts makes every call known to its own context, and counts its octets. It is a stats.Handler since interceptors see no octets.
type accounts struct{}

// TagRPC implements stats.Handler.
func (accounts) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context {
	c := &account{}
	if ids := metadata.ValueFromIncomingContext(ctx, requestIDHeader); len(ids) == 1 && requestID.MatchString(ids[0]) {
		c.id = ids[0]
	} else {
		c.id = rand.Text()
	}
	return context.WithValue(ctx, accountKey{}, c)
}

// HandleRPC implements stats.Handler.
func (accounts) HandleRPC(ctx context.Context, s stats.RPCStats) {
	if out, ok := s.(*stats.OutPayload); ok {
		c := accountOf(ctx)
		c.mu.Lock()
		defer c.mu.Unlock()
		c.octets += int64(out.Length)
	}
}

// TagConn implements stats.Handler.
func (accounts) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

// HandleConn implements stats.Handler.
func (accounts) HandleConn(context.Context, stats.ConnStats) {}

// told writes into a call's line in the log, and into the audit log, what is known of the call when it is over.
func (s *Server) told() step {
	return step{
		unary: func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
			resp, err := handler(ctx, req)
			if m, ok := resp.(proto.Message); ok && err == nil {
				accounts{}.HandleRPC(ctx, &stats.OutPayload{Length: proto.Size(m)}) // it is sent when the line is written already
			}
			accountOf(ctx).tell(ctx)
			s.registry.observer.auditCall(ctx, info.FullMethod, req, resp, err)
			return resp, err
		},
		stream: func(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
			err := handler(srv, ss)
			accountOf(ss.Context()).tell(ss.Context())
			s.registry.observer.auditCall(ss.Context(), info.FullMethod, nil, nil, err)
			return err
		},
	}
}

// tell adds fields to the call's line in the log.
func (c *account) tell(ctx context.Context) {
	c.mu.Lock()
	defer c.mu.Unlock()
	fields := logging.Fields{"request_id", c.id, "octets", c.octets}
	for name, value := range map[string]string{"caller": c.caller, "target": c.host} {
		if value != "" {
			fields = append(fields, name, value)
		}
	}
	if c.connection > 0 {
		fields = append(fields, "connection", c.connection)
	}
	if span := trace.SpanContextFromContext(ctx); span.IsSampled() {
		fields = append(fields, "trace_id", span.TraceID().String())
	}
	logging.AddFields(ctx, fields)
}

// noted notes who calls.
func noted() step {
	return around(func(ctx context.Context, next func(context.Context) error) error {
		c := accountOf(ctx)
		c.mu.Lock()
		c.caller = escapeShort(callerOf(ctx))
		c.mu.Unlock()
		return next(ctx)
	})
}

// note notes what a valid request is about. session is nil where it names none.
func (c *account) note(req any, session *session) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if open, ok := req.(*pb.CollectMessagesRequest); ok {
		req = open.GetOpen().GetFetch()
	}
	if r, ok := req.(interface{ GetServer() *pb.Server }); ok {
		c.host = escapeShort(oneSpelling(r.GetServer().GetHost()))
	}
	switch r := req.(type) {
	case interface{ GetUsername() string }:
		c.user = escapeShort(r.GetUsername())
	case interface{ GetCredentials() *pb.Credentials }:
		c.user = escapeShort(r.GetCredentials().GetUsername())
	}
	if session != nil {
		c.host, c.connection = escapeShort(session.host), session.link.number
		if c.user == "" {
			c.user = session.link.named()
		}
	}
}

// mostSpans is how many spans of commands one call gets: a mailbox may have millions of messages.
const mostSpans = 1000

// mayTrace reports whether the call gets one more span.
func (c *account) mayTrace() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.spans++
	return c.spans <= mostSpans
}
