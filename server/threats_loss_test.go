package server

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3"
	"github.com/popgate/popgate/pop3/pop3test"
)

// endings are the ways in which a session with a mark on message 2 ends without Quit. Message 1 is what an ending has made of it.
var endings = map[pb.Cause]struct {
	message   pop3test.Message
	intercept func(line string) (string, bool)
	limits    Limits
	end       func(t *testing.T, g *gateway, id string)
}{
	pb.Cause_CAUSE_CLOSED: {end: func(t *testing.T, g *gateway, id string) {
		if _, err := g.CloseSession(t.Context(), &pb.CloseSessionRequest{SessionId: id}); err != nil {
			t.Error(err)
		}
	}},
	pb.Cause_CAUSE_IDLE_TIMEOUT: {end: func(*testing.T, *gateway, string) { time.Sleep(5*time.Minute + time.Second) }},
	pb.Cause_CAUSE_EXPIRED: {
		limits: Limits{MaxAge: time.Minute}, end: func(*testing.T, *gateway, string) { time.Sleep(time.Minute + time.Second) },
	},
	pb.Cause_CAUSE_CANCELLED: {intercept: replying("LIST", "+OK\r\n1 100\r\n"), end: func(t *testing.T, g *gateway, id string) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := collect(g.List(ctx, &pb.ListRequest{SessionId: id})); err == nil {
			t.Error("a listing without an end")
		}
		time.Sleep(time.Minute) // it cannot be read away
	}},
	pb.Cause_CAUSE_CONNECTION_LOST: {message: pop3test.Message{
		Open: func() io.Reader { return iotest.ErrReader(errors.New("the disk is gone")) },
	}, end: retrieveInVain},
	pb.Cause_CAUSE_TIMEOUT:           {intercept: replying("RETR", ""), end: retrieveInVain},
	pb.Cause_CAUSE_PROTOCOL_ERROR:    {intercept: replying("RETR", "what?\r\n"), end: retrieveInVain},
	pb.Cause_CAUSE_MESSAGE_TOO_LARGE: {message: endless(1), limits: Limits{MessageOctets: 1000}, end: retrieveInVain},
	pb.Cause_CAUSE_STREAM_STALLED: {message: endless(4), end: func(t *testing.T, g *gateway, id string) {
		stream, err := g.Retr(t.Context(), &pb.RetrRequest{SessionId: id, MessageNumber: 1})
		if err == nil {
			_, err = stream.Recv() // and no more
		}
		if err != nil {
			t.Error(err)
		}
		time.Sleep(3 * time.Minute)
	}},
	pb.Cause_CAUSE_DRAINING: {end: func(_ *testing.T, g *gateway, _ string) { <-g.shutdown(time.Second) }},
	pb.Cause_CAUSE_INTERNAL: {end: func(t *testing.T, g *gateway, id string) {
		defer func() { _ = recover() }()
		s, err := g.registry.find(everyone, id)
		if err == nil {
			err = s.run(t.Context(), func(context.Context, *pop3.Client) error { panic("a defect") })
		}
		t.Error(err)
	}},
}

// replying is an Intercept that answers one command so.
func replying(verb, reply string) func(string) (string, bool) {
	return func(line string) (string, bool) { return reply, strings.HasPrefix(line, verb) }
}

func retrieveInVain(t *testing.T, g *gateway, id string) {
	if _, err := collect(g.Retr(t.Context(), &pb.RetrRequest{SessionId: id, MessageNumber: 1})); err == nil {
		t.Error("the message came")
	}
}

// TestEveryEndKeepsMail: whatever ends a session but Quit, QUIT is not sent, and no mark outlives the session (H1).
func TestEveryEndKeepsMail(t *testing.T) {
	for number := range pb.Cause_name {
		cause := pb.Cause(number)
		ending, ok := endings[cause]
		if !ok {
			if cause > pb.Cause_CAUSE_QUIT && cause < pb.Cause_CAUSE_NAME_NOT_FOUND { // behind it come those of a connection
				t.Errorf("no %v", cause)
			}
			continue
		}
		t.Run(causeName(cause), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMailbox(t, 0)
				m.drop.Add(ending.message, pop3test.NewMessage([]byte("two\r\n")))
				m.Intercept = ending.intercept
				g := newGateway(t, func(c *Config) {
					m.piped(c)
					c.Limits = ending.limits
				})
				id := g.openMailbox(t)
				if _, err := g.Dele(t.Context(), &pb.DeleRequest{SessionId: id, MessageNumber: 2}); err != nil {
					t.Fatal(err)
				}
				ending.end(t, g, id)
				if cause != pb.Cause_CAUSE_DRAINING { // which leaves nobody to ask
					wantFailure(t, "afterwards", g.noop(t, id), ended(causeName(cause)))
				}
				synctest.Wait()
				if m.sent("QUIT") != 0 || m.sent("DELE") != 1 || len(m.drop.Snapshot()) != 2 || m.drop.InUse() {
					t.Errorf("sent %q; %d messages are left", m.Commands(), len(m.drop.Snapshot()))
				}
			})
		})
	}
}

// truths are what a server can have done behind a QUIT of which the caller learns no success; of messages 1, 2 and 3 the second has no mark.
var truths = map[string]struct {
	onQuit func(*pop3test.Update)
	left   []string
	want   failure
}{
	"lost after the commit":  {func(u *pop3test.Update) { u.NoReply = true }, []string{"b"}, quitUnknown},
	"lost before the commit": {func(u *pop3test.Update) { u.NoReply, u.Remove = true, nil }, []string{"a", "b", "c"}, quitUnknown},
	"refused, all removed":   {func(u *pop3test.Update) { u.Reply = storageError }, []string{"b"}, quitPartial},
	"refused, some removed":  {func(u *pop3test.Update) { u.Reply, u.Remove[0] = storageError, false }, []string{"a", "b"}, quitPartial},
	"refused, none removed":  {func(u *pop3test.Update) { u.Reply, u.Remove = storageError, nil }, []string{"a", "b", "c"}, quitPartial},
}

const storageError = "-ERR Storage error during logout."

var (
	quitUnknown = failure{codes.Unknown, "COMMIT_UNKNOWN", map[string]string{"outcome": "UNKNOWN", "cause": "CONNECTION_LOST"}}
	quitPartial = failure{codes.Aborted, "COMMIT_PARTIAL", map[string]string{"outcome": "PARTIAL", "response": storageError}}
)

// lettered is a mailbox with messages a, b and c, and a gateway to it. Only the first QUIT is what onQuit makes of it.
func lettered(t *testing.T, onQuit func(*pop3test.Update)) (*mailbox, *gateway) {
	m := newMailbox(t, 3)
	for i, id := range []string{"a", "b", "c"} {
		m.drop.Messages[i].UniqueID = id
	}
	m.drop.OnQuit = func(u *pop3test.Update) {
		if u.Login == 1 {
			onQuit(u)
		}
	}
	return m, newGateway(t, m.piped)
}

// TestQuitIsInDoubt: the outcome claims no more than is known, a repetition sends nothing, and what is gone from the next listing is what
// was removed (H2, H3).
func TestQuitIsInDoubt(t *testing.T) {
	for name, tt := range truths {
		t.Run(name, func(t *testing.T) {
			m, g := lettered(t, tt.onQuit)
			id := g.openMailbox(t)
			for _, n := range []uint32{1, 3} {
				if _, err := g.Dele(t.Context(), &pb.DeleRequest{SessionId: id, MessageNumber: n}); err != nil {
					t.Fatal(err)
				}
			}
			for range 2 {
				_, err := g.quit(t, id)
				wantFailure(t, "Quit", err, tt.want)
			}
			parts, err := collect(g.Uidl(t.Context(), &pb.UidlRequest{SessionId: g.openMailbox(t)}))
			var left []string
			for _, entry := range parts[0].GetEntries() {
				left = append(left, entry.GetUniqueId())
			}
			if err != nil || !slices.Equal(left, tt.left) || m.sent("QUIT") != 1 {
				t.Errorf("%q are left, %v, sent %q", left, err, m.Commands())
			}
		})
	}
}

// TestDeleteIsInDoubt: DeleteMessages looks again by itself, and tells what is true of each message (H2, H3).
func TestDeleteIsInDoubt(t *testing.T) {
	for name, tt := range truths {
		t.Run(name, func(t *testing.T) {
			m, g := lettered(t, tt.onQuit)
			resp, err := g.mailboxes().DeleteMessages(t.Context(), &pb.DeleteMessagesRequest{
				Server: anywhere(), Credentials: alicesMailbox(), Messages: []*pb.MessageToDelete{{UniqueId: "a"}, {UniqueId: "c"}},
			})
			if err != nil || len(resp.GetMessages()) != 2 || outcomeName(resp.GetOutcome()) != tt.want.meta["outcome"] {
				t.Fatal(resp, err)
			}
			for _, got := range resp.GetMessages() {
				want := pb.DeleteOutcome_DELETE_OUTCOME_DELETED
				if slices.Contains(tt.left, got.GetUniqueId()) {
					want = pb.DeleteOutcome_DELETE_OUTCOME_KEPT
				}
				if got.GetOutcome() != want {
					t.Errorf("%v, want %v", got, want)
				}
			}
			if !slices.Equal(m.drop.UniqueIDs(), tt.left) || m.sent("QUIT") != 1 {
				t.Errorf("%q are left; sent %q", m.drop.UniqueIDs(), m.Commands())
			}
		})
	}
}

// TestMailArrives: a session knows the messages of its login alone; its numbers stay, and what comes meanwhile is neither seen nor removed
// by it (H13).
func TestMailArrives(t *testing.T) {
	m, g := lettered(t, func(*pop3test.Update) {})
	id := g.openMailbox(t)
	late := pop3test.NewMessage([]byte("late\r\n"))
	late.UniqueID = "late"
	m.drop.Add(late)
	stat, err := g.Stat(t.Context(), &pb.StatRequest{SessionId: id})
	if err != nil || stat.GetMessageCount() != 3 {
		t.Error(stat, err)
	}
	_, err = collect(g.Retr(t.Context(), &pb.RetrRequest{SessionId: id, MessageNumber: 4}))
	wantFailure(t, "Retr 4", err, failure{codes.FailedPrecondition, "COMMAND_REFUSED", nil})
	for i, letter := range []string{"a", "b"} {
		if _, err := g.Dele(t.Context(), &pb.DeleRequest{SessionId: id, MessageNumber: uint32(i + 1), IfUniqueId: &letter}); err != nil {
			t.Error(letter, err)
		}
	}
	if _, err := g.quit(t, id); err != nil || !slices.Equal(m.drop.UniqueIDs(), []string{"c", "late"}) {
		t.Errorf("%q are left, %v", m.drop.UniqueIDs(), err)
	}
}
