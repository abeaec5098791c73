package main

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3/pop3test"
)

// held is a message whose second half comes when a channel is closed.
func held(text []byte, until <-chan struct{}) pop3test.Message {
	m := pop3test.NewMessage(text)
	m.Open = func() io.Reader {
		return io.MultiReader(bytes.NewReader(text[:len(text)/2]), &waiting{bytes.NewReader(text[len(text)/2:]), until})
	}
	return m
}

type waiting struct {
	io.Reader
	until <-chan struct{}
}

func (w *waiting) Read(p []byte) (int, error) {
	<-w.until
	return w.Reader.Read(p)
}

// crowded is a gateway with many sessions, some of which have calls that have begun.
type crowded struct {
	*process
	srv    *pop3test.Server
	storer storer // of all users, one after the other
	goOn   func() // ends the wait of the messages that are to arrive

	begun atomic.Int32 // calls that have brought something, or whose command has reached the server
}

// The kinds of calls that are under way.
const (
	finishes   = iota // a Retr whose message goes on
	hangs             // a Retr whose message does not
	unsettled         // a CollectMessages that waits for a settlement
	unanswered        // a Noop
)

const (
	crowdSessions = 500
	crowdCalls    = 50
	// crowdDrain is enough for a busy machine to hand out what finishes, and passes each time, since some never do.
	crowdDrain = 15 * time.Second
)

func newCrowded(t *testing.T) *crowded {
	t.Helper()
	text := bytes.Repeat([]byte("a line of a message with 64 octets, its line end among all them\r\n"), 8000) // half is more than the server buffers
	finish := make(chan struct{})
	c := &crowded{goOn: sync.OnceFunc(func() { close(finish) })}
	over := make(chan struct{})
	drops := manyUsers(crowdSessions, pop3test.NewMessage(text))
	for i := range crowdCalls {
		until := over
		if i%4 == finishes {
			until = finish
		}
		drops[fmt.Sprint("user", i)].Messages[0] = held(text, until)
		if i%4 == unsettled {
			drops[fmt.Sprint("user", i)].Messages[0] = pop3test.NewMessage(text)
		}
	}
	c.srv = pop3test.NewUnstartedServer(drops)
	c.srv.Intercept = func(line string) (string, bool) {
		if line == "NOOP" {
			c.begun.Add(1)
			<-over
		}
		return "", false
	}
	c.srv.Start()
	t.Cleanup(c.srv.Close)
	t.Cleanup(func() { close(over); c.goOn() })
	c.process = start(t, "popgate", append([]string{"serve", "--listen", "127.0.0.1:0", "--drain", crowdDrain.String()}, towards(c.srv)...)...)
	conn := connect(t, c.address())
	c.storer = storer{client: pb.NewPop3ServiceClient(conn), mailboxes: pb.NewMailboxServiceClient(conn), srv: c.srv}
	return c
}

// enter logs a user in and marks its message as deleted.
func (c *crowded) enter(t *testing.T, user string, marked bool) (string, error) {
	client := c.storer.client
	opened, err := client.OpenSession(t.Context(), opening(c.srv))
	if err != nil {
		return "", err
	}
	id := opened.GetSessionId()
	if _, err := client.User(t.Context(), &pb.UserRequest{SessionId: id, Username: user}); err != nil {
		return "", err
	}
	if _, err := client.Pass(t.Context(), &pb.PassRequest{SessionId: id, Password: password}); err != nil {
		return "", err
	}
	if marked {
		_, err = client.Dele(t.Context(), &pb.DeleRequest{SessionId: id, MessageNumber: 1})
	}
	return id, err
}

// call makes the call of a kind, and returns how it ended.
func (c *crowded) call(t *testing.T, kind int, user, id string) error {
	switch kind {
	case unsettled:
		mine := c.storer
		mine.user = user
		return c.unsettled(t, mine.collection())
	case unanswered:
		_, err := c.storer.client.Noop(t.Context(), &pb.NoopRequest{SessionId: id})
		return err
	}
	stream, err := c.storer.client.Retr(t.Context(), &pb.RetrRequest{SessionId: id, MessageNumber: 1})
	if err == nil {
		_, err = stream.Recv()
		c.begun.Add(1)
	}
	for err == nil {
		_, err = stream.Recv()
	}
	if err == io.EOF {
		return nil
	}
	return err
}

// unsettled collects a message and does not settle it.
func (c *crowded) unsettled(t *testing.T, request *pb.CollectMessagesRequest) error {
	stream, err := c.storer.mailboxes.CollectMessages(t.Context())
	if err != nil {
		return err
	}
	_ = stream.Send(request) // where it fails, Recv says why
	for {
		resp, err := stream.Recv()
		if err != nil {
			return err
		}
		for _, part := range resp.GetParts() {
			if part.GetEnd() != nil {
				c.begun.Add(1)
			}
		}
	}
}

// TestShutdownOfManySessions: of 500 sessions 50 have calls under way when SIGTERM comes. What can end does; the rest is told why, or
// that the gateway is gone; nothing is committed that was merely marked.
func TestShutdownOfManySessions(t *testing.T) {
	c := newCrowded(t)
	var opens, calls errgroup.Group
	opens.SetLimit(16)
	ids := make([]string, crowdSessions)
	for i := range ids {
		if i < crowdCalls && i%4 == unsettled {
			continue // its call has a session of its own
		}
		opens.Go(func() (err error) {
			ids[i], err = c.enter(t, fmt.Sprint("user", i), i >= crowdCalls || i%4 == unanswered)
			return err
		})
	}
	if err := opens.Wait(); err != nil {
		t.Fatal(err)
	}
	outcomes := make([]error, crowdCalls)
	for i := range outcomes {
		calls.Go(func() error {
			outcomes[i] = c.call(t, i%4, fmt.Sprint("user", i), ids[i])
			return nil
		})
	}
	eventually(t, func() error {
		if n := c.begun.Load(); n != crowdCalls {
			return fmt.Errorf("%d calls have begun", n)
		}
		return nil
	})
	c.signal(syscall.SIGTERM)
	c.stderr.waitFor(t, "draining")
	begin := time.Now()
	c.goOn()
	_ = calls.Wait() // no error but those in outcomes
	if state := c.wait(); state.ExitCode() != 0 {
		t.Errorf("%s:\n%s", state, &c.stderr)
	}
	t.Logf("ended %s after SIGTERM, with a drain time of %s", time.Since(begin).Round(10*time.Millisecond), crowdDrain)
	ends := map[string]int{}
	for i, err := range outcomes {
		ends[fmt.Sprint([]string{"finishes", "hangs", "unsettled", "unanswered"}[i%4], ": ", endOf(err))]++
		if (err == nil) != (i%4 == finishes) || endOf(err) == "" {
			t.Errorf("call %d: %v", i, err)
		}
	}
	t.Log(ends)
	if slices.Contains(c.srv.Commands(), "QUIT") {
		t.Error("the gateway sent QUIT")
	}
	for user, drop := range c.srv.Maildrops {
		if len(drop.Snapshot()) != 1 {
			t.Errorf("the message of %s is gone", user)
		}
	}
}

// endOf is OK, the reason of a typed error, UNAVAILABLE of the transport, or nothing of these.
func endOf(err error) string {
	info := errorInfo(err)
	switch {
	case err == nil:
		return "OK"
	case info != nil && info.GetMetadata()["cause"] != "":
		return info.GetReason() + " " + info.GetMetadata()["cause"]
	case info != nil:
		return info.GetReason()
	case status.Code(err) == codes.Unavailable:
		return "UNAVAILABLE"
	}
	return ""
}

// TestShutdownFinishesRetr: a message that takes 2 s, and is under way when SIGTERM comes, arrives whole.
func TestShutdownFinishesRetr(t *testing.T) {
	text := bytes.Repeat([]byte("a line of a message with 64 octets, its line end among all them\r\n"), 32_000)
	finish := make(chan struct{})
	goOn := sync.OnceFunc(func() { close(finish) })
	srv := mailbox(t, pop3test.NewMaildrop("", held(text, finish)))
	t.Cleanup(goOn)
	gateway := start(t, "popgate", append([]string{"serve", "--listen", "127.0.0.1:0", "--drain", "1m"}, towards(srv)...)...)
	client := pb.NewPop3ServiceClient(connect(t, gateway.address()))
	id := login(t, client, srv)
	stream, err := client.Retr(t.Context(), &pb.RetrRequest{SessionId: id, MessageNumber: 1})
	if err != nil {
		t.Fatal(err)
	}
	first, err := stream.Recv()
	if err != nil {
		t.Fatal(err)
	}
	gateway.signal(syscall.SIGTERM)
	gateway.stderr.waitFor(t, "draining")
	time.AfterFunc(2*time.Second, goOn)
	got := bytes.Clone(first.GetData())
	each(t, stream, func(part *pb.RetrResponse) { got = append(got, part.GetData()...) })
	if !bytes.Equal(got, text) {
		t.Errorf("%d octets of %d, or others", len(got), len(text))
	}
	if _, err := client.CloseSession(t.Context(), &pb.CloseSessionRequest{SessionId: id}); err != nil {
		t.Error(err)
	}
	if state := gateway.wait(); state.ExitCode() != 0 {
		t.Errorf("%s:\n%s", state, &gateway.stderr)
	}
}
