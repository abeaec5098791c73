package popgate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// piece is what RetrResponse and TopResponse have in common.
type piece interface {
	GetResponse() string
	GetData() []byte
	GetOctets() int64
	GetCrc32() uint32
}

// Reader reads a message as it comes: byte for byte as the server has it, dot-unstuffed, with its line ends. It returns io.EOF only
// if the message came whole; where its octets or its CRC-32 differ, the error is ErrIntegrity. Read it to its end or close it before
// the session's next call.
type Reader struct {
	// Response is the server's status line.
	Response string

	next   func() (p piece, last bool, err error)
	cancel context.CancelFunc
	rest   []byte
	octets int64
	crc32  uint32
	whole  bool
	err    error
}

// Retr is RETR: a message of any size.
func (s *Session) Retr(ctx context.Context, number uint32) (*Reader, error) {
	return s.RetrUpTo(ctx, number, 0)
}

// RetrUpTo is Retr, save that a message is MESSAGE_TOO_LARGE that LIST says has more octets; 0 is any.
func (s *Session) RetrUpTo(ctx context.Context, number uint32, octets int64) (*Reader, error) {
	request := &pb.RetrRequest{SessionId: s.id(), MessageNumber: number}
	if octets != 0 {
		request.MaxOctets = &octets
	}
	ctx, cancel := context.WithCancel(s.with(ctx))
	stream, err := s.stub.Retr(ctx, request)
	return newReader(func() (piece, bool, error) {
		p, err := stream.Recv()
		return p, p != nil && p.Octets != nil, err
	}, cancel, err)
}

// Top is TOP: the header and so many lines of the body. It is never the whole message for certain.
func (s *Session) Top(ctx context.Context, number, lines uint32) (*Reader, error) {
	ctx, cancel := context.WithCancel(s.with(ctx))
	stream, err := s.stub.Top(ctx, &pb.TopRequest{SessionId: s.id(), MessageNumber: number, Lines: lines})
	return newReader(func() (piece, bool, error) {
		p, err := stream.Recv()
		return p, p != nil && p.Octets != nil, err
	}, cancel, err)
}

// newReader waits for the first piece, which has the status line.
func newReader(next func() (piece, bool, error), cancel context.CancelFunc, err error) (*Reader, error) {
	r := &Reader{next: next, cancel: cancel}
	if err == nil {
		r.advance()
		err = r.err
	}
	if err != nil {
		cancel()
		return nil, AsError(err)
	}
	return r, nil
}

// advance takes the next piece. Where there is none, or it is not what was sent, it sets err, and nothing is left of the call.
func (r *Reader) advance() {
	if r.err = r.take(); r.err != nil {
		r.cancel()
	}
}

func (r *Reader) take() error {
	p, last, err := r.next()
	switch {
	case errors.Is(err, io.EOF) && !r.whole:
		return damaged("the stream ended before the message")
	case errors.Is(err, io.EOF):
		return io.EOF
	case err != nil:
		return AsError(err)
	case r.whole:
		return damaged("the stream goes on behind the message")
	}
	if text := p.GetResponse(); text != "" {
		r.Response = text
	}
	data := p.GetData()
	r.octets += int64(len(data))
	r.crc32 = crc32.Update(r.crc32, crc32.IEEETable, data)
	if last && (p.GetOctets() != r.octets || p.GetCrc32() != r.crc32) {
		return damaged(fmt.Sprintf("%d octets came, %d were sent, or their CRC-32 differs", r.octets, p.GetOctets()))
	}
	r.rest, r.whole = data, last
	return nil
}

// Read implements io.Reader.
func (r *Reader) Read(p []byte) (int, error) {
	for len(r.rest) == 0 && r.err == nil {
		r.advance()
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	if len(r.rest) > 0 || n > 0 {
		return n, nil
	}
	return 0, r.err
}

// WriteTo implements io.WriterTo, which io.Copy uses: no octet is copied.
func (r *Reader) WriteTo(w io.Writer) (int64, error) {
	var written int64
	for {
		n, err := w.Write(r.rest)
		written += int64(n)
		r.rest = r.rest[n:]
		switch {
		case err != nil:
			return written, err
		case errors.Is(r.err, io.EOF):
			return written, nil
		case r.err != nil:
			return written, r.err
		}
		r.advance()
	}
}

// Close gives up what has not been read. The session lives on, unless too much was under way.
func (r *Reader) Close() error {
	if r.err == nil {
		r.err = &Error{Message: "the reader is closed", err: io.ErrClosedPipe}
	}
	r.rest = nil
	r.cancel()
	return nil
}

// ReadAll reads a message whole, which takes its octets in memory, and closes the reader.
func (r *Reader) ReadAll() ([]byte, error) {
	defer r.cancel()
	var buffer bytes.Buffer
	_, err := r.WriteTo(&buffer)
	return buffer.Bytes(), err
}
