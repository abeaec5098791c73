package popgate_test

import (
	"context"
	"net"
	"strconv"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	popgate "github.com/popgate/popgate/clients/go"
	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3/pop3test"
	"github.com/popgate/popgate/server"
)

// TestMain fails the package where a goroutine outlives the tests.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rig is what `popgate demo` starts: a gateway and a sample mailbox of five messages; and a client.
type rig struct {
	*popgate.Client

	target string
	mail   *pb.Server
	drop   *pop3test.Maildrop
	pop    *pop3test.Server

	mu    sync.Mutex
	calls []called
}

// called is a call that the client has made.
type called struct {
	method   string // without its service
	header   []string
	deadline time.Time // zero if there was none
}

var alice = popgate.Password("alice", "secret")

// newRig starts one, with what configure changes; nil is nothing.
func newRig(t *testing.T, configure func(*server.Config)) *rig {
	t.Helper()
	r := &rig{drop: pop3test.SampleMaildrop()}
	r.drop.Password = "secret"
	r.pop = pop3test.NewServer(map[string]*pop3test.Maildrop{"alice": r.drop})
	t.Cleanup(r.pop.Close)
	host, port, _ := net.SplitHostPort(r.pop.Addr)
	number, _ := strconv.ParseUint(port, 10, 16)
	r.mail = popgate.Plaintext(host, uint32(number))
	targets, err := server.OnlyTargets(r.pop.Addr)
	if err != nil {
		t.Fatal(err)
	}
	config := server.Config{Targets: targets, UnsafeAllowPlaintext: true}
	if configure != nil {
		configure(&config)
	}
	gateway, err := server.New(config)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- gateway.Serve(listener) }()
	t.Cleanup(func() {
		now, cancel := context.WithCancel(context.Background())
		cancel()
		gateway.Shutdown(now)
		<-served
	})
	r.target = listener.Addr().String()
	r.Client = r.connect(t, &popgate.Options{Dial: []grpc.DialOption{
		grpc.WithUnaryInterceptor(r.unary), grpc.WithStreamInterceptor(r.streaming),
	}})
	return r
}

// connect makes a client that the end of the test closes.
func (r *rig) connect(t *testing.T, options *popgate.Options) *popgate.Client {
	t.Helper()
	client, err := popgate.Connect(r.target, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

func (r *rig) note(ctx context.Context, method string) {
	md, _ := metadata.FromOutgoingContext(ctx)
	deadline, _ := ctx.Deadline()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = append(r.calls, called{method[len("/popgate.v1.Pop3Service/"):], md.Get("pop3-session"), deadline})
}

func (r *rig) unary(
	ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption,
) error {
	r.note(ctx, method)
	return invoke(ctx, method, req, reply, conn, opts...)
}

func (r *rig) streaming(
	ctx context.Context, desc *grpc.StreamDesc, conn *grpc.ClientConn, method string, open grpc.Streamer, opts ...grpc.CallOption,
) (grpc.ClientStream, error) {
	r.note(ctx, method)
	return open(ctx, desc, conn, method, opts...)
}

// open opens a session that the end of the test closes.
func (r *rig) open(t *testing.T) *popgate.Session {
	t.Helper()
	session, err := r.Open(t.Context(), r.mail)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { session.Close(t.Context()) })
	return session
}

// login opens a session and logs alice in.
func (r *rig) login(t *testing.T) *popgate.Session {
	t.Helper()
	session := r.open(t)
	if err := session.Login(t.Context(), "alice", "secret"); err != nil {
		t.Fatal(err)
	}
	return session
}

// waitFree waits until the server has noticed the end of the session before.
func (r *rig) waitFree() {
	for r.drop.InUse() {
		time.Sleep(time.Millisecond)
	}
}
