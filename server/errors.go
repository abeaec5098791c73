package server

import (
	"context"
	"errors"
	"net"
	"strconv"
	"strings"
	"syscall"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3"
)

// domain is that of every ErrorInfo.
const domain = "popgate.v1"

// Trailers of every error.
const (
	reasonTrailer   = "pop3-error-reason"
	pushbackTrailer = "grpc-retry-pushback-ms"
)

// statusOf turns any error of a handler into a status and its trailers. It is the only place that does.
func statusOf(ctx context.Context, err error) (*status.Status, metadata.MD) {
	if st, ok := status.FromError(err); ok { // gRPC's own: a broken stream, a service that health does not know
		return st, metadata.Pairs(pushbackTrailer, "-1")
	}
	if st, ok := fromContext(ctx, err); ok {
		return st, metadata.Pairs(pushbackTrailer, "-1")
	}
	f := faultOf(err)
	st := status.New(f.code, f.message)
	if detailed, err := st.WithDetails(f.details()...); err == nil {
		st = detailed
	}
	pushback := "-1"
	if f.retry > 0 {
		pushback = strconv.FormatInt(f.retry.Milliseconds(), 10)
	}
	return st, metadata.Pairs(reasonTrailer, f.reason.String(), pushbackTrailer, pushback)
}

// details are the status details of a fault.
func (f *fault) details() []protoadapt.MessageV1 {
	details := []protoadapt.MessageV1{&errdetails.ErrorInfo{Domain: domain, Reason: f.reason.String(), Metadata: f.metadata}}
	if len(f.fields) > 0 {
		details = append(details, &errdetails.BadRequest{FieldViolations: f.fields})
	}
	if f.quota != "" {
		details = append(details, &errdetails.QuotaFailure{
			Violations: []*errdetails.QuotaFailure_Violation{{Subject: f.quota, Description: f.message}},
		})
	}
	if f.retry > 0 {
		details = append(details, &errdetails.RetryInfo{RetryDelay: durationpb.New(f.retry)})
	}
	return details
}

// fromContext knows the end of the caller's own context, which has no reason: the caller knows it. Limits of popgate's own, such as
// that of connecting, are ends of contexts too.
func fromContext(ctx context.Context, err error) (*status.Status, bool) {
	var broken *pop3.BrokenError
	if errors.As(err, &broken) && broken.Cause != pop3.Cancelled {
		return nil, false
	}
	switch {
	case ctx.Err() == nil:
	case errors.Is(err, context.Canceled):
		return status.New(codes.Canceled, "the caller cancelled"), true
	case errors.Is(err, context.DeadlineExceeded):
		return status.New(codes.DeadlineExceeded, "the caller's deadline is over"), true
	}
	return nil, false
}

// faultOf finds the fault that an error is or amounts to.
func faultOf(err error) *fault {
	var (
		own       *fault
		replayed  *replayedError
		quit      *quitError
		dial      *pop3.DialError
		broken    *pop3.BrokenError
		refused   *pop3.RefusedError
		malformed *pop3.MalformedError
		argument  *pop3.ArgumentError
	)
	switch {
	case errors.As(err, &replayed):
		return faultOf(replayed.err).with("replayed", "true")
	case errors.As(err, &own):
		return own
	case errors.As(err, &quit):
		return ofQuit(quit)
	case errors.As(err, &dial):
		return ofDial(dial)
	case errors.As(err, &broken):
		return ofBroken(broken)
	case errors.As(err, &refused):
		return ofRefused(refused)
	case errors.As(err, &malformed):
		return &fault{
			code: codes.FailedPrecondition, reason: pb.ErrorReason_ERROR_REASON_MALFORMED_REPLY,
			message: "cannot read the server's reply", metadata: about(malformed.Command, malformed.Response, ""),
		}
	case errors.As(err, &argument):
		return invalid(argument.Command, argument.Err.Error())
	}
	return ofSentinel(err)
}

// ofSentinel knows the errors that are single values.
func ofSentinel(err error) *fault {
	switch {
	case errors.Is(err, pop3.ErrTLSRequired):
		return &fault{
			code: codes.FailedPrecondition, reason: pb.ErrorReason_ERROR_REASON_TLS_REQUIRED,
			message: "a secret would go over plaintext: use TLS, or have the operator allow it",
		}
	case errors.Is(err, pop3.ErrWrongState):
		return &fault{
			code: codes.FailedPrecondition, reason: pb.ErrorReason_ERROR_REASON_WRONG_STATE,
			message: "Stls is for a plaintext connection before login", metadata: about("STLS", "", ""),
		}
	case errors.Is(err, pop3.ErrNotOffered):
		return &fault{
			code: codes.FailedPrecondition, reason: pb.ErrorReason_ERROR_REASON_NOT_SUPPORTED_BY_SERVER,
			message: "the server does not offer this way to log in",
		}
	case errors.Is(err, errStalled):
		return &fault{
			code: codes.ResourceExhausted, reason: pb.ErrorReason_ERROR_REASON_STREAM_STALLED, message: errStalled.Error(),
		}
	}
	return &fault{code: codes.Internal, reason: pb.ErrorReason_ERROR_REASON_INTERNAL, message: "internal error"}
}

// about is metadata of a reply.
func about(command, response, code string) map[string]string {
	m := map[string]string{}
	for key, value := range map[string]string{
		"command": command, "response": escapeShort(response), "responseCode": code,
	} {
		if value != "" {
			m[key] = value
		}
	}
	return m
}

func ofBroken(err *pop3.BrokenError) *fault {
	f := &fault{metadata: about(err.Command, err.Response, "")}
	f = f.with("outcome", pop3.NotCommitted.String())
	f.message = "the connection to the server is lost"
	f.code, f.reason = codes.Unavailable, pb.ErrorReason_ERROR_REASON_CONNECTION_LOST
	switch err.Cause {
	case pop3.Timeout:
		f.message = "the server did not answer in time"
		f.code, f.reason = codes.DeadlineExceeded, pb.ErrorReason_ERROR_REASON_TIMEOUT
	case pop3.Protocol:
		f.message = "the server does not keep to the protocol"
		f.code, f.reason = codes.Aborted, pb.ErrorReason_ERROR_REASON_PROTOCOL_ERROR
	case pop3.TLSVerification:
		f.message = "the server's certificate is refused"
		if err.Err != nil {
			f.message += ": " + escapeShort(err.Err.Error())
		}
		f.code, f.reason = codes.FailedPrecondition, pb.ErrorReason_ERROR_REASON_TLS_VERIFICATION_FAILED
	case pop3.TLSHandshake:
		f.message = "the TLS handshake failed"
		f.code, f.reason = codes.FailedPrecondition, pb.ErrorReason_ERROR_REASON_TLS_HANDSHAKE_FAILED
	}
	return f
}

func ofQuit(err *quitError) *fault {
	f := faultOf(err.err)
	f = f.with("outcome", err.outcome.String())
	switch err.outcome {
	case pop3.NotCommitted:
		if _, refused := errors.AsType[*pop3.RefusedError](err.err); refused { // before login, whatever the response code is
			f.code, f.reason, f.retry = codes.FailedPrecondition, pb.ErrorReason_ERROR_REASON_COMMAND_REFUSED, 0
		}
	case pop3.Partial:
		f.code, f.reason = codes.Aborted, pb.ErrorReason_ERROR_REASON_COMMIT_PARTIAL
		f.message, f.retry = "the server refused QUIT: some or none of the marked messages are removed", 0
	case pop3.Unknown:
		f = f.with("cause", strings.TrimPrefix(f.reason.String(), "ERROR_REASON_"))
		f.code, f.reason = codes.Unknown, pb.ErrorReason_ERROR_REASON_COMMIT_UNKNOWN
		f.message, f.retry = "QUIT was sent and its reply is lost: log in again and look", 0
	}
	return f
}

func ofDial(err *pop3.DialError) *fault {
	switch {
	case errors.Is(err, errNotAllowed):
		return targetNotAllowed()
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return quotaExceeded("gateway", "too many connections")
	}
	f := &fault{
		code: codes.FailedPrecondition, reason: pb.ErrorReason_ERROR_REASON_CONNECT_FAILED, message: "cannot connect to the server",
	}
	cause := dialCause(err)
	if cause == pb.Cause_CAUSE_UNREACHABLE || cause == pb.Cause_CAUSE_TIMEOUT {
		f.code = codes.Unavailable
	}
	f.message += ": " + causeName(cause)
	return f.with("cause", causeName(cause))
}

// dialCause says why there is no connection.
func dialCause(err *pop3.DialError) pb.Cause {
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return pb.Cause_CAUSE_NAME_NOT_FOUND
	case errors.Is(err, syscall.ECONNREFUSED):
		return pb.Cause_CAUSE_REFUSED
	case err.Timeout():
		return pb.Cause_CAUSE_TIMEOUT
	}
	return pb.Cause_CAUSE_UNREACHABLE
}

// When to try again, where a server says that this can help but not when.
const (
	retryInUse     = 30 * time.Second
	retryDelay     = time.Minute
	retryTemporary = time.Minute
)

func ofRefused(err *pop3.RefusedError) *fault {
	response := err.Response
	if err.Command == "" && !strings.HasPrefix(strings.ToUpper(response), "-ERR") {
		response = "" // lenient_status takes anything for a refusal: whatever listens there is not to be read out
	}
	f := &fault{message: "the server refused: " + escapeShort(response), metadata: about(err.Command, response, err.Code)}
	f.code, f.reason, f.retry = ofCode(err)
	if err.Command == "" {
		if f.reason == pb.ErrorReason_ERROR_REASON_COMMAND_REFUSED {
			f.code = codes.Unavailable
		}
		f.reason = pb.ErrorReason_ERROR_REASON_GREETING_REFUSED
	}
	if f.reason == pb.ErrorReason_ERROR_REASON_LOGIN_FAILED && err.Code == "AUTH" {
		f = f.with("certain", "true")
	}
	return f.with("challenge", escapeShort(err.Challenge))
}

// ofCode finds what -ERR means: by its response code, then by the command, then by known texts.
func ofCode(err *pop3.RefusedError) (codes.Code, pb.ErrorReason, time.Duration) {
	switch {
	case err.InUse():
		return codes.Unavailable, pb.ErrorReason_ERROR_REASON_MAILBOX_IN_USE, retryInUse
	case err.Code == "LOGIN-DELAY":
		return codes.ResourceExhausted, pb.ErrorReason_ERROR_REASON_LOGIN_DELAY, retryDelay
	case err.Code == "SYS/TEMP":
		return codes.Unavailable, pb.ErrorReason_ERROR_REASON_SERVER_TEMPORARY, retryTemporary
	case err.Code == "SYS/PERM":
		return codes.FailedPrecondition, pb.ErrorReason_ERROR_REASON_SERVER_PERMANENT, 0
	case err.Code == "AUTH":
		return codes.PermissionDenied, pb.ErrorReason_ERROR_REASON_LOGIN_FAILED, 0
	case err.NotOffered:
		return codes.FailedPrecondition, pb.ErrorReason_ERROR_REASON_NOT_SUPPORTED_BY_SERVER, 0
	case err.IsLogin() && err.Code == "":
		return codes.PermissionDenied, pb.ErrorReason_ERROR_REASON_LOGIN_FAILED, 0
	}
	return codes.FailedPrecondition, pb.ErrorReason_ERROR_REASON_COMMAND_REFUSED, 0
}

func causeName(c pb.Cause) string { return strings.TrimPrefix(c.String(), "CAUSE_") }

func outcomeName(o pb.CommitOutcome) string { return strings.TrimPrefix(o.String(), "COMMIT_OUTCOME_") }
