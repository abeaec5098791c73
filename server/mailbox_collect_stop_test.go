package server

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/durationpb"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3/pop3test"
)

var unsettledFailure = failure{codes.FailedPrecondition, "UNSETTLED", nil}

// whole returns the ids of the deliveries that end in a response.
func whole(resp *pb.CollectMessagesResponse) (ids []uint64) {
	for _, part := range resp.GetParts() {
		if part.GetEnd() != nil {
			ids = append(ids, part.GetDeliveryId())
		}
	}
	return ids
}

// TestCollectUnsettled: what was settled is committed and told, then the call fails: at the time when a settlement is overdue, or at
// once where none can come any more. At a server that removes what was retrieved, nothing else goes.
func TestCollectUnsettled(t *testing.T) {
	for name, tt := range map[string]struct {
		say  func(t *testing.T, c *collecting)
		took time.Duration
	}{
		"overdue":        {func(*testing.T, *collecting) {}, 20 * time.Second},
		"stop":           {func(t *testing.T, c *collecting) { c.say(t, stopOf()) }, 20 * time.Second},
		"half-close":     {func(_ *testing.T, c *collecting) { _ = c.CloseSend() }, 0},
		"stop and close": {func(t *testing.T, c *collecting) { c.say(t, stopOf()); _ = c.CloseSend() }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMailbox(t, 5)
				m.drop.OnQuit = pop3test.RemoveRetrieved
				ids := m.drop.UniqueIDs()
				g := newGateway(t, m.piped)
				c := g.collect(t, &pb.CollectOpen{AckTimeout: durationpb.New(20 * time.Second), MaxUnsettledMessages: new(uint32(4))})
				began := time.Now()
				told := false
				err := c.run(t, func(*pb.CollectMessagesResponse) {
					if n := len(c.messages); n == 4 && c.messages[3].end != nil && !told {
						told = true
						c.say(t, stopOf())
						c.settle(t, remove, 1, 3)
						c.settle(t, keep, 4)
						tt.say(t, c)
					}
				})
				wantFailure(t, name, err, unsettledFailure)
				if took := time.Since(began).Truncate(time.Second); took != tt.took {
					t.Errorf("after %v", took)
				}
				if len(c.commits) != 1 || fatesOf(c.commits[0]) != "COMMITTED 1=DELETED 3=DELETED 4=KEPT" || c.summary != nil {
					t.Errorf("%v, %v", c.commits, c.summary)
				}
				if left := m.drop.UniqueIDs(); !slices.Equal(left, []string{ids[1], ids[3], ids[4]}) {
					t.Errorf("%q are left of %q", left, ids)
				}
				again := g.collect(t, &pb.CollectOpen{Fetch: &pb.FetchMessagesRequest{Selection: cursorOf(c.cursor)}})
				again.say(t, stopOf())
				if err := again.run(t, nil); err != nil || again.progress.GetNewMessages() != 2 {
					t.Errorf("the cursor: %v, %v", again.progress, err)
				}
			})
		})
	}
}

// TestCollectStop: after `stop`, and where the caller half-closes with all settled, nothing more is delivered, what was settled is
// committed, and the call is well.
func TestCollectStop(t *testing.T) {
	for name, end := range map[string]func(t *testing.T, c *collecting){
		"stop":           func(t *testing.T, c *collecting) { c.say(t, stopOf()) },
		"half-close":     func(_ *testing.T, c *collecting) { _ = c.CloseSend() },
		"stop and close": func(t *testing.T, c *collecting) { c.say(t, stopOf()); _ = c.CloseSend() },
		"stop twice":     func(t *testing.T, c *collecting) { c.say(t, stopOf()); c.say(t, stopOf()) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMailbox(t, 5)
				g := newGateway(t, m.piped)
				c := g.collect(t, &pb.CollectOpen{MaxUnsettledMessages: new(uint32(1))})
				err := c.run(t, func(resp *pb.CollectMessagesResponse) {
					for _, id := range whole(resp) {
						if id == 2 {
							c.say(t, stopOf()) // so that no third is under way
						}
						c.settle(t, remove, id)
						if id == 2 {
							end(t, c)
						}
					}
				})
				if err != nil || len(c.messages) != 2 || c.summary.GetDelivered() != 2 || len(c.commits) != 1 ||
					fatesOf(c.commits[0]) != "COMMITTED 1=DELETED 2=DELETED" || len(m.drop.Snapshot()) != 3 {
					t.Errorf("%v, %d messages, %v, %v", err, len(c.messages), c.summary, c.commits)
				}
			})
		})
	}
}

// TestCollectEmpty: a caller that half-closes at once collects nothing, and that is well.
func TestCollectEmpty(t *testing.T) {
	for name, open := range map[string]*pb.CollectOpen{"cursor": {}, "offer": {Offer: true}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMailbox(t, 1)
				arrived, release := m.hold(t, "UIDL")
				g := newGateway(t, m.piped)
				c := g.collect(t, open)
				<-arrived
				if err := c.CloseSend(); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				release()
				err := c.run(t, nil)
				if err != nil || len(c.messages) > 0 || c.summary == nil || len(m.drop.Snapshot()) != 1 || m.sent("RETR") != 0 {
					t.Errorf("%v, %v", err, c.summary)
				}
			})
		})
	}
}
