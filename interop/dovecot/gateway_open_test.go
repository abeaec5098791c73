package dovecot_test

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/interop/internal/drive"
)

// TestGatewayOpenSession looks at all that is known before and after a login.
func TestGatewayOpenSession(t *testing.T) {
	user := loadSetup(t).account(t, "alice")
	overTransports(t, func(t *testing.T, via drive.Transport) {
		for _, m := range gatewayModes {
			t.Run(string(m), func(t *testing.T) {
				s := newClient(gatewayFor(t, m), via).open(t, serverOf(t, m))
				s.checkOpened()
				checkTLS(t, s.Opened.GetTls(), m == stls || m == implicit)
				if m == upgraded {
					s.checkCapabilities(plaintext, "")
					s.upgrade()
				}
				s.checkCapabilities(m, "")
				s.logIn(user)
				s.checkCapabilities(m, user.Name)
				s.Fails(&pb.StlsRequest{}, drive.Failure{
					Code: codes.FailedPrecondition, Reason: pb.ErrorReason_ERROR_REASON_WRONG_STATE, Metadata: map[string]string{"command": "STLS"},
				})
			})
		}
	})
}

// checkOpened compares the response to OpenSession, which was the last call,
// with the setup, and with GetWelcome.
func (s *session) checkOpened() {
	s.T.Helper()
	id := s.Opened.GetSessionId()
	if got := s.Header.Get("pop3-session"); len(got) != 1 || got[0] != id {
		s.T.Errorf("the header pop3-session is %q, the session %q", got, id)
	}
	if s.Opened.GetReplica() != drive.Replica || !strings.HasPrefix(id, drive.Replica+".") {
		s.T.Errorf("session %q at the replica %q", id, s.Opened.GetReplica())
	}
	if idle, age := s.Opened.GetIdleTimeout().AsDuration(), s.Opened.GetMaxAge().AsDuration(); idle != 5*time.Minute || age != time.Hour {
		s.T.Errorf("idle time-out %v and greatest age %v", idle, age)
	}
	greeting := s.Opened.GetResponse()
	if !strings.HasPrefix(greeting, "+OK popgate interop ") || strings.ContainsAny(greeting, "\r\n") {
		s.T.Errorf("the greeting is %q", greeting)
	}
	if got := drive.Must[*pb.GetWelcomeResponse](s, &pb.GetWelcomeRequest{}).GetResponse(); got != greeting {
		s.T.Errorf("GetWelcome gives %q, OpenSession %q", got, greeting)
	}
}

// upgrade begins TLS by Stls.
func (s *session) upgrade() {
	s.T.Helper()
	got := drive.Must[*pb.StlsResponse](s, &pb.StlsRequest{Tls: trusting(s.T, loadSetup(s.T).CA)})
	if !strings.HasPrefix(got.GetResponse(), "+OK") {
		s.T.Errorf("Stls gives %q", got.GetResponse())
	}
	checkTLS(s.T, got.GetTls(), true)
}

// checkTLS compares what the gateway says of its TLS with a connection of the
// test's own.
func checkTLS(t *testing.T, got *pb.TlsState, on bool) {
	t.Helper()
	if !on {
		if got != nil {
			t.Errorf("TLS of a plaintext session: %v", got)
		}
		return
	}
	state := connect(t, loadSetup(t), implicit, nil).Conn.(*tls.Conn).ConnectionState()
	version, suite := tls.VersionName(state.Version), tls.CipherSuiteName(state.CipherSuite)
	if got.GetVersion() != version || got.GetCipherSuite() != suite || !got.GetVerified() {
		t.Errorf("TLS is %v, want %s with %s, verified", got, version, suite)
	}
	if len(got.GetPeerChainSha256()) != len(state.PeerCertificates) {
		t.Fatalf("%d certificates, want %d", len(got.GetPeerChainSha256()), len(state.PeerCertificates))
	}
	for i, certificate := range state.PeerCertificates {
		if sum := sha256.Sum256(certificate.Raw); !bytes.Equal(got.GetPeerChainSha256()[i], sum[:]) {
			t.Errorf("digest %x of certificate %d, want %x", got.GetPeerChainSha256()[i], i, sum)
		}
	}
}

// checkCapabilities compares Capa with what Dovecot tells a raw connection of
// the same mode, before or after the login of a user.
func (s *session) checkCapabilities(m mode, loggedIn string) {
	s.T.Helper()
	if m == upgraded {
		m = stls
	}
	d := connect(s.T, loadSetup(s.T), m, nil)
	if loggedIn != "" { // alice is busy, but everyone is told the same
		bob := loadSetup(s.T).account(s.T, "bob")
		logins["USER"](d, bob.Name, bob.Password)
	}
	want := string(d.Multiline("CAPA"))
	d.Must("QUIT")
	var lines, parts strings.Builder
	response := drive.Must[*pb.CapaResponse](s, &pb.CapaRequest{})
	for _, c := range response.GetCapabilities() {
		fmt.Fprintf(&lines, "%s\r\n", c.GetLine())
		fmt.Fprintf(&parts, "%s\r\n", strings.Join(append([]string{c.GetName()}, c.GetArguments()...), " "))
	}
	if lines.String() != want || parts.String() != want || !strings.HasPrefix(response.GetResponse(), "+OK") {
		s.T.Errorf("%s, user %q: Capa gives %v, want %q", m, loggedIn, response, want)
	}
}

// TestGatewayUnsupported tries what Dovecot does not know. The error depends
// on whether the session has asked for its capabilities.
func TestGatewayUnsupported(t *testing.T) {
	loadSetup(t)
	const unknown = "-ERR Unknown command."
	overTransports(t, func(t *testing.T, via drive.Transport) {
		for _, asked := range []bool{false, true} {
			s := openSession(t, via, implicit)
			reason := pb.ErrorReason_ERROR_REASON_COMMAND_REFUSED
			if asked {
				reason = pb.ErrorReason_ERROR_REASON_NOT_SUPPORTED_BY_SERVER
				drive.Must[*pb.CapaResponse](s, &pb.CapaRequest{})
			}
			s.Fails(&pb.Utf8Request{}, drive.RefusedBy("UTF8", unknown, reason))
			s.Fails(&pb.LangRequest{}, drive.RefusedBy("LANG", unknown, reason))
			s.logIn(loadSetup(t).account(t, "bob")) // Dovecot closes after a third one
			s.Fails(&pb.LangRequest{}, drive.RefusedBy("LANG", "-ERR Unknown command: LANG", reason))
			s.Fails(&pb.LangRequest{Tag: new("*")}, drive.RefusedBy("LANG", "-ERR Unknown command: LANG", reason))
			s.WantQuit(pb.CommitOutcome_COMMIT_OUTCOME_NOTHING_MARKED)
		}
	})
}

// TestGatewayRpop sees RPOP refused, which counts as a login that has failed,
// for a reason that the server does not name.
func TestGatewayRpop(t *testing.T) {
	user := loadSetup(t).account(t, "bob")
	overTransports(t, func(t *testing.T, via drive.Transport) {
		s := openSession(t, via, implicit)
		drive.Must[*pb.UserResponse](s, &pb.UserRequest{Username: user.Name})
		s.Fails(&pb.RpopRequest{Username: user.Name}, rpopRefused)
		s.logIn(user)
		s.wantStat(user)
	})
}

var rpopRefused = drive.Failure{
	Code: codes.PermissionDenied, Reason: pb.ErrorReason_ERROR_REASON_LOGIN_FAILED,
	Metadata: map[string]string{"command": "RPOP", "response": "-ERR Unknown command."},
}
