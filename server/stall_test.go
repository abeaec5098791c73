package server

import (
	"bytes"
	"context"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3/pop3test"
)

// endless is a message of so many lines that no buffer on the way holds it.
func endless(megabytes int) pop3test.Message {
	line := strings.Repeat("x", 1022) + "\r\n"
	data := bytes.Repeat([]byte(line), megabytes<<10)
	return pop3test.Message{Octets: int64(len(data)), Open: func() io.Reader { return bytes.NewReader(data) }}
}

// TestStalledReader: a caller that stops reading has its stream ended, and the connection to the server is closed at that moment,
// not when the caller comes back.
func TestStalledReader(t *testing.T) {
	for name, tt := range map[string]struct {
		command string
		start   func(g *gateway, ctx context.Context, id string) (recv func() error, err error)
	}{
		"Retr": {"RETR", func(g *gateway, ctx context.Context, id string) (func() error, error) {
			stream, err := g.Retr(ctx, &pb.RetrRequest{SessionId: id, MessageNumber: 1})
			return func() error { _, err := stream.Recv(); return err }, err
		}},
		"Top": {"TOP", func(g *gateway, ctx context.Context, id string) (func() error, error) {
			stream, err := g.Top(ctx, &pb.TopRequest{SessionId: id, MessageNumber: 1, Lines: 1 << 30})
			return func() error { _, err := stream.Recv(); return err }, err
		}},
		"List": {"LIST", func(g *gateway, ctx context.Context, id string) (func() error, error) {
			stream, err := g.List(ctx, &pb.ListRequest{SessionId: id})
			return func() error { _, err := stream.Recv(); return err }, err
		}},
		"Uidl": {"UIDL", func(g *gateway, ctx context.Context, id string) (func() error, error) {
			stream, err := g.Uidl(ctx, &pb.UidlRequest{SessionId: id})
			return func() error { _, err := stream.Recv(); return err }, err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMailbox(t, 0)
				m.drop.Add(endless(4))
				listing := "+OK" + strings.Repeat("\r\n7 "+strings.Repeat("y", 500), 8<<10) + "\r\n."
				m.Intercept = func(line string) (string, bool) {
					return listing + "\r\n", line == "LIST" || line == "UIDL"
				}
				g := newGateway(t, m.piped)
				id := g.openMailbox(t)
				recv, err := tt.start(g, t.Context(), id)
				if err != nil {
					t.Fatal(err)
				}
				if err := recv(); err != nil {
					t.Fatal(err)
				}
				time.Sleep(g.config.Limits.SendStall - time.Second)
				synctest.Wait()
				if !m.drop.InUse() || stacksWith("server.(*guardedStream)") == "" {
					t.Error("given up too early")
				}
				time.Sleep(5 * time.Second)
				synctest.Wait()
				if m.drop.InUse() {
					t.Error("the connection to the server is open still")
				}
				if left := stacksWith("server.(*session).run(", "server.(*guardedStream)"); left != "" {
					t.Errorf("left behind:\n%s", left)
				}
				for err = nil; err == nil; {
					err = recv()
				}
				wantFailure(t, name, err, failure{codes.ResourceExhausted, "STREAM_STALLED", map[string]string{
					"command": tt.command, "outcome": "NOT_COMMITTED",
				}})
				wantFailure(t, "the next call", g.noop(t, id), ended("STREAM_STALLED"))
				if m.sent("QUIT") != 0 {
					t.Error("sent QUIT")
				}
			})
		})
	}
}

// stacksWith returns the stacks of the goroutines that are in one of the functions.
func stacksWith(functions ...string) string {
	buffer := make([]byte, 1<<20)
	var found []string
	for stack := range strings.SplitSeq(string(buffer[:runtime.Stack(buffer, true)]), "\n\n") {
		for _, function := range functions {
			if strings.Contains(stack, function) {
				found = append(found, stack)
				break
			}
		}
	}
	return strings.Join(found, "\n\n")
}

// A caller that reads slowly, but reads, gets its message.
func TestSlowReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMailbox(t, 0)
		m.drop.Add(endless(2))
		g := newGateway(t, m.piped)
		id := g.openMailbox(t)
		stream, err := g.Retr(t.Context(), &pb.RetrRequest{SessionId: id, MessageNumber: 1})
		if err != nil {
			t.Fatal(err)
		}
		octets := 0
		for {
			part, err := stream.Recv()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			octets += len(part.GetData())
			time.Sleep(g.config.Limits.SendStall / 20)
		}
		if octets != 2<<20 {
			t.Errorf("%d octets", octets)
		}
	})
}

// A watcher that stalls has its stream ended, and the session does not notice.
func TestStalledWatcher(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMailbox(t, 0)
		m.drop.Add(endless(4))
		g := newGateway(t, func(c *Config) {
			m.piped(c)
			c.Limits.SendStall = 10 * time.Second
		})
		id := g.openMailbox(t)
		stream := g.watch(t, id)
		g.level(t, id, 2)
		for range 2 {
			if _, err := collect(g.Retr(t.Context(), &pb.RetrRequest{SessionId: id, MessageNumber: 1})); err != nil {
				t.Fatal(err)
			}
			time.Sleep(11 * time.Second)
		}
		_, err := collect(stream, nil)
		wantFailure(t, "WatchDebug", err, failure{codes.ResourceExhausted, "STREAM_STALLED", map[string]string{"outcome": ""}})
		if err := g.noop(t, id); err != nil {
			t.Error(err)
		}
	})
}

// TestMessageCap: a server that never ends a message is left at the operator's cap, and one that claims more than the caller wants
// is not asked for it.
func TestMessageCap(t *testing.T) {
	for name, tt := range map[string]struct {
		size, limit int64
		maxOctets   *int64
		want        failure
		lives       bool
	}{
		"below the cap": {size: 1 << 20, limit: 1 << 20, lives: true},
		"one line above": {
			1 << 20, 1<<20 - 1, nil,
			failure{codes.ResourceExhausted, "MESSAGE_TOO_LARGE", map[string]string{"command": "RETR", "outcome": "NOT_COMMITTED"}}, false,
		},
		"far above": {
			8 << 20, 1 << 20, nil,
			failure{codes.ResourceExhausted, "MESSAGE_TOO_LARGE", map[string]string{"command": "RETR", "outcome": "NOT_COMMITTED"}}, false,
		},
		"as many as wanted": {size: 1 << 20, limit: 1 << 30, maxOctets: new(int64(1 << 20)), lives: true},
		"more than wanted": {
			1 << 20, 1 << 30, new(int64(1<<20 - 1)),
			failure{codes.ResourceExhausted, "MESSAGE_TOO_LARGE", map[string]string{
				"command": "RETR", "outcome": "", "response": "+OK 1 1048576",
			}}, true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMailbox(t, 0)
				m.drop.Add(endless(int(tt.size >> 20)))
				g := newGateway(t, func(c *Config) {
					m.piped(c)
					c.Limits.MessageOctets = tt.limit
				})
				id := g.openMailbox(t)
				parts, err := collect(g.Retr(t.Context(), &pb.RetrRequest{SessionId: id, MessageNumber: 1, MaxOctets: tt.maxOctets}))
				octets := int64(0)
				for _, part := range parts {
					octets += int64(len(part.GetData()))
				}
				if tt.want.reason == "" {
					if err != nil || octets != tt.size {
						t.Errorf("%d octets, %v", octets, err)
					}
				} else {
					wantFailure(t, "Retr", err, tt.want)
					if octets > tt.limit || len(parts) > 0 && parts[len(parts)-1].Octets != nil {
						t.Errorf("%d octets, the last part is %v", octets, parts[len(parts)-1].Octets)
					}
				}
				if tt.maxOctets != nil && tt.want.reason != "" && m.sent("RETR") != 0 {
					t.Error("sent RETR")
				}
				err = g.noop(t, id)
				if tt.lives && err != nil {
					t.Error(err)
				}
				if !tt.lives {
					wantFailure(t, "the next call", err, ended("MESSAGE_TOO_LARGE"))
				}
			})
		})
	}
}

// SendMsg waits for the stream, but not for ever.
func TestGuardedStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		held := make(chan error, 1)
		s := &guardedStream{ServerStream: heldStream{held: held}, limit: time.Minute, octets: newRates(0, 1)}
		begin := time.Now()
		if err := s.SendMsg(nil); !errors.Is(err, errStalled) || time.Since(begin) != time.Minute {
			t.Errorf("%v after %v", err, time.Since(begin))
		}
		held <- nil // ends what hangs
		synctest.Wait()
		for _, want := range []error{nil, io.ErrClosedPipe} {
			held <- want
			if err := s.SendMsg(nil); !errors.Is(err, want) {
				t.Errorf("%v, want %v", err, want)
			}
		}
	})
}

// heldStream sends when it is told to.
type heldStream struct {
	grpc.ServerStream
	held chan error
}

func (s heldStream) SendMsg(any) error { return <-s.held }

func (heldStream) Context() context.Context { return context.Background() }
