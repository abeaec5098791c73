package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"google.golang.org/grpc"

	"github.com/popgate/popgate/cmd/popgate/internal/store"
	"github.com/popgate/popgate/cmd/popgate/internal/terminal"
	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

const (
	unsettledMessages = 256 // what may be asked for while the disk is busy
	syncMessages      = 64  // stored by one sync at most: so many files are open
	keptMessages      = 100_000
)

// fetcher stores what CollectMessages delivers, and settles what is stored.
type fetcher struct {
	access      *access
	store       *store.Store
	report      *fetchReport
	disposition pb.Disposition

	stream    grpc.BidiStreamingClient[pb.CollectMessagesRequest, pb.CollectMessagesResponse]
	responses chan *pb.CollectMessagesResponse
	received  error // why responses is closed; nil at the end of the stream

	message *store.Message // of which parts are coming; nil where it is thrown away
	start   *pb.PartStart
	pending []uint64 // deliveries that the next sync stores

	failed    error // a message could not be stored: no more are taken
	broken    error // nothing more can be told the gateway
	stopped   bool
	chosen    uint64 // messages that were chosen
	delivered uint64 // and those of them that came, or were refused
}

func (f *fetcher) deletes() bool { return f.disposition == pb.Disposition_DISPOSITION_DELETE }

// run fetches until nothing is left. When ctx ends it asks for nothing more, and goes on until all that is on its way is stored and
// committed.
func (f *fetcher) run(ctx context.Context) error {
	streamCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	var err error
	if f.stream, err = f.access.client.CollectMessages(streamCtx); err != nil {
		return f.access.failed(streamCtx, err)
	}
	f.responses = make(chan *pb.CollectMessagesResponse, 4)
	go f.receive()
	defer func() {
		cancel()
		for range f.responses { // until receive has ended
		}
	}()
	f.say(&pb.CollectMessagesRequest{Request: &pb.CollectMessagesRequest_Open{Open: f.opening()}})
	for {
		resp := f.next(ctx)
		if resp == nil {
			break
		}
		if err := f.take(resp); err != nil {
			f.discard()
			return err
		}
	}
	f.discard()
	return f.ending(ctx, streamCtx)
}

// opening asks for everything, to choose from. Servers without unique-ids will do.
func (f *fetcher) opening() *pb.CollectOpen {
	open := &pb.CollectOpen{
		Fetch: &pb.FetchMessagesRequest{
			Server: f.access.server, Credentials: f.access.credentials, Selection: &pb.FetchMessagesRequest_All{All: true},
		},
		Offer: true, MaxUnsettledMessages: new(uint32(unsettledMessages)),
	}
	if !f.deletes() {
		open.CommitMessages = new(uint32(keptMessages)) // nothing is gained by another login
	}
	return open
}

// ending says what the end of the stream means.
func (f *fetcher) ending(ctx, streamCtx context.Context) error {
	switch {
	case f.failed != nil:
		return &partialError{fmt.Errorf("not stored, and left at the server: %w", f.failed)}
	case f.received != nil:
		return f.access.failed(streamCtx, f.received)
	case ctx.Err() != nil && f.delivered < f.chosen:
		return &partialError{fmt.Errorf("interrupted: %d of %d messages are left for the next run", f.chosen-f.delivered, f.chosen)}
	case ctx.Err() != nil && f.chosen == 0 && f.stopped:
		return &partialError{errors.New("interrupted")}
	}
	return f.report.count.undone()
}

// receive hands out responses until the stream ends.
func (f *fetcher) receive() {
	defer close(f.responses)
	for {
		resp, err := f.stream.Recv()
		if err == io.EOF {
			return
		}
		if err != nil {
			f.received = err
			return
		}
		f.responses <- resp
	}
}

// next returns the next response, or nil at the end. If ctx has ended, it has asked for nothing more: chance may have had it see the
// response first, and of an offer nothing is to be chosen then.
func (f *fetcher) next(ctx context.Context) *pb.CollectMessagesResponse {
	resp := f.wait(ctx)
	if resp != nil {
		f.stop(ctx)
	}
	return resp
}

// wait waits for the next response. Before that, it stores and settles what has come.
func (f *fetcher) wait(ctx context.Context) *pb.CollectMessagesResponse {
	if f.store.Pending() < syncMessages {
		select {
		case resp := <-f.responses:
			if resp != nil {
				return resp
			}
		default:
		}
	}
	f.sync()
	select {
	case resp := <-f.responses:
		return resp
	case <-ctx.Done():
		f.stop(ctx)
	}
	return <-f.responses
}

// stop asks for nothing more if ctx has ended.
func (f *fetcher) stop(ctx context.Context) {
	if ctx.Err() != nil && !f.stopped {
		f.stopped = true
		f.say(&pb.CollectMessagesRequest{Request: &pb.CollectMessagesRequest_Stop{Stop: &pb.Stop{}}})
	}
}

// say tells the gateway something. Where that fails, the reason comes with the responses.
func (f *fetcher) say(req *pb.CollectMessagesRequest) {
	if f.broken == nil {
		f.broken = f.stream.Send(req)
	}
}

// take does what a response asks for.
func (f *fetcher) take(resp *pb.CollectMessagesResponse) error {
	for _, part := range resp.GetParts() {
		f.part(part)
	}
	if offer := resp.GetOffer(); offer != nil {
		f.choose(offer)
	}
	if commit := resp.GetCommit(); commit != nil {
		f.report.commit(commit, f.deletes())
	}
	if s := resp.GetSummary(); s != nil {
		f.report.findings(s.GetFindings())
	}
	if needed := resp.GetCredentialsNeeded(); needed != nil {
		return fmt.Errorf("a login in between was refused: %s\n  what to do   run it again; a token may have run out",
			terminal.Plain(needed.GetFailure().GetResponse()))
	}
	return nil
}

// choose chooses what the store does not know of an offer. To be deleted everything has to come: it is compared by its SHA-256.
func (f *fetcher) choose(offer *pb.Offer) {
	var (
		wanted []uint32
		octets int64
	)
	for _, m := range offer.GetMessages() {
		switch {
		case m.MessageNumber == nil:
			f.report.count.Unreadable++
		case f.deletes() || m.GetIdKind() != pb.UniqueIdKind_UNIQUE_ID_KIND_UNIQUE || !f.store.Knows(m.GetUniqueId()):
			wanted = append(wanted, m.GetMessageNumber())
			octets += m.GetOctets()
		}
	}
	f.chosen += uint64(len(wanted))
	f.report.offered(len(offer.GetMessages()), len(wanted), octets)
	if f.stopped { // an offer that was on its way; to choose of it is an error
		return
	}
	f.say(&pb.CollectMessagesRequest{Request: &pb.CollectMessagesRequest_Choose{Choose: &pb.Choose{
		MessageNumbers: wanted, Done: offer.GetDone(),
	}}})
}

// part takes a part of a message.
func (f *fetcher) part(p *pb.Part) {
	if p.GetStart() != nil {
		f.start = p.GetStart()
		f.begin()
	}
	if f.message != nil {
		if _, err := f.message.Write(p.GetData()); err != nil {
			f.fail(f.start.GetUniqueId(), err)
		}
		f.report.progress(len(p.GetData()))
	}
	switch {
	case p.GetEnd() != nil:
		f.delivered++
		f.finish(p.GetDeliveryId(), p.GetEnd())
	case p.GetFailure() != nil:
		f.delivered++
		f.discard()
		f.report.refused(f.start.GetUniqueId(), p.GetFailure().GetResponse())
	}
}

func (f *fetcher) begin() {
	f.discard()
	if f.failed != nil {
		return
	}
	var err error
	if f.message, err = f.store.Create(); err != nil {
		f.fail(f.start.GetUniqueId(), err)
	}
}

// finish takes a message that is whole. It is settled when it is stored.
func (f *fetcher) finish(delivery uint64, end *pb.PartEnd) {
	m := f.message
	f.message = nil
	if m == nil {
		return
	}
	if m.Octets() != end.GetOctets() || !bytes.Equal(m.SHA256(), end.GetSha256()) {
		m.Discard()
		f.fail(f.start.GetUniqueId(), errors.New("the message arrived with other octets than were sent"))
		return
	}
	duplicate, err := f.store.Add(m, f.start.GetUniqueId())
	switch {
	case err != nil:
		f.fail(f.start.GetUniqueId(), err)
	case duplicate:
		f.report.stored(m, true)
		f.settle(delivery)
	default:
		f.pending = append(f.pending, delivery)
	}
}

// sync stores what is whole, and settles it.
func (f *fetcher) sync() {
	var stored []uint64
	for i, m := range f.store.Sync() {
		if m.Err != nil {
			f.fail(m.UniqueID, m.Err)
			continue
		}
		f.report.stored(m, m.File == "")
		stored = append(stored, f.pending[i])
	}
	f.pending = f.pending[:0]
	f.settle(stored...)
	f.close()
}

func (f *fetcher) settle(deliveries ...uint64) {
	if len(deliveries) > 0 {
		f.say(&pb.CollectMessagesRequest{Request: &pb.CollectMessagesRequest_Settle{Settle: &pb.Settle{
			DeliveryIds: deliveries, Disposition: f.disposition,
		}}})
	}
}

// fail remembers that a message could not be stored. It is left unsettled.
func (f *fetcher) fail(uniqueID string, err error) {
	f.discard()
	f.report.failed(uniqueID, err)
	if f.failed == nil {
		f.failed = err
	}
}

// close ends what this side says, once something could not be stored: popgate then closes the connection without QUIT, and deletes in
// another one what was settled.
func (f *fetcher) close() {
	if f.failed != nil && f.broken == nil {
		f.broken = f.stream.CloseSend()
		if f.broken == nil {
			f.broken = errors.New("closed")
		}
	}
}

func (f *fetcher) discard() {
	if f.message != nil {
		f.message.Discard()
		f.message = nil
	}
}
