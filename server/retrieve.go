package server

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3"
)

// Retr implements popgate.v1.Pop3Service.
func (s *service) Retr(req *pb.RetrRequest, stream grpc.ServerStreamingServer[pb.RetrResponse]) error {
	return sessionOf(stream.Context()).run(stream.Context(), func(ctx context.Context, c *pop3.Client) error {
		t := s.newTransfer("RETR", stream, req.GetWantSha256())
		if req.MaxOctets != nil {
			if err := t.askSize(ctx, c, req.GetMessageNumber(), req.GetMaxOctets()); err != nil {
				return err
			}
		}
		m, err := c.Retr(ctx, req.GetMessageNumber())
		return t.send(m, err)
	})
}

// Top implements popgate.v1.Pop3Service.
func (s *service) Top(req *pb.TopRequest, stream grpc.ServerStreamingServer[pb.TopResponse]) error {
	return sessionOf(stream.Context()).run(stream.Context(), func(ctx context.Context, c *pop3.Client) error {
		t := s.newTransfer("TOP", stream, req.GetWantSha256())
		m, err := c.Top(ctx, req.GetMessageNumber(), req.GetLines())
		return t.send(m, err)
	})
}

// transfer streams one message to the caller.
type transfer struct {
	command string
	stream  grpc.ServerStream
	limit   int64     // octets
	listed  int64     // what LIST said, or -1 if it was not asked
	octets  int64     // so far
	crc     uint32    // so far
	sha256  hash.Hash // nil if it is not wanted
	head    []byte    // encoded status line, until it is sent
}

func (s *service) newTransfer(command string, stream grpc.ServerStream, wantSHA256 bool) *transfer {
	t := &transfer{command: command, stream: stream, limit: s.config.Limits.MessageOctets, listed: -1}
	if wantSHA256 {
		t.sha256 = sha256.New()
	}
	return t
}

// askSize asks LIST for the size of a message, and refuses one that is too large.
func (t *transfer) askSize(ctx context.Context, c *pop3.Client, number uint32, limit int64) error {
	entry, response, err := c.ListOne(ctx, number)
	if err != nil {
		return err
	}
	if entry.Number != number || entry.Octets < 0 {
		return &pop3.MalformedError{Command: "LIST", Response: response}
	}
	if entry.Octets > limit {
		message := fmt.Sprintf("the message has %d octets, more than max_octets", entry.Octets)
		return messageTooLarge(t.command, message).with("response", escapeShort(response))
	}
	t.listed = entry.Octets
	return nil
}

// send streams the message that the command came to.
func (t *transfer) send(m *pop3.Message, err error) error {
	if err != nil {
		return err
	}
	t.head, err = proto.Marshal(&pb.RetrResponse{Response: escape(m.Response())})
	if err == nil {
		err = t.copy(m)
	}
	if err != nil {
		return giveUp(t.command, m, err)
	}
	return nil
}

// giveUp closes a reply that is not read to its end because of err, and returns the error to tell. What is left is read away if it
// is little, so that the session lives on; else the connection is gone, and that is the error.
func giveUp(command string, reply io.Closer, err error) error {
	var final *finalError
	switch {
	case errors.Is(err, errStalled):
		return streamStalled(command) // the session ends; to read on would only take time
	case errors.As(err, &final):
		return err
	}
	if closed := reply.Close(); closed != nil {
		return closed
	}
	return err
}

// copy sends the message in frames. A frame goes out when it is well filled, or when the server pauses.
func (t *transfer) copy(m *pop3.Message) error {
	for {
		buffer := frames.Get(frameSize)
		n, err := t.fill(m, *buffer)
		if err != nil && err != io.EOF {
			frames.Put(buffer)
			return err
		}
		*buffer = (*buffer)[:n]
		f := &frame{head: t.head}
		t.head = nil
		if n > 0 {
			f.data = mem.NewBuffer(buffer, frames)
		} else {
			frames.Put(buffer)
		}
		if err == io.EOF {
			if f.tail, err = t.totals(); err != nil {
				return err
			}
			return t.stream.SendMsg(f)
		}
		if err := t.stream.SendMsg(f); err != nil {
			return err
		}
	}
}

// fill reads into a buffer until it is well filled, the server pauses, or the message ends (io.EOF).
func (t *transfer) fill(m *pop3.Message, buffer []byte) (n int, err error) {
	for n < frameFull {
		var k int
		k, err = m.Read(buffer[n:])
		n += k
		if err != nil || !m.Pending() {
			break
		}
	}
	data := buffer[:n]
	t.octets += int64(n)
	t.crc = crc32.Update(t.crc, crc32.IEEETable, data)
	if t.sha256 != nil {
		t.sha256.Write(data)
	}
	if t.octets > t.limit {
		f := messageTooLarge(t.command, fmt.Sprintf("the message grew over %d octets", t.limit))
		return 0, &finalError{pb.Cause_CAUSE_MESSAGE_TOO_LARGE, f.with("outcome", pop3.NotCommitted.String())}
	}
	return n, err
}

// totals returns the encoded fields of the last message.
func (t *transfer) totals() ([]byte, error) {
	totals := &pb.RetrResponse{Octets: &t.octets, Crc32: &t.crc}
	if t.listed >= 0 {
		agrees := t.listed == t.octets
		totals.SizeAgrees = &agrees
	}
	if t.sha256 != nil {
		totals.Sha256 = t.sha256.Sum(nil)
	}
	return proto.Marshal(totals)
}
