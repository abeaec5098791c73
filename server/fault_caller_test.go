package server

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// caller makes the calls of a dialogue. Each of them compares what it gets, also where it ends in an error, with what the
// server says in `dialogues`.
type caller struct {
	ctx     context.Context
	g       pb.Pop3ServiceClient
	server  *pb.Server
	session string
	got     string        // the last `response`
	took    time.Duration // the last call
}

// errWrong is an answer that is not what the server said.
var errWrong = errors.New("wrong answer")

// status keeps the status line of a unary reply.
func (c *caller) status(resp interface{ GetResponse() string }, err error) error {
	if err == nil {
		c.got = resp.GetResponse()
	}
	return err
}

func (c *caller) open() error {
	resp, err := c.g.OpenSession(c.ctx, &pb.OpenSessionRequest{Server: c.server})
	c.session = resp.GetSessionId()
	return c.status(resp, err)
}

func (c *caller) capa() error {
	resp, err := c.g.Capa(c.ctx, &pb.CapaRequest{SessionId: c.session})
	if n := len(resp.GetCapabilities()); err == nil && n != 5 {
		return fmt.Errorf("%w: %v", errWrong, resp)
	}
	return c.status(resp, err)
}

func (c *caller) stls() error {
	return c.status(c.g.Stls(c.ctx, &pb.StlsRequest{SessionId: c.session, Tls: c.server.GetTls()}))
}

func (c *caller) utf8() error {
	return c.status(c.g.Utf8(c.ctx, &pb.Utf8Request{SessionId: c.session}))
}

func (c *caller) languages() error {
	resp, err := c.g.Lang(c.ctx, &pb.LangRequest{SessionId: c.session})
	if n := len(resp.GetLanguages()); err == nil && n != 2 {
		return fmt.Errorf("%w: %v", errWrong, resp)
	}
	return c.status(resp, err)
}

func (c *caller) lang() error {
	return c.status(c.g.Lang(c.ctx, &pb.LangRequest{SessionId: c.session, Tag: new("en")}))
}

func (c *caller) user() error {
	return c.status(c.g.User(c.ctx, &pb.UserRequest{SessionId: c.session, Username: "alice"}))
}

func (c *caller) pass() error {
	return c.status(c.g.Pass(c.ctx, &pb.PassRequest{SessionId: c.session, Password: "open sesame"}))
}

func (c *caller) apop() error {
	return c.status(c.g.Apop(c.ctx, &pb.ApopRequest{SessionId: c.session, Username: "mrose", Secret: "tanstaaf"}))
}

func (c *caller) rpop() error {
	return c.status(c.g.Rpop(c.ctx, &pb.RpopRequest{SessionId: c.session, Username: "alice"}))
}

func (c *caller) auth() error {
	credentials := &pb.Credentials{Username: "alice", Secret: &pb.Credentials_Password{Password: "pw"}}
	resp, err := c.g.Auth(c.ctx, &pb.AuthRequest{SessionId: c.session, Credentials: credentials})
	if err == nil && resp.GetMechanism() != "PLAIN" {
		return fmt.Errorf("%w: %v", errWrong, resp)
	}
	return c.status(resp, err)
}

// authExchange answers each challenge by the challenge and "!".
func (c *caller) authExchange() error {
	stream, err := c.g.AuthExchange(c.ctx)
	if err != nil {
		return err
	}
	// Where Send fails, Recv says why.
	_ = stream.Send(&pb.AuthExchangeRequest{SessionId: c.session, Mechanism: "X-TWO", InitialResponse: []byte("hello")})
	for {
		resp, err := stream.Recv()
		if err != nil {
			return err
		}
		if resp.Challenge == nil {
			if _, err := stream.Recv(); err != io.EOF {
				return fmt.Errorf("%w: %w", errWrong, err)
			}
			return c.status(resp, nil)
		}
		_ = stream.Send(&pb.AuthExchangeRequest{Response: append(resp.GetChallenge(), '!')})
	}
}

func (c *caller) stat() error {
	resp, err := c.g.Stat(c.ctx, &pb.StatRequest{SessionId: c.session})
	if err == nil && (resp.GetMessageCount() != 2 || resp.GetOctets() != 320) {
		return fmt.Errorf("%w: %v", errWrong, resp)
	}
	return c.status(resp, err)
}

// lines checks the entries of a listing.
func lines[T any, E interface{ GetLine() string }](
	c *caller, entries func(*T) []E, want []string, stream grpc.ServerStreamingClient[T], err error,
) error {
	batches, err := collect(stream, err)
	var got []string
	for i, batch := range batches {
		for _, entry := range entries(batch) {
			got = append(got, entry.GetLine())
		}
		if i == 0 {
			c.got = any(batch).(interface{ GetResponse() string }).GetResponse()
		}
	}
	if len(got) > len(want) || !slices.Equal(got, want[:len(got)]) || err == nil && len(got) < len(want) {
		return fmt.Errorf("%w: %q, %w", errWrong, got, err)
	}
	return err
}

func (c *caller) list(number *uint32, want ...string) error {
	stream, err := c.g.List(c.ctx, &pb.ListRequest{SessionId: c.session, MessageNumber: number})
	return lines(c, (*pb.ListResponse).GetEntries, want, stream, err)
}

func (c *caller) uidl(number *uint32, want ...string) error {
	stream, err := c.g.Uidl(c.ctx, &pb.UidlRequest{SessionId: c.session, MessageNumber: number})
	return lines(c, (*pb.UidlResponse).GetEntries, want, stream, err)
}

// part is a stream message of Retr or Top.
type part interface {
	GetResponse() string
	GetData() []byte
	GetOctets() int64
	GetCrc32() uint32
	GetSha256() []byte
}

// letter is a message as it was streamed.
type letter struct {
	response string
	data     []byte
	last     part // holds the totals; nil where not a single part came
}

// join reads Retr or Top to its end.
func join[T any](stream grpc.ServerStreamingClient[T], err error) (letter, error) {
	parts, err := collect(stream, err)
	var l letter
	for i, p := range parts {
		l.last = any(p).(part)
		l.data = append(l.data, l.last.GetData()...)
		if i == 0 {
			l.response = l.last.GetResponse()
		}
	}
	return l, err
}

// message checks a message, or the beginning of one that was cut.
func (c *caller) message(want string, l letter, err error) error {
	c.got = l.response
	whole := err == nil && string(l.data) == want &&
		l.last.GetOctets() == int64(len(want)) && l.last.GetCrc32() == crc32.ChecksumIEEE(l.data)
	if err == nil && !whole || !strings.HasPrefix(want, string(l.data)) {
		return fmt.Errorf("%w: %q, %v, %w", errWrong, l.data, l.last, err)
	}
	return err
}

func (c *caller) top() error {
	l, err := join(c.g.Top(c.ctx, &pb.TopRequest{SessionId: c.session, MessageNumber: 1, Lines: 2}))
	return c.message(cutTop, l, err)
}

func (c *caller) retr(maxOctets *int64) error {
	l, err := join(c.g.Retr(c.ctx, &pb.RetrRequest{SessionId: c.session, MessageNumber: 1, MaxOctets: maxOctets}))
	return c.message(cutMessage, l, err)
}

func (c *caller) dele(number uint32, id *string) error {
	return c.status(c.g.Dele(c.ctx, &pb.DeleRequest{SessionId: c.session, MessageNumber: number, IfUniqueId: id}))
}

func (c *caller) rset() error {
	return c.status(c.g.Rset(c.ctx, &pb.RsetRequest{SessionId: c.session}))
}

func (c *caller) noop() error {
	return c.status(c.g.Noop(c.ctx, &pb.NoopRequest{SessionId: c.session}))
}

func (c *caller) quit() error {
	resp, err := c.g.Quit(c.ctx, &pb.QuitRequest{SessionId: c.session})
	if err == nil && resp.GetReplayed() {
		return fmt.Errorf("%w: %v", errWrong, resp)
	}
	return c.status(resp, err)
}
