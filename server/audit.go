package server

import (
	"cmp"
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// audited are the calls that the audit log tells of, and what they are there. Of calls of MailboxService it tells each connection,
// login, DELE and QUIT.
var audited = map[string]string{
	pb.Pop3Service_OpenSession_FullMethodName:  "open",
	pb.Pop3Service_Pass_FullMethodName:         "login",
	pb.Pop3Service_Apop_FullMethodName:         "login",
	pb.Pop3Service_Rpop_FullMethodName:         "login",
	pb.Pop3Service_Auth_FullMethodName:         "login",
	pb.Pop3Service_AuthExchange_FullMethodName: "login",
	pb.Pop3Service_Dele_FullMethodName:         "dele",
	pb.Pop3Service_Quit_FullMethodName:         "quit",
}

// auditEvent is what was done, and what came of it.
type auditEvent struct {
	event, result string
	outcome       string // "" where nothing is known
	number        uint32 // of the message, 0 for none
}

// auditCall tells of a call that is over.
func (o *observer) auditCall(ctx context.Context, method string, req, resp any, err error) {
	e := auditEvent{event: audited[method], result: "OK"}
	if e.event == "" {
		return
	}
	if err != nil {
		e.result = cmp.Or(strings.TrimPrefix(reasonOf(err), "ERROR_REASON_"), status.Code(err).String())
		e.outcome = metadataOf(err)["outcome"]
	}
	if quit, ok := resp.(*pb.QuitResponse); ok && err == nil {
		e.outcome = outcomeName(quit.GetOutcome())
	}
	if dele, ok := req.(*pb.DeleRequest); ok {
		e.number = dele.GetMessageNumber()
	}
	o.writeAudit(ctx, method, e)
}

// auditCommand tells of a command of a call of MailboxService.
func (o *observer) auditCommand(ctx context.Context, e auditEvent) {
	method, _ := grpc.Method(ctx)
	o.writeAudit(ctx, method, e)
}

// writeAudit writes an event. Where that fails, the call goes on: a full disk is no reason to keep callers from their mail.
func (o *observer) writeAudit(ctx context.Context, method string, e auditEvent) {
	ctx = context.WithoutCancel(ctx)
	if o.audit == nil || !o.audit.Enabled(ctx, slog.LevelInfo) {
		return
	}
	record := slog.NewRecord(time.Now(), slog.LevelInfo, "audit", 0)
	record.AddAttrs(auditAttrs(ctx, method, e)...)
	o.auditWritten(o.audit.Handler().Handle(ctx, record)) // a Logger would keep the error to itself
}

// auditAttrs returns what is told of an event.
func auditAttrs(ctx context.Context, method string, e auditEvent) []slog.Attr {
	c := accountOf(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	attrs := []slog.Attr{
		slog.String("event", e.event), slog.String("method", strings.TrimPrefix(method, "/")), slog.String("result", e.result),
		slog.String("request_id", c.id), slog.String("caller", c.caller), slog.String("target", c.host),
	}
	if p, ok := peer.FromContext(ctx); ok && p.Addr != nil {
		attrs = append(attrs, slog.String("peer", p.Addr.String()))
	}
	if c.user != "" {
		attrs = append(attrs, slog.String("user", c.user))
	}
	if c.connection > 0 {
		attrs = append(attrs, slog.Uint64("connection", c.connection))
	}
	if e.number > 0 {
		attrs = append(attrs, slog.Uint64("message_number", uint64(e.number)))
	}
	if e.outcome != "" {
		attrs = append(attrs, slog.String("outcome", e.outcome))
	}
	return attrs
}

// auditPause is for how long the log is told nothing more of lost events, so that a full disk does not fill the log too.
const auditPause = time.Minute

// auditLosses are the events that could not be written, and of which nothing was said yet.
type auditLosses struct {
	mu   sync.Mutex
	lost int
	last error
	said time.Time
}

// auditWritten counts an event that could not be written. The log is told of the first one at once, and of those that follow at the
// first event after the pause, whether that one is written or not.
func (o *observer) auditWritten(err error) {
	l, now := &o.losses, time.Now()
	if err != nil {
		o.metrics.auditErrors.Inc()
	}
	l.mu.Lock()
	if err != nil {
		l.lost++
		l.last = err
	}
	lost, last := l.lost, l.last
	tell := lost > 0 && now.Sub(l.said) >= auditPause
	if tell {
		l.lost, l.said = 0, now
	}
	l.mu.Unlock()
	if tell {
		o.log.Error("events are lost: the audit log could not be written", "events", lost, "error", last)
	}
}

// metadataOf returns the metadata of a status' ErrorInfo.
func metadataOf(err error) map[string]string {
	for _, detail := range status.Convert(err).Details() {
		if info, ok := detail.(interface{ GetMetadata() map[string]string }); ok {
			return info.GetMetadata()
		}
	}
	return nil
}
