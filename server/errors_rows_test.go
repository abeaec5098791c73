package server

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"os"
	"syscall"
	"time"

	"google.golang.org/grpc/codes"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3"
	engine "github.com/popgate/popgate/pop3/mailbox"
)

// statuses are the rows of the contract's error map.
var statuses = map[string]struct {
	err  error
	want failure           // with all metadata
	text string            // part of the message
	hint time.Duration     // RetryInfo
	bad  map[string]string // BadRequest
}{
	"argument": {
		err: func() error {
			var v violations
			v.add("username", "is missing")
			v.add("message_number", "is 0")
			return v.fault()
		}(),
		want: failure{codes.InvalidArgument, "INVALID_ARGUMENT", nil}, text: "username is missing; message_number is 0",
		bad: map[string]string{"username": "is missing", "message_number": "is 0"},
	},
	"argument of pop3": {
		err:  &pop3.ArgumentError{Command: "USER", Err: errors.New("holds CR")},
		want: failure{codes.InvalidArgument, "INVALID_ARGUMENT", nil}, bad: map[string]string{"USER": "holds CR"},
	},
	"Stls too late": {
		err:  pop3.ErrWrongState,
		want: failure{codes.FailedPrecondition, "WRONG_STATE", map[string]string{"command": "STLS"}},
	},
	"secret over plaintext": {err: pop3.ErrTLSRequired, want: failure{codes.FailedPrecondition, "TLS_REQUIRED", nil}},
	"unverified TLS": {
		err:  unverifiedRefused("STLS"),
		want: failure{codes.FailedPrecondition, "TLS_REQUIRED", map[string]string{"command": "STLS"}},
	},
	"STLS refused to OpenSession": {
		err: openError(&pop3.RefusedError{Command: "STLS", Response: "-ERR no"}),
		want: failure{codes.FailedPrecondition, "TLS_REQUIRED", map[string]string{
			"command": "STLS", "response": "-ERR no",
		}},
	},
	"no session":    {err: sessionNotFound(), want: failure{codes.NotFound, "SESSION_NOT_FOUND", nil}},
	"wrong replica": {err: wrongReplica("b"), want: failure{codes.FailedPrecondition, "WRONG_REPLICA", map[string]string{"owner": "b"}}},
	"ended": {
		err: (&ending{pb.Cause_CAUSE_IDLE_TIMEOUT, pb.CommitOutcome_COMMIT_OUTCOME_NOT_COMMITTED}).fault(),
		want: failure{codes.FailedPrecondition, "SESSION_ENDED", map[string]string{
			"cause": "IDLE_TIMEOUT", "outcome": "NOT_COMMITTED",
		}},
	},
	"ended by the drain": {
		err: (&ending{pb.Cause_CAUSE_DRAINING, pb.CommitOutcome_COMMIT_OUTCOME_NOT_COMMITTED}).fault(),
		want: failure{codes.Unavailable, "DRAINING", map[string]string{
			"cause": "DRAINING", "outcome": "NOT_COMMITTED",
		}}, hint: time.Second,
	},
	"draining": {err: draining(), want: failure{codes.Unavailable, "DRAINING", nil}, hint: time.Second},
	"target": {
		err:  &pop3.DialError{Address: "10.0.0.1:110", Err: &net.OpError{Op: "dial", Err: errNotAllowed}},
		want: failure{codes.PermissionDenied, "TARGET_NOT_ALLOWED", nil},
	},
	"no such name": {
		err:  &pop3.DialError{Err: &net.DNSError{Err: "no such host", Name: "secret.example", IsNotFound: true}},
		want: failure{codes.FailedPrecondition, "CONNECT_FAILED", map[string]string{"cause": "NAME_NOT_FOUND"}},
	},
	"resolver down": {
		err:  &pop3.DialError{Err: &net.DNSError{Err: "server misbehaving"}},
		want: failure{codes.Unavailable, "CONNECT_FAILED", map[string]string{"cause": "UNREACHABLE"}},
	},
	"port refused": {
		err:  &pop3.DialError{Err: &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}},
		want: failure{codes.FailedPrecondition, "CONNECT_FAILED", map[string]string{"cause": "REFUSED"}},
	},
	"connecting takes too long": {
		err:  &pop3.DialError{Err: &net.OpError{Op: "dial", Err: context.DeadlineExceeded}},
		want: failure{codes.Unavailable, "CONNECT_FAILED", map[string]string{"cause": "TIMEOUT"}},
	},
	"no route": {
		err:  &pop3.DialError{Err: &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.EHOSTUNREACH)}},
		want: failure{codes.Unavailable, "CONNECT_FAILED", map[string]string{"cause": "UNREACHABLE"}},
	},
	"no file descriptor left": {
		err:  &pop3.DialError{Err: os.NewSyscallError("socket", syscall.EMFILE)},
		want: failure{codes.ResourceExhausted, "QUOTA_EXCEEDED", nil}, hint: time.Second,
	},
	"greeting refused": {
		err:  &pop3.RefusedError{Response: "-ERR go away"},
		want: failure{codes.Unavailable, "GREETING_REFUSED", map[string]string{"response": "-ERR go away"}},
	},
	"greeting refused for now": {
		err: &pop3.RefusedError{Response: "-ERR [SYS/TEMP] down", Code: "SYS/TEMP"},
		want: failure{codes.Unavailable, "GREETING_REFUSED", map[string]string{
			"response": "-ERR [SYS/TEMP] down", "responseCode": "SYS/TEMP",
		}}, hint: time.Minute,
	},
	"greeting refused for good": {
		err: &pop3.RefusedError{Response: "-ERR [SYS/PERM] gone", Code: "SYS/PERM"},
		want: failure{codes.FailedPrecondition, "GREETING_REFUSED", map[string]string{
			"response": "-ERR [SYS/PERM] gone", "responseCode": "SYS/PERM",
		}},
	},
	"greeting refused as too early": {
		err: &pop3.RefusedError{Response: "-ERR [LOGIN-DELAY] wait", Code: "LOGIN-DELAY"},
		want: failure{codes.ResourceExhausted, "GREETING_REFUSED", map[string]string{
			"response": "-ERR [LOGIN-DELAY] wait", "responseCode": "LOGIN-DELAY",
		}}, hint: time.Minute,
	},
	"greeting refused with a code of no row": {
		err: &pop3.RefusedError{Response: "-ERR [UTF8] x", Code: "UTF8"},
		want: failure{codes.Unavailable, "GREETING_REFUSED", map[string]string{
			"response": "-ERR [UTF8] x", "responseCode": "UTF8",
		}},
	},
	"another service's banner": {
		err:  &pop3.RefusedError{Response: "SSH-2.0-OpenSSH_9.2p1"},
		want: failure{codes.Unavailable, "GREETING_REFUSED", nil},
	},
	"certificate": {
		err: &pop3.BrokenError{Cause: pop3.TLSVerification, Err: &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}},
		want: failure{codes.FailedPrecondition, "TLS_VERIFICATION_FAILED", map[string]string{
			"outcome": "NOT_COMMITTED",
		}}, text: "unknown authority",
	},
	"handshake": {
		err:  &pop3.BrokenError{Cause: pop3.TLSHandshake, Command: "STLS", Err: errors.New("bad record")},
		want: failure{codes.FailedPrecondition, "TLS_HANDSHAKE_FAILED", map[string]string{"command": "STLS", "outcome": "NOT_COMMITTED"}},
	},
	"no way to log in": {err: pop3.ErrNotOffered, want: failure{codes.FailedPrecondition, "NOT_SUPPORTED_BY_SERVER", nil}},
	"no such command": {
		err: &pop3.RefusedError{Command: "TOP", Response: "-ERR what?", NotOffered: true},
		want: failure{codes.FailedPrecondition, "NOT_SUPPORTED_BY_SERVER", map[string]string{
			"command": "TOP", "response": "-ERR what?",
		}},
	},
	"login refused for certain": {
		err: &pop3.RefusedError{Command: "PASS", Response: "-ERR [AUTH] no", Code: "AUTH"},
		want: failure{codes.PermissionDenied, "LOGIN_FAILED", map[string]string{
			"command": "PASS", "response": "-ERR [AUTH] no", "responseCode": "AUTH", "certain": "true",
		}},
	},
	"login refused by USER": {
		err: &pop3.RefusedError{Command: "USER", Response: "-ERR [AUTH] no", Code: "AUTH"},
		want: failure{codes.PermissionDenied, "LOGIN_FAILED", map[string]string{
			"command": "USER", "response": "-ERR [AUTH] no", "responseCode": "AUTH", "certain": "true",
		}},
	},
	"login needs UTF8": {
		err: &pop3.RefusedError{Command: "PASS", Response: "-ERR [UTF8] no", Code: "UTF8"},
		want: failure{codes.FailedPrecondition, "COMMAND_REFUSED", map[string]string{
			"command": "PASS", "response": "-ERR [UTF8] no", "responseCode": "UTF8",
		}},
	},
	"in use": {
		err: &pop3.RefusedError{Command: "PASS", Response: "-ERR [IN-USE] x", Code: "IN-USE"},
		want: failure{codes.Unavailable, "MAILBOX_IN_USE", map[string]string{
			"command": "PASS", "response": "-ERR [IN-USE] x", "responseCode": "IN-USE",
		}}, hint: 30 * time.Second,
	},
	"too early": {
		err: &pop3.RefusedError{Command: "PASS", Response: "-ERR [LOGIN-DELAY] x", Code: "LOGIN-DELAY"},
		want: failure{codes.ResourceExhausted, "LOGIN_DELAY", map[string]string{
			"command": "PASS", "response": "-ERR [LOGIN-DELAY] x", "responseCode": "LOGIN-DELAY",
		}}, hint: time.Minute,
	},
	"temporary": {
		err: &pop3.RefusedError{Command: "STAT", Response: "-ERR [SYS/TEMP] x", Code: "SYS/TEMP"},
		want: failure{codes.Unavailable, "SERVER_TEMPORARY", map[string]string{
			"command": "STAT", "response": "-ERR [SYS/TEMP] x", "responseCode": "SYS/TEMP",
		}}, hint: time.Minute,
	},
	"permanent": {
		err: &pop3.RefusedError{Command: "AUTH", Response: "-ERR [SYS/PERM] x", Code: "SYS/PERM"},
		want: failure{codes.FailedPrecondition, "SERVER_PERMANENT", map[string]string{
			"command": "AUTH", "response": "-ERR [SYS/PERM] x", "responseCode": "SYS/PERM",
		}},
	},
	"another message": {
		err:  &fault{code: codes.FailedPrecondition, reason: pb.ErrorReason_ERROR_REASON_UNIQUE_ID_MISMATCH},
		want: failure{codes.FailedPrecondition, "UNIQUE_ID_MISMATCH", nil},
	},
	"refused": {
		err: &pop3.RefusedError{Command: "RETR", Response: "-ERR no such message"},
		want: failure{codes.FailedPrecondition, "COMMAND_REFUSED", map[string]string{
			"command": "RETR", "response": "-ERR no such message",
		}}, text: "-ERR no such message",
	},
	"malformed": {
		err:  &pop3.MalformedError{Command: "STAT", Response: "+OK \xff"},
		want: failure{codes.FailedPrecondition, "MALFORMED_REPLY", map[string]string{"command": "STAT", "response": `+OK \xff`}},
	},
	"framing": {
		err:  &pop3.BrokenError{Command: "NOOP", Cause: pop3.Protocol, Err: errors.New("no status")},
		want: failure{codes.Aborted, "PROTOCOL_ERROR", map[string]string{"command": "NOOP", "outcome": "NOT_COMMITTED"}},
	},
	"lost": {
		err: &pop3.BrokenError{Command: "NOOP", Cause: pop3.ConnectionLost, Response: "-ERR idle for too long"},
		want: failure{codes.Unavailable, "CONNECTION_LOST", map[string]string{
			"command": "NOOP", "outcome": "NOT_COMMITTED", "response": "-ERR idle for too long",
		}},
	},
	"silence": {
		err:  &pop3.BrokenError{Command: "STAT", Cause: pop3.Timeout, Err: context.DeadlineExceeded},
		want: failure{codes.DeadlineExceeded, "TIMEOUT", map[string]string{"command": "STAT", "outcome": "NOT_COMMITTED"}},
	},
	"QUIT refused": {
		err: &quitError{pop3.Partial, &pop3.RefusedError{Command: "QUIT", Response: "-ERR [SYS/TEMP] x", Code: "SYS/TEMP"}},
		want: failure{codes.Aborted, "COMMIT_PARTIAL", map[string]string{
			"command": "QUIT", "outcome": "PARTIAL", "response": "-ERR [SYS/TEMP] x", "responseCode": "SYS/TEMP",
		}},
	},
	"QUIT refused before login": {
		err: &quitError{pop3.NotCommitted, &pop3.RefusedError{Command: "QUIT", Response: "-ERR [SYS/TEMP] x", Code: "SYS/TEMP"}},
		want: failure{codes.FailedPrecondition, "COMMAND_REFUSED", map[string]string{
			"command": "QUIT", "outcome": "NOT_COMMITTED", "response": "-ERR [SYS/TEMP] x", "responseCode": "SYS/TEMP",
		}},
	},
	"QUIT lost": {
		err: &quitError{pop3.Unknown, &pop3.BrokenError{Command: "QUIT", Cause: pop3.Timeout}},
		want: failure{codes.Unknown, "COMMIT_UNKNOWN", map[string]string{
			"command": "QUIT", "outcome": "UNKNOWN", "cause": "TIMEOUT",
		}},
	},
	"QUIT lost, asked again": {
		err: &replayedError{&quitError{pop3.Unknown, &pop3.BrokenError{Command: "QUIT", Cause: pop3.ConnectionLost}}},
		want: failure{codes.Unknown, "COMMIT_UNKNOWN", map[string]string{
			"command": "QUIT", "outcome": "UNKNOWN", "cause": "CONNECTION_LOST", "replayed": "true",
		}},
	},
	"panic in QUIT": {
		err:  &quitError{pop3.Unknown, errPanic},
		want: failure{codes.Unknown, "COMMIT_UNKNOWN", map[string]string{"outcome": "UNKNOWN", "cause": "INTERNAL"}},
	},
	"QUIT not sent": {
		err:  &quitError{pop3.NotCommitted, &pop3.BrokenError{Command: "QUIT", Cause: pop3.ConnectionLost}},
		want: failure{codes.Unavailable, "CONNECTION_LOST", map[string]string{"command": "QUIT", "outcome": "NOT_COMMITTED"}},
	},
	"quota": {err: quotaExceeded("gateway", "too many"), want: failure{codes.ResourceExhausted, "QUOTA_EXCEEDED", nil}, hint: time.Second},
	"too large": {
		err:  messageTooLarge("RETR", "too large"),
		want: failure{codes.ResourceExhausted, "MESSAGE_TOO_LARGE", map[string]string{"command": "RETR"}},
	},
	"stalled": {
		err: streamStalled("LIST"),
		want: failure{codes.ResourceExhausted, "STREAM_STALLED", map[string]string{
			"command": "LIST", "outcome": "NOT_COMMITTED",
		}},
	},
	"a watcher stalled": {err: errStalled, want: failure{codes.ResourceExhausted, "STREAM_STALLED", nil}},
	"no identity": {
		err:  &fault{code: codes.Unauthenticated, reason: pb.ErrorReason_ERROR_REASON_CALLER_UNAUTHENTICATED},
		want: failure{codes.Unauthenticated, "CALLER_UNAUTHENTICATED", nil},
	},
	"unsettled": {err: mailboxError(engine.ErrUnsettled), want: failure{codes.FailedPrecondition, "UNSETTLED", nil}},
	"unstable": {
		err: mailboxError(engine.ErrUniqueIDsUnstable), want: failure{codes.FailedPrecondition, "UNIQUE_IDS_UNSTABLE", nil},
	},
	"fates unknown": {
		err:  mailboxError(engine.ErrCommitUnknown),
		want: failure{codes.Unknown, "COMMIT_UNKNOWN", map[string]string{"command": "QUIT", "outcome": "UNKNOWN"}},
	},
	"panic":            {err: errPanic, want: failure{codes.Internal, "INTERNAL", nil}, text: "internal error"},
	"busy":             {err: pop3.ErrBusy, want: failure{codes.Internal, "INTERNAL", nil}},
	"what nobody knew": {err: errors.New("/etc/shadow: secret"), want: failure{codes.Internal, "INTERNAL", nil}},
}
