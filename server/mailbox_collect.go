package server

import (
	"context"
	"errors"
	"io"

	"google.golang.org/grpc"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3"
	engine "github.com/popgate/popgate/pop3/mailbox"
)

type collectStream = grpc.BidiStreamingServer[pb.CollectMessagesRequest, pb.CollectMessagesResponse]

// CollectMessages implements popgate.v1.MailboxService.
func (s *service) CollectMessages(stream grpc.BidiStreamingServer[pb.CollectMessagesRequest, pb.CollectMessagesResponse]) error {
	first, err := stream.Recv()
	if err == io.EOF || err == nil && first.GetOpen() == nil {
		return invalid("open", "is missing: it comes first")
	}
	if err != nil {
		return err
	}
	open := first.GetOpen()
	return s.job(stream.Context(), open.GetFetch().GetServer(), open.GetFetch().GetCredentials(), func(ctx context.Context, m *engine.Mailbox) error {
		sink := newCollectSink(stream, s.config.Limits.MessageOctets)
		defer sink.close()
		collector, err := m.NewCollector(collectOf(open), sink)
		if err != nil {
			return cursorError("open.fetch.cursor", err)
		}
		ctx, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		go listen(stream, collector, cancel) // it ends with the stream
		summary, err := collector.Run(ctx)
		if wrong, ok := errors.AsType[*fault](context.Cause(ctx)); ok && err != nil {
			return wrong
		}
		if err != nil {
			return err
		}
		return sink.summary(summary)
	})
}

// collectOf translates a request, whose arguments are valid.
func collectOf(open *pb.CollectOpen) engine.Collect {
	return engine.Collect{
		Fetch: fetchOf(open.GetFetch()), Offer: open.GetOffer(),
		MaxUnsettledMessages: int(open.GetMaxUnsettledMessages()), MaxUnsettledOctets: open.GetMaxUnsettledOctets(),
		CommitMessages: int(open.GetCommitMessages()), CommitInterval: open.GetCommitInterval().AsDuration(),
		AckTimeout: open.GetAckTimeout().AsDuration(),
	}
}

// listen hands the collector what the caller says. What is wrong with it ends the call.
func listen(stream collectStream, collector *engine.Collector, cancel context.CancelCauseFunc) {
	for {
		req, err := stream.Recv()
		if err == io.EOF {
			collector.HalfClose()
			return
		}
		if err == nil {
			err = validate(req)
		}
		if err == nil {
			err = tell(collector, req)
		}
		if err != nil {
			cancel(err)
			return
		}
	}
}

// tell hands the collector a request, whose arguments are valid.
func tell(collector *engine.Collector, req *pb.CollectMessagesRequest) error {
	switch r := req.GetRequest().(type) {
	case *pb.CollectMessagesRequest_Choose:
		if collector.Choose(r.Choose.GetDone(), r.Choose.GetMessageNumbers()...) != nil {
			return invalid("choose.message_numbers", "has a number that was not offered, or the choice is over")
		}
	case *pb.CollectMessagesRequest_Settle:
		return settle(collector, r.Settle)
	case *pb.CollectMessagesRequest_Credentials:
		if collector.Renew(credentialsOf(r.Credentials)) != nil {
			return invalid("credentials.username", "is another user")
		}
	case *pb.CollectMessagesRequest_Stop:
		collector.Stop()
	default:
		return invalid("open", "comes once")
	}
	return nil
}

func settle(collector *engine.Collector, r *pb.Settle) error {
	disposition := engine.ToKeep
	if r.GetDisposition() == pb.Disposition_DISPOSITION_DELETE {
		disposition = engine.ToDelete
	}
	if r.GetThrough() > 0 {
		if collector.SettleThrough(disposition, r.GetThrough()) != nil {
			return invalid("settle.through", "is a delivery that never was, or that is not over")
		}
		return nil
	}
	if collector.Settle(disposition, r.GetDeliveryIds()...) != nil {
		return invalid("settle.delivery_ids", "has a delivery that never was, or that is not over")
	}
	return nil
}

// collectSink is a sink with what CollectMessages has beside FetchMessages.
type collectSink struct {
	*sink

	stream collectStream
}

func newCollectSink(stream collectStream, limit int64) *collectSink {
	return &collectSink{newSink(stream.SendMsg, "RETR", limit), stream}
}

// Offer implements engine.CollectSink.
func (s *collectSink) Offer(items []engine.Item, done bool) error {
	offer := &pb.Offer{Done: done}
	for _, item := range items {
		offer.Messages = append(offer.Messages, listedMessage(item, nil, nil))
	}
	return s.stream.Send(&pb.CollectMessagesResponse{Offer: offer})
}

// CredentialsNeeded implements engine.CollectSink.
func (s *collectSink) CredentialsNeeded(refused *pop3.RefusedError) error {
	return s.stream.Send(&pb.CollectMessagesResponse{CredentialsNeeded: &pb.CredentialsNeeded{Failure: failureOf(refused)}})
}

// Commit implements engine.CollectSink.
func (s *collectSink) Commit(commit engine.Commit) error {
	if err := s.flush(); err != nil {
		return err
	}
	for rest := commit.Messages; ; {
		now := rest[:min(len(rest), maxListedMessages)]
		rest = rest[len(now):]
		report := &pb.Commit{Outcome: outcomeOf(commit.Outcome), Response: escape(commit.Response), Done: len(rest) == 0}
		for _, m := range now {
			report.Messages = append(report.Messages, &pb.CommittedMessage{
				DeliveryId: m.ID, UniqueId: escape(m.UniqueID), Outcome: fates[m.Fate], Response: escape(m.Response),
			})
		}
		if err := s.stream.Send(&pb.CollectMessagesResponse{Commit: report}); err != nil || report.GetDone() {
			return err
		}
	}
}
