package server

import (
	"context"
	"errors"
	"io"
	"net"
	"strconv"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// TestMain fails the package where a goroutine outlives the tests.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// gateway is a Server that runs for one test, and a caller of it.
type gateway struct {
	*Server
	pb.Pop3ServiceClient
	conn *grpc.ClientConn
}

// newGateway starts a gateway that may dial any address and refuses logins over plaintext, as far as configure (nil for nothing)
// leaves it so. Whatever error a call of its client returns is checked by checkError.
func newGateway(t testing.TB, configure func(*Config)) *gateway {
	t.Helper()
	config := Config{dial: new(net.Dialer).DialContext}
	if configure != nil {
		configure(&config)
	}
	s, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	listener := bufconn.Listen(64 << 10)
	served := make(chan error, 1)
	go func() { served <- s.Serve(listener) }()
	conn := dialGateway(t, listener)
	t.Cleanup(func() {
		_ = conn.Close() // ends the calls that the test has left
		now, cancel := context.WithCancel(context.Background())
		cancel()
		s.Shutdown(now)
		if err := <-served; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return &gateway{s, pb.NewPop3ServiceClient(conn), conn}
}

// dialGateway returns a caller's connection, which the caller closes.
func dialGateway(t testing.TB, listener *bufconn.Listener) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient("passthrough:///gateway",
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDisableServiceConfig(),
		grpc.WithUnaryInterceptor(func(
			ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption,
		) error {
			var trailer metadata.MD
			err := invoke(ctx, method, req, reply, cc, append(opts, grpc.Trailer(&trailer))...)
			checkError(t, method, err, trailer)
			return err
		}),
		grpc.WithStreamInterceptor(func(
			ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, open grpc.Streamer, opts ...grpc.CallOption,
		) (grpc.ClientStream, error) {
			stream, err := open(ctx, desc, cc, method, opts...)
			return &checkedStream{stream, t, method}, err
		}))
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// checkedStream checks the error that ends a stream.
type checkedStream struct {
	grpc.ClientStream
	t      testing.TB
	method string
}

func (s *checkedStream) RecvMsg(m any) error {
	err := s.ClientStream.RecvMsg(m)
	if err != nil && !errors.Is(err, io.EOF) {
		checkError(s.t, s.method, err, s.Trailer())
	}
	return err
}

// checkError holds every error of the gateway to the contract: its details and its trailers say the same.
func checkError(t testing.TB, method string, err error, trailer metadata.MD) {
	info := infoOf(err)
	if info == nil {
		return // the transport's, or of the caller's own context
	}
	pushback := "-1"
	if retry := detailOf[*errdetails.RetryInfo](err); retry != nil {
		pushback = strconv.FormatInt(retry.GetRetryDelay().AsDuration().Milliseconds(), 10)
	}
	for name, want := range map[string]string{reasonTrailer: info.GetReason(), pushbackTrailer: pushback} {
		if got := trailer.Get(name); len(got) != 1 || got[0] != want {
			t.Errorf("%s: %v: trailer %s is %q, want %q", method, err, name, got, want)
		}
	}
	if info.GetDomain() != domain {
		t.Errorf("%s: %v: domain %q", method, err, info.GetDomain())
	}
}

// detailOf returns the detail of a kind in a status, or nil.
func detailOf[T any](err error) (none T) {
	for _, detail := range status.Convert(err).Details() {
		if d, ok := detail.(T); ok {
			return d
		}
	}
	return none
}

// infoOf returns the ErrorInfo of an error, or nil. For the reason alone there is reasonOf.
func infoOf(err error) *errdetails.ErrorInfo { return detailOf[*errdetails.ErrorInfo](err) }

// failure is what an error has to be.
type failure struct {
	code   codes.Code
	reason string            // without ERROR_REASON_; "" for an error without ErrorInfo
	meta   map[string]string // what the ErrorInfo has among others; "" for what it must not have
}

// check reports in words how err differs from the failure, or "".
func (f failure) check(err error) string {
	if err == nil {
		return "no error, want " + f.code.String() + " " + f.reason
	}
	info, want := infoOf(err), f.reason
	if want != "" {
		want = "ERROR_REASON_" + want
	}
	if got := status.Code(err); got != f.code || info.GetReason() != want {
		return "got " + got.String() + " " + info.GetReason() + " (" + err.Error() + "), want " + f.code.String() + " " + f.reason
	}
	for key, value := range f.meta {
		if got := info.GetMetadata()[key]; got != value {
			return f.reason + ": metadata " + key + " is " + strconv.Quote(got) + ", want " + strconv.Quote(value)
		}
	}
	return ""
}

// wantFailure fails the test where err is not the failure.
func wantFailure(t testing.TB, what string, err error, want failure) {
	t.Helper()
	if wrong := want.check(err); wrong != "" {
		t.Errorf("%s: %s", what, wrong)
	}
}

// target returns a POP3 server at host:port that is spoken to in a TLS mode. pem is the certificate to trust, nil in plaintext.
func target(t testing.TB, addr string, mode pb.TlsMode, pem []byte) *pb.Server {
	t.Helper()
	host, service, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.ParseUint(service, 10, 16)
	if err != nil {
		t.Fatal(err)
	}
	port := uint32(n)
	return &pb.Server{Host: host, Port: &port, Tls: &pb.TlsOptions{Mode: mode, CaBundlePem: string(pem)}}
}

// plain returns a target in plaintext.
func plain(t testing.TB, addr string) *pb.Server {
	t.Helper()
	return target(t, addr, pb.TlsMode_TLS_MODE_PLAINTEXT, nil)
}

// openSession opens a session and returns its id.
func (g *gateway) openSession(t testing.TB, server *pb.Server) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	resp, err := g.OpenSession(ctx, &pb.OpenSessionRequest{Server: server})
	if err != nil {
		t.Fatalf("OpenSession: %v", err)
	}
	return resp.GetSessionId()
}

// login logs a session in by USER and PASS.
func (g *gateway) login(t testing.TB, session, user, password string) {
	t.Helper()
	if _, err := g.User(t.Context(), &pb.UserRequest{SessionId: session, Username: user}); err != nil {
		t.Fatalf("User: %v", err)
	}
	if _, err := g.Pass(t.Context(), &pb.PassRequest{SessionId: session, Password: password}); err != nil {
		t.Fatalf("Pass: %v", err)
	}
}

// collect reads a server stream to its end: collect(g.List(ctx, req)). What came before an error is returned with it.
func collect[T any](stream grpc.ServerStreamingClient[T], err error) ([]*T, error) {
	var all []*T
	for err == nil {
		var m *T
		if m, err = stream.Recv(); err == nil {
			all = append(all, m)
		}
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return all, err
}
