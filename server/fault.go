package server

import (
	"errors"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3"
)

// fault is an error of popgate's own, and what every other error is turned into on its way out.
type fault struct {
	code    codes.Code
	reason  pb.ErrorReason
	message string
	// metadata is that of the ErrorInfo. Empty values are left out.
	metadata map[string]string
	// fields are the arguments at fault.
	fields []*errdetails.BadRequest_FieldViolation
	// quota is whose limit is reached, if one is.
	quota string
	// retry is when a repetition can help; 0: it cannot.
	retry time.Duration
}

func (f *fault) Error() string { return f.message }

// with returns the fault with one more item of metadata, if it is not empty.
func (f *fault) with(key, value string) *fault {
	if value == "" {
		return f
	}
	if f.metadata == nil {
		f.metadata = map[string]string{}
	}
	f.metadata[key] = value
	return f
}

// finalError is a fault that the session does not outlive.
type finalError struct {
	cause pb.Cause
	*fault
}

func (f *finalError) Unwrap() error { return f.fault }

// errStalled says that the caller does not read its stream.
var errStalled = errors.New("the caller did not read its stream")

func sessionNotFound() *fault {
	return &fault{code: codes.NotFound, reason: pb.ErrorReason_ERROR_REASON_SESSION_NOT_FOUND, message: "no such session"}
}

func wrongReplica(owner string) *fault {
	f := &fault{
		code: codes.FailedPrecondition, reason: pb.ErrorReason_ERROR_REASON_WRONG_REPLICA,
		message: "the session lives on another replica",
	}
	return f.with("owner", owner)
}

// ending is why a session is over, and what became of the marked messages.
type ending struct {
	cause   pb.Cause
	outcome pb.CommitOutcome
}

// fault is what calls to the session get from then on.
func (e *ending) fault() *fault {
	f := &fault{
		code: codes.FailedPrecondition, reason: pb.ErrorReason_ERROR_REASON_SESSION_ENDED,
		message: "the session has ended: " + causeName(e.cause),
	}
	if e.cause == pb.Cause_CAUSE_DRAINING {
		f = draining()
	}
	return f.with("cause", causeName(e.cause)).with("outcome", outcomeName(e.outcome))
}

func draining() *fault {
	return &fault{
		code: codes.Unavailable, reason: pb.ErrorReason_ERROR_REASON_DRAINING,
		message: "this replica is shutting down", retry: time.Second,
	}
}

// quotaExceeded says that a limit of this process is reached, and whose: of "caller", "host", "session", "user" (a caller as a user at
// a host) or "gateway".
func quotaExceeded(subject, message string) *fault {
	return &fault{
		code: codes.ResourceExhausted, reason: pb.ErrorReason_ERROR_REASON_QUOTA_EXCEEDED, message: message, quota: subject, retry: time.Second,
	}
}

// after returns the fault with the time after which a repetition can help.
func (f *fault) after(retry time.Duration) *fault {
	f.retry = retry
	return f
}

// streamStalled is errStalled of a command that is under way.
func streamStalled(command string) error {
	f := &fault{
		code: codes.ResourceExhausted, reason: pb.ErrorReason_ERROR_REASON_STREAM_STALLED, message: errStalled.Error(),
	}
	return &finalError{pb.Cause_CAUSE_STREAM_STALLED, f.with("command", command).with("outcome", pop3.NotCommitted.String())}
}

func messageTooLarge(command, message string) *fault {
	f := &fault{code: codes.ResourceExhausted, reason: pb.ErrorReason_ERROR_REASON_MESSAGE_TOO_LARGE, message: message}
	return f.with("command", command)
}

// unverifiedRefused answers a caller that would switch verification off.
func unverifiedRefused(command string) *fault {
	f := &fault{
		code: codes.FailedPrecondition, reason: pb.ErrorReason_ERROR_REASON_TLS_REQUIRED,
		message: "unverified TLS is not allowed here",
	}
	return f.with("command", command)
}

// quitError is an error of QUIT with what became of the marked messages.
type quitError struct {
	outcome pop3.Outcome
	err     error
}

func (e *quitError) Error() string { return e.err.Error() }
func (e *quitError) Unwrap() error { return e.err }

// replayedError is the error that an earlier Quit came to.
type replayedError struct{ err error }

func (e *replayedError) Error() string { return e.err.Error() }
func (e *replayedError) Unwrap() error { return e.err }
