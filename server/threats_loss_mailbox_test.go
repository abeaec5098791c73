package server

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3/pop3test"
)

// TestDigests: of 10,000 messages each comes with the octets and digests that it has at the server (H7).
func TestDigests(t *testing.T) {
	const messages = 10_000
	random := rand.New(rand.NewPCG(1, 7))
	m := newMailbox(t, 0)
	texts := make([][]byte, messages)
	for i := range texts {
		texts[i] = fmt.Appendf(nil, "Subject: %d\r\n\r\n", i)
		for range random.IntN(20) {
			line := make([]byte, random.IntN(100))
			for j := range line {
				line[j] = []byte("\x00\t .+-OKaz\x80\xff")[random.IntN(12)]
			}
			texts[i] = append(append(texts[i], line...), "\r\n"...)
		}
		m.drop.Messages = append(m.drop.Messages, pop3test.NewMessage(texts[i]))
	}
	g := newGateway(t, m.piped)
	f, err := g.fetch(t, &pb.FetchMessagesRequest{})
	if err != nil || len(f.messages) != messages || f.summary.GetDelivered() != messages {
		t.Fatalf("%d messages, %v, %v", len(f.messages), f.summary, err)
	}
	for i, got := range f.messages {
		sum := sha256.Sum256(texts[i])
		want := &pb.PartEnd{
			Octets: int64(len(texts[i])), Crc32: crc32.ChecksumIEEE(texts[i]), Sha256: sum[:], SizeAgrees: new(true),
		}
		if !bytes.Equal(got.data, texts[i]) || !proto.Equal(got.end, want) || got.start.GetMessageNumber() != uint32(i+1) {
			t.Fatalf("message %d: %d octets, %v, want %v", i+1, len(got.data), got.end, want)
		}
	}
}

// greedy are servers that remove at QUIT what was merely retrieved. Each has twelve messages, and shows shown.
var greedy = map[string]struct {
	shown     int
	configure func(m *mailbox)
	expire    *pb.Expire
}{
	"EXPIRE 0": {12, func(m *mailbox) { m.MoreCapabilities = []string{"EXPIRE 0"} }, &pb.Expire{}},
	"Gmail":    {5, func(m *mailbox) { m.drop.OnLogin = pop3test.ListOldest(5) }, nil},
}

// newGreedy returns a greedy server, and a gateway to it.
func newGreedy(t *testing.T, configure func(m *mailbox)) (*mailbox, *gateway) {
	t.Helper()
	m := newMailbox(t, 12)
	m.drop.OnQuit = pop3test.RemoveRetrieved
	configure(m)
	return m, newGateway(t, m.piped)
}

// TestRetrievedIsRemoved: Capa tells that a server does so, CloseSession keeps it from doing it, and Quit does not (H9).
func TestRetrievedIsRemoved(t *testing.T) {
	for name, tt := range greedy {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m, g := newGreedy(t, tt.configure)
				before := m.drop.UniqueIDs()
				for _, quits := range []bool{false, true} {
					id := g.openMailbox(t)
					capa, err := g.Capa(t.Context(), &pb.CapaRequest{SessionId: id})
					if err != nil || !proto.Equal(capa.GetExtensions().GetExpire(), tt.expire) {
						t.Error(capa, err)
					}
					if _, err := collect(g.Retr(t.Context(), &pb.RetrRequest{SessionId: id, MessageNumber: 2})); err != nil {
						t.Error(err)
					}
					if _, err := collect(g.Top(t.Context(), &pb.TopRequest{SessionId: id, MessageNumber: 3, Lines: 9})); err != nil {
						t.Error(err)
					}
					want := before
					if quits {
						_, err = g.quit(t, id)
						want = slices.Delete(slices.Clone(before), 1, 2)
					} else {
						_, err = g.CloseSession(t.Context(), &pb.CloseSessionRequest{SessionId: id})
					}
					synctest.Wait()
					if left := m.drop.UniqueIDs(); err != nil || !slices.Equal(left, want) {
						t.Errorf("Quit %v: %v; %q are left, want %q", quits, err, left, want)
					}
				}
			})
		})
	}
}

// TestRetrievedIsKept: no call of MailboxService that names nothing to delete makes such a server remove anything (H9).
func TestRetrievedIsKept(t *testing.T) {
	for name, tt := range greedy {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m, g := newGreedy(t, tt.configure)
				before := m.drop.UniqueIDs()
				kept := func(what string, n int, err error) {
					t.Helper()
					synctest.Wait()
					if err != nil || n != tt.shown || !slices.Equal(m.drop.UniqueIDs(), before) {
						t.Errorf("%s: %d messages, %v; %q are left of %q", what, n, err, m.drop.UniqueIDs(), before)
					}
				}
				first, err := g.fetch(t, &pb.FetchMessagesRequest{})
				kept("FetchMessages", len(first.messages), err)
				all, err := g.fetch(t, &pb.FetchMessagesRequest{Selection: &pb.FetchMessagesRequest_All{All: true}})
				kept("FetchMessages of all", len(all.messages), err)
				again, err := g.fetch(t, &pb.FetchMessagesRequest{Selection: &pb.FetchMessagesRequest_Cursor{Cursor: first.cursor}})
				kept("FetchMessages of new ones", int(again.progress.GetMessages()), err)
				if len(again.messages) != 0 {
					t.Errorf("%d are new", len(again.messages))
				}
				for _, header := range []bool{false, true} {
					listed, _, err := g.listMessages(t, header)
					kept("ListMessages", len(listed), err)
				}
				if found := slices.Contains(first.summary.GetFindings(), pb.Finding_FINDING_EXPIRE_ZERO); found != (tt.expire != nil) {
					t.Errorf("findings %v", first.summary.GetFindings())
				}
				resp, err := g.mailboxes().DeleteMessages(t.Context(), &pb.DeleteMessagesRequest{
					Server: anywhere(), Credentials: alicesMailbox(), Messages: []*pb.MessageToDelete{{UniqueId: before[3]}},
				})
				if err != nil || !slices.Equal(m.drop.UniqueIDs(), slices.Delete(slices.Clone(before), 3, 4)) {
					t.Errorf("%v, %v; %q are left", resp, err, m.drop.UniqueIDs())
				}
			})
		})
	}
}

// TestSharedUniqueIDs: messages that share a unique-id, or have none, are marked, delivered each time, and never deleted by it; one that is
// left alone with its unique-id has not been seen (H12).
func TestSharedUniqueIDs(t *testing.T) {
	m := newMailbox(t, 5)
	ids := []string{"same", "other", "same", "blank", "last"}
	for i, id := range ids {
		m.drop.Messages[i].UniqueID = id
	}
	m.drop.OnLogin = func(l *pop3test.Login) {
		for i := range l.Messages {
			if l.Messages[i].UniqueID == "blank" {
				l.Messages[i].UniqueID = ""
			}
		}
	}
	g := newGateway(t, m.piped)
	var cursor []byte
	fetch := func(want ...string) {
		t.Helper()
		m.free(t)
		f, err := g.fetch(t, &pb.FetchMessagesRequest{Selection: &pb.FetchMessagesRequest_Cursor{Cursor: cursor}})
		var got []string
		for _, message := range f.messages {
			got = append(got, fmt.Sprint(message.start.GetMessageNumber(), " ", message.start.GetUniqueId(), " ", int32(message.start.GetIdKind())))
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%q, %v, want %q", got, err, want)
		}
		cursor = f.cursor
	}
	fetch("1 same 2", "2 other 1", "3 same 2", "4  3", "5 last 1")
	fetch("1 same 2", "3 same 2", "4  3")
	m.free(t)
	resp, err := g.mailboxes().DeleteMessages(t.Context(), &pb.DeleteMessagesRequest{
		Server: anywhere(), Credentials: alicesMailbox(), Messages: []*pb.MessageToDelete{{UniqueId: "same"}},
	})
	if err != nil || resp.GetMessages()[0].GetOutcome() != pb.DeleteOutcome_DELETE_OUTCOME_AMBIGUOUS || !slices.Equal(m.drop.UniqueIDs(), ids) {
		t.Errorf("%v, %v; %q are left", resp, err, m.drop.UniqueIDs())
	}
	m.free(t)
	id := g.openMailbox(t)
	if _, err := g.Dele(t.Context(), &pb.DeleRequest{SessionId: id, MessageNumber: 1}); err != nil {
		t.Error(err)
	}
	if _, err := g.quit(t, id); err != nil {
		t.Error(err)
	}
	fetch("2 same 1", "3  3")
	fetch("3  3")
}

// TestDrainOfMany drains while 500 sessions have a mark each and retrieve: those whose server answers within the grace get the whole
// message, the others are told, and QUIT is sent by none (H15).
func TestDrainOfMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const sessions = 500
		m := newMailbox(t, 0)
		goOn := make(chan struct{})
		m.Intercept = func(line string) (string, bool) {
			switch line {
			case "RETR 1":
				<-goOn
			case "RETR 3":
				return "", true
			}
			return "", false
		}
		names := make([]string, sessions)
		for i := range names {
			names[i] = fmt.Sprint("user", i)
			drop := pop3test.NewMaildrop(password)
			for n := range 3 {
				drop.Add(pop3test.NewMessage(fmt.Appendf(nil, "Subject: %d\r\n\r\n", n)))
			}
			m.Maildrops[names[i]] = drop
		}
		g := newGateway(t, m.piped)
		whole, told := make(chan error, sessions), make(chan error, sessions)
		for i, name := range names {
			id := g.openSession(t, anywhere())
			g.login(t, id, name, password)
			if _, err := g.Dele(t.Context(), &pb.DeleRequest{SessionId: id, MessageNumber: 2}); err != nil {
				t.Fatal(err)
			}
			number, outcome := uint32(1), whole
			if i%2 == 1 {
				number, outcome = 3, told
			}
			go func() {
				_, err := collect(g.Retr(t.Context(), &pb.RetrRequest{SessionId: id, MessageNumber: number}))
				outcome <- err
			}()
		}
		synctest.Wait()
		done := g.shutdown(drainGrace)
		time.Sleep(drainGrace / 2)
		close(goOn)
		<-done
		synctest.Wait()
		for range sessions / 2 {
			if err := <-whole; err != nil {
				t.Error(err)
			}
			wantFailure(t, "Retr", <-told, drainedAway)
		}
		if m.sent("QUIT") != 0 || g.registry.live != 0 {
			t.Errorf("%d QUIT, %d sessions are left", m.sent("QUIT"), g.registry.live)
		}
		for _, name := range names {
			if drop := m.Maildrops[name]; len(drop.Snapshot()) != 3 || drop.InUse() {
				t.Errorf("%s: %d messages are left", name, len(drop.Snapshot()))
			}
		}
	})
}

// drainedAway is what is left of a call when the grace is over.
var drainedAway = failure{codes.Unavailable, "DRAINING", map[string]string{"cause": "DRAINING", "outcome": "NOT_COMMITTED"}}
