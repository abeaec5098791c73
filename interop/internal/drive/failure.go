package drive

import (
	"maps"
	"strconv"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// A Failure is what an error of the gateway has to say.
type Failure struct {
	Code   codes.Code
	Reason pb.ErrorReason
	// Metadata is all of the ErrorInfo's.
	Metadata map[string]string
}

// RefusedBy is the failure of a command that the server answers with -ERR.
func RefusedBy(command, response string, reason pb.ErrorReason) Failure {
	return Failure{
		Code: codes.FailedPrecondition, Reason: reason,
		Metadata: map[string]string{"command": command, "response": response},
	}
}

// Ended is the failure of a call to a session that is over.
func Ended(cause pb.Cause, outcome pb.CommitOutcome) Failure {
	return Failure{
		Code: codes.FailedPrecondition, Reason: pb.ErrorReason_ERROR_REASON_SESSION_ENDED,
		Metadata: map[string]string{
			"cause":   cause.String()[len("CAUSE_"):],
			"outcome": outcome.String()[len("COMMIT_OUTCOME_"):],
		},
	}
}

// WantFailure compares an error, its code, reason and metadata.
func WantFailure(t *testing.T, what string, err error, want Failure) {
	t.Helper()
	info := InfoOf(err)
	if status.Code(err) != want.Code || info.GetReason() != want.Reason.String() || info.GetDomain() != "popgate.v1" {
		t.Errorf("%s gives %v (%v), want %s, %s", what, err, info, want.Code, want.Reason)
		return
	}
	if !maps.Equal(info.GetMetadata(), want.Metadata) {
		t.Errorf("%s: metadata of %s is %q, want %q", what, want.Reason, info.GetMetadata(), want.Metadata)
	}
}

// InfoOf returns the ErrorInfo of an error, or nil.
func InfoOf(err error) *errdetails.ErrorInfo { return detailOf[*errdetails.ErrorInfo](err) }

// RetryDelay is how long the error says to wait before another try, or 0.
func RetryDelay(err error) time.Duration {
	return detailOf[*errdetails.RetryInfo](err).GetRetryDelay().AsDuration()
}

func detailOf[T any](err error) (none T) {
	for _, detail := range status.Convert(err).Details() {
		if found, ok := detail.(T); ok {
			return found
		}
	}
	return none
}

// checkTrailer checks that the trailer says in plain words what the details of
// an error say.
func checkTrailer(t *testing.T, rpc string, err error, trailer metadata.MD) {
	t.Helper()
	if InfoOf(err) == nil {
		return
	}
	pushback := "-1"
	if delay := RetryDelay(err); delay > 0 {
		pushback = strconv.FormatInt(delay.Milliseconds(), 10)
	}
	for name, want := range map[string]string{
		"pop3-error-reason": InfoOf(err).GetReason(), "grpc-retry-pushback-ms": pushback,
	} {
		if got := trailer.Get(name); len(got) != 1 || got[0] != want {
			t.Errorf("%s: trailer %s is %q, want %q", rpc, name, got, want)
		}
	}
}
