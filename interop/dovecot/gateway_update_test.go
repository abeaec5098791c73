package dovecot_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/interop/internal/drive"
)

// An inventory is all that is in a maildrop: digests of messages by their
// unique-ids.
type inventory map[string]string

// takeInventory looks into a maildrop by a session of its own.
func takeInventory(t *testing.T, user account) (inventory, []string) {
	t.Helper()
	s := openMailbox(t, drive.Stubs{}, implicit, user)
	defer s.WantQuit(pb.CommitOutcome_COMMIT_OUTCOME_NOTHING_MARKED)
	found, ids := inventory{}, s.uniqueIDs()
	for i, id := range ids {
		parts := drive.MustAll[*pb.RetrResponse](s, &pb.RetrRequest{MessageNumber: uint32(i + 1), WantSha256: true})
		found[id] = string(parts[len(parts)-1].GetSha256())
	}
	if len(found) != len(ids) {
		t.Fatalf("the unique-ids %q are not unique", ids)
	}
	return found, ids
}

// uniqueIDs returns the unique-ids in the order of the message numbers, which
// must have no gaps.
func (s *session) uniqueIDs() []string {
	s.T.Helper()
	var ids []string
	for _, r := range drive.MustAll[*pb.UidlResponse](s, &pb.UidlRequest{}) {
		for _, e := range r.GetEntries() {
			if ids = append(ids, e.GetUniqueId()); int(e.GetMessageNumber()) != len(ids) {
				s.T.Fatalf("the unique-id %d is that of message %d", len(ids), e.GetMessageNumber())
			}
		}
	}
	return ids
}

func wantInventory(t *testing.T, user account, want inventory) {
	t.Helper()
	got, _ := takeInventory(t, user)
	if !maps.Equal(got, want) {
		t.Errorf("%s has %d messages %q, want %d %q", user.Name,
			len(got), slices.Sorted(maps.Keys(got)), len(want), slices.Sorted(maps.Keys(want)))
	}
}

// mark marks messages as deleted, every second one only if it is the right one.
func (s *session) mark(ids []string, numbers ...uint32) {
	s.T.Helper()
	for i, number := range numbers {
		request := &pb.DeleRequest{MessageNumber: number}
		if i%2 == 0 {
			request.IfUniqueId = &ids[number-1]
		}
		if got := drive.Must[*pb.DeleResponse](s, request).GetResponse(); !strings.HasPrefix(got, "+OK") {
			s.T.Errorf("Dele %d gives %q", number, got)
		}
	}
}

// TestGatewayQuit marks three messages, and nothing but these is gone after
// Quit.
func TestGatewayQuit(t *testing.T) {
	s := loadSetup(t)
	overTransports(t, func(t *testing.T, via drive.Transport) {
		user := s.account(t, "dave")
		if via != (drive.Stubs{}) {
			user = s.account(t, "erin")
		}
		left, ids := takeInventory(t, user)
		last := uint32(len(ids))
		opened := openMailbox(t, via, stls, user)
		opened.mark(ids, 2, 5, last)
		opened.checkMarked(ids, 5)
		opened.WantQuit(pb.CommitOutcome_COMMIT_OUTCOME_COMMITTED)
		opened.checkReplay(pb.CommitOutcome_COMMIT_OUTCOME_COMMITTED)
		for _, number := range []uint32{2, 5, last} {
			delete(left, ids[number-1])
		}
		wantInventory(t, user, left)
	})
}

// checkMarked sees a marked message refused by every command.
func (s *session) checkMarked(ids []string, number uint32) {
	s.T.Helper()
	for command, request := range map[string]proto.Message{
		"DELE": &pb.DeleRequest{MessageNumber: number},
		"UIDL": &pb.DeleRequest{MessageNumber: number, IfUniqueId: &ids[number-1]},
		"LIST": &pb.ListRequest{MessageNumber: &number},
		"RETR": &pb.RetrRequest{MessageNumber: number},
		"TOP":  &pb.TopRequest{MessageNumber: number},
	} {
		s.Fails(request, drive.RefusedBy(command, "-ERR Message is deleted.", pb.ErrorReason_ERROR_REASON_COMMAND_REFUSED))
	}
	if got := drive.Must[*pb.StatResponse](s, &pb.StatRequest{}).GetMessageCount(); int(got) != len(ids)-3 {
		s.T.Errorf("Stat counts %d messages of %d, of which 3 are marked", got, len(ids))
	}
}

// checkReplay asks again what Quit has come to, and sees that the session is
// over for everything else.
func (s *session) checkReplay(outcome pb.CommitOutcome) {
	s.T.Helper()
	for range 2 {
		got := drive.Must[*pb.QuitResponse](s, &pb.QuitRequest{})
		if !got.GetReplayed() || got.GetOutcome() != outcome || !strings.HasPrefix(got.GetResponse(), "+OK") {
			s.T.Errorf("the repeated Quit gives %v, want %s", got, outcome)
		}
	}
	over := drive.Ended(pb.Cause_CAUSE_QUIT, outcome)
	s.Fails(&pb.NoopRequest{}, over)
	s.Fails(&pb.GetWelcomeRequest{}, over)
	s.Fails(&pb.RetrRequest{MessageNumber: 1}, over)
}

// TestGatewayKeeps marks messages, and ends the session in all ways that must
// not remove any.
func TestGatewayKeeps(t *testing.T) {
	user := loadSetup(t).account(t, "carol")
	all, ids := takeInventory(t, user)
	overTransports(t, func(t *testing.T, via drive.Transport) {
		t.Run("other unique-id", func(t *testing.T) {
			s := openMailbox(t, via, implicit, user)
			s.Fails(&pb.DeleRequest{MessageNumber: 1, IfUniqueId: &ids[1]}, drive.Failure{
				Code: codes.FailedPrecondition, Reason: pb.ErrorReason_ERROR_REASON_UNIQUE_ID_MISMATCH,
				Metadata: map[string]string{"command": "UIDL", "response": "+OK 1 " + ids[0]},
			})
			s.wantStat(user)
			s.WantQuit(pb.CommitOutcome_COMMIT_OUTCOME_NOTHING_MARKED)
		})
		t.Run("Rset", func(t *testing.T) {
			s := openMailbox(t, via, plaintext, user)
			s.mark(ids, 1, 2, 3)
			if got := drive.Must[*pb.RsetResponse](s, &pb.RsetRequest{}).GetResponse(); !strings.HasPrefix(got, "+OK") {
				t.Errorf("Rset gives %q", got)
			}
			s.wantStat(user)
			s.WantQuit(pb.CommitOutcome_COMMIT_OUTCOME_NOTHING_MARKED)
			s.checkReplay(pb.CommitOutcome_COMMIT_OUTCOME_NOTHING_MARKED)
		})
		t.Run("CloseSession", func(t *testing.T) {
			s := openMailbox(t, via, upgraded, user)
			s.mark(ids, 1, 2, 3)
			for range 2 {
				drive.Must[*pb.CloseSessionResponse](s, &pb.CloseSessionRequest{})
			}
			over := drive.Ended(pb.Cause_CAUSE_CLOSED, pb.CommitOutcome_COMMIT_OUTCOME_NOT_COMMITTED)
			s.Fails(&pb.NoopRequest{}, over)
			s.Fails(&pb.QuitRequest{}, over)
		})
		t.Run("SIGKILL", func(t *testing.T) {
			s := newClient(ownGateway(t, targetFlags(loadSetup(t))...), via).openMode(t, stls)
			s.logIn(user)
			s.mark(ids, 1, 2, 3)
			s.Gateway.Kill()
		})
		t.Run("SIGTERM", func(t *testing.T) {
			s := newClient(ownGateway(t, targetFlags(loadSetup(t))...), via).openMode(t, implicit)
			s.logIn(user)
			s.mark(ids, 1, 2, 3)
			if err := s.Gateway.Stop(); err != nil {
				t.Error(err)
			}
		})
	})
	wantInventory(t, user, all)
}
