package server

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3/pop3test"
)

// collecting is a CollectMessages under way.
type collecting struct {
	grpc.BidiStreamingClient[pb.CollectMessagesRequest, pb.CollectMessagesResponse]
	fetched

	commits []*pb.Commit
}

// collect begins a CollectMessages of alice's mailbox, unless open says another.
func (g *gateway) collect(t *testing.T, open *pb.CollectOpen) *collecting {
	t.Helper()
	stream, err := g.mailboxes().CollectMessages(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if open.GetFetch() == nil {
		open.Fetch = &pb.FetchMessagesRequest{}
	}
	if fetch := open.GetFetch(); fetch.GetServer() == nil {
		fetch.Server, fetch.Credentials = anywhere(), alicesMailbox()
	}
	c := &collecting{BidiStreamingClient: stream}
	c.say(t, &pb.CollectMessagesRequest{Request: &pb.CollectMessagesRequest_Open{Open: open}})
	return c
}

func (c *collecting) say(t *testing.T, req *pb.CollectMessagesRequest) {
	t.Helper()
	if err := c.Send(req); err != nil && err != io.EOF { // io.EOF: the call is over, and Recv says why
		t.Fatal(err)
	}
}

func (c *collecting) settle(t *testing.T, d pb.Disposition, ids ...uint64) {
	t.Helper()
	c.say(t, &pb.CollectMessagesRequest{Request: &pb.CollectMessagesRequest_Settle{Settle: &pb.Settle{DeliveryIds: ids, Disposition: d}}})
}

// run reads to the end. got is called with each response, after it is kept.
func (c *collecting) run(t *testing.T, got func(*pb.CollectMessagesResponse)) error {
	t.Helper()
	for {
		resp, err := c.Recv()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		for _, part := range resp.GetParts() {
			c.add(t, part)
		}
		if resp.GetProgress() != nil {
			c.progress = resp.GetProgress()
		}
		if resp.Cursor != nil {
			c.cursor = resp.GetCursor()
		}
		if resp.GetSummary() != nil {
			c.summary = resp.GetSummary()
		}
		if resp.GetCommit() != nil {
			c.commits = append(c.commits, resp.GetCommit())
		}
		if got != nil {
			got(resp)
		}
	}
}

// fatesOf shows a commit.
func fatesOf(c *pb.Commit) string {
	var b strings.Builder
	b.WriteString(outcomeName(c.GetOutcome()))
	for _, m := range c.GetMessages() {
		fmt.Fprintf(&b, " %d=%s", m.GetDeliveryId(), strings.TrimPrefix(m.GetOutcome().String(), "DELETE_OUTCOME_"))
	}
	return b.String()
}

// TestCollectMessages: what is settled for deletion goes, what is kept stays and counts as seen.
func TestCollectMessages(t *testing.T) {
	m := newMailbox(t, 3)
	g := newGateway(t, m.piped)
	c := g.collect(t, &pb.CollectOpen{})
	err := c.run(t, func(resp *pb.CollectMessagesResponse) {
		for _, part := range resp.GetParts() {
			d := pb.Disposition_DISPOSITION_DELETE
			if part.GetDeliveryId() == 2 {
				d = pb.Disposition_DISPOSITION_KEEP
			}
			if part.GetEnd() != nil {
				c.settle(t, d, part.GetDeliveryId())
			}
		}
	})
	if err != nil || len(c.commits) != 1 || fatesOf(c.commits[0]) != "COMMITTED 1=DELETED 2=KEPT 3=DELETED" || c.summary.GetDelivered() != 3 {
		t.Fatalf("%v, %v, %v", err, c.commits, c.summary)
	}
	if left := m.drop.UniqueIDs(); len(left) != 1 || left[0] != c.messages[1].start.GetUniqueId() {
		t.Errorf("left are %q", left)
	}
	again := g.collect(t, &pb.CollectOpen{Fetch: &pb.FetchMessagesRequest{Selection: &pb.FetchMessagesRequest_Cursor{Cursor: c.cursor}}})
	if err := again.run(t, nil); err != nil || len(again.messages) != 0 || again.progress.GetMessages() != 1 {
		t.Errorf("again: %v, %d messages, %v", err, len(again.messages), again.progress)
	}
}

// addStuck adds a message of which 128 KiB come, and the rest after release.
func (m *mailbox) addStuck(t *testing.T) (arrived <-chan struct{}, release func()) {
	t.Helper()
	came, held := make(chan struct{}, 100), make(chan struct{})
	half := strings.Repeat(strings.Repeat("x", 62)+"\r\n", 2048)
	m.drop.Add(pop3test.Message{Octets: int64(2 * len(half)), Open: func() io.Reader {
		return io.MultiReader(strings.NewReader(half), &gate{came, held}, strings.NewReader(half))
	}})
	release = sync.OnceFunc(func() { close(held) })
	t.Cleanup(release)
	return came, release
}

// gate is a reader of nothing, which takes its time.
type gate struct {
	came chan<- struct{}
	held <-chan struct{}
}

func (g *gate) Read([]byte) (int, error) {
	g.came <- struct{}{}
	<-g.held
	return 0, io.EOF
}

// leftNothing checks that a call has ended without QUIT, that so many messages are left, and nothing of the call.
func (g *gateway) leftNothing(t *testing.T, m *mailbox, messages int) {
	t.Helper()
	synctest.Wait()
	if left := len(m.drop.Snapshot()); left != messages || m.sent("QUIT") != 0 {
		t.Errorf("%d messages are left, want %d; QUIT: %d", left, messages, m.sent("QUIT"))
	}
	if m.drop.InUse() || g.registry.live != 0 {
		t.Errorf("in use: %t, places taken: %d", m.drop.InUse(), g.registry.live)
	}
	if left := stacksWith("server.listen(", "mailbox.(*Collector)"); left != "" {
		t.Errorf("left behind:\n%s", left)
	}
}

// TestCollectFlush: what has come whole is with the caller, though the server's next answer is to DELE.
func TestCollectFlush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const messages = 4
		m := newMailbox(t, messages)
		m.Intercept = func(line string) (string, bool) {
			if line == fmt.Sprint("RETR ", messages) {
				time.Sleep(time.Second)
			}
			return "", false
		}
		g := newGateway(t, m.piped)
		c := g.collect(t, &pb.CollectOpen{})
		began := time.Now()
		first := time.AfterFunc(time.Second/2, func() { c.settle(t, pb.Disposition_DISPOSITION_DELETE, 1) })
		defer first.Stop()
		err := c.run(t, func(*pb.CollectMessagesResponse) {
			if n := len(c.messages); n == messages && c.messages[n-1].end != nil {
				c.settle(t, pb.Disposition_DISPOSITION_DELETE, 2, 3, 4)
			}
		})
		if took := time.Since(began); err != nil || took > time.Minute || len(m.drop.Snapshot()) != 0 {
			t.Errorf("%v after %v; %q", err, took, m.Commands())
		}
	})
}
