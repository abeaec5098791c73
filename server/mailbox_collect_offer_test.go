package server

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3/pop3test"
)

// named returns a message with a unique-id.
func named(id string) pop3test.Message {
	m := pop3test.NewMessage(fmt.Appendf(nil, "Subject: %q\r\n\r\nbody\r\n", id))
	m.UniqueID = id
	return m
}

// TestCollectOffer: a maildrop is offered in batches of 1,000, and chosen from while the offer still comes. Each message is offered
// once, those that come during the call too. What was chosen is delivered, and a commit of more than 1,000 messages is told in parts.
func TestCollectOffer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const messages = 2_500
		m := newMailbox(t, 0)
		var ids, odd []string
		for i := range messages {
			ids = append(ids, fmt.Sprint("id-", i+1))
			m.drop.Messages = append(m.drop.Messages, named(ids[i]))
			if i%2 == 0 {
				odd = append(odd, ids[i])
			}
		}
		g := newGateway(t, m.piped)
		c := g.collect(t, &pb.CollectOpen{Offer: true, CommitMessages: new(uint32(100_000))})
		var offers, commits, deleted []string
		var offered []string
		err := c.run(t, func(resp *pb.CollectMessagesResponse) {
			if offer := resp.GetOffer(); offer != nil {
				var numbers []uint32
				for _, item := range offer.GetMessages() {
					if offered = append(offered, item.GetUniqueId()); len(offered)%2 == 1 {
						numbers = append(numbers, item.GetMessageNumber())
					}
				}
				c.say(t, chooseOf(offer.GetDone(), numbers...))
				if offers = append(offers, fmt.Sprint(len(offer.GetMessages()), offer.GetDone())); len(offers) == 1 {
					m.drop.Add(named("newer"))
				}
			}
			for _, id := range whole(resp) {
				c.settle(t, remove, id)
			}
			if commit := resp.GetCommit(); commit != nil {
				commits = append(commits, fmt.Sprint(len(commit.GetMessages()), commit.GetDone()))
				for _, message := range commit.GetMessages() {
					deleted = append(deleted, message.GetUniqueId())
				}
			}
		})
		ids, odd = append(ids, "newer"), append(odd, "newer")
		if err != nil || !slices.Equal(offered, ids) || !slices.Equal(deleted, odd) || len(c.messages) != len(odd) || c.cursor != nil {
			t.Errorf("%v, %d offered, %d deleted, %d delivered", err, len(offered), len(deleted), len(c.messages))
		}
		if !slices.Equal(offers, []string{"1000 false", "1000 false", "500 true", "1 true"}) || !slices.Equal(commits, []string{"1000 false", "250 true", "1 true"}) {
			t.Errorf("offers %q, commits %q", offers, commits)
		}
		if left := m.drop.UniqueIDs(); len(left) != messages/2 || left[0] != "id-2" || c.summary.GetDelivered() != messages/2+1 {
			t.Errorf("%d are left, %v", len(left), c.summary)
		}
	})
}

// TestCollectChoose: what a caller may choose, and when.
func TestCollectChoose(t *testing.T) {
	choice := "choose.message_numbers"
	for name, tt := range map[string]struct {
		say    []*pb.CollectMessagesRequest
		fields []string // of INVALID_ARGUMENT
		got    int      // messages
	}{
		"none":               {[]*pb.CollectMessagesRequest{chooseOf(true)}, nil, 0},
		"in parts":           {[]*pb.CollectMessagesRequest{chooseOf(false, 3), chooseOf(false), chooseOf(false, 1), chooseOf(true, 3, 3)}, nil, 2},
		"stop":               {[]*pb.CollectMessagesRequest{chooseOf(false, 1), stopOf()}, nil, 0},
		"0":                  {[]*pb.CollectMessagesRequest{chooseOf(true, 1, 0)}, []string{choice}, 0},
		"one too many":       {[]*pb.CollectMessagesRequest{chooseOf(true, 1, 4)}, []string{choice}, 0},
		"the greatest":       {[]*pb.CollectMessagesRequest{chooseOf(true, 1<<32-1)}, []string{choice}, 0},
		"behind the last":    {[]*pb.CollectMessagesRequest{chooseOf(true), chooseOf(true, 1)}, []string{choice}, 0},
		"nothing behind it":  {[]*pb.CollectMessagesRequest{chooseOf(true, 1), chooseOf(true)}, []string{choice}, 0},
		"settle what is not": {[]*pb.CollectMessagesRequest{settleOf(&pb.Settle{Through: 1, Disposition: keep})}, []string{"settle.through"}, 0},
		"before its offer":   {nil, []string{choice}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMailbox(t, 3)
				verb := "RETR"
				if tt.say == nil {
					verb = "CAPA"
				}
				arrived, release := m.hold(t, verb)
				g := newGateway(t, m.piped)
				c := g.collect(t, &pb.CollectOpen{Offer: true})
				go func() {
					select {
					case <-arrived: // all is heard before the server goes on
						synctest.Wait()
						release()
					case <-t.Context().Done():
					}
				}()
				if tt.say == nil {
					c.say(t, chooseOf(true, 1))
				}
				err := c.run(t, func(resp *pb.CollectMessagesResponse) {
					if resp.GetOffer() != nil {
						for _, req := range tt.say {
							c.say(t, req)
						}
					}
					for _, id := range whole(resp) {
						c.settle(t, keep, id)
					}
				})
				switch {
				case tt.fields != nil:
					wantFields(t, name, err, tt.fields...)
				case err != nil:
					t.Error(err)
				}
				release()
				synctest.Wait()
				if len(c.messages) != tt.got || len(m.drop.Snapshot()) != 3 || m.drop.InUse() {
					t.Errorf("%d messages, want %d; %d are left", len(c.messages), tt.got, len(m.drop.Snapshot()))
				}
			})
		})
	}
}

// TestCollectUnchosen: a choice is waited for as long as a settlement.
func TestCollectUnchosen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMailbox(t, 2)
		g := newGateway(t, m.piped)
		began := time.Now()
		c := g.collect(t, &pb.CollectOpen{Offer: true, AckTimeout: durationpb.New(90 * time.Second)})
		err := c.run(t, func(resp *pb.CollectMessagesResponse) {
			if resp.GetOffer() != nil {
				c.say(t, chooseOf(false, 1))
			}
		})
		wantFailure(t, "no choice", err, unsettledFailure)
		if took := time.Since(began).Truncate(time.Second); took != 90*time.Second || m.sent("NOOP") < 2 {
			t.Errorf("after %v; %q", took, m.Commands())
		}
		g.leftNothing(t, m, 2)
	})
}

// TestCollectSkipped: what is chosen and too large is told, and cannot be settled.
func TestCollectSkipped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMailbox(t, 1)
		m.drop.Add(pop3test.Message{UniqueID: "large", Octets: 1000}, named("small"))
		g := newGateway(t, m.piped)
		c := g.collect(t, &pb.CollectOpen{Offer: true, Fetch: &pb.FetchMessagesRequest{MaxOctets: new(int64(999))}})
		err := c.run(t, func(resp *pb.CollectMessagesResponse) {
			if resp.GetOffer() != nil {
				c.say(t, chooseOf(true, 2, 3))
			}
			if len(whole(resp)) > 0 {
				c.say(t, settleOf(&pb.Settle{Through: 2, Disposition: remove}))
			}
		})
		if err != nil || len(c.messages) != 2 || c.messages[0].skipped.GetReason() != pb.SkipReason_SKIP_REASON_TOO_LARGE ||
			len(c.commits) != 1 || fatesOf(c.commits[0]) != "COMMITTED 2=DELETED" {
			t.Errorf("%v, %d messages, %v", err, len(c.messages), c.commits)
		}
		if want := (&pb.Summary{Delivered: 1, Skipped: 1}); !proto.Equal(c.summary, want) {
			t.Errorf("%v, want %v", c.summary, want)
		}
	})
}

// TestCollectEscaped: unique-ids of all octets are escaped wherever they come, and taken so where they are given back.
func TestCollectEscaped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		raw := []string{`a\b`, "b\xff\x01", "c\xc3\xa9"}
		escaped := []string{`a\\b`, `b\xff\x01`, "c\u00e9"}
		m := newMailbox(t, 1)
		for _, id := range raw {
			m.drop.Add(named(id))
		}
		g := newGateway(t, m.piped)
		var offered, delivered, committed []string
		c := g.collect(t, &pb.CollectOpen{Fetch: &pb.FetchMessagesRequest{Selection: idsOf(escaped...)}})
		err := c.run(t, func(resp *pb.CollectMessagesResponse) {
			for _, id := range whole(resp) {
				delivered = append(delivered, c.messages[id-1].start.GetUniqueId())
				c.settle(t, keep, id)
			}
			for _, message := range resp.GetCommit().GetMessages() {
				committed = append(committed, message.GetUniqueId())
			}
		})
		if err != nil || !slices.Equal(delivered, escaped) || !slices.Equal(committed, escaped) {
			t.Errorf("%v, %q delivered, %q committed", err, delivered, committed)
		}
		c = g.collect(t, &pb.CollectOpen{Offer: true})
		err = c.run(t, func(resp *pb.CollectMessagesResponse) {
			for _, item := range resp.GetOffer().GetMessages() {
				offered = append(offered, item.GetUniqueId())
			}
			if resp.GetOffer() != nil {
				c.say(t, chooseOf(true))
			}
		})
		if err != nil || len(offered) != 4 || !slices.Equal(offered[1:], escaped) {
			t.Errorf("%v, %q offered", err, offered)
		}
		seen := g.collect(t, &pb.CollectOpen{Fetch: &pb.FetchMessagesRequest{SeenUniqueIds: escaped}})
		seen.say(t, stopOf())
		if err := seen.run(t, nil); err != nil || seen.progress.GetNewMessages() != 1 {
			t.Errorf("%v, %v", err, seen.progress)
		}
	})
}
