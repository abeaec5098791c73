package server

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// TestCollectSingle: messages without a unique-id of their own are one batch, whatever was asked for, and there is no login after it.
// What became of them is told in responses of 1,000, of which the last is done.
func TestCollectSingle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const messages = 2_100
		m := newMailbox(t, 0)
		for range messages {
			m.drop.Messages = append(m.drop.Messages, named("the same"))
		}
		g := newGateway(t, m.piped)
		c := g.collect(t, &pb.CollectOpen{CommitMessages: new(uint32(7)), MaxUnsettledMessages: new(uint32(50))})
		last := uint64(0)
		var commits []string
		err := c.run(t, func(resp *pb.CollectMessagesResponse) {
			if ids := whole(resp); len(ids) > 0 {
				c.say(t, settleOf(&pb.Settle{Through: ids[len(ids)-1], Disposition: remove}))
			}
			commit := resp.GetCommit()
			for _, message := range commit.GetMessages() {
				if last++; message.GetDeliveryId() != last || message.GetOutcome() != pb.DeleteOutcome_DELETE_OUTCOME_DELETED {
					t.Fatalf("%d: %v", last, message)
				}
			}
			if commit != nil {
				commits = append(commits, fmt.Sprint(outcomeName(commit.GetOutcome()), len(commit.GetMessages()), commit.GetDone()))
			}
		})
		if want := []string{"COMMITTED1000 false", "COMMITTED1000 false", "COMMITTED100 true"}; err != nil || !slices.Equal(commits, want) {
			t.Errorf("%v, %q", err, commits)
		}
		if len(m.drop.Snapshot()) != 0 || m.sent("UIDL") != 1 || !slices.Contains(c.summary.GetFindings(), pb.Finding_FINDING_UNIQUE_IDS_DUPLICATE) {
			t.Errorf("%d are left, %d logins, %v", len(m.drop.Snapshot()), m.sent("UIDL"), c.summary)
		}
	})
}

// TestCollectLoginDelay: between two logins the server's LOGIN-DELAY is waited for, and a caller that stops or gives up meanwhile is not
// kept waiting. A delay that is too long makes all one batch.
func TestCollectLoginDelay(t *testing.T) {
	for name, tt := range map[string]struct {
		delay   time.Duration
		then    func(t *testing.T, c *collecting, cancel func()) // when the first commit is told
		want    failure
		took    time.Duration
		left    int
		logins  int
		finding bool
	}{
		"waited for": {delay: time.Minute, then: func(*testing.T, *collecting, func()) {}, took: 2 * time.Minute, logins: 3},
		"stop":       {delay: time.Minute, then: func(t *testing.T, c *collecting, _ func()) { c.say(t, stopOf()) }, left: 1, logins: 1},
		"half-close": {delay: time.Minute, then: func(_ *testing.T, c *collecting, _ func()) { _ = c.CloseSend() }, left: 1, logins: 1},
		"cancel":     {delay: time.Minute, then: func(_ *testing.T, _ *collecting, cancel func()) { cancel() }, want: cancelled, left: 1, logins: 1},
		"too long":   {delay: 61 * time.Second, then: func(*testing.T, *collecting, func()) {}, logins: 1, finding: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMailbox(t, 2)
				m.LoginDelay = tt.delay
				g := newGateway(t, m.piped)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				open := fetching(&pb.FetchMessagesRequest{})
				open.CommitMessages = new(uint32(1))
				c := &collecting{BidiStreamingClient: g.collecting(ctx, t)}
				c.say(t, openOf(open))
				began := time.Now()
				err := c.run(t, func(resp *pb.CollectMessagesResponse) {
					for _, id := range whole(resp) {
						c.settle(t, remove, id)
					}
					if resp.GetCommit() != nil && len(c.commits) == 1 {
						synctest.Wait() // until the delay has begun
						tt.then(t, c, cancel)
					}
				})
				if tt.want.code == 0 && err != nil || tt.want.code != 0 && tt.want.check(err) != "" {
					t.Error(err)
				}
				if took := time.Since(began).Truncate(time.Second); took != tt.took || len(m.drop.Snapshot()) != tt.left || m.sent("UIDL") != tt.logins {
					t.Errorf("%v, %d are left, %d logins", took, len(m.drop.Snapshot()), m.sent("UIDL"))
				}
				if found := slices.Contains(c.summary.GetFindings(), pb.Finding_FINDING_LOGIN_DELAY); found != tt.finding {
					t.Errorf("%v", c.summary)
				}
				synctest.Wait()
				if g.registry.live != 0 || stacksWith("server.listen(") != "" {
					t.Error("something is left behind")
				}
			})
		})
	}
}
