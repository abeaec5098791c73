package server

import (
	"context"

	"google.golang.org/protobuf/proto"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3"
)

// Quit implements popgate.v1.Pop3Service.
func (s *service) Quit(ctx context.Context, _ *pb.QuitRequest) (*pb.QuitResponse, error) {
	session := sessionOf(ctx)
	if call := session.quitting(); call != nil {
		return call.replay(ctx)
	}
	var first *quitCall
	err := session.run(ctx, func(ctx context.Context, c *pop3.Client) (err error) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if first, err = session.beginQuit(); err != nil {
			return err
		}
		// From here on the caller cannot cancel: the outcome has to be known.
		first.finish(context.WithoutCancel(ctx), session, c)
		return nil
	})
	if err != nil {
		// Another Quit may have had its turn before this one.
		if call := session.quitting(); call != nil {
			return call.replay(ctx)
		}
		return nil, err
	}
	return first.response, first.err
}

// quitting returns the QUIT that was asked for, or nil.
func (s *session) quitting() *quitCall {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.quit
}

// beginQuit keeps the session from being ended from outside, unless it has been.
func (s *session) beginQuit() (*quitCall, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ending != nil {
		return nil, s.ending.fault()
	}
	s.quit = &quitCall{done: make(chan struct{}), err: &quitError{pop3.Unknown, errPanic}}
	return s.quit, nil
}

// finish sends QUIT, keeps what comes of it, and ends the session.
func (q *quitCall) finish(ctx context.Context, s *session, c *pop3.Client) {
	defer close(q.done)
	outcome, response, err := c.Quit(ctx)
	ended := outcomeOf(outcome)
	if err != nil {
		q.err = &quitError{outcome, err}
	} else {
		q.response, q.err = &pb.QuitResponse{Response: escape(response), Outcome: ended}, nil
	}
	s.end(pb.Cause_CAUSE_QUIT, ended)
}

// replay waits for the QUIT that another call has sent, and answers as that call was.
func (q *quitCall) replay(ctx context.Context) (*pb.QuitResponse, error) {
	select {
	case <-q.done:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if q.err != nil {
		return nil, &replayedError{q.err}
	}
	again := proto.CloneOf(q.response)
	again.Replayed = true
	return again, nil
}

func outcomeOf(outcome pop3.Outcome) pb.CommitOutcome {
	switch outcome {
	case pop3.Committed:
		return pb.CommitOutcome_COMMIT_OUTCOME_COMMITTED
	case pop3.NothingMarked:
		return pb.CommitOutcome_COMMIT_OUTCOME_NOTHING_MARKED
	case pop3.Partial:
		return pb.CommitOutcome_COMMIT_OUTCOME_PARTIAL
	case pop3.Unknown:
		return pb.CommitOutcome_COMMIT_OUTCOME_UNKNOWN
	}
	return pb.CommitOutcome_COMMIT_OUTCOME_NOT_COMMITTED
}
