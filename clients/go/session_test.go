package popgate_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	popgate "github.com/popgate/popgate/clients/go"
	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// wantError fails the test unless an error has this code and reason.
func wantError(t *testing.T, err error, code codes.Code, reason string) *popgate.Error {
	t.Helper()
	e, ok := errors.AsType[*popgate.Error](err)
	if !ok || e.Code != code || e.Reason != reason {
		t.Fatalf("%v, want %v %s", err, code, reason)
	}
	return e
}

func TestCloseWithoutQuit(t *testing.T) {
	r := newRig(t, nil)
	session := r.login(t)
	if _, err := session.Dele(t.Context(), 1, ""); err != nil {
		t.Fatal(err)
	}
	done, cancel := context.WithCancel(t.Context())
	cancel()
	for range 2 { // it may be repeated, and an end of the context does not keep it from closing
		if err := session.Close(done); err != nil {
			t.Error(err)
		}
	}
	_, err := session.Noop(t.Context())
	e := wantError(t, err, codes.FailedPrecondition, "SESSION_ENDED")
	if e.Cause != "CLOSED" || e.Outcome != "NOT_COMMITTED" {
		t.Errorf("%+v", e)
	}
	if len(r.drop.Snapshot()) != 5 || slices.Contains(r.pop.Commands(), "QUIT") {
		t.Errorf("%d messages are left; %q", len(r.drop.Snapshot()), r.pop.Commands())
	}
}

// TestHeaderAndDeadline: every call but the first has the session's header; all but streams have a deadline.
func TestHeaderAndDeadline(t *testing.T) {
	r := newRig(t, nil)
	session := r.login(t)
	for _, err := range session.List(t.Context()) {
		if err != nil {
			t.Error(err)
		}
	}
	reader, err := session.Top(t.Context(), 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	reader.Close()
	if err := session.Close(t.Context()); err != nil {
		t.Error(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	var methods []string
	for i, call := range r.calls {
		methods = append(methods, call.method)
		if i > 0 && !slices.Equal(call.header, []string{session.Opened.GetSessionId()}) {
			t.Errorf("%s: header %q", call.method, call.header)
		}
		if stream := call.method == "List" || call.method == "Top"; call.deadline.IsZero() != stream {
			t.Errorf("%s: deadline is %v", call.method, call.deadline)
		}
	}
	if want := []string{"OpenSession", "User", "Pass", "List", "Top", "CloseSession"}; !slices.Equal(methods, want) {
		t.Errorf("%q, want %q", methods, want)
	}
	if first, last := r.calls[0].deadline, r.calls[len(r.calls)-1].deadline; !last.Before(first.Add(-time.Minute)) {
		t.Errorf("CloseSession has as much time as others: until %v, OpenSession until %v", last, first)
	}
}

func TestQuitCommits(t *testing.T) {
	r := newRig(t, nil)
	session := r.open(t)
	if _, err := session.APOP(t.Context(), "alice", "secret"); err != nil {
		t.Fatal(err)
	}
	ids := r.drop.UniqueIDs()
	_, err := session.Dele(t.Context(), 1, ids[1])
	wantError(t, err, codes.FailedPrecondition, "UNIQUE_ID_MISMATCH")
	if _, err := session.Dele(t.Context(), 1, ids[0]); err != nil {
		t.Fatal(err)
	}
	quit, err := session.Quit(t.Context())
	if err != nil || quit.GetOutcome() != pb.CommitOutcome_COMMIT_OUTCOME_COMMITTED {
		t.Errorf("%v, %v", quit, err)
	}
	if again, err := session.Quit(t.Context()); err != nil || !again.GetReplayed() {
		t.Errorf("%v, %v", again, err)
	}
	if left := r.drop.UniqueIDs(); !slices.Equal(left, ids[1:]) {
		t.Errorf("%q are left, want %q", left, ids[1:])
	}
}

// TestCommands: each method sends its command.
func TestCommands(t *testing.T) {
	r := newRig(t, nil)
	session := r.open(t)
	do := func(name string, err error) {
		t.Helper()
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := session.Capa(t.Context())
	do("Capa", err)
	_, err = session.Lang(t.Context(), "")
	do("Lang", err)
	_, err = session.Lang(t.Context(), "en")
	do("Lang en", err)
	_, err = session.STLS(t.Context(), &pb.TlsOptions{CaBundlePem: string(r.pop.CertificatePEM())})
	do("STLS", err)
	_, err = session.UTF8(t.Context())
	do("UTF8", err)
	_, err = session.Auth(t.Context(), alice)
	do("Auth", err)
	stat, err := session.Stat(t.Context())
	do("Stat", err)
	one, err := session.ListOne(t.Context(), 2)
	do("ListOne", err)
	id, err := session.UidlOne(t.Context(), 2)
	do("UidlOne", err)
	_, err = session.UidlOne(t.Context(), 99)
	wantError(t, err, codes.FailedPrecondition, "COMMAND_REFUSED")
	var ids []string
	for entry, err := range session.Uidl(t.Context()) {
		do("Uidl", err)
		ids = append(ids, entry.GetUniqueId())
	}
	_, err = session.Rset(t.Context())
	do("Rset", err)
	_, err = session.Noop(t.Context())
	do("Noop", err)
	if stat.GetMessageCount() != 5 || one.GetMessageNumber() != 2 || !slices.Equal(ids, r.drop.UniqueIDs()) || id.GetUniqueId() != ids[1] {
		t.Errorf("%v, %v, %q, %v", stat, one, ids, id)
	}
	for entry := range session.Uidl(t.Context()) { // what is left by break is no harm
		if entry.GetMessageNumber() == 2 {
			break
		}
	}
	want := []string{"CAPA", "LANG", "LANG en", "STLS", "UTF8", "STAT", "LIST 2", "UIDL 2", "UIDL 99", "UIDL", "RSET", "NOOP"}
	for _, command := range want {
		if !slices.Contains(r.pop.Commands(), command) {
			t.Errorf("%s was not sent", command)
		}
	}
	if session.Welcome()[:3] != "+OK" {
		t.Errorf("greeting %q", session.Welcome())
	}
	if printed := fmt.Sprintf("%+v", session); strings.Contains(printed, session.Opened.GetSessionId()) {
		t.Errorf("%s has the session's id, a secret", printed)
	}
}

// TestRetr: a message comes whole by each way to read it.
func TestRetr(t *testing.T) {
	r := newRig(t, nil)
	session := r.login(t)
	for number := uint32(1); number <= 5; number++ {
		want, err := io.ReadAll(r.drop.Snapshot()[number-1].Open())
		if err != nil {
			t.Fatal(err)
		}
		for name, read := range map[string]func(*popgate.Reader) ([]byte, error){
			"Read": func(m *popgate.Reader) ([]byte, error) { return io.ReadAll(struct{ io.Reader }{m}) },
			"WriteTo": func(m *popgate.Reader) ([]byte, error) {
				var b bytes.Buffer
				_, err := io.Copy(&b, m)
				return b.Bytes(), err
			},
			"ReadAll": (*popgate.Reader).ReadAll,
		} {
			m, err := session.Retr(t.Context(), number)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := read(m); err != nil || !bytes.Equal(got, want) || m.Response[:3] != "+OK" {
				t.Errorf("%s of %d: %d octets, want %d, %v", name, number, len(got), len(want), err)
			}
		}
	}
	_, err := session.RetrUpTo(t.Context(), 1, 1)
	wantError(t, err, codes.ResourceExhausted, "MESSAGE_TOO_LARGE")
	_, err = session.Retr(t.Context(), 99)
	if e := wantError(t, err, codes.FailedPrecondition, "COMMAND_REFUSED"); e.Command != "RETR" || e.Response[:4] != "-ERR" {
		t.Errorf("%+v", e)
	}
}

// TestRetrClosed: the session lives on when a reader was closed early, which then reads nothing more.
func TestRetrClosed(t *testing.T) {
	r := newRig(t, nil)
	session := r.login(t)
	m, err := session.Retr(t.Context(), 5)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Read(make([]byte, 10)); err != nil {
		t.Error(err)
	}
	m.Close()
	if n, err := m.Read(make([]byte, 10)); n != 0 || !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("%d, %v", n, err)
	}
	if _, err := session.Noop(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestErrors(t *testing.T) {
	r := newRig(t, nil)
	err := r.open(t).Login(t.Context(), "alice", "wrong")
	e := wantError(t, err, codes.PermissionDenied, "LOGIN_FAILED")
	if e.Command != "PASS" || e.ResponseCode != "AUTH" || e.RetryAfter != 0 || e.Metadata["certain"] != "true" {
		t.Errorf("%+v", e)
	}
	_, err = r.Open(t.Context(), popgate.Host("127.0.0.1"))
	wantError(t, err, codes.PermissionDenied, "TARGET_NOT_ALLOWED")
	r.login(t)
	err = r.open(t).Login(t.Context(), "alice", "secret")
	if e := wantError(t, err, codes.Unavailable, "MAILBOX_IN_USE"); e.RetryAfter != 30*time.Second || e.ResponseCode != "IN-USE" {
		t.Errorf("%+v", e)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = r.Open(cancelled, r.mail)
	wantError(t, err, codes.Canceled, "")
	_, err = r.Pop3.Noop(t.Context(), &pb.NoopRequest{SessionId: "none"})
	decoded := popgate.AsError(err)
	wantError(t, decoded, codes.NotFound, "SESSION_NOT_FOUND")
	if again := popgate.AsError(decoded); !errors.Is(again, decoded) || popgate.AsError(nil) != nil {
		t.Error("AsError changes what needs no change")
	}
}
