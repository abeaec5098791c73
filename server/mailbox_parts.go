package server

import (
	"fmt"
	"io"

	"google.golang.org/grpc/mem"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3"
	engine "github.com/popgate/popgate/pop3/mailbox"
)

// partOctets is about what a part takes beside its data and its unique-id, encoded.
const partOctets = 100

// sink packs what Mailbox.Fetch delivers into responses. Small messages share one; it goes out when it is full, or when the server
// pauses.
type sink struct {
	send    func(any) error
	command string
	limit   int64   // octets of a message
	buffer  *[]byte // nil until there is something to read
	used    int
	held    mem.Buffer // the buffer before, while Delivery.ReadBeside may need it
	full    int        // octets of the response so far, encoded, data aside
	parts   []*pb.Part
}

// newSink returns a sink whose responses go to send, the SendMsg of a stream that has the codec of this package: they are a
// FetchMessagesResponse, encoded or not, which to a CollectMessagesResponse is the same on the wire.
func newSink(send func(any) error, command string, limit int64) *sink {
	return &sink{send: send, command: command, limit: limit}
}

// add begins a part, whose data are read into room.
func (s *sink) add(part *pb.Part) {
	s.parts = append(s.parts, part)
	s.full += partOctets + len(part.GetStart().GetUniqueId())
}

// room returns what is left of the buffer.
func (s *sink) room() []byte {
	if s.buffer == nil {
		s.buffer = frames.Get(frameSize)
	}
	return (*s.buffer)[s.used : frameSize-s.full]
}

// hold keeps a buffer, or none, from being used again, in place of the one that was held.
func (s *sink) hold(data mem.Buffer) {
	if s.held != nil {
		s.held.Free()
	}
	s.held = data
}

// close gives the buffer back.
func (s *sink) close() {
	if s.buffer != nil {
		frames.Put(s.buffer)
		s.buffer = nil
	}
}

// flush sends what is packed. The buffer goes with it.
func (s *sink) flush() error {
	if len(s.parts) == 0 {
		return nil
	}
	var data mem.Buffer = mem.SliceBuffer(nil)
	if s.buffer != nil {
		*s.buffer = (*s.buffer)[:s.used]
		data = mem.NewBuffer(s.buffer, frames)
		data.Ref()
		s.hold(data)
	}
	encoded, err := marshalParts(s.parts, data)
	clear(s.parts)
	s.parts, s.buffer, s.used, s.full = s.parts[:0], nil, 0, 0
	if err != nil {
		return err
	}
	return s.send(encoded)
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
	defer func() {
		d.Wait()
		s.hold(nil)
	}()
	part := s.begin(d.ID, d.Item, d.Position)
	for {
		s.add(part)
		whole, err := s.fill(part, d)
		if whole && d.Followed() {
			return nil
		}
		if err == nil {
			err = s.flush()
		}
		if whole || err != nil {
			return err
		}
		part = &pb.Part{DeliveryId: d.ID}
	}
}

// fill reads into a part until the response is full, the server pauses, or the message is whole.
func (s *sink) fill(part *pb.Part, d *engine.Delivery) (whole bool, err error) {
	from := s.used
	for s.used+s.full < frameFull {
		n, err := d.ReadBeside(s.room())
		s.used += n
		part.Data = (*s.buffer)[from:s.used]
		switch {
		case err == io.EOF:
			part.End = endOf(d)
			return true, nil
		case err != nil:
			return false, err
		case d.Octets() > s.limit:
			return false, messageTooLarge(s.command, fmt.Sprintf("the message grew over %d octets", s.limit))
		case !d.Pending():
			return false, nil
		}
	}
	return false, nil
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
