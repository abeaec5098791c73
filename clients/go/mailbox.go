package popgate

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"iter"
	"strings"

	"google.golang.org/grpc"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// Message is a whole message, its octets and CRC-32 checked. Store it under UniqueID and SHA256 together: what is delivered twice
// then is stored once.
type Message struct {
	// DeliveryID counts the messages of the call from 1.
	DeliveryID uint64
	// Number is the message number, good for one login only.
	Number uint32
	// UniqueID is escaped, as all texts of servers. IDKind says what it is worth.
	UniqueID string
	IDKind   pb.UniqueIdKind
	// Data is the message byte for byte, dot-unstuffed.
	Data []byte
	// SHA256 is that of Data, 32 octets; empty if it was left out.
	SHA256 []byte
}

// Delivery is what a call has said beside its messages. Read its fields in the loop or after it.
type Delivery struct {
	// Progress is what there is to do, once the maildrop is listed.
	Progress *pb.Progress
	// Cursor is the last cursor that came, or nil. It knows no message that the loop has not reached.
	Cursor []byte
	// Undelivered are parts with a failure or skipped: messages that the server refused, or that are larger than max_octets.
	Undelivered []*pb.Part
	// Summary is what the call came to, at its end.
	Summary *pb.Summary

	parts []*pb.Part
	id    uint64
	start *pb.PartStart // of the message that is under way, or nil
	data  []byte
}

// response is what FetchMessagesResponse and CollectMessagesResponse have in common.
type response interface {
	GetParts() []*pb.Part
	GetProgress() *pb.Progress
	GetCursor() []byte
	GetSummary() *pb.Summary
}

// take takes a response, when all messages of the one before are out.
func (d *Delivery) take(r response) {
	d.parts = r.GetParts()
	if p := r.GetProgress(); p != nil {
		d.Progress = p
	}
	if c := r.GetCursor(); c != nil {
		d.Cursor = c
	}
	if s := r.GetSummary(); s != nil {
		d.Summary = s
	}
}

// next returns the next message of what was taken, or nil if there is no more.
func (d *Delivery) next() (*Message, error) {
	for len(d.parts) > 0 {
		part := d.parts[0]
		d.parts = d.parts[1:]
		if m, err := d.add(part); m != nil || err != nil {
			return m, err
		}
	}
	return nil, nil //nolint:nilnil // there is no message yet
}

func (d *Delivery) add(part *pb.Part) (*Message, error) {
	if part.GetDeliveryId() != d.id {
		if err := d.ended(); err != nil {
			return nil, err
		}
	}
	if part.GetFailure() != nil || part.GetSkipped() != nil {
		d.start = nil
		d.Undelivered = append(d.Undelivered, part)
		return nil, nil //nolint:nilnil // it is no message
	}
	if start := part.GetStart(); start != nil {
		if err := d.ended(); err != nil {
			return nil, err
		}
		d.id, d.start, d.data = part.GetDeliveryId(), start, nil
	}
	if d.start == nil || part.GetDeliveryId() != d.id {
		return nil, damaged("a part of a message that has no start")
	}
	end := part.GetEnd()
	switch {
	case end != nil && d.data == nil:
		d.data = part.GetData() // the usual case: a small message in one part
	default:
		d.data = append(d.data, part.GetData()...)
	}
	if end == nil {
		return nil, nil //nolint:nilnil // there is more to come
	}
	start, data := d.start, d.data
	d.start, d.data = nil, nil
	if int64(len(data)) != end.GetOctets() || crc32.ChecksumIEEE(data) != end.GetCrc32() {
		return nil, damaged(fmt.Sprintf("%d octets came, %d were sent, or their CRC-32 differs", len(data), end.GetOctets()))
	}
	return &Message{
		DeliveryID: d.id, Number: start.GetMessageNumber(), UniqueID: start.GetUniqueId(), IDKind: start.GetIdKind(),
		Data: data, SHA256: end.GetSha256(),
	}, nil
}

// ended is an error if a message is under way: it has no end.
func (d *Delivery) ended() error {
	if d.start != nil {
		return damaged("a message ended before it was whole")
	}
	return nil
}

// Fetch are the messages that FetchMessages delivers. None is deleted.
type Fetch struct {
	Delivery

	ctx     context.Context //nolint:containedctx // that of the loop
	stub    pb.MailboxServiceClient
	request *pb.FetchMessagesRequest
}

// Request asks for all messages of a mailbox. Its further fields, such as MaxOctets, MaxMessages and Selection, ask for less.
func Request(server *pb.Server, credentials *pb.Credentials) *pb.FetchMessagesRequest {
	return &pb.FetchMessagesRequest{Server: server, Credentials: credentials}
}

// RequestSince asks for what is new since a cursor, which an earlier call for the same mailbox left; where it is empty, for all.
func RequestSince(server *pb.Server, credentials *pb.Credentials, cursor []byte) *pb.FetchMessagesRequest {
	request := Request(server, credentials)
	request.Selection = &pb.FetchMessagesRequest_Cursor{Cursor: cursor}
	return request
}

// Fetch iterates over the messages that are new. New is what the request's cursor does not know, which an earlier Fetch left: store
// it with the messages. A message is as large as memory allows: MaxOctets skips larger ones, Session.Retr streams them.
//
//	fetch := client.Fetch(ctx, popgate.Request(server, credentials))
//	for message, err := range fetch.Messages() {
func (c *Client) Fetch(ctx context.Context, request *pb.FetchMessagesRequest) *Fetch {
	return &Fetch{ctx: ctx, stub: c.Mailbox, request: request}
}

// Messages makes the call. An error is the last; leaving the loop gives the rest up.
func (f *Fetch) Messages() iter.Seq2[*Message, error] {
	return func(yield func(*Message, error) bool) {
		ctx, cancel := context.WithCancel(f.ctx)
		defer cancel()
		stream, err := f.stub.FetchMessages(ctx, f.request)
		f.start = nil
		for err == nil {
			var r *pb.FetchMessagesResponse
			if r, err = stream.Recv(); err != nil {
				break
			}
			f.take(r)
			for {
				var m *Message
				if m, err = f.next(); m == nil {
					break
				}
				if !yield(m, nil) {
					return
				}
			}
		}
		if errors.Is(err, io.EOF) {
			err = f.ended()
		}
		if err != nil {
			yield(nil, AsError(err))
		}
	}
}

// Settlement is what becomes of a message that is stored.
type Settlement = pb.Disposition

// Settlements. ByHand has the loop settle nothing: Settle does.
const (
	ByHand = pb.Disposition_DISPOSITION_UNSPECIFIED
	Delete = pb.Disposition_DISPOSITION_DELETE
	Keep   = pb.Disposition_DISPOSITION_KEEP
)

// Collect are the messages that CollectMessages delivers, deleted when they are settled for it.
//
// A message is settled when the loop's body was left without break, return or panic; one that was left so is not, and stays on the
// server. After break what is settled is committed, and Err says whether that went well. A message that is not settled for 10
// minutes ends the call with UNSETTLED.
type Collect struct {
	Delivery

	// Outcome is the last commit's CommitOutcome without its prefix, such as "COMMITTED", or empty.
	Outcome string
	// OnCommit, where not nil, is told what became of each message of a batch.
	OnCommit func(*pb.Commit)

	ctx    context.Context //nolint:containedctx // that of the loop
	stub   pb.MailboxServiceClient
	open   *pb.CollectOpen
	settle Settlement
	stream grpc.BidiStreamingClient[pb.CollectMessagesRequest, pb.CollectMessagesResponse]
	err    error
}

// Collect iterates over the messages that are new, and has each settled once the loop's body is over. Store each message durably in
// the body. An offer is not for it: see the stub.
func (c *Client) Collect(ctx context.Context, open *pb.CollectOpen, settle Settlement) *Collect {
	return &Collect{ctx: ctx, stub: c.Mailbox, open: open, settle: settle}
}

// Messages makes the call. An error is the last.
func (c *Collect) Messages() iter.Seq2[*Message, error] {
	return func(yield func(*Message, error) bool) {
		ctx, cancel := context.WithCancel(c.ctx)
		defer cancel()
		orderly := false
		defer func() {
			if !orderly { // the body panics: what is settled is committed
				c.finish()
			}
		}()
		stopped := c.run(ctx, yield)
		orderly = true
		if stopped {
			c.finish()
		} else if c.err != nil {
			yield(nil, c.err)
		}
	}
}

// run delivers until the end of the call or of the loop, and reports which.
func (c *Collect) run(ctx context.Context, yield func(*Message, error) bool) (stopped bool) {
	c.start = nil
	if c.stream, c.err = c.stub.CollectMessages(ctx); c.err != nil {
		c.err = AsError(c.err)
		return false
	}
	c.say(&pb.CollectMessagesRequest{Request: &pb.CollectMessagesRequest_Open{Open: c.open}})
	for c.receive() {
		for {
			m, err := c.next()
			if err != nil {
				c.err = err
			}
			if m == nil {
				break
			}
			if !yield(m, nil) {
				return true
			}
			if c.settle != ByHand {
				c.Settle(m, c.settle)
			}
		}
		if c.err != nil {
			return false
		}
	}
	if c.err == nil {
		c.err = c.ended()
	}
	return false
}

// receive takes the next response, and reports whether there was one.
func (c *Collect) receive() bool {
	r, err := c.stream.Recv()
	if err != nil {
		if !errors.Is(err, io.EOF) {
			c.err = AsError(err)
		}
		return false
	}
	c.take(r)
	if commit := r.GetCommit(); commit != nil {
		c.Outcome = strings.TrimPrefix(commit.GetOutcome().String(), "COMMIT_OUTCOME_")
		if c.OnCommit != nil {
			c.OnCommit(commit)
		}
	}
	return true
}

// say sends a request. Where that fails, the next response says why.
func (c *Collect) say(r *pb.CollectMessagesRequest) { _ = c.stream.Send(r) }

// Settle says inside the loop that a message is stored durably and may go, or was seen and is to stay. The first settlement of a
// message stands, so it overrides what the loop would do.
func (c *Collect) Settle(m *Message, settlement Settlement) {
	c.say(&pb.CollectMessagesRequest{Request: &pb.CollectMessagesRequest_Settle{
		Settle: &pb.Settle{DeliveryIds: []uint64{m.DeliveryID}, Disposition: settlement},
	}})
}

// Renew gives a fresh secret of the same user inside the loop, such as an access token, for the next login of the call.
func (c *Collect) Renew(credentials *pb.Credentials) {
	c.say(&pb.CollectMessagesRequest{Request: &pb.CollectMessagesRequest_Credentials{Credentials: credentials}})
}

// finish has committed what is settled, and leaves the rest. UNSETTLED is what it asks for, and no error.
func (c *Collect) finish() {
	_ = c.stream.CloseSend() // it never fails
	for c.receive() {        // what was under way
	}
	if e, ok := errors.AsType[*Error](c.err); ok && e.Reason == "UNSETTLED" {
		c.err = nil
	}
}

// Err is the error of the call, after the loop, also where it was left by break.
func (c *Collect) Err() error { return c.err }
