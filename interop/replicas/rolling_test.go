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
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// workers is how many callers of each service work during the restart, each with a mailbox of its own.
const workers = 10

// messagesOfWorker is what each mailbox holds.
const messagesOfWorker = 60

// TestRollingRestart restarts three replicas behind HAProxy one by one, under load. Of the jobs of MailboxService, which gRPC repeats by
// the clients' own service config, all succeed; sessions end with their replica alone, with an error that says so; no message is lost.
func TestRollingRestart(t *testing.T) {
	haproxy := proxies[0]
	haproxy.program(t)
	f := newFarm(t, 2*workers, messagesOfWorker)
	config, err := os.ReadFile(filepath.Join(checkout, "clients", "service_config.json"))
	if err != nil {
		t.Fatal(err)
	}
	conn := connect(t, haproxy.front(t, f), grpc.WithDefaultServiceConfig(string(config)))
	l := &load{farm: f, conn: conn, stored: map[string]bool{}}
	ctx, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() { l.jobs(ctx, t, user(w)) })
		all.Go(func() { l.sessions(ctx, t, user(workers+w)) })
	}
	for _, r := range f.replicas {
		before := l.done.Load()
		eventually(t, func() error { // there is load when it stops
			if l.done.Load() < before+3*workers {
				return errors.New("no load")
			}
			return nil
		})
		r.stop(t)
		r.start(t, f.server.Addr)
	}
	stop()
	all.Wait()
	t.Logf("%d jobs, all of which succeeded; %d sessions ended with their replica", l.done.Load(), l.ended.Load())
	l.nothingLost(t)
}

// load is what callers do, and what they have stored.
type load struct {
	*farm

	conn        *grpc.ClientConn
	done, ended atomic.Int32

	mu     sync.Mutex
	stored map[string]bool // subjects
}

// jobs fetches and deletes, by calls of MailboxService, as long as ctx lasts.
func (l *load) jobs(ctx context.Context, t *testing.T, name string) {
	mailbox := pb.NewMailboxServiceClient(l.conn)
	credentials := &pb.Credentials{Username: name, Secret: &pb.Credentials_Password{Password: password}}
	for ctx.Err() == nil {
		one := uint32(1)
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
		l.done.Add(1)
		if id == "" {
			time.Sleep(10 * time.Millisecond)
			continue // the mailbox is empty; to ask is load, too
		}
		l.store(data)
		deleted, err := mailbox.DeleteMessages(t.Context(), &pb.DeleteMessagesRequest{
			Server: l.upstream(t), Credentials: credentials, Messages: []*pb.MessageToDelete{{UniqueId: id}},
		})
		if err != nil || len(deleted.GetMessages()) != 1 {
			t.Errorf("DeleteMessages: %v, %v", deleted, err)
			return
		}
		l.done.Add(1)
	}
}

// sessions retrieves and deletes by sessions, one message each, as long as ctx lasts. A session may end with its replica.
func (l *load) sessions(ctx context.Context, t *testing.T, name string) {
	for ctx.Err() == nil {
		err := l.session(t, name)
		switch {
		case err == nil:
		case typed(err):
			l.ended.Add(1)
			time.Sleep(50 * time.Millisecond)
		default:
			t.Errorf("a session: %v", err)
			return
		}
	}
}

// typed reports whether an error says that the replica, or the way to it, is gone, or that the maildrop is still locked by the session
// that has ended so.
func typed(err error) bool {
	switch reason(err) {
	case "ERROR_REASON_DRAINING", "ERROR_REASON_SESSION_ENDED", "ERROR_REASON_MAILBOX_IN_USE", "ERROR_REASON_SESSION_NOT_FOUND":
		return true
	case "":
		return status.Code(err) == codes.Unavailable
	}
	return false
}

func (l *load) session(t *testing.T, name string) error {
	s, err := l.open(t.Context(), t, l.conn, sessionHeader)
	if err != nil {
		return err
	}
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
	subject, _, _ := strings.Cut(string(data), "\r\n")
	l.stored[subject] = true
}

// nothingLost checks that each message was stored or is still there.
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
			if !l.stored[fmt.Sprintf("Subject: %d of %d", m, u)] {
				lost++
			}
		}
	}
	t.Logf("%d messages, %d of them still on the server: lost %d", 2*workers*messagesOfWorker, left, lost)
	if lost > 0 || left == 2*workers*messagesOfWorker {
		t.Errorf("lost %d", lost)
	}
}
