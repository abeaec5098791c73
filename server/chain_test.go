package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// journal is a log that a test reads.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// into makes a gateway log everything into the journal.
func (j *journal) into(c *Config) {
	c.Log = slog.New(slog.NewJSONHandler(j, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// entries returns the lines of the log.
func (j *journal) entries(t testing.TB) []map[string]any {
	t.Helper()
	var all []map[string]any
	for line := range strings.Lines(j.String()) {
		entry := map[string]any{}
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Fatal(err)
		}
		all = append(all, entry)
	}
	return all
}

// bomb is a connection that panics once it is told to.
type bomb struct {
	net.Conn
	armed chan struct{}
}

const ticking = "tick-tack password=hunter2"

func (b bomb) Write(p []byte) (int, error) {
	select {
	case <-b.armed:
		panic(ticking)
	default:
		return b.Conn.Write(p)
	}
}

// TestPanic: a defect ends the session that it is met in and no other, tells the caller nothing, and the log everything.
func TestPanic(t *testing.T) {
	for _, rpc := range []string{"Noop", "Retr", "List", "AuthExchange", "Quit"} {
		t.Run(rpc, func(t *testing.T) {
			m, log, armed := newMailbox(t, 1), &journal{}, make(chan struct{})
			g := newGateway(t, func(c *Config) {
				m.piped(c)
				log.into(c)
				c.dial = func(ctx context.Context, network, address string) (net.Conn, error) {
					conn, err := m.dialPipe(ctx, network, address)
					if strings.HasPrefix(address, "bomb.") {
						conn = bomb{conn, armed}
					}
					return conn, err
				}
			})
			bombed, err := g.openAt(t, "bomb.example")
			if err != nil {
				t.Fatal(err)
			}
			other, err := g.openAt(t, "mail.example")
			if err != nil {
				t.Fatal(err)
			}
			close(armed)
			method := byName(t, rpc)
			o := invoke(t.Context(), g.conn, method, requestFor(t, method, bombed))
			wantFailure(t, rpc, o.err, failure{codes.Internal, "INTERNAL", map[string]string{}})
			checkError(t, rpc, o.err, o.trailer)
			if seen := fmt.Sprint(o.err, o.header, infoOf(o.err)); strings.Contains(seen, "tick") || strings.Contains(seen, "goroutine") {
				t.Errorf("the caller sees %s", seen)
			}
			after := ended("INTERNAL")
			if rpc == "Quit" {
				after.meta["outcome"] = "UNKNOWN" // it may have been sent
			}
			wantFailure(t, "afterwards", g.noop(t, bombed), after)
			g.login(t, other, "alice", password)
			if err := g.noop(t, other); err != nil {
				t.Errorf("another session: %v", err)
			}
			if rpc == "Quit" {
				_, err := g.quit(t, bombed)
				wantFailure(t, "Quit again", err, failure{codes.Unknown, "COMMIT_UNKNOWN", map[string]string{
					"cause": "INTERNAL", "outcome": "UNKNOWN", "replayed": "true",
				}})
			}
			for _, entry := range log.entries(t) {
				if entry["level"] == "ERROR" && entry["panic"] == ticking {
					if stack := fmt.Sprint(entry["stack"]); !strings.Contains(stack, "server.bomb.Write") {
						t.Errorf("the stack does not tell where: %s", stack)
					}
					return
				}
			}
			t.Errorf("not in the log: %s", log)
		})
	}
}

// A panic before there is a session is one all the same.
func TestPanicWhileDialling(t *testing.T) {
	g := newGateway(t, func(c *Config) {
		c.dial = func(context.Context, string, string) (net.Conn, error) { panic(ticking) }
	})
	_, err := g.OpenSession(t.Context(), &pb.OpenSessionRequest{Server: anywhere()})
	wantFailure(t, "OpenSession", err, failure{codes.Internal, "INTERNAL", map[string]string{}})
	if strings.Contains(err.Error(), "tick") {
		t.Errorf("the caller sees %v", err)
	}
}

// TestChain: the interceptors are the same ones, in the same order, for both kinds of calls.
func TestChain(t *testing.T) {
	s, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	for i, step := range s.chain() {
		last := i == len(s.chain())-1
		if step.stream == nil || (step.unary == nil) != last {
			t.Errorf("step %d: unary %v, stream %v", i, step.unary != nil, step.stream != nil)
		}
	}
}

// Each kind of handler returns plain errors; what leaves is a status with a reason. A unary and a streaming call differ in nothing.
func TestUnaryAndStreamingAgree(t *testing.T) {
	g := newGateway(t, nil)
	var first outcome
	for i, method := range sessionMethods(t) {
		o := invoke(t.Context(), g.conn, method, requestFor(t, method, g.registry.newID()))
		if i == 0 {
			first = o
		}
		if a, b := asBytes(t, o), asBytes(t, first); fmt.Sprint(a) != fmt.Sprint(b) {
			t.Errorf("%s: %q, others %q", method.Name(), a, b)
		}
	}
}

// TestAround: the context that a step makes is the handler's, in both kinds of calls.
func TestAround(t *testing.T) {
	type key struct{}
	s := around(func(ctx context.Context, next func(context.Context) error) error {
		return next(context.WithValue(ctx, key{}, "here"))
	})
	check := func(ctx context.Context) {
		if ctx.Value(key{}) != "here" {
			t.Error("the context is lost")
		}
	}
	resp, err := s.unary(t.Context(), 1, nil, func(ctx context.Context, req any) (any, error) {
		check(ctx)
		return req, errPanic
	})
	if resp != 1 || !errors.Is(err, errPanic) {
		t.Errorf("%v, %v", resp, err)
	}
	if err := s.stream(nil, contextStream{ctx: t.Context()}, nil, func(_ any, stream grpc.ServerStream) error {
		check(stream.Context())
		return errPanic
	}); !errors.Is(err, errPanic) {
		t.Error(err)
	}
}

type contextStream struct {
	grpc.ServerStream
	ctx context.Context
}

func (s contextStream) Context() context.Context { return s.ctx }
