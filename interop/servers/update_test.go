package servers_test

import (
	"crypto/sha256"
	"slices"
	"strings"
	"testing"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/interop/internal/drive"
)

// An inventory is all messages of alice's maildrop, in order.
type inventory []item

type item struct {
	octets int
	digest [sha256.Size]byte
}

// some are the numbers of the first message, the largest one and the last one.
func (all inventory) some() []uint32 {
	largest := 0
	for i := range all {
		if all[i].octets > all[largest].octets {
			largest = i
		}
	}
	numbers := []uint32{1, uint32(largest + 1), uint32(len(all))}
	slices.Sort(numbers)
	return slices.Compact(numbers)
}

// takeInventory looks into the maildrop in a session of its own.
func (x *run) takeInventory(t *testing.T, m mode) inventory {
	t.Helper()
	s := x.mailbox(t, x.client(m), m, alice)
	var all inventory
	for n := range drive.Must[*pb.StatResponse](s, &pb.StatRequest{}).GetMessageCount() {
		message := x.stable(retrieve(s, int(n)+1))
		all = append(all, item{len(message), sha256.Sum256(message)})
	}
	s.WantQuit(pb.CommitOutcome_COMMIT_OUTCOME_NOTHING_MARKED)
	return all
}

// checkUpdate marks messages and ends the session in each way. Nothing is gone
// but by Quit, and with it what was marked and nothing else.
func (x *run) checkUpdate(t *testing.T, m mode) {
	before := x.takeInventory(t, m)
	if !x.locksForGood(m) {
		x.check(t, closeFeature, m, func(t *testing.T) {
			x.closeMarked(t, m, before.some())
			x.wantInventory(t, m, before)
		})
	}
	x.check(t, "update: Dele, Rset, Quit, and nothing is gone", m, func(t *testing.T) {
		s := x.marking(t, m, before.some())
		drive.Must[*pb.RsetResponse](s, &pb.RsetRequest{})
		if got := drive.Must[*pb.StatResponse](s, &pb.StatRequest{}).GetMessageCount(); int(got) != len(before) {
			t.Errorf("%d messages after Rset, want %d", got, len(before))
		}
		s.WantQuit(pb.CommitOutcome_COMMIT_OUTCOME_NOTHING_MARKED)
		x.wantInventory(t, m, before)
	})
	x.check(t, "update: Dele, Quit, and what was marked is gone, no more", m, func(t *testing.T) {
		s := x.marking(t, m, before.some())
		s.WantQuit(pb.CommitOutcome_COMMIT_OUTCOME_COMMITTED)
		if again := drive.Must[*pb.QuitResponse](s, &pb.QuitRequest{}); !again.GetReplayed() {
			t.Errorf("a second Quit gives %v", again)
		}
		left := slices.Clone(before)
		for _, number := range slices.Backward(before.some()) {
			left = slices.Delete(left, int(number)-1, int(number))
		}
		x.wantInventory(t, m, left)
	})
	if x.locksForGood(m) {
		x.checkAbsent(t, closeFeature, m, x.locked, func(t *testing.T) {
			x.closeMarked(t, m, []uint32{1})
			_, _, err := x.try(t, x.logins(m)[0], m, alice)
			wantReason(t, "the login after CloseSession", err, pb.ErrorReason_ERROR_REASON_MAILBOX_IN_USE)
		})
	}
}

const closeFeature = "update: Dele, CloseSession, and nothing is gone"

// locksForGood says whether a session that is cut off in the mode makes the
// server lock the maildrop for ever, so that nobody can look into it.
func (x *run) locksForGood(m mode) bool { return x.locked != "" && m.secure() }

// closeMarked marks messages and ends the session by CloseSession.
func (x *run) closeMarked(t *testing.T, m mode, numbers []uint32) {
	t.Helper()
	s := x.marking(t, m, numbers)
	drive.Must[*pb.CloseSessionResponse](s, &pb.CloseSessionRequest{})
	_, err := s.Call(&pb.QuitRequest{})
	wantReason(t, "Quit after CloseSession", err, pb.ErrorReason_ERROR_REASON_SESSION_ENDED)
}

func (x *run) wantInventory(t *testing.T, m mode, want inventory) {
	t.Helper()
	if got := x.takeInventory(t, m); !slices.Equal(got, want) {
		t.Errorf("the maildrop has %d messages, want %d: %x, want %x", len(got), len(want), got, want)
	}
}

// marking opens a session and marks messages, where there are unique-ids by
// these, and sees that another unique-id keeps a message.
func (x *run) marking(t *testing.T, m mode, numbers []uint32) *drive.Session {
	t.Helper()
	s := x.mailbox(t, x.client(m), m, alice)
	count := drive.Must[*pb.StatResponse](s, &pb.StatRequest{}).GetMessageCount()
	_, missing := x.refuses["Uidl"]
	for _, number := range numbers {
		request := &pb.DeleRequest{MessageNumber: number}
		if !missing {
			_, err := s.Call(&pb.DeleRequest{MessageNumber: number, IfUniqueId: new("no such id")})
			wantReason(t, "Dele by another unique-id", err, pb.ErrorReason_ERROR_REASON_UNIQUE_ID_MISMATCH)
			_, id, _ := strings.Cut(strings.TrimSuffix(uidlOf(s, &number), "\r\n"), " ")
			request.IfUniqueId = &id
		}
		drive.Must[*pb.DeleResponse](s, request)
	}
	if x.deletedCounts {
		return s
	}
	if got := drive.Must[*pb.StatResponse](s, &pb.StatRequest{}).GetMessageCount(); got != count-uint32(len(numbers)) {
		t.Errorf("%d messages of %d while %d are marked", got, count, len(numbers))
	}
	return s
}
