package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3/pop3test"
)

func (g *gateway) listMessages(t *testing.T, header bool) (messages []*pb.ListedMessage, summary *pb.ListSummary, err error) {
	t.Helper()
	req := &pb.ListMessagesRequest{Server: anywhere(), Credentials: alicesMailbox(), Header: header}
	responses, err := collect(g.mailboxes().ListMessages(t.Context(), req))
	for _, resp := range responses {
		messages = append(messages, resp.GetMessages()...)
		summary = resp.GetSummary()
	}
	return messages, summary, err
}

// TestListMessages lists with and without headers; only without them the session ends by QUIT.
func TestListMessages(t *testing.T) {
	m := newMailbox(t, 0)
	header := "From: =?utf-8?q?Zo=C3=AB?= <zoe@example.test>\r\nTo: a@example.test, B <b@example.test>\r\nCc: c@example.test\r\n" +
		"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nDate: Mon, 01 Jan 2024 10:00:00 +0100\r\nMessage-ID: <1@example.test>\r\n\r\n"
	one := pop3test.NewMessage([]byte(header + "body\r\n"))
	one.UniqueID = `a\b`
	m.drop.Add(one, pop3test.NewMessage([]byte("no header at all\r\n")), pop3test.NewMessage([]byte("Subject: \xff =?utf-8?q?=1B[31m?=\r\n\r\n")))
	g := newGateway(t, m.piped)

	messages, summary, err := g.listMessages(t, false)
	if err != nil || len(messages) != 3 || summary.GetMessages() != 3 || m.sent("QUIT") != 1 || m.sent("TOP") != 0 {
		t.Fatalf("%v, %v, %v, %q", messages, summary, err, m.Commands())
	}
	want := &pb.ListedMessage{
		MessageNumber: new(uint32(1)), UniqueId: `a\\b`, IdKind: pb.UniqueIdKind_UNIQUE_ID_KIND_UNIQUE,
		Octets: new(int64(len(header) + len("body\r\n"))),
	}
	if !proto.Equal(messages[0], want) {
		t.Errorf("%v, want %v", messages[0], want)
	}

	messages, _, err = g.listMessages(t, true)
	if err != nil || len(messages) != 3 || m.sent("QUIT") != 1 || m.sent("TOP") != 3 {
		t.Fatalf("%v, %v, %q", messages, err, m.Commands())
	}
	want.Header = &pb.MessageHeader{
		Raw: []byte(header), Subject: "Grüße", Sender: []string{"zoe@example.test"}, MessageId: "1@example.test",
		Recipients: []string{"a@example.test", "b@example.test", "c@example.test"}, Date: "2024-01-01T10:00:00+01:00",
	}
	if !proto.Equal(messages[0], want) {
		t.Errorf("%v, want %v", messages[0], want)
	}
	if got := messages[2].GetHeader(); string(got.GetRaw()) != "Subject: \xff =?utf-8?q?=1B[31m?=\r\n\r\n" || strings.Contains(got.GetSubject(), "\x1b") ||
		!strings.Contains(got.GetSubject(), `\x1b[31m`) {
		t.Errorf("%v", got)
	}
}

// TestListDamaged: a line that cannot be read is an item, and so are ids that are worth nothing.
func TestListDamaged(t *testing.T) {
	m := newMailbox(t, 4)
	m.answer(map[string]string{
		"UIDL": "+OK\r\n1 same\r\n2 same\r\n3\r\nnonsense\r\n.", "LIST": "+OK\r\n1 100\r\n2 -5\r\n3 300\r\n4 400\r\n.",
	})
	g := newGateway(t, m.piped)
	messages, summary, err := g.listMessages(t, false)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range messages {
		got = append(got, fmt.Sprintf("%d %s %v %d %q", m.GetMessageNumber(), m.GetUniqueId(), m.GetIdKind(), m.GetOctets(), m.GetLine()))
	}
	want := []string{
		`1 same UNIQUE_ID_KIND_DUPLICATE 100 ""`, `2 same UNIQUE_ID_KIND_DUPLICATE 0 ""`, `3  UNIQUE_ID_KIND_MISSING 300 ""`,
		`4  UNIQUE_ID_KIND_MISSING 400 ""`, `0  UNIQUE_ID_KIND_MISSING 0 "nonsense"`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	found := []pb.Finding{pb.Finding_FINDING_UNIQUE_IDS_DUPLICATE, pb.Finding_FINDING_UNIQUE_IDS_MISSING, pb.Finding_FINDING_LISTING_DAMAGED}
	for _, f := range found {
		if !slices.Contains(summary.GetFindings(), f) {
			t.Errorf("%v is not among %v", f, summary.GetFindings())
		}
	}
}

// TestDeleteMessages: what becomes of each, and that repeating it is safe.
func TestDeleteMessages(t *testing.T) {
	m := newMailbox(t, 0)
	for _, id := range []string{"a", "b\xff", "c", "d"} {
		message := pop3test.NewMessage([]byte("x\r\n"))
		message.UniqueID = id
		m.drop.Add(message)
	}
	g := newGateway(t, m.piped)
	req := &pb.DeleteMessagesRequest{Server: anywhere(), Credentials: alicesMailbox(), Messages: []*pb.MessageToDelete{
		{UniqueId: `b\xff`}, {UniqueId: "none"}, {UniqueId: "c", Octets: new(int64(99))}, {UniqueId: "d", Octets: new(int64(3))}, {UniqueId: "d"},
	}}
	outcomes := func() string {
		resp, err := g.mailboxes().DeleteMessages(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for i, got := range resp.GetMessages() {
			if got.GetUniqueId() != req.GetMessages()[i].GetUniqueId() {
				t.Errorf("%v in place of %v", got, req.GetMessages()[i])
			}
			all = append(all, strings.TrimPrefix(got.GetOutcome().String(), "DELETE_OUTCOME_"))
		}
		return strings.Join(all, " ") + ": " + outcomeName(resp.GetOutcome())
	}
	if got, want := outcomes(), "DELETED NOT_FOUND AMBIGUOUS DELETED DELETED: COMMITTED"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got, want := outcomes(), "NOT_FOUND NOT_FOUND AMBIGUOUS NOT_FOUND NOT_FOUND: NOTHING_MARKED"; got != want {
		t.Errorf("again: %s, want %s", got, want)
	}
	if left := m.drop.UniqueIDs(); !slices.Equal(left, []string{"a", "c"}) {
		t.Errorf("left are %q", left)
	}
}

// TestMailboxErrors: what a call comes to that cannot do its job.
func TestMailboxErrors(t *testing.T) {
	m := newMailbox(t, 1)
	g := newGateway(t, m.piped)
	f, err := g.fetch(t, &pb.FetchMessagesRequest{})
	if err != nil {
		t.Fatal(err)
	}
	foreign := &pb.FetchMessagesRequest{
		Server: &pb.Server{Host: "other.example.test", Tls: anywhere().GetTls()}, Credentials: alicesMailbox(),
		Selection: &pb.FetchMessagesRequest_Cursor{Cursor: f.cursor},
	}
	damaged := &pb.FetchMessagesRequest{Selection: &pb.FetchMessagesRequest_Cursor{Cursor: f.cursor[1:]}}
	wrong := &pb.FetchMessagesRequest{Server: anywhere(), Credentials: &pb.Credentials{Username: "alice", Secret: &pb.Credentials_Password{Password: "x"}}}
	unverified := &pb.FetchMessagesRequest{
		Server: &pb.Server{Host: "a", Tls: &pb.TlsOptions{InsecureSkipVerify: true}}, Credentials: alicesMailbox(),
	}
	for what, tt := range map[string]struct {
		req  *pb.FetchMessagesRequest
		want failure
	}{
		"another mailbox's cursor": {foreign, failure{codes.InvalidArgument, "INVALID_ARGUMENT", nil}},
		"damaged cursor":           {damaged, failure{codes.InvalidArgument, "INVALID_ARGUMENT", nil}},
		"wrong password":           {wrong, failure{codes.PermissionDenied, "LOGIN_FAILED", nil}},
		"unverified TLS":           {unverified, failure{codes.FailedPrecondition, "TLS_REQUIRED", nil}},
		"too many ids": {&pb.FetchMessagesRequest{SeenUniqueIds: slices.Repeat([]string{"x"}, 10_001)},
			failure{codes.InvalidArgument, "INVALID_ARGUMENT", nil}},
		"nothing at all": {&pb.FetchMessagesRequest{Server: &pb.Server{}}, failure{codes.InvalidArgument, "INVALID_ARGUMENT", nil}},
	} {
		_, err := g.fetch(t, tt.req)
		wantFailure(t, what, err, tt.want)
	}
	_, err = g.mailboxes().DeleteMessages(t.Context(), &pb.DeleteMessagesRequest{Server: anywhere(), Credentials: alicesMailbox()})
	wantFailure(t, "no messages", err, failure{codes.InvalidArgument, "INVALID_ARGUMENT", nil})
}

// TestFetchWithoutUIDL: only `all` goes without unique-ids, and a UIDL that is listed and refused is no lack of it.
func TestFetchWithoutUIDL(t *testing.T) {
	for capa, want := range map[string]failure{
		"":         {codes.FailedPrecondition, "NOT_SUPPORTED_BY_SERVER", nil},
		"UIDL\r\n": {codes.FailedPrecondition, "COMMAND_REFUSED", nil},
	} {
		m := newMailbox(t, 2)
		m.answer(map[string]string{"UIDL": "-ERR what?", "CAPA": "+OK\r\nSASL PLAIN\r\n" + capa + "."})
		g := newGateway(t, m.piped)
		_, err := g.fetch(t, &pb.FetchMessagesRequest{})
		wantFailure(t, "new ones", err, want)
		m.free(t)
		all, err := g.fetch(t, &pb.FetchMessagesRequest{Selection: &pb.FetchMessagesRequest_All{All: true}})
		if capa != "" {
			wantFailure(t, "all", err, want)
			continue
		}
		if err != nil || len(all.messages) != 2 || all.messages[0].start.GetIdKind() != pb.UniqueIdKind_UNIQUE_ID_KIND_MISSING {
			t.Errorf("all: %d messages, %v", len(all.messages), err)
		}
	}
}

// TestMailboxTurns: one call at a time works on a mailbox, the others wait in order of arrival, or as long as their deadline is; and
// nothing is left of them.
func TestMailboxTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMailbox(t, 1)
		arrived, release := m.hold(t, "UIDL")
		g := newGateway(t, m.piped)
		results := make(chan error, 3)
		fetch := func(ctx context.Context) {
			stream, err := g.mailboxes().FetchMessages(ctx, &pb.FetchMessagesRequest{Server: anywhere(), Credentials: alicesMailbox()})
			if err == nil {
				_, err = readFetched(t, stream)
			}
			results <- err
		}
		go fetch(t.Context())
		<-arrived
		go fetch(t.Context())
		late, cancel := context.WithTimeout(t.Context(), 30*time.Second) // within the time for a reply
		defer cancel()
		go fetch(late)
		if <-results == nil { // of the one with a deadline, which comes first
			t.Error("let in while another call works on the mailbox")
		}
		if n := len(m.Commands()); m.sent("UIDL") != 1 {
			t.Errorf("%d commands: %q", n, m.Commands())
		}
		release()
		for range 2 {
			if err := <-results; err != nil {
				t.Error(err)
			}
		}
		synctest.Wait()
		if g.registry.live != 0 {
			t.Errorf("%d places are taken", g.registry.live)
		}
	})
}

// TestMailboxPlaces: a call waits for a place at its host, and is let in when there is one.
func TestMailboxPlaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMailbox(t, 1)
		g := newGateway(t, func(c *Config) {
			m.piped(c)
			c.Limits.SessionsPerHost = 1
		})
		id := g.openSession(t, anywhere())
		done := make(chan error, 1)
		go func() {
			_, err := g.fetch(t, &pb.FetchMessagesRequest{})
			done <- err
		}()
		time.Sleep(time.Minute)
		select {
		case err := <-done:
			t.Fatalf("without a place: %v", err)
		default:
		}
		if _, err := g.CloseSession(t.Context(), &pb.CloseSessionRequest{SessionId: id}); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// TestMailboxDrain: a drain lets a call finish within the grace, and ends it by DRAINING after it, without QUIT.
func TestMailboxDrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMailbox(t, 2)
		arrived, release := m.hold(t, "RETR 2")
		g := newGateway(t, m.piped)
		done := make(chan error, 1)
		go func() {
			_, err := g.fetch(t, &pb.FetchMessagesRequest{})
			done <- err
		}()
		<-arrived
		drained := g.shutdown(30 * time.Second)
		wantFailure(t, "the running one", <-done, drains)
		release()
		<-drained
		if m.sent("QUIT") != 0 {
			t.Error("QUIT was sent")
		}
	})
}

// TestFetchCut: a connection that breaks ends the call; no message without its end is whole.
func TestFetchCut(t *testing.T) {
	m := newMailbox(t, 0)
	m.drop.Add(pop3test.NewMessage([]byte("one\r\n")), pop3test.NewMessage([]byte(strings.Repeat("two\r\n", 100_000))))
	g := newGateway(t, func(c *Config) {
		m.piped(c)
		dial := c.dial
		c.dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := dial(ctx, network, address)
			return &limitedConn{conn, 100_000}, err
		}
	})
	f, err := g.fetch(t, &pb.FetchMessagesRequest{})
	wantFailure(t, "cut", err, failure{codes.Unavailable, "CONNECTION_LOST", nil})
	if len(f.messages) != 2 || f.messages[0].end == nil || f.messages[1].end != nil || f.summary != nil {
		t.Errorf("%d messages, %v", len(f.messages), f.summary)
	}
	m.free(t)
	rest, err := g.fetch(t, &pb.FetchMessagesRequest{SeenUniqueIds: []string{f.messages[0].start.GetUniqueId()}, MaxOctets: new(int64(1000))})
	if err != nil || len(rest.messages) != 1 || rest.messages[0].skipped.GetReason() != pb.SkipReason_SKIP_REASON_TOO_LARGE {
		t.Errorf("the rest: %v, %v", rest.messages, err)
	}
}

// limitedConn breaks after so many octets were read.
type limitedConn struct {
	net.Conn
	left int
}

func (c *limitedConn) Read(p []byte) (int, error) {
	if c.left <= 0 {
		_ = c.Close()
		return 0, errors.Join(io.ErrUnexpectedEOF, net.ErrClosed)
	}
	n, err := c.Conn.Read(p[:min(len(p), c.left)])
	c.left -= n
	return n, err
}

// TestMailboxNeighbours: a caller that waits for a place of its own keeps no other caller from the same host.
func TestMailboxNeighbours(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &service{registry: newRegistry("r", Limits{SessionsPerCaller: 1, SessionsPerHost: 10, Sessions: 10})}
		if err := s.registry.reserve("greedy", "host"); err != nil {
			t.Fatal(err)
		}
		waited := make(chan error, 1)
		go func() { waited <- s.place(t.Context(), "greedy", "host") }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := s.place(ctx, "neighbour", "host"); err != nil {
			t.Error(err)
		}
		s.registry.free("greedy", "host")
		if err := <-waited; err != nil {
			t.Error(err)
		}
	})
}
