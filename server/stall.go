package server

import (
	"time"

	"google.golang.org/grpc"
)

// guardedStream gives up sending after a while. gRPC itself waits for ever for a caller that has its connection open and does not
// read (or is gone without a word, until keepalive finds out).
type guardedStream struct {
	grpc.ServerStream
	limit time.Duration
}

// SendMsg sends m, or returns errStalled. The handler has to return then, which ends the stream and with it the sending that hangs.
func (s *guardedStream) SendMsg(m any) error {
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
