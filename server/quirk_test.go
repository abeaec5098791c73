package server

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"google.golang.org/grpc/codes"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// quirky is a session with a server that plays a transcript.
type quirky struct {
	*gateway
	testing.TB
	id string
}

// in logs in as the transcripts have it.
func (q *quirky) in() { q.login(q, q.id, "alice", "secret") }

func (q *quirky) pass() error {
	_, err := q.Pass(q.Context(), &pb.PassRequest{SessionId: q.id, Password: "secret"})
	return err
}

func (q *quirky) dele(number uint32, uniqueID *string) error {
	_, err := q.Dele(q.Context(), &pb.DeleRequest{SessionId: q.id, MessageNumber: number, IfUniqueId: uniqueID})
	return err
}

func (q *quirky) capa() error {
	_, err := q.Capa(q.Context(), &pb.CapaRequest{SessionId: q.id})
	return err
}

func (q *quirky) retr(number uint32) error {
	_, err := join(q.Retr(q.Context(), &pb.RetrRequest{SessionId: q.id, MessageNumber: number}))
	return err
}

func (q *quirky) uidl(number *uint32) error {
	_, err := collect(q.Uidl(q.Context(), &pb.UidlRequest{SessionId: q.id, MessageNumber: number}))
	return err
}

func (q *quirky) quit() error {
	_, err := q.gateway.quit(q, q.id)
	return err
}

// want is wantFailure.
func (q *quirky) want(what string, err error, want failure) {
	q.Helper()
	wantFailure(q, what, err, want)
}

var (
	notSupported = failure{codes.FailedPrecondition, "NOT_SUPPORTED_BY_SERVER", nil}
	refusedAlive = failure{codes.FailedPrecondition, "COMMAND_REFUSED", nil}
	inUse        = failure{codes.Unavailable, "MAILBOX_IN_USE", nil}
	unsure       = failure{codes.PermissionDenied, "LOGIN_FAILED", map[string]string{"certain": ""}}
	malformed    = failure{codes.FailedPrecondition, "MALFORMED_REPLY", nil}
)

// quirks are transcripts of pop3/testdata/quirks and the errors by which the gateway tells of them. Those of pop3 have the rest.
var quirks = []struct {
	transcript string
	do         func(q *quirky)
}{
	{"apop-banner-invalid", func(q *quirky) {
		_, err := q.Apop(q.Context(), &pb.ApopRequest{SessionId: q.id, Username: "alice", Secret: "secret"})
		q.want("Apop", err, notSupported)
		q.in()
	}},
	{"in-use-code", func(q *quirky) { q.refusals(1, inUse) }},
	{"in-use-texts", func(q *quirky) { q.refusals(8, inUse) }},
	{"login-refused-texts", func(q *quirky) { q.refusals(6, unsure) }},
	{"login-delay-code", func(q *quirky) { q.refusals(1, failure{codes.ResourceExhausted, "LOGIN_DELAY", nil}) }},
	{"login-refused-closes", func(q *quirky) {
		_, err := q.User(q.Context(), &pb.UserRequest{SessionId: q.id, Username: "alice"})
		if err != nil {
			q.Error(err)
		}
		_, err = q.Pass(q.Context(), &pb.PassRequest{SessionId: q.id, Password: "wrong"})
		q.want("Pass", err, unsure)
		q.want("Noop", q.noop(q, q.id), failure{codes.Unavailable, "CONNECTION_LOST", map[string]string{"outcome": "NOT_COMMITTED"}})
	}},
	{"rate-limit-at-stat", func(q *quirky) {
		q.in()
		_, err := q.Stat(q.Context(), &pb.StatRequest{SessionId: q.id})
		q.want("Stat", err, refusedAlive)
	}},
	{"stat-malformed", func(q *quirky) {
		for range 2 {
			_, err := q.Stat(q.Context(), &pb.StatRequest{SessionId: q.id})
			q.want("Stat", err, malformed)
		}
	}},
	{"uidl-none", func(q *quirky) {
		q.in()
		if err := q.capa(); err != nil {
			q.Error(err)
		}
		q.want("Uidl", q.uidl(nil), notSupported)
		q.want("Uidl 1", q.uidl(new(uint32(1))), refusedAlive)
	}},
	{"uidl-refused-though-listed", func(q *quirky) {
		if err := q.capa(); err != nil {
			q.Error(err)
		}
		q.in()
		q.want("Uidl", q.uidl(nil), refusedAlive)
	}},
	{"uidl-one-without-number", func(q *quirky) {
		q.want("Dele", q.dele(1, new("00001a1457b5a851")), malformed) // of which message is that?
	}},
	{"uidl-entries", (*quirky).entries},
	{"top-none", func(q *quirky) {
		q.in()
		if err := q.capa(); err != nil {
			q.Error(err)
		}
		_, err := join(q.Top(q.Context(), &pb.TopRequest{SessionId: q.id, MessageNumber: 1}))
		q.want("Top", err, notSupported)
	}},
	{"retr-over-quota", func(q *quirky) {
		q.want("Retr", q.retr(183), failure{codes.FailedPrecondition, "COMMAND_REFUSED", map[string]string{
			"response": "-ERR Download exceed. msg=183", "command": "RETR",
		}})
	}},
	{"no-final-newline", func(q *quirky) {
		l, err := join(q.Retr(q.Context(), &pb.RetrRequest{SessionId: q.id, MessageNumber: 1, MaxOctets: new(int64(100))}))
		if err != nil || l.last.GetOctets() != 19 || l.last.(*pb.RetrResponse).SizeAgrees == nil || l.last.(*pb.RetrResponse).GetSizeAgrees() {
			q.Errorf("%+v, %v", l.last, err)
		}
	}},
	{"message-without-end", func(q *quirky) {
		q.want("Retr", q.retr(1), failure{codes.DeadlineExceeded, "TIMEOUT", map[string]string{"outcome": "NOT_COMMITTED"}})
	}},
	{"message-cut", func(q *quirky) {
		q.want("Retr", q.retr(1), failure{codes.Unavailable, "CONNECTION_LOST", map[string]string{"outcome": "NOT_COMMITTED"}})
	}},
	{"dele-blank-reply", func(q *quirky) {
		q.in()
		if err := q.dele(1, nil); err != nil {
			q.Error(err)
		}
		q.want("Dele", q.dele(2, nil), failure{codes.Aborted, "PROTOCOL_ERROR", map[string]string{"outcome": "NOT_COMMITTED"}})
	}},
	{"quit-closes", func(q *quirky) { q.marked("COMMIT_UNKNOWN", codes.Unknown, "UNKNOWN", "CONNECTION_LOST") }},
	{"quit-hangs", func(q *quirky) { q.marked("COMMIT_UNKNOWN", codes.Unknown, "UNKNOWN", "TIMEOUT") }},
	{"quit-refused", func(q *quirky) { q.marked("COMMIT_PARTIAL", codes.Aborted, "PARTIAL", "") }},
}

// refusals tries a password so many times.
func (q *quirky) refusals(times int, want failure) {
	if _, err := q.User(q.Context(), &pb.UserRequest{SessionId: q.id, Username: "alice"}); err != nil {
		q.Error(err)
	}
	for range times {
		q.want("Pass", q.pass(), want)
	}
}

// marked marks a message and quits, which fails.
func (q *quirky) marked(reason string, code codes.Code, outcome, cause string) {
	q.in()
	if err := q.dele(1, nil); err != nil {
		q.Error(err)
	}
	q.want("Quit", q.quit(), failure{code, reason, map[string]string{"outcome": outcome, "cause": cause}})
}

// entries reads a listing in which every line is an entry.
func (q *quirky) entries() {
	parts, err := collect(q.Uidl(q.Context(), &pb.UidlRequest{SessionId: q.id}))
	var got []*pb.UidlEntry
	for _, p := range parts {
		got = append(got, p.GetEntries()...)
	}
	if err != nil || len(got) != 12 {
		q.Fatalf("%d entries, %v", len(got), err)
	}
	for i, want := range map[int]*pb.UidlEntry{
		0: {Line: "1 same", MessageNumber: new(uint32(1)), UniqueId: new("same")},
		1: {Line: "2 same", MessageNumber: new(uint32(2)), UniqueId: new("same")},
		8: {Line: "number-missing"},
		9: {Line: `12 h\xe4\x00`, MessageNumber: new(uint32(12)), UniqueId: new(`h\xe4\x00`)},
	} {
		if got[i].String() != want.String() {
			q.Errorf("%v, want %v", got[i], want)
		}
	}
}

// TestQuirks plays transcripts to the gateway, and looks at the errors that its callers see. Where a transcript says so, the session
// lives on.
func TestQuirks(t *testing.T) {
	for _, tt := range quirks {
		text, err := os.ReadFile(filepath.Join("..", "pop3", "testdata", "quirks", tt.transcript+".txt"))
		if err != nil {
			t.Fatal(err)
		}
		t.Run(tt.transcript, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGateway(t, func(c *Config) {
					scripted(t, string(text))(c)
					c.Limits.FailedLogins = 100
				})
				q := &quirky{g, t, g.openSession(t, anywhere())}
				tt.do(q)
				if !strings.HasSuffix(string(text), "C: NOOP\nS: +OK alive\n") {
					return
				}
				if err := q.noop(t, q.id); err != nil {
					t.Error(err)
				}
			})
		})
	}
}
