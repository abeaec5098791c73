package replicas

import (
	"context"
	"flag"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	_ "google.golang.org/grpc/balancer/ringhash" // chooses a replica by a header
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"
	"google.golang.org/grpc/status"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

var (
	sessions = flag.Int("sessions", 60, "sessions at each proxy")
	calls    = flag.Int("calls", 20, "calls of each session")
)

// session is a caller's session and the header that it sends.
type session struct {
	pb.Pop3ServiceClient

	id, header, value string
}

// context returns that of a call of the session.
func (s *session) context(ctx context.Context) context.Context {
	return metadata.AppendToOutgoingContext(ctx, s.header, s.value)
}

func (s *session) owner() string {
	owner, _, _ := strings.Cut(s.id, ".")
	return owner
}

// capa is a call that only needs the session.
func (s *session) capa(ctx context.Context) error {
	_, err := s.Capa(s.context(ctx), &pb.CapaRequest{SessionId: s.id})
	return err
}

// upstream says where the POP3 server is.
func (f *farm) upstream(t *testing.T) *pb.Server {
	t.Helper()
	host, port, _ := strings.Cut(f.server.Addr, ":")
	var n uint32
	if _, err := fmt.Sscan(port, &n); err != nil {
		t.Fatal(err)
	}
	return &pb.Server{Host: host, Port: &n, Tls: &pb.TlsOptions{Mode: pb.TlsMode_TLS_MODE_PLAINTEXT}}
}

// open opens a session, whose calls send header back as it came.
func (f *farm) open(ctx context.Context, t *testing.T, conn *grpc.ClientConn, header string) (*session, error) {
	t.Helper()
	s := &session{Pop3ServiceClient: pb.NewPop3ServiceClient(conn), header: header}
	var got metadata.MD
	opened, err := s.OpenSession(ctx, &pb.OpenSessionRequest{Server: f.upstream(t)}, grpc.Header(&got))
	if err != nil {
		return nil, err
	}
	s.id = opened.GetSessionId()
	if values := got.Get(header); len(values) > 0 {
		s.value = values[0]
	}
	return s, nil
}

// openAll opens sessions at once and makes all their calls.
func (f *farm) openAll(t *testing.T, open func(i int) (*session, error)) []*session {
	t.Helper()
	all := make([]*session, *sessions)
	var wait sync.WaitGroup
	var misrouted, failed atomic.Int32
	places := make(chan struct{}, 50)
	for i := range all {
		wait.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			s, err := open(i)
			if err != nil {
				t.Errorf("OpenSession: %v", err)
				return
			}
			all[i] = s
			for range *calls {
				switch err := s.capa(t.Context()); {
				case reason(err) == "ERROR_REASON_WRONG_REPLICA":
					misrouted.Add(1)
				case err != nil:
					failed.Add(1)
					t.Logf("a call failed: %v", err)
				}
			}
		})
	}
	wait.Wait()
	if t.Failed() {
		t.FailNow()
	}
	owners := map[string]int{}
	for _, s := range all {
		owners[s.owner()]++
	}
	t.Logf("%d calls in %d sessions at replicas %v: misrouted %d", *sessions**calls, *sessions, owners, misrouted.Load())
	if misrouted.Load() > 0 || failed.Load() > 0 {
		t.Errorf("%d misrouted, %d failed", misrouted.Load(), failed.Load())
	}
	if len(owners) != 3 {
		t.Errorf("sessions are at %v", owners)
	}
	return all
}

// reason returns the reason in an error's ErrorInfo, or "".
func reason(err error) string {
	if info := infoOf(err); info != nil {
		return info.GetReason()
	}
	return ""
}

func infoOf(err error) *errdetails.ErrorInfo {
	for _, detail := range status.Convert(err).Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok {
			return info
		}
	}
	return nil
}

// TestProxies: behind each proxy every call finds its session, a call that goes astray by the caller's fault disturbs none, and the
// death of a replica takes its own sessions alone.
func TestProxies(t *testing.T) {
	for _, p := range proxies {
		t.Run(p.file, func(t *testing.T) {
			p.program(t)
			f := newFarm(t, 1, 0, longDrain)
			conn := connect(t, p.front(t, f))
			all := f.openAll(t, func(int) (*session, error) { return f.open(t.Context(), t, conn, p.header) })
			f.astray(t, all)
			f.killed(t, all)
		})
	}
}

// astray sends calls to replicas that do not have the session.
func (f *farm) astray(t *testing.T, all []*session) {
	t.Helper()
	for _, r := range f.replicas {
		direct := pb.NewPop3ServiceClient(connect(t, r.address))
		for _, s := range all[:30] {
			if s.owner() == r.name {
				continue
			}
			_, err := direct.Quit(t.Context(), &pb.QuitRequest{SessionId: s.id})
			if info := infoOf(err); info.GetReason() != "ERROR_REASON_WRONG_REPLICA" || info.GetMetadata()["owner"] != s.owner() {
				t.Errorf("a call of %s's at %s: %v", s.owner(), r.name, err)
			}
		}
	}
	for _, s := range all[:30] {
		if err := s.capa(t.Context()); err != nil {
			t.Errorf("after a call that went astray: %v", err)
		}
	}
}

// killed kills one replica. The sessions of the others notice nothing.
func (f *farm) killed(t *testing.T, all []*session) {
	t.Helper()
	victim := f.replicas[1]
	if err := victim.process.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = victim.process.Wait() // it was killed
	lost := 0
	for _, s := range all {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		err := s.capa(ctx)
		cancel()
		switch {
		case s.owner() != victim.name && err != nil:
			t.Errorf("a session of %s, when %s was killed: %v", s.owner(), victim.name, err)
		case s.owner() == victim.name:
			if lost++; status.Code(err) != codes.Unavailable {
				t.Errorf("a session of %s, which was killed: %v", victim.name, err)
			}
		}
	}
	t.Logf("%d sessions went with the replica, %d are untouched", lost, len(all)-lost)
}

// TestRingHash: without a proxy grpc-go chooses a replica by a header of the caller's own, the same for all calls of a session.
func TestRingHash(t *testing.T) {
	const affinity = "x-affinity"
	f := newFarm(t, 1, 0, longDrain)
	replicas := manual.NewBuilderWithScheme("replicas")
	var addresses []resolver.Address
	for _, r := range f.replicas {
		addresses = append(addresses, resolver.Address{Addr: r.address})
	}
	replicas.InitialState(resolver.State{Addresses: addresses})
	conn := connect(t, "replicas:///popgate", grpc.WithResolvers(replicas),
		grpc.WithDefaultServiceConfig(`{"loadBalancingConfig":[{"ring_hash_experimental":{"requestHashHeader":"`+affinity+`"}}]}`))
	all := f.openAll(t, func(i int) (*session, error) {
		value := fmt.Sprint("caller ", i)
		s, err := f.open(metadata.AppendToOutgoingContext(t.Context(), affinity, value), t, conn, sessionHeader)
		if s != nil {
			s.header, s.value = affinity, value
		}
		return s, err
	})
	f.astray(t, all)
}
