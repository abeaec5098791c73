package server

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3/pop3test"
)

// late is a server's connection whose end the server sees late. It holds the maildrop until then.
type late struct {
	net.Conn
	by time.Duration
}

func (l late) Read(p []byte) (int, error) {
	n, err := l.Conn.Read(p)
	if err != nil {
		time.Sleep(l.by)
	}
	return n, err
}

// countedConn is a gateway's connection that is counted until it is closed.
type countedConn struct {
	net.Conn
	over func()
}

func (c *countedConn) CloseWrite() error {
	return c.Conn.(interface{ CloseWrite() error }).CloseWrite()
}

func (c *countedConn) Close() error {
	c.over()
	return c.Conn.Close()
}

// sees makes a gateway dial a mailbox that sees the end of each connection late. most is how many connections the gateway had at once at
// most.
func (m *mailbox) sees(t *testing.T, by time.Duration) (configure func(*Config), most *atomic.Int32) {
	t.Helper()
	var (
		open    atomic.Int32
		serving sync.WaitGroup
	)
	most = new(atomic.Int32)
	t.Cleanup(serving.Wait)
	return func(c *Config) {
		c.UnsafeAllowPlaintext = true
		c.dial = func(context.Context, string, string) (net.Conn, error) {
			client, server := pop3test.Pipe()
			serving.Go(func() { m.ServeConn(late{server, by}) })
			most.Store(max(most.Load(), open.Add(1))) // two at once are a failure in any case
			return &countedConn{client, sync.OnceFunc(func() { open.Add(-1) })}, nil
		}
	}, most
}

// TestTurnMeetsNoLock: calls for one mailbox, one behind the other or all at once, do not meet the lock of the call before, though no
// QUIT has ended it and the server is slow to see its end.
func TestTurnMeetsNoLock(t *testing.T) {
	calls := map[string]func(t *testing.T, g *gateway) error{
		"FetchMessages": func(t *testing.T, g *gateway) error {
			t.Helper()
			f, err := g.fetch(t, &pb.FetchMessagesRequest{})
			if err == nil && f.summary.GetDelivered() != 3 {
				t.Errorf("%v", f.summary)
			}
			return err
		},
		"ListMessages": func(t *testing.T, g *gateway) error {
			t.Helper()
			_, _, err := g.listMessages(t, true)
			return err
		},
		"DiagnoseServer": func(t *testing.T, g *gateway) error {
			t.Helper()
			_, err := g.mailboxes().DiagnoseServer(t.Context(), &pb.DiagnoseServerRequest{Server: anywhere(), Credentials: alicesMailbox()})
			return err
		},
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMailbox(t, 3)
				configure, most := m.sees(t, 200*time.Millisecond)
				g := newGateway(t, configure)
				for range 3 {
					if err := call(t, g); err != nil {
						t.Error(err)
					}
				}
				errs := make(chan error)
				for range 5 {
					go func() { errs <- call(t, g) }()
				}
				for range 5 {
					if err := <-errs; err != nil {
						t.Error(err)
					}
				}
				if m.sent("QUIT") > 0 || most.Load() != 1 {
					t.Errorf("%d times QUIT, %d connections at once", m.sent("QUIT"), most.Load())
				}
			})
		})
	}
}

// TestTurnKeepsThePlace: the place at the host is not free before the connection is closed.
func TestTurnKeepsThePlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMailbox(t, 3)
		configure, most := m.sees(t, 200*time.Millisecond)
		m.Maildrops["bob"] = pop3test.NewMaildrop(password)
		g := newGateway(t, func(c *Config) {
			configure(c)
			c.Limits.SessionsPerHost = 1
		})
		errs := make(chan error)
		for _, user := range []string{"alice", "bob", "alice", "bob"} {
			go func() {
				_, err := g.fetch(t, &pb.FetchMessagesRequest{
					Server: anywhere(), Credentials: &pb.Credentials{Username: user, Secret: &pb.Credentials_Password{Password: password}},
				})
				errs <- err
			}()
		}
		for range 4 {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
		if most.Load() != 1 {
			t.Errorf("%d connections at once", most.Load())
		}
	})
}

// TestTurnIsNotKeptForLong: a server that does not see the end holds up a call for a second, the messages not at all, and neither a call
// that has less time nor the drain for longer.
func TestTurnIsNotKeptForLong(t *testing.T) {
	fetch := func(ctx context.Context, g *gateway) (delivered, over time.Duration, err error) {
		begun := time.Now()
		stream, err := g.mailboxes().FetchMessages(ctx, &pb.FetchMessagesRequest{Server: anywhere(), Credentials: alicesMailbox()})
		for err == nil {
			var response *pb.FetchMessagesResponse
			response, err = stream.Recv()
			if response.GetCursor() != nil { // behind the messages
				delivered = time.Since(begun)
			}
		}
		if errors.Is(err, io.EOF) {
			err = nil
		}
		return delivered.Truncate(50 * time.Millisecond), time.Since(begun).Truncate(50 * time.Millisecond), err
	}
	for name, tt := range map[string]struct {
		deadline, drain time.Duration // 0 for none
		want            time.Duration
	}{
		"patient":  {0, 0, time.Second},
		"in haste": {time.Second, 0, 500 * time.Millisecond}, // half of what the login has left
		"drained":  {0, 300 * time.Millisecond, 300 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMailbox(t, 3)
				configure, _ := m.sees(t, time.Minute)
				g := newGateway(t, configure)
				ctx := t.Context()
				if tt.deadline > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, tt.deadline)
					defer cancel()
				}
				if tt.drain > 0 {
					time.AfterFunc(tt.drain, func() { g.shutdown(0) })
				}
				delivered, over, err := fetch(ctx, g)
				if err != nil || delivered != 0 || over != tt.want {
					t.Errorf("%v; delivered after %v, over after %v, want %v", err, delivered, over, tt.want)
				}
			})
		})
	}
}
