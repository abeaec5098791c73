package popgate

import (
	"context"
	"errors"
	"io"
	"iter"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// sessionHeader is sent back as it came: a proxy routes by it.
const sessionHeader = "pop3-session"

// Session is a connection to a POP3 server, until Close. Each command is a method; what it sends, and which reasons it can fail for,
// is at the RPC of the same name in popgate/v1/pop3_service.proto. Only Quit sends QUIT: whatever else ends a session removes
// nothing. Calls of one session wait for each other. Where a context has no deadline, [Timeout] is that of each call but the streams.
type Session struct {
	// Opened is the gateway's answer: the session's id, which is a secret, the greeting, and the limits.
	Opened *pb.OpenSessionResponse

	stub   pb.Pop3ServiceClient
	header string
}

// Open connects to a POP3 server. Call Close when done, whatever happens:
//
//	session, err := client.Open(ctx, popgate.Host("pop.example.com"))
//	if err != nil { … }
//	defer session.Close(ctx)
func (c *Client) Open(ctx context.Context, server *pb.Server) (*Session, error) {
	ctx, cancel := limited(ctx)
	defer cancel()
	var header metadata.MD
	opened, err := c.Pop3.OpenSession(ctx, &pb.OpenSessionRequest{Server: server}, grpc.Header(&header))
	if err != nil {
		return nil, AsError(err)
	}
	s := &Session{Opened: opened, stub: c.Pop3, header: opened.GetSessionId()}
	if values := header.Get(sessionHeader); len(values) > 0 {
		s.header = values[0]
	}
	return s, nil
}

// limited gives a context a deadline that has none.
func limited(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, Timeout)
}

// closing is how long Close takes at most: it waits for nothing that the server says.
const closing = 10 * time.Second

// Close ends the session without QUIT, whatever is running: nothing is removed. It works after the context was cancelled or its
// deadline is over, and may be repeated. It takes 10 seconds at most: what the gateway has not answered then ends by its idle time-out.
func (s *Session) Close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closing)
	defer cancel()
	_, err := call(ctx, s, s.stub.CloseSession, &pb.CloseSessionRequest{SessionId: s.id()})
	return err
}

func (s *Session) id() string { return s.Opened.GetSessionId() }

// with adds the session's header.
func (s *Session) with(ctx context.Context) context.Context {
	return metadata.AppendToOutgoingContext(ctx, sessionHeader, s.header)
}

// call makes a unary call.
func call[Req, Resp any](
	ctx context.Context, s *Session, method func(context.Context, *Req, ...grpc.CallOption) (*Resp, error), request *Req,
) (*Resp, error) {
	ctx, cancel := limited(s.with(ctx))
	defer cancel()
	response, err := method(ctx, request)
	if err != nil {
		return nil, AsError(err)
	}
	return response, nil
}

// Welcome returns the greeting.
func (s *Session) Welcome() string { return s.Opened.GetResponse() }

// String implements fmt.Stringer by the greeting, so that no log has the session's id.
func (s *Session) String() string { return "Session(" + s.Welcome() + ")" }

// Capa is CAPA: what the server can do.
func (s *Session) Capa(ctx context.Context) (*pb.CapaResponse, error) {
	return call(ctx, s, s.stub.Capa, &pb.CapaRequest{SessionId: s.id()})
}

// STLS begins TLS, verified as the options say; nil is by the host's name and the gateway's roots.
func (s *Session) STLS(ctx context.Context, options *pb.TlsOptions) (*pb.StlsResponse, error) {
	return call(ctx, s, s.stub.Stls, &pb.StlsRequest{SessionId: s.id(), Tls: options})
}

// UTF8 switches to UTF-8, before the login.
func (s *Session) UTF8(ctx context.Context) (*pb.Utf8Response, error) {
	return call(ctx, s, s.stub.Utf8, &pb.Utf8Request{SessionId: s.id()})
}

// Lang chooses the language of the server's texts, or lists them where there is no tag.
func (s *Session) Lang(ctx context.Context, tag string) (*pb.LangResponse, error) {
	request := &pb.LangRequest{SessionId: s.id()}
	if tag != "" {
		request.Tag = &tag
	}
	return call(ctx, s, s.stub.Lang, request)
}

// Login is USER and PASS. Auth is safer where the server has SASL.
func (s *Session) Login(ctx context.Context, username, password string) error {
	if _, err := s.User(ctx, username); err != nil {
		return err
	}
	_, err := s.Pass(ctx, password)
	return err
}

// Auth logs in by SASL, by default with the strongest mechanism that both sides have.
func (s *Session) Auth(ctx context.Context, credentials *pb.Credentials) (*pb.AuthResponse, error) {
	return call(ctx, s, s.stub.Auth, &pb.AuthRequest{SessionId: s.id(), Credentials: credentials})
}

// User is USER.
func (s *Session) User(ctx context.Context, username string) (*pb.UserResponse, error) {
	return call(ctx, s, s.stub.User, &pb.UserRequest{SessionId: s.id(), Username: username})
}

// Pass is PASS.
func (s *Session) Pass(ctx context.Context, password string) (*pb.PassResponse, error) {
	return call(ctx, s, s.stub.Pass, &pb.PassRequest{SessionId: s.id(), Password: password})
}

// APOP logs in by a digest. The secret does not go over the wire.
func (s *Session) APOP(ctx context.Context, username, secret string) (*pb.ApopResponse, error) {
	return call(ctx, s, s.stub.Apop, &pb.ApopRequest{SessionId: s.id(), Username: username, Secret: secret})
}

// RPOP logs in by trust between hosts.
func (s *Session) RPOP(ctx context.Context, username string) (*pb.RpopResponse, error) {
	return call(ctx, s, s.stub.Rpop, &pb.RpopRequest{SessionId: s.id(), Username: username})
}

// Stat counts the maildrop.
func (s *Session) Stat(ctx context.Context) (*pb.StatResponse, error) {
	return call(ctx, s, s.stub.Stat, &pb.StatRequest{SessionId: s.id()})
}

// List is LIST: the octets of all messages by the server's claim, in its order.
func (s *Session) List(ctx context.Context) iter.Seq2[*pb.ListEntry, error] {
	return entries(ctx, s, s.stub.List, &pb.ListRequest{SessionId: s.id()}, (*pb.ListResponse).GetEntries)
}

// ListOne is LIST of one message.
func (s *Session) ListOne(ctx context.Context, number uint32) (*pb.ListEntry, error) {
	return first(entries(ctx, s, s.stub.List, &pb.ListRequest{SessionId: s.id(), MessageNumber: &number}, (*pb.ListResponse).GetEntries))
}

// Uidl is UIDL: the unique-ids of all messages, in the server's order.
func (s *Session) Uidl(ctx context.Context) iter.Seq2[*pb.UidlEntry, error] {
	return entries(ctx, s, s.stub.Uidl, &pb.UidlRequest{SessionId: s.id()}, (*pb.UidlResponse).GetEntries)
}

// UidlOne is UIDL of one message.
func (s *Session) UidlOne(ctx context.Context, number uint32) (*pb.UidlEntry, error) {
	return first(entries(ctx, s, s.stub.Uidl, &pb.UidlRequest{SessionId: s.id(), MessageNumber: &number}, (*pb.UidlResponse).GetEntries))
}

// entries are those of a listing, one by one. An error is the last.
func entries[Req, Entry, Resp any](
	ctx context.Context, s *Session,
	method func(context.Context, *Req, ...grpc.CallOption) (grpc.ServerStreamingClient[Resp], error), request *Req,
	batch func(*Resp) []Entry,
) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		ctx, cancel := context.WithCancel(s.with(ctx))
		defer cancel()
		var none Entry
		stream, err := method(ctx, request)
		for err == nil {
			var response *Resp
			if response, err = stream.Recv(); err != nil {
				break
			}
			for _, entry := range batch(response) {
				if !yield(entry, nil) {
					return
				}
			}
		}
		if !errors.Is(err, io.EOF) {
			yield(none, AsError(err))
		}
	}
}

// first takes the one entry that there has to be.
func first[Entry any](entries iter.Seq2[Entry, error]) (entry Entry, err error) {
	err = damaged("the listing has no entry")
	for entry, err = range entries { // the stream is read to its end
	}
	return entry, err
}

// Dele marks a message, where ifUniqueID is not empty only if it has this unique-id. Quit removes it.
func (s *Session) Dele(ctx context.Context, number uint32, ifUniqueID string) (*pb.DeleResponse, error) {
	request := &pb.DeleRequest{SessionId: s.id(), MessageNumber: number}
	if ifUniqueID != "" {
		request.IfUniqueId = &ifUniqueID
	}
	return call(ctx, s, s.stub.Dele, request)
}

// Rset takes all marks back.
func (s *Session) Rset(ctx context.Context) (*pb.RsetResponse, error) {
	return call(ctx, s, s.stub.Rset, &pb.RsetRequest{SessionId: s.id()})
}

// Noop does nothing.
func (s *Session) Noop(ctx context.Context) (*pb.NoopResponse, error) {
	return call(ctx, s, s.stub.Noop, &pb.NoopRequest{SessionId: s.id()})
}

// Quit has the marked messages removed; the outcome says whether any were. To repeat it sends nothing and gets the same answer, so
// after a lost reply call it again.
func (s *Session) Quit(ctx context.Context) (*pb.QuitResponse, error) {
	return call(ctx, s, s.stub.Quit, &pb.QuitRequest{SessionId: s.id()})
}
