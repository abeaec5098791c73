package server

import (
	"slices"
	"testing"
	"testing/synctest"

	"google.golang.org/grpc/codes"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// stored settles what has come whole, save one message, as a caller does that stores it.
func (c *collecting) stored(t *testing.T, d pb.Disposition, unstorable string) error {
	t.Helper()
	whole := 0
	return c.run(t, func(resp *pb.CollectMessagesResponse) {
		for _, part := range resp.GetParts() {
			if part.GetEnd() == nil {
				continue
			}
			if whole++; c.messages[part.GetDeliveryId()-1].start.GetUniqueId() != unstorable {
				c.settle(t, d, part.GetDeliveryId())
			}
			if unstorable != "" && whole == int(c.progress.GetNewMessages()) {
				_ = c.CloseSend()
			}
		}
	})
}

// TestUnsettledIsKept: what was retrieved and not settled is there when the call is over, at a server that removes what was retrieved, too;
// and the call tells of it (H9).
func TestUnsettledIsKept(t *testing.T) {
	for name, tt := range greedy {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m, g := newGreedy(t, tt.configure)
				before := m.drop.UniqueIDs()
				c := g.collect(t, &pb.CollectOpen{})
				err := c.stored(t, pb.Disposition_DISPOSITION_DELETE, before[2])
				wantFailure(t, "one unsettled", err, failure{codes.FailedPrecondition, "UNSETTLED", nil})
				want := slices.Concat(before[2:3], before[tt.shown:])
				if left := m.drop.UniqueIDs(); !slices.Equal(left, want) || len(c.commits) != 1 {
					t.Errorf("%q are left, want %q; %v", left, want, c.commits)
				}
			})
		})
	}
}

// TestKeepGoesOn: a mailbox of which only a part is shown is collected whole, each message once, though nothing is deleted. What was kept is
// gone, as the caller was told (H9).
func TestKeepGoesOn(t *testing.T) {
	for name, tt := range greedy {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m, g := newGreedy(t, tt.configure)
				before := m.drop.UniqueIDs()
				c := g.collect(t, &pb.CollectOpen{})
				err := c.stored(t, pb.Disposition_DISPOSITION_KEEP, "")
				var got []string
				for _, message := range c.messages {
					got = append(got, message.start.GetUniqueId())
				}
				if err != nil || !slices.Equal(got, before) || m.sent("DELE") != 0 || len(m.drop.Snapshot()) != 0 {
					t.Errorf("%v, %q, %d are left, %v", err, got, len(m.drop.Snapshot()), c.summary)
				}
			})
		})
	}
}
