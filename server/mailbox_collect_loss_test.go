package server

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3/pop3test"
)

// keeper is a caller that fails at random. What is in its store, it has.
type keeper struct {
	*rand.Rand

	g        *gateway
	m        *mailbox
	messages map[string][sha256.Size]byte // that there were at first, by unique-id
	store    map[string][sha256.Size]byte
	cursor   []byte
}

func newKeeper(t *testing.T, seed uint64, messages int, configure func(m *mailbox)) *keeper {
	t.Helper()
	k := &keeper{
		Rand: rand.New(rand.NewPCG(seed, 5)), m: newMailbox(t, 0),
		messages: map[string][sha256.Size]byte{}, store: map[string][sha256.Size]byte{},
	}
	for i := range messages {
		text := fmt.Appendf(nil, "Subject: %d\r\n\r\n%0*d\r\n", i, k.IntN(3000), 0)
		message := pop3test.NewMessage(text)
		message.UniqueID = fmt.Sprint("id-", i)
		k.m.drop.Messages = append(k.m.drop.Messages, message)
		k.messages[message.UniqueID] = sha256.Sum256(text)
	}
	k.m.DiscardCommands = true
	configure(k.m)
	k.g = newGateway(t, k.m.piped)
	return k
}

// keep stores a message.
func (k *keeper) keep(t *testing.T, m *fetchedMessage) {
	t.Helper()
	id, sum := m.start.GetUniqueId(), sha256.Sum256(m.data)
	if sum != k.messages[id] || string(sum[:]) != string(m.end.GetSha256()) {
		t.Errorf("%s has changed", id)
	}
	k.store[id] = sum
	m.data = nil
}

// lost checks that each message is in the store or in the maildrop.
func (k *keeper) lost(t *testing.T, what string) {
	t.Helper()
	synctest.Wait()
	there := map[string]bool{}
	for _, id := range k.m.drop.UniqueIDs() {
		there[id] = true
	}
	for id := range k.messages {
		if _, stored := k.store[id]; !stored && !there[id] {
			t.Fatalf("%s is lost: %s", id, what)
		}
	}
}

// fetch makes a call that deletes nothing, and gives it up at random.
func (k *keeper) fetch(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stream, err := k.g.mailboxes().FetchMessages(ctx, &pb.FetchMessagesRequest{
		Server: anywhere(), Credentials: alicesMailbox(), Selection: cursorOf(k.cursor),
	})
	f, last := &fetched{}, k.IntN(400)
	for err == nil {
		var resp *pb.FetchMessagesResponse
		if resp, err = stream.Recv(); err != nil {
			break
		}
		for _, part := range resp.GetParts() {
			if f.add(t, part); part.GetEnd() != nil {
				k.keep(t, f.messages[len(f.messages)-1])
			}
		}
		if resp.GetCursor() != nil {
			k.cursor = resp.GetCursor()
		}
		if len(f.messages) > last {
			cancel()
		}
	}
	k.lost(t, fmt.Sprint("fetched ", len(f.messages), ": ", err))
}

// careless makes a call that stores and settles some of what comes, and gives it up at random.
func (k *keeper) careless(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	open := fetching(&pb.FetchMessagesRequest{Selection: cursorOf(k.cursor)})
	open.CommitMessages, open.MaxUnsettledMessages = new(uint32(1+k.IntN(300))), new(uint32(1+k.IntN(200)))
	if open.Offer = k.IntN(3) == 0; open.GetOffer() {
		open.Fetch.Selection = nil
	}
	c := &collecting{BidiStreamingClient: k.g.collecting(ctx, t)}
	c.say(t, openOf(open))
	last, way, forgets := k.IntN(600), k.IntN(4), k.IntN(2) == 0
	var stored []uint64
	closed := false
	err := c.run(t, func(resp *pb.CollectMessagesResponse) {
		if resp.Cursor != nil {
			k.cursor = resp.GetCursor()
		}
		if offer := resp.GetOffer(); offer != nil && !closed {
			c.say(t, chooseOf(offer.GetDone(), k.choice(offer)...))
		}
		for _, id := range whole(resp) {
			if forgets && k.IntN(200) == 0 {
				continue // the disk is full
			}
			k.keep(t, c.messages[id-1])
			stored = append(stored, id)
		}
		if !closed && (!forgets || k.IntN(3) > 0) {
			for _, id := range stored {
				c.settle(t, []pb.Disposition{remove, remove, keep}[k.IntN(3)], id)
			}
			stored = nil
		}
		if len(c.messages) > last {
			[]func(){cancel, func() { _ = c.CloseSend() }, func() { c.say(t, stopOf()) }, func() {}}[way]()
			closed = closed || way == 1
			way = 3
		}
	})
	k.lost(t, fmt.Sprintf("offer %t, %d messages, %d commits, %v", open.GetOffer(), len(c.messages), len(c.commits), err))
}

// choice is what is not in the store, and now and then not all of it.
func (k *keeper) choice(offer *pb.Offer) (numbers []uint32) {
	most := 1 + k.IntN(4)
	for _, item := range offer.GetMessages() {
		if _, stored := k.store[item.GetUniqueId()]; !stored && k.IntN(4) < most {
			numbers = append(numbers, item.GetMessageNumber())
		}
	}
	return numbers
}

// TestNothingLost: whatever callers do, and whatever becomes of QUIT, at servers that remove what was merely retrieved, and at honest
// ones: each message is always in the caller's store or in the maildrop, octet for octet, and in the end all are in the store.
func TestNothingLost(t *testing.T) {
	for name, configure := range map[string]func(m *mailbox){
		"honest":   func(*mailbox) {},
		"EXPIRE 0": func(m *mailbox) { m.MoreCapabilities, m.drop.OnQuit = []string{"EXPIRE 0"}, pop3test.RemoveRetrieved },
		"Gmail":    func(m *mailbox) { m.drop.OnLogin, m.drop.OnQuit = pop3test.ListOldest(250), pop3test.RemoveRetrieved },
	} {
		for seed := range uint64(5) {
			t.Run(fmt.Sprint(name, seed), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					k := newKeeper(t, seed, 1000, configure)
					if seed > 0 {
						k.doubtful(seed)
					}
					for range 15 {
						if k.IntN(4) == 0 {
							k.fetch(t)
						} else {
							k.careless(t)
						}
					}
					k.finish(t)
				})
			})
		}
	}
}

// doubtful makes the server answer QUIT badly now and then, when it has done what QUIT does, or nothing of it.
func (k *keeper) doubtful(seed uint64) {
	random, quit := rand.New(rand.NewPCG(seed, 6)), k.m.drop.OnQuit
	k.m.drop.OnQuit = func(u *pop3test.Update) {
		if quit != nil {
			quit(u)
		}
		switch random.IntN(6) {
		case 0:
			u.NoReply = true
		case 1:
			u.Reply = "-ERR some deleted messages not removed"
		case 2:
			u.NoReply, u.Remove = true, nil
		}
	}
}

// finish collects as a caller that does not fail: first by the cursor that it has, which hides nothing that is not in the store, then
// all that is left, which is in nobody's way any more.
func (k *keeper) finish(t *testing.T) {
	t.Helper()
	k.exhaust(t, keep, func() *pb.FetchMessagesRequest { return &pb.FetchMessagesRequest{Selection: cursorOf(k.cursor)} })
	listed, _, err := k.g.listMessages(t, false)
	if err != nil {
		t.Fatal(err)
	}
	for _, item := range listed {
		if _, stored := k.store[item.GetUniqueId()]; !stored {
			t.Errorf("%s is hidden by the cursor", item.GetUniqueId())
		}
	}
	k.exhaust(t, remove, func() *pb.FetchMessagesRequest {
		return &pb.FetchMessagesRequest{Selection: &pb.FetchMessagesRequest_All{All: true}}
	})
	if left := len(k.m.drop.Snapshot()); left > 0 || len(k.store) != len(k.messages) {
		t.Errorf("%d of %d are in the store; %d in the maildrop", len(k.store), len(k.messages), left)
	}
}

// exhaust makes calls until nothing comes.
func (k *keeper) exhaust(t *testing.T, d pb.Disposition, what func() *pb.FetchMessagesRequest) {
	t.Helper()
	for range 100 {
		c := k.g.collect(t, &pb.CollectOpen{Fetch: what()})
		err := c.run(t, func(resp *pb.CollectMessagesResponse) {
			for _, id := range whole(resp) {
				k.keep(t, c.messages[id-1])
				c.settle(t, d, id)
			}
			if resp.Cursor != nil {
				k.cursor = resp.GetCursor()
			}
		})
		k.lost(t, fmt.Sprint("at the end: ", err))
		if err == nil && len(c.messages) == 0 {
			return
		}
	}
	t.Error("it comes to no end")
}
