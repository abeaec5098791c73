package servers_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"testing"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/interop/internal/seed"
)

// The jobs of MailboxService.
const (
	listJob    = "mailbox: ListMessages"
	fetchJob   = "mailbox: FetchMessages, what is new"
	deleteJob  = "mailbox: DeleteMessages"
	offerJob   = "mailbox: CollectMessages by offer"
	collectJob = "mailbox: CollectMessages by cursor"
)

// maxHeader is how much of a header popgate hands out; one server sends the
// body too.
const maxHeader = 256 << 10

// checkMailbox does each job of MailboxService on bob's maildrop, which is
// empty before and after, in one mode: Courier asks for ten seconds between
// logins, and gets them. What arrives, and what is left behind each job, is
// looked at by direct connections.
func (x *run) checkMailbox(t *testing.T) {
	m := implicit
	if x.locksForGood(m) {
		m = plaintext // so that one can look behind a job that sends no QUIT
	}
	j, mail := job{x, m}, slices.DeleteFunc(slices.Clone(seed.Messages()), func(m seed.Message) bool {
		return m.Name == "large" || m.Name == "medium" && x.unseeded != "" // who thinks long over the one does over the other
	})
	seen := x.deliver(t, mail[:9])
	if len(seen.held) != 9 {
		t.Fatalf("the maildrop was not empty: %s", idsOf(seen.held))
	}
	x.check(t, listJob, m, func(t *testing.T) { j.checkList(t, seen, mail) })
	if _, missing := x.refuses["Uidl"]; missing {
		j.checkWithoutUniqueIDs(t, seen.held)
		return
	}
	x.check(t, fetchJob, m, func(t *testing.T) { j.checkFetch(t, seen.held, mail[9:11]) })
	x.check(t, deleteJob, m, j.checkDelete)
	x.check(t, offerJob, m, func(t *testing.T) { j.checkOffer(t, &pb.CollectOpen{Offer: true, CommitMessages: new(uint32(4))}) })
	x.check(t, collectJob, m, func(t *testing.T) { j.checkCollect(t, mail[11:]) })
}

func (j job) checkList(t *testing.T, seen maildrop, mail []seed.Message) {
	messages, summary := j.list(t, false)
	with, _ := j.list(t, true)
	if len(messages) != len(seen.held) || len(with) != len(seen.held) || int(summary.GetMessages()) != len(seen.held) {
		t.Fatalf("%d messages, %d with their headers, %v; a direct connection sees %d", len(messages), len(with), summary, len(seen.held))
	}
	for i, m := range messages {
		kind := pb.UniqueIdKind_UNIQUE_ID_KIND_UNIQUE
		if seen.held[i].id == "" {
			kind = pb.UniqueIdKind_UNIQUE_ID_KIND_MISSING
		}
		sameSize := fmt.Sprint(m.GetOctets()) == seen.listed[i] || j.settled != nil
		if int(m.GetMessageNumber()) != i+1 || m.GetUniqueId() != seen.held[i].id || m.GetIdKind() != kind || !sameSize {
			t.Errorf("message %d is %v, by a direct connection %q, %s octets", i+1, m, seen.held[i].id, seen.listed[i])
		}
		header := with[i].GetHeader()
		if want := seen.headers[i][:min(len(seen.headers[i]), maxHeader)]; !bytes.Equal(j.stable(header.GetRaw()), j.stable(want)) {
			t.Errorf("header %d, by a direct connection: %s", i+1, difference(header.GetRaw(), want))
		}
		if j.seeded(mail[i]) == nil {
			continue // what it sends is its own affair
		}
		if header.GetSubject() != mail[i].Name || !slices.Equal(header.GetRecipients(), []string{"reader@example.test"}) {
			t.Errorf("header %d has the subject %q and the recipients %q", i+1, header.GetSubject(), header.GetRecipients())
		}
	}
	j.wantHeld(t, seen.held)
}

// checkFetch fetches all, then nothing, then what has arrived since.
func (j job) checkFetch(t *testing.T, before []held, arrives []seed.Message) {
	fetch := func(cursor []byte, maildrop int, want []held) []byte {
		t.Helper()
		o, err := j.fetch(t, &pb.FetchMessagesRequest{Selection: &pb.FetchMessagesRequest_Cursor{Cursor: cursor}})
		if err != nil {
			t.Fatalf("FetchMessages: %v", err)
		}
		if !slices.Equal(o.held, want) {
			t.Errorf("delivered %s, want %s", idsOf(o.held), idsOf(want))
		}
		if p := o.progress; len(p) != 1 || int(p[0].GetMessages()) != maildrop || int(p[0].GetNewMessages()) != len(want) {
			t.Errorf("progress is %v; of %d messages %d are new", p, maildrop, len(want))
		}
		if int(o.summary.GetDelivered()) != len(want) {
			t.Errorf("summary is %v, want %d delivered", o.summary, len(want))
		}
		return o.cursor
	}
	cursor := fetch(nil, len(before), before)
	cursor = fetch(cursor, len(before), nil)
	now := j.deliver(t, arrives).held
	fetch(cursor, len(now), now[len(before):])
	j.wantHeld(t, now)
}

// checkDelete deletes two messages and one that is not there, and repeats it.
func (j job) checkDelete(t *testing.T) {
	before := j.look(t).held
	request := &pb.DeleteMessagesRequest{Server: j.server(t, j.m), Credentials: passwordOf(bob, "")}
	for _, id := range []string{before[0].id, "no-such-id", before[5].id} {
		request.Messages = append(request.Messages, &pb.MessageToDelete{UniqueId: id})
	}
	for _, want := range [][]pb.DeleteOutcome{
		{pb.DeleteOutcome_DELETE_OUTCOME_DELETED, pb.DeleteOutcome_DELETE_OUTCOME_NOT_FOUND, pb.DeleteOutcome_DELETE_OUTCOME_DELETED},
		slices.Repeat([]pb.DeleteOutcome{pb.DeleteOutcome_DELETE_OUTCOME_NOT_FOUND}, 3),
	} {
		response, err := j.delete(t, request)
		if err != nil {
			t.Fatalf("DeleteMessages: %v", err)
		}
		for i, m := range response.GetMessages() {
			if m.GetUniqueId() != request.GetMessages()[i].GetUniqueId() || m.GetOutcome() != want[i] {
				t.Errorf("message %d: %v, want %v", i+1, m, want[i])
			}
		}
		j.wantHeld(t, slices.Concat(before[1:5], before[6:]))
	}
}

func (j job) delete(t *testing.T, request *pb.DeleteMessagesRequest) (response *pb.DeleteMessagesResponse, err error) {
	t.Helper()
	err = within(t, func(ctx context.Context) error {
		response, err = j.client().DeleteMessages(ctx, request)
		return err
	})
	return response, err
}

// odd deletes every other message, beginning with the first one.
func odd(n uint64) pb.Disposition {
	if n%2 == 1 {
		return pb.Disposition_DISPOSITION_DELETE
	}
	return pb.Disposition_DISPOSITION_KEEP
}

func all(uint64) pb.Disposition { return pb.Disposition_DISPOSITION_DELETE }

// wantCollected collects, and expects these messages of the maildrop to be
// delivered, and what was settled for deletion, and nothing else, to be gone.
func (j job) wantCollected(t *testing.T, c caller, want []held) outcome {
	t.Helper()
	left := j.look(t).held
	o, err := j.collect(t, c)
	if err != nil {
		t.Fatalf("CollectMessages: %v", err)
	}
	if !slices.Equal(o.held, want) {
		t.Fatalf("delivered %s, want %s", idsOf(o.held), idsOf(want))
	}
	for i, h := range o.held {
		outcome := pb.DeleteOutcome_DELETE_OUTCOME_KEPT
		if c.settle(uint64(i+1)) == pb.Disposition_DISPOSITION_DELETE {
			outcome = pb.DeleteOutcome_DELETE_OUTCOME_DELETED
			at := slices.Index(left, h)
			left = slices.Delete(left, at, at+1)
		}
		if got := o.told[uint64(i+1)]; got != outcome {
			t.Errorf("delivery %d: %v, want %v", i+1, got, outcome)
		}
	}
	if batch := int(c.open.GetCommitMessages()); batch > 0 && o.commits < (len(want)+batch-1)/batch {
		t.Errorf("%d messages in %d batches of %d", len(want), o.commits, batch)
	}
	j.wantHeld(t, left)
	return o
}

// checkOffer chooses all but the first two messages, and deletes every other
// one of these.
func (j job) checkOffer(t *testing.T, open *pb.CollectOpen) {
	before := j.look(t).held
	choose := func(offered []*pb.ListedMessage) (numbers []uint32) {
		for _, m := range offered {
			if m.GetMessageNumber() > 2 {
				numbers = append(numbers, m.GetMessageNumber())
			}
		}
		return numbers
	}
	j.wantCollected(t, caller{open: open, choose: choose, settle: odd}, before[2:])
}

// checkCollect deletes every other message, then all that has arrived since,
// then nothing, and in the end what it had kept.
func (j job) checkCollect(t *testing.T, arrives []seed.Message) {
	open := func(cursor []byte, commit uint32) *pb.CollectOpen {
		fetch := &pb.FetchMessagesRequest{Selection: &pb.FetchMessagesRequest_Cursor{Cursor: cursor}}
		return &pb.CollectOpen{Fetch: fetch, CommitMessages: &commit}
	}
	o := j.wantCollected(t, caller{open: open(nil, 3), settle: odd}, j.look(t).held)
	kept := j.look(t).held
	now := j.deliver(t, arrives).held
	o = j.wantCollected(t, caller{open: open(o.cursor, 500), settle: all}, now[len(kept):])
	j.wantCollected(t, caller{open: open(o.cursor, 500), settle: all}, nil)
	j.wantCollected(t, caller{open: open(nil, 500), settle: all}, kept)
	if left := j.look(t).held; len(left) > 0 {
		t.Errorf("the maildrop holds %s", idsOf(left))
	}
}

// checkWithoutUniqueIDs sees what can be done on a server without UIDL, and
// what is refused.
func (j job) checkWithoutUniqueIDs(t *testing.T, before []held) {
	const why = "NOT_SUPPORTED_BY_SERVER: not in CAPA; all that there is, in a single batch, is delivered"
	j.checkAbsent(t, fetchJob, j.m, why, func(t *testing.T) {
		_, err := j.fetch(t, &pb.FetchMessagesRequest{})
		wantReason(t, "FetchMessages", err, notSupported)
		o, err := j.fetch(t, &pb.FetchMessagesRequest{Selection: &pb.FetchMessagesRequest_All{All: true}})
		if err != nil || !slices.Equal(o.held, before) {
			t.Errorf("FetchMessages of all: %v, %s, want %s", err, idsOf(o.held), idsOf(before))
		}
		j.wantHeld(t, before)
	})
	j.checkAbsent(t, deleteJob, j.m, "NOT_SUPPORTED_BY_SERVER: not in CAPA", func(t *testing.T) {
		_, err := j.delete(t, &pb.DeleteMessagesRequest{
			Server: j.server(t, j.m), Credentials: passwordOf(bob, ""), Messages: []*pb.MessageToDelete{{UniqueId: "an-id"}},
		})
		wantReason(t, "DeleteMessages", err, notSupported)
		j.wantHeld(t, before)
	})
	everything := &pb.FetchMessagesRequest{Selection: &pb.FetchMessagesRequest_All{All: true}}
	j.check(t, offerJob, j.m, func(t *testing.T) { j.checkOffer(t, &pb.CollectOpen{Offer: true, Fetch: everything}) })
	j.checkAbsent(t, collectJob, j.m, why, func(t *testing.T) {
		_, err := j.collect(t, caller{open: &pb.CollectOpen{}, settle: all})
		wantReason(t, "CollectMessages", err, notSupported)
		j.wantCollected(t, caller{open: &pb.CollectOpen{Fetch: everything}, settle: all}, j.look(t).held)
	})
}
