package server

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/emptypb"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// long are calls that last until somebody ends them. Each returns once it is under way; done has its end.
var long = map[string]func(ctx context.Context, t testing.TB, conn *grpc.ClientConn, session string) (done <-chan error){
	"WatchDebug": func(ctx context.Context, t testing.TB, conn *grpc.ClientConn, session string) <-chan error {
		stream, err := pb.NewPop3ServiceClient(conn).WatchDebug(ctx, &pb.WatchDebugRequest{SessionId: session})
		return begun(t, stream, err, stream.Recv)
	},
	"AuthExchange": func(ctx context.Context, t testing.TB, conn *grpc.ClientConn, session string) <-chan error {
		stream, err := pb.NewPop3ServiceClient(conn).AuthExchange(ctx)
		if err == nil {
			err = stream.Send(&pb.AuthExchangeRequest{SessionId: session, Mechanism: "PLAIN"})
		}
		return begun(t, stream, err, stream.Recv)
	},
	"AuthExchange, nothing sent": func(ctx context.Context, t testing.TB, conn *grpc.ClientConn, _ string) <-chan error {
		stream, err := pb.NewPop3ServiceClient(conn).AuthExchange(ctx)
		return begun(t, stream, err, func() (*pb.AuthExchangeResponse, error) { return nil, nil })
	},
	"CollectMessages": func(ctx context.Context, t testing.TB, conn *grpc.ClientConn, _ string) <-chan error {
		stream, err := pb.NewMailboxServiceClient(conn).CollectMessages(ctx)
		if err == nil {
			err = stream.Send(&pb.CollectMessagesRequest{Request: &pb.CollectMessagesRequest_Open{Open: &pb.CollectOpen{
				Fetch: &pb.FetchMessagesRequest{
					Server:      anywhere(),
					Credentials: &pb.Credentials{Username: "alice", Secret: &pb.Credentials_Password{Password: password}},
				},
			}}})
		}
		return begun(t, stream, err, stream.Recv)
	},
	"reflection": func(ctx context.Context, t testing.TB, conn *grpc.ClientConn, _ string) <-chan error {
		desc := &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}
		stream, err := conn.NewStream(ctx, desc, "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo")
		return begun(t, stream, err, func() (*pb.NoopResponse, error) { return nil, nil })
	},
}

// begun waits for the first answer of a stream, and returns where its end will be.
func begun[T any](t testing.TB, stream grpc.ClientStream, err error, first func() (*T, error)) <-chan error {
	t.Helper()
	if err == nil {
		_, err = first()
	}
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		for err == nil {
			err = stream.RecvMsg(&emptypb.Empty{}) // whatever comes
		}
		if errors.Is(err, io.EOF) {
			err = nil
		}
		done <- err
	}()
	return done
}

// TestCredentialsEnd: when the caller's credentials end its calls that run do, on the second, and none after them is let in, though the
// connection is the same (E14). Its session is not ended by that, and neither is mail removed.
func TestCredentialsEnd(t *testing.T) {
	const life = 10 * time.Minute
	for credential, show := range map[string]func(t testing.TB, g *guarded, keys *issuer) (context.Context, *grpc.ClientConn){
		"certificate": func(t testing.TB, g *guarded, _ *issuer) (context.Context, *grpc.ClientConn) {
			return t.Context(), g.as(t, g.ca.issue(t, brief("a.test", life)))
		},
		"token": func(t testing.TB, g *guarded, _ *issuer) (context.Context, *grpc.ClientConn) {
			return withToken(t.Context(), "token"), g.as(t)
		},
		"JWT": func(t testing.TB, g *guarded, keys *issuer) (context.Context, *grpc.ClientConn) {
			return withToken(t.Context(), keys.sign(t, goodClaims(nil))), g.as(t)
		},
		"certificate that outlives its entry": func(t testing.TB, g *guarded, _ *issuer) (context.Context, *grpc.ClientConn) {
			return t.Context(), g.as(t, g.ca.issue(t, brief("b.test", time.Hour)))
		},
	} {
		for name, run := range long {
			t.Run(credential+"/"+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					end, m, keys := time.Now().Add(life), newMailbox(t, 1), newIssuer(t)
					expires := ", expires: " + end.UTC().Format(time.RFC3339) + "}\n"
					g := newGuarded(t, func(c *Config) {
						m.piped(c)
						c.Limits.IdleTimeout = time.Hour
						c.Callers = callersOf(t, testRoles+jwtSection+"callers:\n"+
							"  - {name: a, role: all, certificate: 'dns:a.test'}\n  - {name: a, role: all, jwt-subject: backend}\n"+
							"  - {name: a, role: all, token-sha256: "+digestOf("token")+expires+"  - {name: a, role: all, certificate: 'dns:b.test'"+expires, keys)
					})
					ctx, conn := show(t, g, keys)
					opened, err := pb.NewPop3ServiceClient(conn).OpenSession(ctx, &pb.OpenSessionRequest{Server: anywhere()})
					if err != nil {
						t.Fatal(err)
					}
					done := run(ctx, t, conn, opened.GetSessionId())
					time.Sleep(time.Until(end) - time.Second)
					synctest.Wait()
					select {
					case err := <-done:
						t.Fatalf("ended too early: %v", err)
					default:
					}
					time.Sleep(time.Second)
					wantFailure(t, "the call", <-done, unknownCaller)
					if late := time.Since(end); late > time.Second {
						t.Errorf("ended %v too late", late)
					}
					for _, method := range methods(t) {
						o := invoke(ctx, conn, method, requestFor(t, method, opened.GetSessionId()))
						wantFailure(t, "afterwards: "+string(method.Name()), o.err, unknownCaller)
					}
					if m.sent("QUIT") != 0 || len(m.drop.Snapshot()) != 1 {
						t.Errorf("sent %q, %d messages are left", m.Commands(), len(m.drop.Snapshot()))
					}
				})
			})
		}
	}
}

// reloadable is a gateway whose callers change.
type reloadable struct {
	*guarded
	config *tls.Config
	m      *mailbox
}

const twoCallers = testRoles + "callers:\n"

func newReloadable(t testing.TB) *reloadable {
	t.Helper()
	r := &reloadable{m: newMailbox(t, 1)}
	r.guarded = newGuarded(t, func(c *Config) {
		r.m.piped(c)
		r.config = c.TLS
		c.Callers = callersOf(t, twoCallers+entryOf("alice", "all", "a")+entryOf("bob", "all", "b"), nil)
	})
	return r
}

// TestTokenIsTakenAway: without its entry a token is nothing, for the next call and for the ones that run, and others notice nothing.
func TestTokenIsTakenAway(t *testing.T) {
	for name, run := range long {
		for change, left := range map[string]string{
			"taken away":        entryOf("bob", "all", "b"),
			"another's":         entryOf("bob", "all", "b") + entryOf("eve", "all", "a"),
			"without a rule":    entryOf("bob", "all", "b") + entryOf("alice", "none", "a"),
			"ended a while ago": entryOf("bob", "all", "b") + "  - {name: alice, role: all, token-sha256: " + digestOf("a") + ", expires: 1999-01-01}\n",
		} {
			t.Run(name+"/"+change, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r := newReloadable(t)
					conn := r.as(t)
					alice, bob := withToken(t.Context(), "a"), withToken(t.Context(), "b")
					var ids [2]string
					for i, ctx := range []context.Context{alice, bob} {
						opened, err := pb.NewPop3ServiceClient(conn).OpenSession(ctx, &pb.OpenSessionRequest{Server: anywhere()})
						if err != nil {
							t.Fatal(err)
						}
						ids[i] = opened.GetSessionId()
					}
					hers := run(alice, t, conn, ids[0])
					his := long["WatchDebug"](bob, t, conn, ids[1])
					synctest.Wait()
					if err := r.Reload(r.config, callersOf(t, twoCallers+left, nil)); err != nil {
						t.Fatal(err)
					}
					wantFailure(t, "the call that runs", <-hers, unknownCaller)
					_, err := pb.NewPop3ServiceClient(conn).Noop(alice, &pb.NoopRequest{SessionId: ids[0]})
					want := map[string]failure{"without a rule": forbiddenCaller, "another's": {codes.NotFound, "SESSION_NOT_FOUND", nil}}[change]
					if want.reason == "" {
						want = unknownCaller
					}
					wantFailure(t, "the next call", err, want)
					if _, err := pb.NewPop3ServiceClient(conn).Capa(bob, &pb.CapaRequest{SessionId: ids[1]}); err != nil {
						t.Errorf("the other caller: %v", err)
					}
					select {
					case err := <-his:
						t.Errorf("the other caller's call has ended: %v", err)
					default:
					}
				})
			})
		}
	}
}

// TestReload: certificates change without a restart, for the next connection. A CA that is gone vouches for nobody, on connections from
// before either.
func TestReload(t *testing.T) {
	ca, next := newAuthority(t), newAuthority(t)
	own := ca.issue(t, &x509.Certificate{DNSNames: []string{"gateway.test"}})
	g := newGuarded(t, func(c *Config) { c.TLS = &tls.Config{Certificates: []tls.Certificate{own}, ClientCAs: ca.pool()} })
	dial := func(trusted *authority, shown tls.Certificate) *grpc.ClientConn {
		return g.with(t, credentials.NewTLS(&tls.Config{
			RootCAs: trusted.pool(), ServerName: "gateway.test", Certificates: []tls.Certificate{shown},
			ClientSessionCache: tls.NewLRUClientSessionCache(1),
		}))
	}
	first := ca.issue(t, &x509.Certificate{DNSNames: []string{"first.test"}})
	second := next.issue(t, &x509.Certificate{DNSNames: []string{"second.test"}})
	before := dial(ca, first)
	if err := reflect(t.Context(), before, "v1"); err != nil {
		t.Fatal(err)
	}
	own = next.issue(t, &x509.Certificate{DNSNames: []string{"gateway.test"}})
	both := ca.pool()
	both.AddCert(next.cert)
	if err := g.Reload(&tls.Config{Certificates: []tls.Certificate{own}, ClientCAs: both}, nil); err != nil {
		t.Fatal(err)
	}
	for name, conn := range map[string]*grpc.ClientConn{"before": before, "the old CA": dial(next, first), "the new CA": dial(next, second)} {
		if err := reflect(t.Context(), conn, "v1"); err != nil {
			t.Errorf("two CAs, %s: %v", name, err)
		}
	}
	if err := g.Reload(&tls.Config{Certificates: []tls.Certificate{own}, ClientCAs: next.pool()}, nil); err != nil {
		t.Fatal(err)
	}
	wantFailure(t, "a connection from before", reflect(t.Context(), before, "v1"), unknownCaller)
	wantFailure(t, "a new connection", reflect(t.Context(), dial(next, first), "v1"), failure{codes.Unavailable, "", nil})
	if err := reflect(t.Context(), dial(next, second), "v1"); err != nil {
		t.Errorf("the new CA: %v", err)
	}
}

// TestReloadRefuses: what does not fit is refused, and nothing changes.
func TestReloadRefuses(t *testing.T) {
	r := newReloadable(t)
	wrong := callersOf(t, "roles: {all: {methods: [Pop3Service/Open]}}\ncallers:\n"+entryOf("c", "all", "c"), nil)
	certified := callersOf(t, testRoles+"callers:\n  - {name: c, role: all, certificate: 'dns:c'}\n", nil)
	for name, err := range map[string]error{
		"no such method": r.Reload(r.config, wrong), "no TLS": r.Reload(nil, nil),
		"no CA": r.Reload(&tls.Config{Certificates: r.config.Certificates}, certified),
	} {
		if err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if err := reflect(withToken(t.Context(), "a"), r.as(t), "v1"); err != nil {
		t.Errorf("the old callers: %v", err)
	}
	wantFailure(t, "a new caller", reflect(withToken(t.Context(), "c"), r.as(t), "v1"), unknownCaller)
}

// TestAdmissionIsOver: a reload that looks at a call which has just returned starts no clock for it, which would run until its
// credentials end.
func TestAdmissionIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		expires := time.Now().Add(24 * time.Hour).UTC().Format(time.RFC3339)
		s, err := New(Config{Callers: callersOf(t, testRoles+"callers:\n  - {name: a, role: all, token-sha256: "+digestOf("a")+", expires: "+expires+"}\n", nil)})
		if err != nil {
			t.Fatal(err)
		}
		ended := 0
		c := &admission{
			server: s, ctx: metadata.NewIncomingContext(t.Context(), metadata.Pairs("authorization", "Bearer a")), end: func(error) { ended++ },
		}
		s.admissions.add(c)
		if _, err := c.admit(); err != nil {
			t.Fatal(err)
		}
		s.admissions.each(func(running *admission) {
			running.over()
			if _, err := running.admit(); err != nil {
				t.Error(err)
			}
		})
		time.Sleep(48 * time.Hour)
		synctest.Wait()
		if ended != 1 {
			t.Errorf("it was ended %d times", ended)
		}
	})
}
