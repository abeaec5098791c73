package main

import (
	"errors"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/status"

	"github.com/popgate/popgate/cmd/popgate/internal/terminal"
	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// Exit statuses.
const (
	statusError   = 1
	statusUsage   = 2
	statusPartial = 3
)

// usageError is a command line that is wrong.
type usageError struct{ error }

func (e *usageError) Unwrap() error { return e.error }

// partialError says that a part of the work is not done.
type partialError struct{ error }

func (e *partialError) Unwrap() error { return e.error }

// exitStatus returns the status that the process ends with.
func exitStatus(err error) int {
	if found, ok := errors.AsType[*foundError](err); ok {
		return found.status()
	}
	switch {
	case err == nil:
		return 0
	case isA[*usageError](err):
		return statusUsage
	case isA[*partialError](err):
		return statusPartial
	}
	return statusError
}

func isA[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// callError is a call that failed, for a person: what happened, the server's text, and what to do.
type callError struct {
	reason   string // without its prefix; "" where the error is the transport's
	message  string
	response string // the POP3 server's status line
	todo     string
}

func (e *callError) Error() string {
	var b strings.Builder
	if e.reason != "" {
		b.WriteString(e.reason + ": ")
	}
	b.WriteString(e.message)
	if e.response != "" {
		b.WriteString("\n  server says  " + e.response)
	}
	if e.todo != "" {
		b.WriteString("\n  what to do   " + e.todo)
	}
	return b.String()
}

// explained turns the error of a call into one for a person.
func explained(err error, gateway string) error {
	s, ok := status.FromError(err)
	if !ok {
		return err
	}
	e := &callError{message: terminal.Plain(s.Message())}
	for _, detail := range s.Details() {
		switch d := detail.(type) {
		case *errdetails.ErrorInfo:
			e.reason = strings.TrimPrefix(d.GetReason(), "ERROR_REASON_")
			e.response = terminal.Plain(d.GetMetadata()["response"])
			e.message = strings.TrimSuffix(e.message, ": "+e.response)
			e.todo = todos[pb.ErrorReason(pb.ErrorReason_value[d.GetReason()])]
		case *errdetails.BadRequest:
			for _, v := range d.GetFieldViolations() {
				e.message += "; " + terminal.Plain(v.GetField()+" "+v.GetDescription())
			}
		}
	}
	if e.reason == "" {
		e.message = gateway + ": " + s.Code().String() + ": " + e.message
		e.todo = "is a gateway there? start one by popgate serve, name it by --gateway and the --tls flags, or do without by --direct"
	}
	return e
}

// todos say what to do about a reason.
var todos = map[pb.ErrorReason]string{
	pb.ErrorReason_ERROR_REASON_INVALID_ARGUMENT:        "correct what is named",
	pb.ErrorReason_ERROR_REASON_SESSION_NOT_FOUND:       "a session is seen only by the caller who opened it: show the same certificate; or it ended long ago",
	pb.ErrorReason_ERROR_REASON_WRONG_REPLICA:           "name by --gateway the replica that opened the session, or the balancer in front of it",
	pb.ErrorReason_ERROR_REASON_TLS_REQUIRED:            "ask the provider for a port with TLS (995), or, if mail and password may be read on the way, give --unsafe-plaintext",
	pb.ErrorReason_ERROR_REASON_TARGET_NOT_ALLOWED:      "the gateway's operator opens a target by --allow-target; --direct goes without a gateway",
	pb.ErrorReason_ERROR_REASON_CONNECT_FAILED:          "check host and port, and whether a firewall is in between",
	pb.ErrorReason_ERROR_REASON_GREETING_REFUSED:        "the server turns everybody away at the moment: try again later",
	pb.ErrorReason_ERROR_REASON_TLS_VERIFICATION_FAILED: "check the host's name; trust a private CA by --pop3-ca; the certificate may have run out",
	pb.ErrorReason_ERROR_REASON_TLS_HANDSHAKE_FAILED:    "is the port one with TLS from the first octet (pops://), or by STLS (pop://)?",
	pb.ErrorReason_ERROR_REASON_NOT_SUPPORTED_BY_SERVER: "the server cannot do it; if it concerns the login, try another --mechanism",
	pb.ErrorReason_ERROR_REASON_LOGIN_FAILED:            "check user and password; some providers want an app password, or POP3 to be switched on; a busy server may say this too",
	pb.ErrorReason_ERROR_REASON_MAILBOX_IN_USE:          "another client has the mailbox open: try again in a minute",
	pb.ErrorReason_ERROR_REASON_LOGIN_DELAY:             "the server wants a pause between logins: try again later",
	pb.ErrorReason_ERROR_REASON_SERVER_TEMPORARY:        "try again later",
	pb.ErrorReason_ERROR_REASON_SERVER_PERMANENT:        "the server's operator has to act",
	pb.ErrorReason_ERROR_REASON_PROTOCOL_ERROR:          "is it a POP3 server? if so, tell us what it sends",
	pb.ErrorReason_ERROR_REASON_CONNECTION_LOST:         "run it again: nothing is lost",
	pb.ErrorReason_ERROR_REASON_TIMEOUT:                 "run it again, with a longer --io-timeout perhaps: nothing is lost",
	pb.ErrorReason_ERROR_REASON_COMMIT_UNKNOWN:          "run it again: what is still there is found by its unique-id",
	pb.ErrorReason_ERROR_REASON_QUOTA_EXCEEDED:          "the gateway is at its limit: try again in a second",
	pb.ErrorReason_ERROR_REASON_DRAINING:                "the gateway shuts down: try again",
	pb.ErrorReason_ERROR_REASON_CALLER_UNAUTHENTICATED:  "the gateway wants to know you: give --token-file, or --tls-client-cert and --tls-client-key",
	pb.ErrorReason_ERROR_REASON_CALLER_NOT_PERMITTED:    "ask the gateway's operator",
	pb.ErrorReason_ERROR_REASON_INTERNAL:                "the gateway's log says more",
	pb.ErrorReason_ERROR_REASON_UNSETTLED:               "run it again: what was not stored is still at the server",
	pb.ErrorReason_ERROR_REASON_UNIQUE_IDS_UNSTABLE:     "the server gives messages new unique-ids at each login: use --delete, or nothing ever counts as fetched",
}
