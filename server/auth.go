package server

import (
	"context"
	"errors"
	"io"
	"time"

	"google.golang.org/grpc"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3"
)

// User implements popgate.v1.Pop3Service.
func (s *service) User(ctx context.Context, req *pb.UserRequest) (*pb.UserResponse, error) {
	session := sessionOf(ctx)
	response, err := simple(ctx, func(c *pop3.Client, ctx context.Context) (string, error) {
		session.user = req.GetUsername()
		return c.User(ctx, req.GetUsername())
	})
	return &pb.UserResponse{Response: response}, err
}

// Pass implements popgate.v1.Pop3Service.
func (s *service) Pass(ctx context.Context, req *pb.PassRequest) (*pb.PassResponse, error) {
	response, err := s.signIn(ctx, sessionOf(ctx).userBefore, func(c *pop3.Client, ctx context.Context) (string, error) {
		return c.Pass(ctx, req.GetPassword())
	})
	return &pb.PassResponse{Response: response}, err
}

// Apop implements popgate.v1.Pop3Service.
func (s *service) Apop(ctx context.Context, req *pb.ApopRequest) (*pb.ApopResponse, error) {
	response, err := s.signIn(ctx, req.GetUsername, func(c *pop3.Client, ctx context.Context) (string, error) {
		return c.Apop(ctx, req.GetUsername(), req.GetSecret())
	})
	return &pb.ApopResponse{Response: response}, err
}

// Rpop implements popgate.v1.Pop3Service.
func (s *service) Rpop(ctx context.Context, req *pb.RpopRequest) (*pb.RpopResponse, error) {
	response, err := s.signIn(ctx, req.GetUsername, func(c *pop3.Client, ctx context.Context) (string, error) {
		return c.Rpop(ctx, req.GetUsername())
	})
	return &pb.RpopResponse{Response: response}, err
}

// Auth implements popgate.v1.Pop3Service.
func (s *service) Auth(ctx context.Context, req *pb.AuthRequest) (*pb.AuthResponse, error) {
	resp := &pb.AuthResponse{}
	var err error
	resp.Response, err = s.signIn(ctx, req.GetCredentials().GetUsername, func(c *pop3.Client, ctx context.Context) (response string, err error) {
		resp.Mechanism, response, err = c.Auth(ctx, credentialsOf(req.GetCredentials()))
		return response, err
	})
	return resp, err
}

// credentialsOf translates credentials.
func credentialsOf(c *pb.Credentials) pop3.Credentials {
	return pop3.Credentials{
		Username:    c.GetUsername(),
		Identity:    c.GetAuthorizationIdentity(),
		Mechanism:   c.GetMechanism(),
		Password:    c.GetPassword(),
		AccessToken: c.GetAccessToken(),
		External:    c.GetExternal(),
	}
}

// AuthExchange implements popgate.v1.Pop3Service.
func (s *service) AuthExchange(stream grpc.BidiStreamingServer[pb.AuthExchangeRequest, pb.AuthExchangeResponse]) error {
	first, err := stream.Recv()
	if err == io.EOF {
		return invalid("session_id", "is missing")
	}
	if err != nil {
		return err
	}
	session := sessionOf(stream.Context())
	nobody := func() string { return "" } // only the mechanism knows
	response, err := s.signIn(stream.Context(), nobody, func(c *pop3.Client, ctx context.Context) (string, error) {
		relay := func(challenge pop3.Challenge) ([]byte, error) { return session.relay(stream, challenge) }
		return c.AuthExchange(ctx, first.GetMechanism(), first.GetInitialResponse(), relay)
	})
	if err != nil {
		return err
	}
	return stream.Send(&pb.AuthExchangeResponse{Response: response})
}

// exchangeStream is the stream of AuthExchange.
type exchangeStream = grpc.BidiStreamingServer[pb.AuthExchangeRequest, pb.AuthExchangeResponse]

// relay hands a challenge to the caller and returns its answer. A caller that is gone, or only has hung up its side, cancels.
func (s *session) relay(stream exchangeStream, challenge pop3.Challenge) ([]byte, error) {
	data := challenge.Data
	if data == nil {
		data = []byte{} // present and empty
	}
	err := stream.Send(&pb.AuthExchangeResponse{Challenge: data, Raw: challenge.Raw})
	if errors.Is(err, errStalled) {
		return nil, streamStalled("AUTH")
	}
	if err != nil {
		return nil, err
	}
	answer, err := s.receive(stream)
	switch {
	case err == io.EOF:
		return nil, pop3.ErrCancelExchange
	case err != nil:
		return nil, err
	case answer.GetCancel():
		return nil, pop3.ErrCancelExchange
	case answer.Response == nil:
		return nil, invalid("response", "is missing")
	}
	return answer.GetResponse(), nil
}

// receive waits for the caller's answer, for no longer than a session waits for a call, and not beyond the session's end.
func (s *session) receive(stream exchangeStream) (answer *pb.AuthExchangeRequest, err error) {
	received := make(chan struct{})
	var req *pb.AuthExchangeRequest
	var failed error
	go func() { // the handler's return ends it
		defer close(received)
		req, failed = stream.Recv()
	}()
	timer := time.NewTimer(s.registry.limits.IdleTimeout)
	defer timer.Stop()
	select {
	case <-received:
		return req, failed
	case <-timer.C:
		s.endFromOutside(pb.Cause_CAUSE_IDLE_TIMEOUT)
	case <-s.done:
	}
	return nil, s.alive()
}
