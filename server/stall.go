package server

import (
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"
)

// guardedStream gives up sending after a while. gRPC itself waits for ever for a caller that has its connection open and does not
// read (or is gone without a word, until keepalive finds out).
type guardedStream struct {
	grpc.ServerStream
	limit  time.Duration
	octets *rates // of callers
}

// sizeOf returns how many octets a response has, encoded.
func sizeOf(m any) int {
	switch m := m.(type) {
	case *frame:
		if m.data != nil {
			return m.data.Len()
		}
	case mem.BufferSlice:
		return m.Len()
	case proto.Message:
		return proto.Size(m)
	}
	return 0
}

// SendMsg sends m, or returns errStalled. The handler has to return then, which ends the stream and with it the sending that hangs.
func (s *guardedStream) SendMsg(m any) error {
	if s.octets.perSecond > 0 {
		if err := s.octets.wait(s.Context(), callerOf(s.Context()), sizeOf(m)); err != nil {
			return err
		}
	}
	accountOf(s.Context()).tellWait(s.Context())
	sent := make(chan error, 1)
	go func() { sent <- s.ServerStream.SendMsg(m) }()
	timer := time.NewTimer(s.limit)
	defer timer.Stop()
	select {
	case err := <-sent:
		return err
	case <-timer.C:
		return errStalled
	}
}
