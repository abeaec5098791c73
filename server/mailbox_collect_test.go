package server

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"google.golang.org/grpc"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
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
