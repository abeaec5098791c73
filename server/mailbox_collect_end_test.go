package server

import (
	"context"
	"io"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/durationpb"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3/pop3test"
)

const (
	remove = pb.Disposition_DISPOSITION_DELETE
	keep   = pb.Disposition_DISPOSITION_KEEP
)

// ways are ways in which a call is ended from outside while it has settled nothing, or has nothing to do.
var ways = map[string]struct {
	end  func(g *gateway, cancel func()) (ended <-chan struct{})
	want failure
}{
	"cancelled": {func(_ *gateway, cancel func()) <-chan struct{} { cancel(); return nil }, cancelled},
	"connection closed": {func(g *gateway, _ func()) <-chan struct{} {
		_ = g.conn.Close()
		return nil
	}, failure{code: codes.Canceled}},
	"drained":  {func(g *gateway, _ func()) <-chan struct{} { return g.shutdown(30 * time.Second) }, drains},
	"deadline": {func(*gateway, func()) <-chan struct{} { time.Sleep(time.Hour); return nil }, tooLate},
}

// TestCollectEnded: whatever ends a call that waits for its server or its caller, QUIT is not sent, nothing is deleted that was settled
// since the last commit, and nothing is left of the call.
func TestCollectEnded(t *testing.T) {
	for where, tt := range map[string]struct {
		open    *pb.CollectOpen
		stuck   bool // within the last message
		settles []uint64
	}{
		"within a message":    {&pb.CollectOpen{}, true, []uint64{1, 2}},
		"settlement awaited":  {&pb.CollectOpen{}, false, []uint64{1}},
		"choice awaited":      {&pb.CollectOpen{Offer: true}, false, nil},
		"window of the first": {&pb.CollectOpen{MaxUnsettledMessages: new(uint32(1))}, false, nil},
	} {
		for way, how := range ways {
			t.Run(where+"/"+way, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					m := newMailbox(t, 2)
					release := func() {}
					if tt.stuck {
						_, release = m.addStuck(t)
					} else {
						m.drop.Add(pop3test.NewMessage([]byte("third\r\n")))
					}
					g := newGateway(t, m.piped)
					ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
					defer cancel()
					tt.open.Fetch, tt.open.AckTimeout = fetching(&pb.FetchMessagesRequest{}).GetFetch(), durationpb.New(time.Hour)
					tt.open.Fetch.Server.IoTimeout = durationpb.New(2 * time.Hour)
					c := &collecting{BidiStreamingClient: g.collecting(ctx, t)}
					c.say(t, openOf(tt.open))
					done := make(chan error, 1)
					go func() { done <- c.run(t, nil) }()
					time.Sleep(time.Second)
					if len(tt.settles) > 0 {
						c.settle(t, remove, tt.settles...)
					}
					time.Sleep(time.Second)
					drained := how.end(g, cancel)
					wantFailure(t, "the call", <-done, how.want)
					release()
					g.leftNothing(t, m, 3)
					if drained != nil {
						<-drained
					}
				})
			})
		}
	}
}

// TestCollectAgain: a call that was given up is in nobody's way.
func TestCollectAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMailbox(t, 2)
		g := newGateway(t, func(c *Config) {
			m.piped(c)
			c.Limits.SessionsPerHost = 1
		})
		ctx, cancel := context.WithCancel(t.Context())
		first := &collecting{BidiStreamingClient: g.collecting(ctx, t)}
		first.say(t, openOf(fetching(&pb.FetchMessagesRequest{})))
		time.Sleep(time.Second)
		second := g.collect(t, &pb.CollectOpen{})
		time.AfterFunc(1500*time.Millisecond, cancel)
		err := second.run(t, func(resp *pb.CollectMessagesResponse) {
			for _, id := range whole(resp) {
				second.settle(t, remove, id)
			}
		})
		header, _ := second.Header()
		if waited := header.Get(waitedHeader); err != nil || len(second.messages) != 2 || !slices.Equal(waited, []string{"1500"}) {
			t.Errorf("%v, %d messages, waited %q", err, len(second.messages), waited)
		}
	})
}

// TestCollectStalled: a caller that does not read what comes has its call ended, without QUIT.
func TestCollectStalled(t *testing.T) {
	for name, tt := range map[string]struct {
		add  func(m *mailbox)
		open *pb.CollectOpen
	}{
		"messages": {func(m *mailbox) { m.drop.Add(endless(4), endless(1)) }, &pb.CollectOpen{}},
		"offer": {func(m *mailbox) {
			m.drop.Add(slices.Repeat([]pop3test.Message{{Octets: 9, UniqueID: "same"}}, 20_000)...)
		}, &pb.CollectOpen{Offer: true}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMailbox(t, 1)
				tt.add(m)
				before := len(m.drop.Messages)
				g := newGateway(t, m.piped)
				c := g.collect(t, tt.open)
				if _, err := c.Recv(); err != nil {
					t.Fatal(err)
				}
				time.Sleep(g.config.Limits.SendStall + time.Minute)
				g.leftNothing(t, m, before)
				wantFailure(t, name, c.run(t, nil), failure{codes.ResourceExhausted, "STREAM_STALLED", nil})
			})
		})
	}
}

// TestCollectManySettles: a caller that says more than it reads is heard all the same; of many settlements of one message the first
// stands.
func TestCollectManySettles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const messages, repeats = 100, 5_000
		m := newMailbox(t, messages)
		g := newGateway(t, m.piped)
		c := g.collect(t, &pb.CollectOpen{})
		time.Sleep(time.Second) // all have come as far as the transport
		for range repeats {
			c.settle(t, keep, 1)
			c.settle(t, remove, 1)
		}
		c.say(t, settleOf(&pb.Settle{Through: messages / 2, Disposition: remove}))
		c.say(t, settleOf(&pb.Settle{Through: messages, Disposition: keep}))
		for range repeats {
			c.settle(t, remove, messages) // it is too late for this
		}
		if err := c.run(t, nil); err != nil || len(c.messages) != messages || len(c.commits) != 1 {
			t.Fatalf("%v, %d messages, %d commits", err, len(c.messages), len(c.commits))
		}
		for i, got := range c.commits[0].GetMessages() {
			want := pb.DeleteOutcome_DELETE_OUTCOME_KEPT
			if i > 0 && i < messages/2 {
				want = pb.DeleteOutcome_DELETE_OUTCOME_DELETED
			}
			if got.GetOutcome() != want || got.GetDeliveryId() != uint64(i+1) {
				t.Errorf("%d: %v", i+1, got)
			}
		}
		if left := len(m.drop.Snapshot()); left != messages/2+1 {
			t.Errorf("%d are left", left)
		}
	})
}

// TestCollectTooLarge: a request that the transport refuses is the caller's fault, and ends the call as such.
func TestCollectTooLarge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMailbox(t, 1)
		g := newGateway(t, m.piped)
		c := g.collect(t, &pb.CollectOpen{Offer: true})
		time.Sleep(time.Second)
		if err := c.Send(chooseOf(false, slices.Repeat([]uint32{1 << 31}, 1<<20)...)); err != nil && err != io.EOF {
			t.Fatal(err)
		}
		wantFailure(t, "5 MiB", c.run(t, nil), failure{code: codes.ResourceExhausted})
		g.leftNothing(t, m, 1)
	})
}
