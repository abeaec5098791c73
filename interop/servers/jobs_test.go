package servers_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"hash/crc32"
	"io"
	"testing"

	"google.golang.org/grpc"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/interop/internal/drive"
)

// A job calls MailboxService for bob in a mode.
type job struct {
	*run
	m mode
}

func (j job) client() pb.MailboxServiceClient {
	return pb.NewMailboxServiceClient(j.gateways[j.m == plaintext].Conn)
}

// within calls f, again and again while the maildrop is in use, with some time
// for each call.
func within(t *testing.T, f func(ctx context.Context) error) error {
	t.Helper()
	return whileInUse(func() error {
		ctx, cancel := context.WithTimeout(t.Context(), drive.Patience)
		defer cancel()
		return f(ctx)
	})
}

// receive calls got with each response of a stream.
func receive[R any](stream grpc.ServerStreamingClient[R], got func(r *R) error) error {
	for {
		r, err := stream.Recv()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		if err := got(r); err != nil {
			return err
		}
	}
}

func (j job) list(t *testing.T, header bool) (messages []*pb.ListedMessage, summary *pb.ListSummary) {
	t.Helper()
	request := &pb.ListMessagesRequest{Server: j.server(t, j.m), Credentials: passwordOf(bob, ""), Header: header}
	err := within(t, func(ctx context.Context) error {
		stream, err := j.client().ListMessages(ctx, request)
		if err != nil {
			return err
		}
		return receive(stream, func(r *pb.ListMessagesResponse) error {
			messages, summary = append(messages, r.GetMessages()...), r.GetSummary()
			return nil
		})
	})
	if err != nil {
		t.Fatalf("ListMessages: %v", err)
	}
	return messages, summary
}

// An outcome is what came of a call that delivers.
type outcome struct {
	held     []held // what was delivered
	number   []uint32
	progress []*pb.Progress
	cursor   []byte                      // the last one
	offered  []*pb.ListedMessage         // in the login that goes on
	told     map[uint64]pb.DeleteOutcome // by delivery, from 1
	commits  int
	summary  *pb.Summary

	start *pb.PartStart
	data  []byte
}

// response is what the responses of two RPCs have in common.
type response interface {
	GetParts() []*pb.Part
	GetProgress() *pb.Progress
	GetCursor() []byte
	GetSummary() *pb.Summary
}

// take takes a response, and returns the deliveries that it has completed.
func (o *outcome) take(t *testing.T, x *run, r response) (ids []uint64) {
	t.Helper()
	for _, p := range r.GetParts() {
		if p.GetStart() != nil {
			o.start, o.data = p.GetStart(), nil
		}
		o.data = append(o.data, p.GetData()...)
		if p.GetFailure() != nil || p.GetSkipped() != nil {
			t.Errorf("delivery %d: %v, %v", p.GetDeliveryId(), p.GetFailure(), p.GetSkipped())
		}
		end := p.GetEnd()
		if end == nil {
			continue
		}
		sum := sha256.Sum256(o.data)
		if end.GetOctets() != int64(len(o.data)) || end.GetCrc32() != crc32.ChecksumIEEE(o.data) || !bytes.Equal(end.GetSha256(), sum[:]) {
			t.Errorf("delivery %d has %d octets, and the end %v", p.GetDeliveryId(), len(o.data), end)
		}
		o.held = append(o.held, x.hold(o.start.GetUniqueId(), o.data))
		o.number = append(o.number, o.start.GetMessageNumber())
		if p.GetDeliveryId() != uint64(len(o.held)) {
			t.Errorf("delivery %d is the %d. one", p.GetDeliveryId(), len(o.held))
		}
		ids = append(ids, p.GetDeliveryId())
	}
	if p := r.GetProgress(); p != nil {
		o.progress = append(o.progress, p)
	}
	if c := r.GetCursor(); c != nil {
		o.cursor = c
	}
	o.summary = r.GetSummary()
	return ids
}

func (j job) fetch(t *testing.T, request *pb.FetchMessagesRequest) (o outcome, err error) {
	t.Helper()
	request.Server, request.Credentials = j.server(t, j.m), passwordOf(bob, "")
	err = within(t, func(ctx context.Context) error {
		o = outcome{}
		stream, err := j.client().FetchMessages(ctx, request)
		if err != nil {
			return err
		}
		return receive(stream, func(r *pb.FetchMessagesResponse) error {
			o.take(t, j.run, r)
			return nil
		})
	})
	return o, err
}

// A caller is how messages are collected: what is chosen of an offer, and what
// becomes of the n. delivery, from 1.
type caller struct {
	open   *pb.CollectOpen
	choose func(offered []*pb.ListedMessage) []uint32
	settle func(n uint64) pb.Disposition
}

func (j job) collect(t *testing.T, c caller) (o outcome, err error) {
	t.Helper()
	if c.open.GetFetch() == nil {
		c.open.Fetch = &pb.FetchMessagesRequest{}
	}
	c.open.Fetch.Server, c.open.Fetch.Credentials = j.server(t, j.m), passwordOf(bob, "")
	err = within(t, func(ctx context.Context) error {
		o = outcome{told: map[uint64]pb.DeleteOutcome{}}
		stream, err := j.client().CollectMessages(ctx)
		if err != nil {
			return err
		}
		say := func(r *pb.CollectMessagesRequest) error {
			if err := stream.Send(r); !errors.Is(err, io.EOF) {
				return err
			}
			return nil // why, the next Recv says
		}
		if err := say(&pb.CollectMessagesRequest{Request: &pb.CollectMessagesRequest_Open{Open: c.open}}); err != nil {
			return err
		}
		return receive(stream, func(r *pb.CollectMessagesResponse) error { return c.answer(t, j.run, &o, r, say) })
	})
	return o, err
}

// answer takes a response, and says what is to be said to it.
func (c caller) answer(t *testing.T, x *run, o *outcome, r *pb.CollectMessagesResponse, say func(*pb.CollectMessagesRequest) error) error {
	t.Helper()
	for _, id := range o.take(t, x, r) {
		settle := &pb.Settle{DeliveryIds: []uint64{id}, Disposition: c.settle(id)}
		if err := say(&pb.CollectMessagesRequest{Request: &pb.CollectMessagesRequest_Settle{Settle: settle}}); err != nil {
			return err
		}
	}
	if commit := r.GetCommit(); commit != nil {
		if commit.GetOutcome() != pb.CommitOutcome_COMMIT_OUTCOME_COMMITTED && commit.GetOutcome() != pb.CommitOutcome_COMMIT_OUTCOME_NOTHING_MARKED {
			t.Errorf("commit: %v", commit)
		}
		for _, m := range commit.GetMessages() {
			if m.GetUniqueId() != o.held[m.GetDeliveryId()-1].id || o.told[m.GetDeliveryId()] != 0 {
				t.Errorf("commit of delivery %d: %v, told before: %v", m.GetDeliveryId(), m, o.told)
			}
			o.told[m.GetDeliveryId()] = m.GetOutcome()
		}
		o.commits++
	}
	if r.GetOffer() == nil {
		return nil
	}
	o.offered = append(o.offered, r.GetOffer().GetMessages()...)
	if !r.GetOffer().GetDone() {
		return nil
	}
	choose := &pb.Choose{MessageNumbers: c.choose(o.offered), Done: true}
	o.offered = nil
	return say(&pb.CollectMessagesRequest{Request: &pb.CollectMessagesRequest_Choose{Choose: choose}})
}
