package server

import (
	"bufio"
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"os"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/dns/dnsmessage"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/test/bufconn"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// connectFailed is what OpenSession comes to where no connection does.
func connectFailed(code codes.Code, cause string) failure {
	return failure{code, "CONNECT_FAILED", map[string]string{"cause": cause, "response": "", "outcome": ""}}
}

// nameServer is a resolver that asks a DNS server of the test, over a pipe. Where answers is nil, the server is silent, until the test
// ends: the resolver goes on asking when nobody waits any more.
func nameServer(t *testing.T, answers func(q dnsmessage.Question, m *dnsmessage.Message)) *net.Resolver {
	over, end := context.WithCancel(context.Background())
	t.Cleanup(end)
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		if err := over.Err(); err != nil {
			return nil, err
		}
		client, server := net.Pipe()
		context.AfterFunc(over, func() { server.Close() })
		go func() {
			defer server.Close()
			in := bufio.NewReader(server)
			for size := [2]byte{}; answers != nil; {
				if _, err := io.ReadFull(in, size[:]); err != nil {
					return
				}
				query := make([]byte, binary.BigEndian.Uint16(size[:]))
				var m dnsmessage.Message
				if _, err := io.ReadFull(in, query); err != nil || m.Unpack(query) != nil {
					return
				}
				m.Response, m.Authoritative, m.Additionals = true, true, nil
				answers(m.Questions[0], &m)
				reply, err := m.Pack()
				if err != nil {
					return
				}
				server.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(reply))), reply...))
			}
			io.Copy(io.Discard, in)
		}()
		return client, nil
	}}
}

// TestNames has names that are not resolved, and one with a thousand addresses, none of which answers.
func TestNames(t *testing.T) {
	asked := new(atomic.Int32)
	for name, tt := range map[string]struct {
		answers func(q dnsmessage.Question, m *dnsmessage.Message)
		want    failure
	}{
		"no such name": {
			func(_ dnsmessage.Question, m *dnsmessage.Message) { m.RCode = dnsmessage.RCodeNameError },
			connectFailed(codes.FailedPrecondition, "NAME_NOT_FOUND"),
		},
		"no address": {func(dnsmessage.Question, *dnsmessage.Message) {}, connectFailed(codes.FailedPrecondition, "NAME_NOT_FOUND")},
		"refused": {
			func(_ dnsmessage.Question, m *dnsmessage.Message) { m.RCode = dnsmessage.RCodeRefused },
			connectFailed(codes.Unavailable, "UNREACHABLE"),
		},
		"silence": {nil, connectFailed(codes.Unavailable, "TIMEOUT")},
		"a thousand": {func(q dnsmessage.Question, m *dnsmessage.Message) {
			if q.Type != dnsmessage.TypeA {
				return
			}
			for i := range 1000 {
				addr := netip.AddrFrom4([4]byte{127, 77, byte(i >> 8), byte(i)})
				m.Answers = append(m.Answers, dnsmessage.Resource{
					Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class},
					Body:   &dnsmessage.AResource{A: addr.As4()},
				})
			}
		}, connectFailed(codes.FailedPrecondition, "REFUSED")},
	} {
		t.Run(name, func(t *testing.T) {
			dialer := &net.Dialer{Resolver: nameServer(t, tt.answers), ControlContext: func(
				context.Context, string, string, syscall.RawConn,
			) error {
				asked.Add(1)
				return os.NewSyscallError("connect", syscall.ECONNREFUSED)
			}}
			g := newGateway(t, func(c *Config) { c.dial = dialer.DialContext })
			server := &pb.Server{Host: "mail.example.test.", Port: new(uint32(110))}
			if tt.answers == nil {
				server.IoTimeout = durationOf(300 * time.Millisecond)
			}
			_, err := g.OpenSession(t.Context(), &pb.OpenSessionRequest{Server: server})
			wantFailure(t, "OpenSession", err, tt.want)
			if g.registry.live != 0 {
				t.Error("a place is taken still")
			}
		})
	}
	if n := asked.Load(); n == 0 || n > 1000 {
		t.Errorf("%d addresses were tried", n)
	}
}

// TestConnections has an address that refuses, and one that never answers: it has 10 seconds.
func TestConnections(t *testing.T) {
	t.Run("refused", func(t *testing.T) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		listener.Close()
		_, err = newGateway(t, nil).OpenSession(t.Context(), &pb.OpenSessionRequest{Server: plain(t, listener.Addr().String())})
		wantFailure(t, "OpenSession", err, connectFailed(codes.FailedPrecondition, "REFUSED"))
	})
	for name, limit := range map[string]time.Duration{"black hole": 0, "black hole with io_timeout": 3 * time.Second} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGateway(t, func(c *Config) {
					c.dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
						<-ctx.Done()
						return nil, &net.OpError{Op: "dial", Net: "tcp", Err: ctx.Err()}
					}
				})
				server := anywhere()
				if limit > 0 {
					server.IoTimeout = durationOf(limit)
				} else {
					limit = 10 * time.Second
				}
				begin := time.Now()
				_, err := g.OpenSession(t.Context(), &pb.OpenSessionRequest{Server: server})
				wantFailure(t, "OpenSession", err, connectFailed(codes.Unavailable, "TIMEOUT"))
				if took := time.Since(begin); took != limit || g.registry.live != 0 {
					t.Errorf("it took %v; %d sessions", took, g.registry.live)
				}
			})
		})
	}
}

// TestNoDescriptorsToDial: where the process has no file descriptor left no session is opened, and none is lost.
func TestNoDescriptorsToDial(t *testing.T) {
	for _, errno := range []syscall.Errno{syscall.EMFILE, syscall.ENFILE} {
		synctest.Test(t, func(t *testing.T) {
			m, full := newMailbox(t, 1), false
			g := newGateway(t, func(c *Config) {
				m.piped(c)
				c.dial = func(ctx context.Context, network, address string) (net.Conn, error) {
					if full {
						return nil, &net.OpError{Op: "dial", Err: os.NewSyscallError("socket", errno)}
					}
					return m.dialPipe(ctx, network, address)
				}
			})
			id := g.openMailbox(t)
			full = true
			_, err := g.OpenSession(t.Context(), &pb.OpenSessionRequest{Server: anywhere()})
			wantFailure(t, "OpenSession", err, failure{codes.ResourceExhausted, "QUOTA_EXCEEDED", nil})
			if err := g.noop(t, id); err != nil {
				t.Errorf("the session that was there: %v", err)
			}
			full = false
			g.openSession(t, anywhere())
		})
	}
}

// exhausted is a listener that runs out of file descriptors again and again.
type exhausted struct {
	net.Listener
	times int
}

func (e *exhausted) Accept() (net.Conn, error) {
	if e.times--; e.times >= 0 {
		return nil, &net.OpError{Op: "accept", Net: "tcp", Err: os.NewSyscallError("accept4", syscall.EMFILE)}
	}
	return e.Listener.Accept()
}

// TestNoDescriptorsToAccept: a caller that finds no file descriptor left waits, and the gateway lives.
func TestNoDescriptorsToAccept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMailbox(t, 0)
		config := Config{}
		m.piped(&config)
		listener := bufconn.Listen(64 << 10)
		s := serveOn(t, config, &exhausted{listener, 20})
		conn := dialGateway(t, listener)
		defer conn.Close()
		g := &gateway{s, pb.NewPop3ServiceClient(conn), conn}
		if _, err := g.Capa(t.Context(), &pb.CapaRequest{SessionId: g.openSession(t, anywhere())}); err != nil {
			t.Error(err)
		}
	})
}
