package replicas

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/stats"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// workers is how many callers of each service work during the restart, each with a mailbox of its own.
const workers = 10

// messagesOfWorker is what each mailbox holds: more than is fetched until the last replica has been restarted.
const messagesOfWorker = 400

// pause is how long a caller rests after each message.
const pause = 20 * time.Millisecond

// TestRollingRestart restarts three replicas behind HAProxy one by one, under load. Of the jobs of MailboxService, which gRPC repeats by
// the clients' own service config, all succeed; sessions end with their replica alone, with an error that says so; no message is lost.
func TestRollingRestart(t *testing.T) {
	haproxy := proxies[0]
	haproxy.program(t)
	f := newFarm(t, 2*workers, messagesOfWorker, 5*time.Second)
	config, err := os.ReadFile(filepath.Join(checkout, "clients", "service_config.json"))
	if err != nil {
		t.Fatal(err)
	}
	l := &load{farm: f, stored: map[string]bool{}, ends: map[string]int{}}
	l.conn = connect(t, haproxy.front(t, f), grpc.WithDefaultServiceConfig(string(config)), grpc.WithStatsHandler(l))
	ctx, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	defer all.Wait()
	defer stop()
	for w := range workers {
		all.Go(func() { l.jobs(ctx, t, user(w)) })
		all.Go(func() { l.sessions(ctx, t, user(workers+w)) })
	}
	for range held {
		all.Go(func() { l.hold(ctx, t) })
	}
	for i, r := range f.replicas {
		before := l.done.Load()
		eventually(t, func() error { // messages are under way, and sessions are open, when it stops
			if l.done.Load() < before+3*workers || i == 0 && l.holding.Load() < held {
				return errors.New("no load")
			}
			return nil
		})
		l.begun[i].Add(1)
		r.terminate(t)
		r.wait(t)
		r.start(t, f.server.Addr)
		l.finished[i].Add(1)
	}
	eventually(t, func() error { // those of the last replica have noticed
		if n := l.holding.Load(); n > 0 {
			return fmt.Errorf("%d sessions outlived their replicas", n)
		}
		return nil
	})
	stop()
	all.Wait()
	retries := l.attempts.Load() - l.called.Load()
	t.Logf("%d jobs, all of which succeeded, %d of their calls repeated; what sessions got: %v", l.done.Load(), retries, l.ends)
	if retries == 0 {
		t.Error("no call had to be repeated: nothing is shown")
	}
	l.nothingLost(t)
}

// load is what callers do, and what they have stored.
type load struct {
	*farm

	conn             *grpc.ClientConn
	done             atomic.Int32    // jobs that have succeeded
	called, attempts atomic.Int32    // calls of MailboxService, and how often gRPC has sent them
	holding          atomic.Int32    // sessions that last until their replica ends
	begun, finished  [3]atomic.Int32 // restarts of each replica

	mu     sync.Mutex
	stored map[string]bool
	ends   map[string]int // errors of sessions, by reason
}

// jobs fetches and deletes, by calls of MailboxService, as long as ctx lasts.
func (l *load) jobs(ctx context.Context, t *testing.T, name string) {
	mailbox := pb.NewMailboxServiceClient(l.conn)
	credentials := &pb.Credentials{Username: name, Secret: &pb.Credentials_Password{Password: password}}
	for ctx.Err() == nil {
		one := uint32(1)
		l.called.Add(1)
		stream, err := mailbox.FetchMessages(t.Context(), &pb.FetchMessagesRequest{
			Server: l.upstream(t), Credentials: credentials, Selection: &pb.FetchMessagesRequest_All{All: true}, MaxMessages: &one,
		})
		if err != nil {
			t.Errorf("FetchMessages: %v", err)
			return
		}
		var id string
		var data []byte
		for {
			resp, err := stream.Recv()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Errorf("FetchMessages: %v", err)
				return
			}
			for _, part := range resp.GetParts() {
				if start := part.GetStart(); start != nil {
					id = start.GetUniqueId()
				}
				data = append(data, part.GetData()...)
			}
		}
		if id == "" {
			t.Errorf("the mailbox of %s is empty: too few messages", name)
			return
		}
		l.store(data)
		l.called.Add(1)
		deleted, err := mailbox.DeleteMessages(t.Context(), &pb.DeleteMessagesRequest{
			Server: l.upstream(t), Credentials: credentials, Messages: []*pb.MessageToDelete{{UniqueId: id}},
		})
		if err != nil || len(deleted.GetMessages()) != 1 {
			t.Errorf("DeleteMessages: %v, %v", deleted, err)
			return
		}
		l.done.Add(2)
		time.Sleep(pause)
	}
}

// sessions retrieves and deletes by sessions, one message each, as long as ctx lasts. A session may end with its replica.
func (l *load) sessions(ctx context.Context, t *testing.T, name string) {
	for ctx.Err() == nil {
		before := restarts(&l.finished)
		s, err := l.open(t.Context(), t, l.conn, sessionHeader)
		owner := ""
		if err == nil {
			owner = s.owner()
			err = l.session(t, s, name)
		}
		if err != nil {
			l.end(t, owner, before, err)
		}
		time.Sleep(pause)
	}
}

func (l *load) session(t *testing.T, s *session, name string) error {
	ctx := s.context(t.Context())
	defer s.CloseSession(ctx, &pb.CloseSessionRequest{SessionId: s.id})
	if _, err := s.User(ctx, &pb.UserRequest{SessionId: s.id, Username: name}); err != nil {
		return err
	}
	if _, err := s.Pass(ctx, &pb.PassRequest{SessionId: s.id, Password: password}); err != nil {
		return err
	}
	stat, err := s.Stat(ctx, &pb.StatRequest{SessionId: s.id})
	if err != nil || stat.GetMessageCount() == 0 {
		return err
	}
	stream, err := s.Retr(ctx, &pb.RetrRequest{SessionId: s.id, MessageNumber: 1})
	if err != nil {
		return err
	}
	var data []byte
	for {
		resp, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		data = append(data, resp.GetData()...)
	}
	l.store(data)
	if _, err := s.Dele(ctx, &pb.DeleRequest{SessionId: s.id, MessageNumber: 1}); err != nil {
		return err
	}
	_, err = s.Quit(ctx, &pb.QuitRequest{SessionId: s.id})
	return err
}

func (l *load) store(data []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stored[string(data)] = true
}

// nothingLost checks that each message was stored, whole, or is still there.
func (l *load) nothingLost(t *testing.T) {
	t.Helper()
	left := 0
	for _, drop := range l.drops {
		for _, message := range drop.Snapshot() {
			reader := message.Open()
			data, err := io.ReadAll(reader)
			if err != nil {
				t.Fatal(err)
			}
			l.store(data)
			left++
		}
	}
	lost := 0
	for u := range 2 * workers {
		for m := range messagesOfWorker {
			if !l.stored[mail(m, u)] {
				lost++
			}
		}
	}
	t.Logf("%d messages, %d of them still on the server: lost %d", 2*workers*messagesOfWorker, left, lost)
	if lost > 0 || left == 2*workers*messagesOfWorker {
		t.Errorf("lost %d", lost)
	}
}

// TagRPC, HandleRPC, TagConn and HandleConn are a stats.Handler, which counts how often calls of MailboxService are sent.
func (l *load) TagRPC(ctx context.Context, info *stats.RPCTagInfo) context.Context {
	if strings.HasPrefix(info.FullMethodName, "/popgate.v1.MailboxService/") {
		l.attempts.Add(1)
	}
	return ctx
}

func (*load) HandleRPC(context.Context, stats.RPCStats) {}

func (*load) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

func (*load) HandleConn(context.Context, stats.ConnStats) {}
