package popgate_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"hash/crc32"
	"io"
	"iter"
	"math/big"
	"net"
	"os"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	popgate "github.com/popgate/popgate/clients/go"
	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/server"
)

// TestTLS: the CA and the name decide.
func TestTLS(t *testing.T) {
	certificate := certificateOf(t)
	r := newRig(t, func(c *server.Config) {
		c.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	})
	roots := x509.NewCertPool()
	roots.AddCert(certificate.Leaf)
	trusting := r.connect(t, &popgate.Options{TLS: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}})
	if _, err := trusting.Open(t.Context(), r.mail); err != nil {
		t.Error(err)
	}
	for name, options := range map[string]*popgate.Options{
		"the system's roots": {TLS: &tls.Config{MinVersion: tls.VersionTLS12}},
		"another name":       {TLS: &tls.Config{RootCAs: roots, ServerName: "other.example", MinVersion: tls.VersionTLS12}},
		"plaintext":          nil,
	} {
		_, err := r.connect(t, options).Open(t.Context(), r.mail)
		if e, ok := errors.AsType[*popgate.Error](err); !ok || e.Code != codes.Unavailable || e.Reason != "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestPlaintext: only this machine is spoken to in plaintext unasked.
func TestPlaintext(t *testing.T) {
	fake := newFake(t)
	_, port, _ := net.SplitHostPort(fake.target)
	for name, tt := range map[string]struct {
		target  string
		options *popgate.Options
		ok      bool
	}{
		"loopback":     {fake.target, nil, true},
		"localhost":    {"localhost:" + port, nil, true},
		"another host": {"passthrough:///gateway.example:" + port, nil, false},
		"no port":      {"127.0.0.1", nil, false},
		"asked for":    {"passthrough:///gateway.example:" + port, &popgate.Options{InsecurePlaintext: true}, true},
		"with a token": {"passthrough:///gateway.example:" + port, &popgate.Options{InsecurePlaintext: true, Token: "t"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			options := popgate.Options{}
			if tt.options != nil {
				options = *tt.options
			}
			// Whatever the name, it is the fake that is dialled.
			options.Dial = []grpc.DialOption{grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, "tcp", fake.target)
			})}
			client, err := popgate.Connect(tt.target, &options)
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			_, err = client.Open(t.Context(), popgate.Host("pop.example"))
			if (err == nil) != tt.ok {
				t.Errorf("%v", err)
			}
		})
	}
}

// TestToken: it goes with every call.
func TestToken(t *testing.T) {
	fake := newFake(t)
	client := connected(t, fake.target, &popgate.Options{Token: "t0ken"})
	defer client.Close()
	if _, err := client.Open(t.Context(), popgate.Host("pop.example")); err != nil {
		t.Fatal(err)
	}
	if got := fake.header.Get("authorization"); len(got) != 1 || got[0] != "Bearer t0ken" {
		t.Errorf("authorization is %q", got)
	}
}

// TestHeaderOfAProxy: what a proxy has put into the header comes back.
func TestHeaderOfAProxy(t *testing.T) {
	fake := newFake(t)
	session, err := fake.client(t).Open(t.Context(), popgate.Host("pop.example"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := session.Noop(t.Context()); err != nil {
		t.Error(err)
	}
	if got := fake.header.Get("pop3-session"); len(got) != 1 || got[0] != "route" {
		t.Errorf("header %q, want that of the proxy", got)
	}
}

// TestIntegrity: the end of a message is only reached if it is whole.
func TestIntegrity(t *testing.T) {
	sum := crc32.ChecksumIEEE([]byte("ab"))
	for name, tt := range map[string]struct {
		pieces []*pb.RetrResponse
		ok     bool
	}{
		"whole":      {[]*pb.RetrResponse{{Data: []byte("a")}, {Data: []byte("b"), Octets: new(int64(2)), Crc32: &sum}}, true},
		"lone end":   {[]*pb.RetrResponse{{Data: []byte("ab")}, {Octets: new(int64(2)), Crc32: &sum}}, true},
		"octets":     {[]*pb.RetrResponse{{Data: []byte("ab")}, {Octets: new(int64(3)), Crc32: &sum}}, false},
		"crc":        {[]*pb.RetrResponse{{Data: []byte("ab")}, {Octets: new(int64(2)), Crc32: new(sum + 1)}}, false},
		"no end":     {[]*pb.RetrResponse{{Data: []byte("ab")}}, false},
		"nothing":    {nil, false},
		"more":       {[]*pb.RetrResponse{{Data: []byte("ab"), Octets: new(int64(2)), Crc32: &sum}, {Data: []byte("c")}}, false},
		"first only": {[]*pb.RetrResponse{{Data: []byte("ab"), Octets: new(int64(1)), Crc32: &sum}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			fake := newFake(t)
			fake.pieces = tt.pieces
			var call context.Context
			keep := func(
				ctx context.Context, desc *grpc.StreamDesc, conn *grpc.ClientConn, method string, open grpc.Streamer, opts ...grpc.CallOption,
			) (grpc.ClientStream, error) {
				call = ctx //nolint:fatcontext // only to look at its end
				return open(ctx, desc, conn, method, opts...)
			}
			client := connected(t, fake.target, &popgate.Options{Dial: []grpc.DialOption{grpc.WithStreamInterceptor(keep)}})
			defer client.Close()
			session, err := client.Open(t.Context(), popgate.Host("pop.example"))
			if err != nil {
				t.Fatal(err)
			}
			for _, read := range []func(*popgate.Reader) ([]byte, error){
				(*popgate.Reader).ReadAll, func(m *popgate.Reader) ([]byte, error) { return io.ReadAll(struct{ io.Reader }{m}) },
			} {
				var got []byte
				m, err := session.Retr(t.Context(), 1)
				if err == nil {
					got, err = read(m)
				}
				if tt.ok && (err != nil || string(got) != "ab") || !tt.ok && !errors.Is(err, popgate.ErrIntegrity) {
					t.Errorf("%q, %v", got, err)
				}
				if call.Err() == nil { // nobody has closed the reader
					t.Error("the call is held on to behind its end")
				}
			}
		})
	}
}

// TestIntegrityOfParts: the same of the messages of fetch and collect.
func TestIntegrityOfParts(t *testing.T) {
	whole := &pb.PartEnd{Octets: 2, Crc32: crc32.ChecksumIEEE([]byte("ab"))}
	first, second := &pb.PartStart{UniqueId: "a"}, &pb.PartStart{UniqueId: "b"}
	before := []*pb.Part{{DeliveryId: 1, Start: first, Data: []byte("a")}, {DeliveryId: 1, Data: []byte("b"), End: whole}}
	lost := &pb.Part{DeliveryId: 2, Start: second, Data: []byte("lost")}
	for name, tt := range map[string]struct {
		then []*pb.Part
		ok   bool
	}{
		"crc":               {[]*pb.Part{{DeliveryId: 2, Start: second, Data: []byte("ab"), End: &pb.PartEnd{Octets: 2, Crc32: 1}}}, false},
		"no start":          {[]*pb.Part{{DeliveryId: 2, Data: []byte("ab"), End: whole}}, false},
		"no end":            {[]*pb.Part{lost}, false},
		"two starts":        {[]*pb.Part{lost, lost}, false},
		"another's end":     {[]*pb.Part{{DeliveryId: 2, Start: second}, {DeliveryId: 3, Data: []byte("ab"), End: whole}}, false},
		"another's refusal": {[]*pb.Part{lost, {DeliveryId: 3, Failure: &pb.Failure{}}}, false},
		"refused":           {[]*pb.Part{lost, {DeliveryId: 2, Failure: &pb.Failure{}}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			fake := newFake(t)
			fake.parts = append(slices.Clone(before), tt.then...)
			client := fake.client(t)
			request := popgate.Request(popgate.Host("h"), alice)
			for _, messages := range []iter.Seq2[*popgate.Message, error]{
				client.Fetch(t.Context(), request).Messages(),
				client.Collect(t.Context(), &pb.CollectOpen{Fetch: request}, popgate.Delete).Messages(),
			} {
				var got []string
				var failed error
				for m, err := range messages {
					if failed = err; err == nil {
						got = append(got, string(m.Data))
					}
				}
				if len(got) != 1 || got[0] != "ab" || errors.Is(failed, popgate.ErrIntegrity) == tt.ok || (failed == nil) != tt.ok {
					t.Errorf("%q, %v", got, failed)
				}
			}
		})
	}
}

// TestServiceConfig: the package has a copy of the file that all clients share.
func TestServiceConfig(t *testing.T) {
	own, err := os.ReadFile("service_config.json")
	if err != nil {
		t.Fatal(err)
	}
	if shared, err := os.ReadFile("../service_config.json"); err != nil || !bytes.Equal(own, shared) {
		t.Errorf("service_config.json is not that of clients/: copy it anew (%v)", err)
	}
}

// fake is a gateway that sends what a test wants, and keeps the last call's header.
type fake struct {
	pb.UnimplementedPop3ServiceServer
	pb.UnimplementedMailboxServiceServer

	target string
	header metadata.MD
	pieces []*pb.RetrResponse
	parts  []*pb.Part
}

func newFake(t *testing.T) *fake {
	t.Helper()
	f := new(fake)
	gateway := grpc.NewServer()
	pb.RegisterPop3ServiceServer(gateway, f)
	pb.RegisterMailboxServiceServer(gateway, f)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- gateway.Serve(listener) }()
	t.Cleanup(func() { gateway.Stop(); <-served })
	f.target = listener.Addr().String()
	return f
}

func (f *fake) client(t *testing.T) *popgate.Client {
	t.Helper()
	client := connected(t, f.target, nil)
	t.Cleanup(func() { client.Close() })
	return client
}

func (f *fake) OpenSession(ctx context.Context, _ *pb.OpenSessionRequest) (*pb.OpenSessionResponse, error) {
	f.header, _ = metadata.FromIncomingContext(ctx)
	return &pb.OpenSessionResponse{SessionId: "id"}, grpc.SetHeader(ctx, metadata.Pairs("pop3-session", "route"))
}

func (f *fake) Noop(ctx context.Context, _ *pb.NoopRequest) (*pb.NoopResponse, error) {
	f.header, _ = metadata.FromIncomingContext(ctx)
	return &pb.NoopResponse{}, nil
}

func (f *fake) Retr(_ *pb.RetrRequest, stream grpc.ServerStreamingServer[pb.RetrResponse]) error {
	for _, piece := range f.pieces {
		if err := stream.Send(proto.CloneOf(piece)); err != nil {
			return err
		}
	}
	return nil
}

func (f *fake) FetchMessages(_ *pb.FetchMessagesRequest, stream grpc.ServerStreamingServer[pb.FetchMessagesResponse]) error {
	return stream.Send(&pb.FetchMessagesResponse{Parts: f.parts})
}

func (f *fake) CollectMessages(stream grpc.BidiStreamingServer[pb.CollectMessagesRequest, pb.CollectMessagesResponse]) error {
	return stream.Send(&pb.CollectMessagesResponse{Parts: f.parts})
}

// certificateOf makes a certificate for 127.0.0.1, which is its own authority.
func certificateOf(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

// connected connects.
func connected(t *testing.T, target string, options *popgate.Options) *popgate.Client {
	t.Helper()
	client, err := popgate.Connect(target, options)
	if err != nil {
		t.Fatal(err)
	}
	return client
}
