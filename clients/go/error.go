package popgate

import (
	"errors"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// ErrIntegrity is inside an error that says that what arrived is not what the gateway sent: its octets or its CRC-32 differ, or its
// end or an entry is missing. Do not store it.
var ErrIntegrity = errors.New("popgate: the message did not arrive whole")

// Error is a call that failed.
type Error struct {
	// Reason is a value of ErrorReason (popgate/v1/error.proto) without its prefix, such as "LOGIN_FAILED"; empty where the error
	// does not come from popgate but from the transport or the caller's own deadline.
	Reason string
	// Code is the status code of gRPC.
	Code codes.Code
	// Message is the gateway's sentence, for people.
	Message string
	// Command is the POP3 command without its arguments, or empty.
	Command string
	// Response is the POP3 server's status line, or empty. Octets that are not printable UTF-8 are escaped.
	Response string
	// ResponseCode is the response code in it (RFC 2449 section 8), such as "SYS/TEMP", or empty.
	ResponseCode string
	// Cause is why a session ended or a connection was not made, such as "REFUSED", or empty.
	Cause string
	// Outcome is what became of messages marked by DELE, such as "NOT_COMMITTED", or empty.
	Outcome string
	// RetryAfter is after how long the same call may succeed; 0 where trying again does not help.
	RetryAfter time.Duration
	// Metadata is all of google.rpc.ErrorInfo's metadata.
	Metadata map[string]string

	err error
}

// Error implements error.
func (e *Error) Error() string {
	if e.Reason == "" {
		return "popgate: " + e.Code.String() + ": " + e.Message
	}
	return "popgate: " + e.Reason + ": " + e.Message
}

// Unwrap returns gRPC's error, or ErrIntegrity.
func (e *Error) Unwrap() error { return e.err }

// AsError decodes the error of a call of the generated stubs; nil stays nil.
func AsError(err error) error {
	if err == nil {
		return nil
	}
	if _, done := errors.AsType[*Error](err); done {
		return err
	}
	st := status.Convert(err)
	e := &Error{Code: st.Code(), Message: st.Message(), err: err}
	for _, detail := range st.Details() {
		switch detail := detail.(type) {
		case *errdetails.ErrorInfo:
			if detail.GetDomain() == "popgate.v1" {
				e.take(detail)
			}
		case *errdetails.RetryInfo:
			e.RetryAfter = detail.GetRetryDelay().AsDuration()
		}
	}
	return e
}

func (e *Error) take(info *errdetails.ErrorInfo) {
	m := info.GetMetadata()
	e.Reason, e.Metadata = strings.TrimPrefix(info.GetReason(), "ERROR_REASON_"), m
	e.Command, e.Response, e.ResponseCode = m["command"], m["response"], m["responseCode"]
	e.Cause, e.Outcome = m["cause"], m["outcome"]
}

// damaged is an error of integrity.
func damaged(text string) error {
	return &Error{Code: codes.DataLoss, Message: text, err: ErrIntegrity}
}
