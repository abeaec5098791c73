package server

import (
	"fmt"
	"io"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3"
	engine "github.com/popgate/popgate/pop3/mailbox"
)

// partOctets is about what a part takes beside its data and its unique-id, encoded.
const partOctets = 100

// sink packs what Mailbox.Fetch delivers into responses. Small messages share one; it goes out when it is full, or when the server
// pauses.
type sink struct {
	send    func(*pb.FetchMessagesResponse) error
	command string
	limit   int64 // octets of a message
	buffer  *[]byte
	used    int
	full    int // octets of the response so far, encoded
	parts   []*pb.Part
}

func newSink(send func(*pb.FetchMessagesResponse) error, command string, limit int64) *sink {
	return &sink{send: send, command: command, limit: limit, buffer: frames.Get(frameSize)}
}

// close gives the buffer back. Nothing that was sent refers to it: gRPC's codec has copied.
func (s *sink) close() { frames.Put(s.buffer) }

// flush sends what is packed.
func (s *sink) flush() error {
	if len(s.parts) == 0 {
		return nil
	}
	err := s.send(&pb.FetchMessagesResponse{Parts: s.parts})
	clear(s.parts)
	s.parts, s.used, s.full = s.parts[:0], 0, 0
	return err
}

// Progress implements engine.Sink.
func (s *sink) Progress(p engine.Progress) error {
	return s.send(&pb.FetchMessagesResponse{Progress: &pb.Progress{
		Messages: uint32(p.Messages), NewMessages: uint32(p.New), NewOctets: p.NewOctets, //nolint:gosec // 5 million at most
	}})
}

// begin returns the first part of a message.
func (s *sink) begin(id uint64, item engine.Item, position int) *pb.Part {
	start := &pb.PartStart{
		MessageNumber: item.Number, UniqueId: escape(item.UniqueID), IdKind: kinds[item.Kind], Position: uint32(position), //nolint:gosec // 5 million at most
	}
	if item.Octets >= 0 {
		start.ListedOctets = &item.Octets
	}
	return &pb.Part{DeliveryId: id, Start: start}
}

// Deliver implements engine.Sink.
func (s *sink) Deliver(d *engine.Delivery) error {
	part := s.begin(d.ID, d.Item, d.Position)
	s.parts = append(s.parts, part)
	s.full += partOctets + len(d.UniqueID)
	from := s.used
	for {
		if s.used+s.full >= frameFull {
			if err := s.flush(); err != nil {
				return err
			}
			part, from = &pb.Part{DeliveryId: d.ID}, 0
			s.parts = append(s.parts, part)
		}
		n, err := d.Read((*s.buffer)[s.used : frameSize-s.full])
		s.used += n
		part.Data = (*s.buffer)[from:s.used]
		switch {
		case err == io.EOF:
			part.End = endOf(d)
			if d.Followed() {
				return nil
			}
			return s.flush()
		case err != nil:
			return err
		case d.Octets() > s.limit:
			return messageTooLarge(s.command, fmt.Sprintf("the message grew over %d octets", s.limit))
		case !d.Pending():
			if err := s.flush(); err != nil {
				return err
			}
			part, from = &pb.Part{DeliveryId: d.ID}, 0
			s.parts = append(s.parts, part)
		}
	}
}

func endOf(d *engine.Delivery) *pb.PartEnd {
	end := &pb.PartEnd{Octets: d.Octets(), Crc32: d.CRC32(), Sha256: d.SHA256()}
	if agrees, known := d.SizeAgrees(); known {
		end.SizeAgrees = &agrees
	}
	return end
}

// Failed implements engine.Sink.
func (s *sink) Failed(id uint64, item engine.Item, refused *pop3.RefusedError) error {
	part := s.begin(id, item, 0)
	part.Failure = failureOf(refused)
	s.parts = append(s.parts, part)
	return s.flush()
}

// Skipped implements engine.Sink.
func (s *sink) Skipped(id uint64, item engine.Item) error {
	part := s.begin(id, item, 0)
	part.Skipped = &pb.Skipped{Reason: pb.SkipReason_SKIP_REASON_TOO_LARGE}
	if s.parts = append(s.parts, part); len(s.parts) < maxListedMessages {
		return nil
	}
	return s.flush()
}

// Cursor implements engine.Sink.
func (s *sink) Cursor(cursor []byte) error {
	if err := s.flush(); err != nil {
		return err
	}
	if cursor == nil {
		cursor = []byte{} // too large: present and empty
	}
	return s.send(&pb.FetchMessagesResponse{Cursor: cursor})
}

// summary ends the stream.
func (s *sink) summary(m engine.Summary) error {
	if err := s.flush(); err != nil {
		return err
	}
	return s.send(&pb.FetchMessagesResponse{Summary: &pb.Summary{
		Delivered: uint32(m.Delivered), Skipped: uint32(m.Skipped), Failed: uint32(m.Failed), Remaining: uint32(m.Remaining), //nolint:gosec // 5 million at most
		Findings: findingsOf(m.Findings),
	}})
}
