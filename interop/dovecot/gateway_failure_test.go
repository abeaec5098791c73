package dovecot_test

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

// A failure is what an error of the gateway has to say.
type failure struct {
	code   codes.Code
	reason pb.ErrorReason
	// metadata is all of the ErrorInfo's.
	metadata map[string]string
}

// refusedBy is the failure of a command that the server answers with -ERR.
func refusedBy(command, response string, reason pb.ErrorReason) failure {
	return failure{
		code: codes.FailedPrecondition, reason: reason,
		metadata: map[string]string{"command": command, "response": response},
	}
}

// ended is the failure of a call to a session that is over.
func ended(cause pb.Cause, outcome pb.CommitOutcome) failure {
	return failure{
		code: codes.FailedPrecondition, reason: pb.ErrorReason_ERROR_REASON_SESSION_ENDED,
		metadata: map[string]string{
			"cause":   cause.String()[len("CAUSE_"):],
			"outcome": outcome.String()[len("COMMIT_OUTCOME_"):],
		},
	}
}

// loginFailed is the failure of a wrong password.
func loginFailed(command string) failure {
	return failure{
		code: codes.PermissionDenied, reason: pb.ErrorReason_ERROR_REASON_LOGIN_FAILED,
		metadata: map[string]string{
			"command": command, "response": "-ERR [AUTH] Authentication failed.", "responseCode": "AUTH", "certain": "true",
		},
	}
}

// wantFailure compares an error, its code, reason and metadata.
func wantFailure(t *testing.T, what string, err error, want failure) {
	t.Helper()
	info := infoOf(err)
	if status.Code(err) != want.code || info.GetReason() != want.reason.String() || info.GetDomain() != "popgate.v1" {
		t.Errorf("%s gives %v (%v), want %s, %s", what, err, info, want.code, want.reason)
		return
	}
	if !maps.Equal(info.GetMetadata(), want.metadata) {
		t.Errorf("%s: metadata of %s is %q, want %q", what, want.reason, info.GetMetadata(), want.metadata)
	}
}

// infoOf returns the ErrorInfo of an error, or nil.
func infoOf(err error) *errdetails.ErrorInfo { return detailOf[*errdetails.ErrorInfo](err) }

// retryDelay is how long the error says to wait before another try, or 0.
func retryDelay(err error) time.Duration {
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
	if infoOf(err) == nil {
		return
	}
	pushback := "-1"
	if delay := retryDelay(err); delay > 0 {
		pushback = strconv.FormatInt(delay.Milliseconds(), 10)
	}
	for name, want := range map[string]string{
		"pop3-error-reason": infoOf(err).GetReason(), "grpc-retry-pushback-ms": pushback,
	} {
		if got := trailer.Get(name); len(got) != 1 || got[0] != want {
			t.Errorf("%s: trailer %s is %q, want %q", rpc, name, got, want)
		}
	}
}
