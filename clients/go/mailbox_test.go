package popgate_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"slices"
	"testing"

	"google.golang.org/grpc/codes"

	popgate "github.com/popgate/popgate/clients/go"
	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

func TestFetch(t *testing.T) {
	r := newRig(t, nil)
	ids := r.drop.UniqueIDs()
	fetch := r.Fetch(t.Context(), popgate.RequestSince(r.mail, alice, nil))
	var got []string
	for m, err := range fetch.Messages() {
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(m.Data)
		if !bytes.Equal(sum[:], m.SHA256) || m.IDKind != pb.UniqueIdKind_UNIQUE_ID_KIND_UNIQUE {
			t.Errorf("%+v", m)
		}
		got = append(got, m.UniqueID)
	}
	if !slices.Equal(got, ids) || fetch.Progress.GetMessages() != 5 || fetch.Summary.GetDelivered() != 5 {
		t.Errorf("%q, %v, %v", got, fetch.Progress, fetch.Summary)
	}
	r.waitFree()
	for m, err := range r.Fetch(t.Context(), popgate.RequestSince(r.mail, alice, fetch.Cursor)).Messages() {
		t.Errorf("not new: %v, %v", m, err)
	}
	r.waitFree()
	few := popgate.Request(r.mail, alice)
	few.MaxOctets = new(int64(1000))
	fetch = r.Fetch(t.Context(), few)
	n := 0
	for range fetch.Messages() {
		n++
	}
	if n+len(fetch.Undelivered) != 5 || n == 5 || fetch.Undelivered[0].GetSkipped() == nil {
		t.Errorf("%d messages, and %v", n, fetch.Undelivered)
	}
}

func TestFetchLeft(t *testing.T) {
	r := newRig(t, nil)
	for _, err := range r.Fetch(t.Context(), popgate.Request(r.mail, alice)).Messages() {
		if err != nil {
			t.Error(err)
		}
		break
	}
	r.waitFree()
	for m, err := range r.Fetch(t.Context(), popgate.Request(r.mail, popgate.Password("alice", "wrong"))).Messages() {
		if m != nil {
			t.Error("a message with a wrong password")
		}
		wantError(t, err, codes.PermissionDenied, "LOGIN_FAILED")
	}
}

// TestCollect: what the loop has settled is deleted, and nothing else, whichever way it is left.
func TestCollect(t *testing.T) {
	for name, tt := range map[string]struct {
		settle  popgate.Settlement
		body    func(c *popgate.Collect, m *popgate.Message) (goOn bool)
		outcome string
		left    []int // indices
	}{
		"delete": {popgate.Delete, func(*popgate.Collect, *popgate.Message) bool { return true }, "COMMITTED", []int{}},
		"keep":   {popgate.Keep, func(*popgate.Collect, *popgate.Message) bool { return true }, "NOTHING_MARKED", []int{0, 1, 2, 3, 4}},
		"by hand": {popgate.ByHand, func(c *popgate.Collect, m *popgate.Message) bool {
			c.Settle(m, map[bool]popgate.Settlement{true: popgate.Delete, false: popgate.Keep}[m.Number%2 == 0])
			return true
		}, "COMMITTED", []int{0, 2, 4}},
		"overridden": {popgate.Delete, func(c *popgate.Collect, m *popgate.Message) bool {
			if m.Number == 3 {
				c.Settle(m, popgate.Keep)
			}
			return true
		}, "COMMITTED", []int{2}},
		"break":       {popgate.Delete, func(_ *popgate.Collect, m *popgate.Message) bool { return m.Number < 3 }, "COMMITTED", []int{2, 3, 4}},
		"break first": {popgate.Delete, func(*popgate.Collect, *popgate.Message) bool { return false }, "", []int{0, 1, 2, 3, 4}},
		"panic": {popgate.Delete, func(_ *popgate.Collect, m *popgate.Message) bool {
			if m.Number == 2 {
				panic("the body's own")
			}
			return true
		}, "COMMITTED", []int{1, 2, 3, 4}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, nil)
			ids := r.drop.UniqueIDs()
			c := r.Collect(t.Context(), &pb.CollectOpen{Fetch: popgate.Request(r.mail, alice)}, tt.settle)
			var commits int
			c.OnCommit = func(commit *pb.Commit) { commits += len(commit.GetMessages()) }
			func() {
				defer func() {
					if (recover() != nil) != (name == "panic") {
						t.Error("a panic went astray")
					}
				}()
				for m, err := range c.Messages() {
					if err != nil {
						t.Error(err)
					}
					if !tt.body(c, m) {
						break
					}
				}
			}()
			if c.Err() != nil || c.Outcome != tt.outcome || (commits > 0) != (tt.outcome != "") {
				t.Errorf("%v, outcome %q, %d messages committed", c.Err(), c.Outcome, commits)
			}
			want := []string{}
			for _, i := range tt.left {
				want = append(want, ids[i])
			}
			if left := r.drop.UniqueIDs(); !slices.Equal(left, want) {
				t.Errorf("%q are left, want %q", left, want)
			}
		})
	}
}

// TestCollectFails: the error comes in the loop, and from Err.
func TestCollectFails(t *testing.T) {
	r := newRig(t, nil)
	open := &pb.CollectOpen{Fetch: popgate.Request(r.mail, popgate.Password("alice", "wrong"))}
	c := r.Collect(t.Context(), open, popgate.Delete)
	n := 0
	for m, err := range c.Messages() {
		n++
		if m != nil {
			t.Error("a message with a wrong password")
		}
		wantError(t, err, codes.PermissionDenied, "LOGIN_FAILED")
	}
	if n != 1 || c.Err() == nil {
		t.Errorf("%d errors, then %v", n, c.Err())
	}
	lost := r.Collect(t.Context(), &pb.CollectOpen{Fetch: popgate.Request(r.mail, alice)}, popgate.Delete)
	for m := range lost.Messages() { // the first is settled, and cannot be committed
		if m.Number == 2 {
			r.pop.Close()
			break
		}
	}
	if _, ok := errors.AsType[*popgate.Error](lost.Err()); !ok {
		t.Errorf("the commit was lost, and Err is %v", lost.Err())
	}
}
