package server

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"maps"
	"net"
	"net/url"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// TestAnotherCaller: to another caller a session does not exist, and nothing tells it from one that never was.
func TestAnotherCaller(t *testing.T) {
	m := newMailbox(t, 2)
	g := newGuarded(t, m.piped)
	mine, theirs := g.named(t, "mine.test"), g.named(t, "theirs.test")
	opened, err := pb.NewPop3ServiceClient(mine).OpenSession(t.Context(), &pb.OpenSessionRequest{Server: anywhere()})
	if err != nil {
		t.Fatal(err)
	}
	id := opened.GetSessionId()
	never := g.registry.newID()
	for _, method := range sessionMethods(t) {
		name := string(method.Name())
		stolen := invoke(t.Context(), theirs, method, requestFor(t, method, id))
		wantFailure(t, name, stolen.err, failure{codes.NotFound, "SESSION_NOT_FOUND", map[string]string{}})
		forged := invoke(t.Context(), theirs, method, requestFor(t, method, never))
		if a, b := asBytes(t, stolen), asBytes(t, forged); !slices.Equal(a, b) {
			t.Errorf("%s tells a session of another caller from none:\n%q\n%q", name, a, b)
		}
	}
	if len(m.Commands()) != 0 {
		t.Errorf("sent %q", m.Commands())
	}
	// The session is unharmed, also on another connection of its caller.
	again := pb.NewPop3ServiceClient(g.named(t, "mine.test"))
	if _, err := again.Capa(t.Context(), &pb.CapaRequest{SessionId: id}); err != nil {
		t.Errorf("the session's owner: %v", err)
	}
}

// asBytes is all that a caller gets to see of an error.
func asBytes(t testing.TB, o outcome) []string {
	t.Helper()
	st, err := proto.MarshalOptions{Deterministic: true}.Marshal(status.Convert(o.err).Proto())
	if err != nil {
		t.Fatal(err)
	}
	seen := []string{string(st)}
	for _, md := range []metadata.MD{o.header, o.trailer} {
		for _, key := range slices.Sorted(maps.Keys(md)) {
			seen = append(append(seen, key), md.Get(key)...)
		}
	}
	return seen
}

// TestNoIdentity: nothing but health is for a caller without a name.
func TestNoIdentity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGuarded(t, nil)
		brief := g.as(t, g.ca.issue(t, &x509.Certificate{DNSNames: []string{"mine.test"}, NotAfter: time.Now().Add(10 * time.Minute)}))
		if err := reflect(t.Context(), brief, "v1"); err != nil {
			t.Errorf("before the certificate expires: %v", err)
		}
		time.Sleep(11 * time.Minute)
		nobody := failure{codes.Unauthenticated, "CALLER_UNAUTHENTICATED", map[string]string{}}
		for name, conn := range map[string]*grpc.ClientConn{
			"no certificate": g.as(t),
			"no SAN":         g.as(t, g.ca.issue(t, &x509.Certificate{Subject: pkix.Name{CommonName: "mine.test"}})),
			"expired since":  brief,
		} {
			for _, method := range methods(t) {
				o := invoke(t.Context(), conn, method, requestFor(t, method, "popgate.x"))
				wantFailure(t, name+": "+string(method.Name()), o.err, nobody)
				checkError(t, string(method.Name()), o.err, o.trailer)
			}
			wantFailure(t, name+": reflection v1", reflect(t.Context(), conn, "v1"), nobody)
			wantFailure(t, name+": reflection v1alpha", reflect(t.Context(), conn, "v1alpha"), nobody)
			resp, err := healthpb.NewHealthClient(conn).Check(t.Context(), &healthpb.HealthCheckRequest{Service: "popgate.v1.Pop3Service"})
			if err != nil || resp.GetStatus() != healthpb.HealthCheckResponse_SERVING {
				t.Errorf("%s: health: %v, %v", name, resp, err)
			}
		}
	})
}

// A certificate that nobody vouches for does not get as far as a call.
func TestForeignCertificate(t *testing.T) {
	g := newGuarded(t, nil)
	conn := g.as(t, newAuthority(t).issue(t, &x509.Certificate{DNSNames: []string{"mine.test"}}))
	err := reflect(t.Context(), conn, "v1")
	wantFailure(t, "reflection", err, failure{codes.Unavailable, "", nil})
}

func TestNameOf(t *testing.T) {
	uri, err := url.Parse("spiffe://example.test/backend")
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]string{}
	for want, cert := range map[string]*x509.Certificate{
		"":                                  {Subject: pkix.Name{CommonName: "cn.test"}},
		"uri:spiffe://example.test/backend": {URIs: []*url.URL{uri}, DNSNames: []string{"a.test"}},
		"dns:a.test":                        {DNSNames: []string{"a.test", "b.test"}, EmailAddresses: []string{"a@b.test"}},
		"dns:spiffe://example.test/backend": {DNSNames: []string{"spiffe://example.test/backend"}},
		"email:a@b.test":                    {EmailAddresses: []string{"a@b.test"}, IPAddresses: []net.IP{{127, 0, 0, 1}}},
		"ip:127.0.0.1":                      {IPAddresses: []net.IP{net.ParseIP("127.0.0.1")}},
	} {
		got := nameOf(cert)
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		names[got] = want
	}
	if len(names) != 6 {
		t.Errorf("two callers have one name: %v", names)
	}
}

// Without client CAs all callers are one, also over TLS.
func TestEveryone(t *testing.T) {
	m := newMailbox(t, 0)
	g := newGuarded(t, func(c *Config) {
		m.piped(c)
		c.TLS.ClientCAs = nil
	})
	opened, err := pb.NewPop3ServiceClient(g.as(t)).OpenSession(t.Context(), &pb.OpenSessionRequest{Server: anywhere()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pb.NewPop3ServiceClient(g.named(t, "mine.test")).Capa(
		t.Context(), &pb.CapaRequest{SessionId: opened.GetSessionId()},
	); err != nil {
		t.Error(err)
	}
	if err := reflect(t.Context(), g.with(t, insecure.NewCredentials()), "v1"); err == nil {
		t.Error("plaintext on a TLS port")
	}
}

// One caller's quota is not another's.
func TestQuotaOfAnotherCaller(t *testing.T) {
	m := newMailbox(t, 0)
	g := newGuarded(t, func(c *Config) {
		m.piped(c)
		c.Limits.SessionsPerCaller = 1
	})
	for _, name := range []string{"a.test", "b.test"} {
		client := pb.NewPop3ServiceClient(g.named(t, name))
		if _, err := client.OpenSession(t.Context(), &pb.OpenSessionRequest{Server: anywhere()}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		_, err := client.OpenSession(t.Context(), &pb.OpenSessionRequest{Server: anywhere()})
		wantFailure(t, name, err, failure{codes.ResourceExhausted, "QUOTA_EXCEEDED", nil})
	}
}
