package server

import (
	"context"
	"net"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// openAt opens a session with a host.
func (g *gateway) openAt(t testing.TB, host string) (string, error) {
	t.Helper()
	server := anywhere()
	server.Host = host
	resp, err := g.OpenSession(t.Context(), &pb.OpenSessionRequest{Server: server})
	return resp.GetSessionId(), err
}

func TestSessionQuotas(t *testing.T) {
	full := failure{codes.ResourceExhausted, "QUOTA_EXCEEDED", map[string]string{}}
	for name, tt := range map[string]struct {
		limit  func(*Limits)
		hosts  [3]string // the first two fit in, the third does not
		spared string    // a host that is not concerned, or ""
	}{
		"caller": {
			func(l *Limits) { l.SessionsPerCaller = 2 },
			[3]string{"a.example", "b.example", "c.example"}, "",
		},
		"host": {
			func(l *Limits) { l.SessionsPerHost = 2 },
			[3]string{"mail.example", "MAIL.example", "Mail.Example."}, "other.example",
		},
		"address": {
			func(l *Limits) { l.SessionsPerHost = 2 },
			[3]string{"2001:db8::1", "2001:DB8:0:0:0:0:0:1", "2001:0db8::0001"}, "2001:db8::2",
		},
		"all": {
			func(l *Limits) { l.Sessions = 2 },
			[3]string{"a.example", "b.example", "c.example"}, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMailbox(t, 0)
			g := newGateway(t, func(c *Config) {
				m.piped(c)
				tt.limit(&c.Limits)
			})
			var ids [2]string
			for i, host := range tt.hosts[:2] {
				var err error
				if ids[i], err = g.openAt(t, host); err != nil {
					t.Fatal(err)
				}
			}
			_, err := g.openAt(t, tt.hosts[2])
			wantFailure(t, "the third session", err, full)
			if retry := detailOf[*errdetails.RetryInfo](err); retry.GetRetryDelay().AsDuration() != time.Second {
				t.Errorf("RetryInfo %v", retry)
			}
			if tt.spared != "" {
				if _, err := g.openAt(t, tt.spared); err != nil {
					t.Errorf("another host: %v", err)
				}
			}
			if _, err := g.CloseSession(t.Context(), &pb.CloseSessionRequest{SessionId: ids[0]}); err != nil {
				t.Fatal(err)
			}
			if _, err := g.openAt(t, tt.hosts[2]); err != nil {
				t.Errorf("after one has ended: %v", err)
			}
			_, err = g.openAt(t, tt.hosts[2])
			wantFailure(t, "one more", err, full)
		})
	}
}

// Whatever OpenSession fails by, and whatever ends a session, the place is free again, once.
func TestPlaceIsGivenBack(t *testing.T) {
	refused := &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
	for name, tt := range map[string]struct {
		banner string
		dial   func(m *mailbox) (net.Conn, error)
		then   func(t *testing.T, g *gateway, id string)
	}{
		"refused":       {dial: func(*mailbox) (net.Conn, error) { return nil, refused }},
		"panic":         {dial: func(*mailbox) (net.Conn, error) { panic("dial") }},
		"greeting -ERR": {banner: "-ERR no"},
		"no POP3":       {banner: "220 ready"},
		"closed": {then: func(t *testing.T, g *gateway, id string) {
			for range 2 {
				if _, err := g.CloseSession(t.Context(), &pb.CloseSessionRequest{SessionId: id}); err != nil {
					t.Error(err)
				}
			}
		}},
		"quit": {then: func(t *testing.T, g *gateway, id string) {
			for range 2 {
				if _, err := g.Quit(t.Context(), &pb.QuitRequest{SessionId: id}); err != nil {
					t.Error(err)
				}
			}
		}},
		"idle": {then: func(*testing.T, *gateway, string) { time.Sleep(time.Hour) }},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMailbox(t, 0)
				m.Banner = tt.banner
				g := newGateway(t, func(c *Config) {
					m.piped(c)
					if tt.dial != nil {
						c.dial = func(context.Context, string, string) (net.Conn, error) { return tt.dial(m) }
					}
				})
				id, err := g.openAt(t, "mail.example")
				if tt.then == nil && err == nil {
					t.Error("opened")
				}
				if tt.then != nil {
					tt.then(t, g, id)
				}
				synctest.Wait()
				r := g.registry
				r.mu.Lock()
				defer r.mu.Unlock()
				if r.live != 0 || len(r.callers) != 0 || len(r.hosts) != 0 {
					t.Errorf("%d places, %v, %v", r.live, r.callers, r.hosts)
				}
			})
		})
	}
}

// A place is taken before the server is dialled: many calls at once do not make more connections than there are places.
func TestQuotaWhileDialling(t *testing.T) {
	m := newMailbox(t, 0)
	var dialled atomic.Int32
	held := make(chan struct{})
	g := newGateway(t, func(c *Config) {
		m.piped(c)
		c.Limits.Sessions = 3
		c.dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			dialled.Add(1)
			<-held
			return m.dialPipe(ctx, network, address)
		}
	})
	errs := make(chan error)
	for range 20 {
		go func() {
			_, err := g.openAt(t, "mail.example")
			errs <- err
		}()
	}
	for range 17 {
		wantFailure(t, "OpenSession", <-errs, failure{codes.ResourceExhausted, "QUOTA_EXCEEDED", nil})
	}
	close(held)
	for range 3 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if n := dialled.Load(); n != 3 {
		t.Errorf("dialled %d times", n)
	}
}
