package server

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/proto"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// raw is a caller that speaks HTTP/2 by hand, and so does what no gRPC library would.
type raw struct {
	net.Conn
	*http2.Framer
}

func rawCaller(t testing.TB, listener *bufconn.Listener) *raw {
	t.Helper()
	conn, err := listener.Dial()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	r := &raw{conn, http2.NewFramer(conn, conn)}
	r.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	if _, err := io.WriteString(conn, http2.ClientPreface); err != nil {
		t.Fatal(err)
	}
	if err := r.WriteSettings(); err != nil {
		t.Fatal(err)
	}
	return r
}

// call sends a request and returns how it ended: the status' number, or what else the server did.
func (r *raw) call(t testing.TB, path string, body []byte, more ...string) string {
	t.Helper()
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	fields := append([]string{
		":method", "POST", ":scheme", "http", ":authority", "gateway.test", ":path", path,
		"content-type", "application/grpc", "te", "trailers",
	}, more...)
	for i := 0; i < len(fields); i += 2 {
		_ = encoder.WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]})
	}
	end := false
	for first := true; !end; first = false {
		part := block.Next(16 << 10)
		end = block.Len() == 0
		var err error
		if first {
			err = r.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: part, EndHeaders: end})
		} else {
			err = r.WriteContinuation(1, end, part)
		}
		if err != nil {
			return "broken"
		}
	}
	_ = r.WriteData(1, true, body)
	return r.ending()
}

func (r *raw) ending() string {
	for {
		frame, err := r.ReadFrame()
		if err != nil {
			return "closed"
		}
		switch f := frame.(type) {
		case *http2.MetaHeadersFrame:
			for _, field := range f.Fields {
				if field.Name == "grpc-status" {
					return field.Value
				}
			}
		case *http2.RSTStreamFrame:
			return "RST " + f.ErrCode.String()
		case *http2.GoAwayFrame:
			return "GOAWAY " + f.ErrCode.String() + " " + string(f.DebugData())
		}
	}
}

// framed is a message as gRPC sends it.
func framed(message []byte, compressed bool) []byte {
	flag := []byte{0}
	if compressed {
		flag = []byte{1}
	}
	return append(binary.BigEndian.AppendUint32(flag, uint32(len(message))), message...)
}

func noopFrame(t testing.TB) []byte {
	t.Helper()
	message, err := proto.Marshal(&pb.NoopRequest{SessionId: "popgate.none"})
	if err != nil {
		t.Fatal(err)
	}
	return framed(message, false)
}

const noopPath = "/popgate.v1.Pop3Service/Noop"

// TestHeaderLimit: 8 KiB of headers, in however many frames.
func TestHeaderLimit(t *testing.T) {
	listener := bufconn.Listen(1 << 20)
	serveOn(t, Config{}, listener)
	for size, ok := range map[int]bool{7 << 10: true, 9 << 10: false, 64 << 10: false, 1 << 20: false, 8 << 20: false} {
		got := rawCaller(t, listener).call(t, noopPath, noopFrame(t), "x-large", strings.Repeat("~", size))
		if want := "5"; (got == want) != ok {
			t.Errorf("%d octets: %s", size, got)
		}
	}
}

// TestPaths: what is not exactly a method's name is no method.
func TestPaths(t *testing.T) {
	listener := bufconn.Listen(1 << 20)
	serveOn(t, Config{}, listener)
	for path, want := range map[string]string{
		noopPath: "5", "/popgate.v1.Pop3Service/Connect": "12", "/popgate.v1.Pop3Service/noop": "12", "/popgate.v1.MailboxService/List": "12",
		"popgate.v1.Pop3Service/Noop": "12", "//popgate.v1.Pop3Service/Noop": "12", "/popgate.v1.Pop3Service//Noop": "12",
		"/popgate.v1.Pop3Service/Noop/": "12", "/": "12", "": "12",
	} {
		got := rawCaller(t, listener).call(t, path, noopFrame(t))
		if got != want && (path != "" || !strings.HasPrefix(got, "RST")) {
			t.Errorf("%q: %s, want %s", path, got, want)
		}
	}
}

// TestCompression: no compressor is linked in, so nothing that unfolds in memory gets in.
func TestCompression(t *testing.T) {
	if encoding.GetCompressor("gzip") != nil {
		t.Fatal("gzip is linked in")
	}
	var bomb bytes.Buffer
	w := gzip.NewWriter(&bomb)
	if _, err := io.CopyN(w, zeroes{}, 8<<20); err != nil {
		t.Fatal(err)
	}
	w.Close()
	listener := bufconn.Listen(1 << 20)
	serveOn(t, Config{}, listener)
	if got := rawCaller(t, listener).call(t, noopPath, framed(bomb.Bytes(), true), "grpc-encoding", "gzip"); got != "12" {
		t.Errorf("got %s", got)
	}
}

type zeroes struct{}

func (zeroes) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// TestRequestLimit: a request of 4 MiB is the largest.
func TestRequestLimit(t *testing.T) {
	g := newGateway(t, nil)
	pass := func(size int) error {
		_, err := g.Pass(t.Context(), &pb.PassRequest{SessionId: "popgate.none", Password: strings.Repeat("x", size)})
		return err
	}
	wantFailure(t, "below", pass(4<<20-100), failure{codes.InvalidArgument, "INVALID_ARGUMENT", nil})
	wantFailure(t, "above", pass(4<<20), failure{codes.ResourceExhausted, "", nil})
	stream, err := g.AuthExchange(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_ = stream.Send(&pb.AuthExchangeRequest{SessionId: "popgate.none", Mechanism: "PLAIN", InitialResponse: make([]byte, 5<<20)})
	_, err = stream.Recv()
	wantFailure(t, "a stream", err, failure{codes.ResourceExhausted, "", nil})
}

func TestReflectionAndHealth(t *testing.T) {
	g := newGateway(t, nil)
	if err := reflect(t.Context(), g.conn, "v1"); err != nil {
		t.Errorf("reflection v1: %v", err)
	}
	if err := reflect(t.Context(), g.conn, "v1alpha"); err != nil {
		t.Errorf("reflection v1alpha: %v", err)
	}
	for _, service := range []string{"", "popgate.v1.Pop3Service"} {
		if got := g.health(t, service); got != healthpb.HealthCheckResponse_SERVING {
			t.Errorf("health of %q: %v", service, got)
		}
	}
	_, err := healthpb.NewHealthClient(g.conn).Check(t.Context(), &healthpb.HealthCheckRequest{Service: "else"})
	wantFailure(t, "health of another service", err, failure{codes.NotFound, "", nil})
}

// TestSilentConnection: who connects and says nothing is put out after 10 seconds.
func TestSilentConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		listener := bufconn.Listen(1 << 10)
		serveOn(t, Config{}, listener)
		conn, err := listener.Dial()
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, http2.ClientPreface[:10])
		begin := time.Now()
		if _, err := io.Copy(io.Discard, conn); errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		if d := time.Since(begin); d < 9*time.Second || d > 11*time.Second {
			t.Errorf("put out after %v", d)
		}
	})
}

// TestPingFlood: who pings without end is put out.
func TestPingFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		listener := bufconn.Listen(1 << 16)
		serveOn(t, Config{}, listener)
		r := rawCaller(t, listener)
		for range 5 {
			if err := r.WritePing(false, [8]byte{}); err != nil {
				break
			}
		}
		if got := r.ending(); got != "GOAWAY ENHANCE_YOUR_CALM too_many_pings" {
			t.Errorf("got %s", got)
		}
	})
}

// TestConnectionLimit: one more connection than allowed waits until another is closed.
func TestConnectionLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		listener := bufconn.Listen(1 << 16)
		serveOn(t, Config{Limits: Limits{Connections: 2}}, listener)
		var conns []*grpc.ClientConn
		for i := range 3 {
			conn, err := grpc.NewClient(fmt.Sprintf("passthrough:///%d", i), grpc.WithTransportCredentials(insecure.NewCredentials()),
				grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			conns = append(conns, conn)
		}
		check := func(conn *grpc.ClientConn) error {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, err := healthpb.NewHealthClient(conn).Check(ctx, &healthpb.HealthCheckRequest{}, grpc.WaitForReady(true))
			return err
		}
		for _, conn := range conns[:2] {
			if err := check(conn); err != nil {
				t.Fatal(err)
			}
		}
		wantFailure(t, "the third", check(conns[2]), failure{codes.DeadlineExceeded, "", nil})
		conns[0].Close()
		synctest.Wait()
		if err := check(conns[2]); err != nil {
			t.Errorf("after one was closed: %v", err)
		}
	})
}
