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

// auditCall tells of a call that is over.
func (o *observer) auditCall(ctx context.Context, method string, resp any, err error) {
	event := audited[method]
	if event == "" {
		return
	}
	result, outcome := "OK", ""
	if err != nil {
		result = cmp.Or(strings.TrimPrefix(reasonOf(err), "ERROR_REASON_"), status.Code(err).String())
		outcome = metadataOf(err)["outcome"]
	}
	if quit, ok := resp.(*pb.QuitResponse); ok && err == nil {
		outcome = outcomeName(quit.GetOutcome())
	}
	o.auditEvent(ctx, method, event, result, outcome)
}

// auditCommand tells of a command of a call of MailboxService.
func (o *observer) auditCommand(ctx context.Context, event, result, outcome string) {
	method, _ := grpc.Method(ctx)
	o.auditEvent(ctx, method, event, result, outcome)
}

func (o *observer) auditEvent(ctx context.Context, method, event, result, outcome string) {
	if o.audit == nil {
		return
	}
	c := accountOf(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	attrs := []slog.Attr{
		slog.String("event", event), slog.String("method", strings.TrimPrefix(method, "/")), slog.String("result", result),
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
	if outcome != "" {
		attrs = append(attrs, slog.String("outcome", outcome))
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
