package server

import (
	"cmp"
	"context"
	"log/slog"
	"strings"

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

func (o *observer) writeAudit(ctx context.Context, method string, e auditEvent) {
	if o.audit == nil {
		return
	}
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
	o.audit.LogAttrs(context.WithoutCancel(ctx), slog.LevelInfo, "audit", attrs...)
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
