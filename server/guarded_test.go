package server

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"
)

// authority is a CA for one test.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t testing.TB) *authority {
	t.Helper()
	ca := &authority{}
	pair := ca.issue(t, &x509.Certificate{
		Subject: pkix.Name{CommonName: "test CA"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	})
	ca.cert, ca.key = pair.Leaf, pair.PrivateKey.(*ecdsa.PrivateKey)
	return ca
}

// issue makes a certificate of a template, signed by the authority, or by itself where there is none yet.
func (ca *authority) issue(t testing.TB, template *x509.Certificate) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	template.NotBefore = time.Now().Add(-time.Hour)
	if template.NotAfter.IsZero() {
		template.NotAfter = time.Now().Add(time.Hour)
	}
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}
	parent, signer := ca.cert, ca.key
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

func (ca *authority) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(ca.cert)
	return pool
}

// guarded is a gateway that tells callers apart by their certificates.
type guarded struct {
	*Server
	ca       *authority
	listener *bufconn.Listener
}

func newGuarded(t testing.TB, configure func(*Config)) *guarded {
	t.Helper()
	ca := newAuthority(t)
	own := ca.issue(t, &x509.Certificate{DNSNames: []string{"gateway.test"}})
	config := Config{TLS: &tls.Config{Certificates: []tls.Certificate{own}, ClientCAs: ca.pool()}}
	if configure != nil {
		configure(&config)
	}
	g := &guarded{ca: ca, listener: bufconn.Listen(64 << 10)}
	g.Server = serveOn(t, config, g.listener)
	return g
}

// serveOn starts a gateway on a listener.
func serveOn(t testing.TB, config Config, listener net.Listener) *Server {
	t.Helper()
	s, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(listener) }()
	t.Cleanup(func() {
		now, cancel := context.WithCancel(context.Background())
		cancel()
		s.Shutdown(now)
		if err := <-served; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return s
}

// as returns the connection of a caller, with a certificate or without.
func (g *guarded) as(t testing.TB, certs ...tls.Certificate) *grpc.ClientConn {
	t.Helper()
	return g.with(t, credentials.NewTLS(&tls.Config{RootCAs: g.ca.pool(), ServerName: "gateway.test", Certificates: certs}))
}

func (g *guarded) with(t testing.TB, creds credentials.TransportCredentials) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient("passthrough:///gateway.test", grpc.WithTransportCredentials(creds), grpc.WithDisableServiceConfig(),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return g.listener.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func (g *guarded) named(t testing.TB, dns string) *grpc.ClientConn {
	t.Helper()
	return g.as(t, g.ca.issue(t, &x509.Certificate{DNSNames: []string{dns}}))
}

// reflect asks for the contract by a version of the reflection service; the messages of all are the same on the wire.
func reflect(ctx context.Context, conn *grpc.ClientConn, version string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	desc := &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}
	stream, err := conn.NewStream(ctx, desc, "/grpc.reflection."+version+".ServerReflection/ServerReflectionInfo")
	if err != nil {
		return err
	}
	// Where Send fails, Recv says why.
	_ = stream.SendMsg(&reflectionpb.ServerReflectionRequest{
		MessageRequest: &reflectionpb.ServerReflectionRequest_FileContainingSymbol{FileContainingSymbol: "popgate.v1.Pop3Service"},
	})
	resp := &reflectionpb.ServerReflectionResponse{}
	err = stream.RecvMsg(resp)
	if err == nil && len(resp.GetFileDescriptorResponse().GetFileDescriptorProto()) == 0 {
		err = status.Error(codes.NotFound, resp.String())
	}
	return err
}
