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
)

// TestGatewayOpenSession looks at all that is known before and after a login.
func TestGatewayOpenSession(t *testing.T) {
	user := loadSetup(t).account(t, "alice")
	overTransports(t, func(t *testing.T, via transport) {
		for _, m := range gatewayModes {
			t.Run(string(m), func(t *testing.T) {
				s := newClient(gatewayFor(t, m), via).open(t, serverOf(t, m))
				s.checkOpened()
				checkTLS(t, s.opened.GetTls(), m == stls || m == implicit)
				if m == upgraded {
					s.checkCapabilities(plaintext, "")
					s.upgrade()
				}
				s.checkCapabilities(m, "")
				s.logIn(user)
				s.checkCapabilities(m, user.Name)
				s.fails(&pb.StlsRequest{}, failure{
					codes.FailedPrecondition, pb.ErrorReason_ERROR_REASON_WRONG_STATE, map[string]string{"command": "STLS"},
				})
			})
		}
	})
}

// checkOpened compares the response to OpenSession, which was the last call,
// with the setup, and with GetWelcome.
func (s *session) checkOpened() {
	s.t.Helper()
	id := s.opened.GetSessionId()
	if got := s.header.Get("pop3-session"); len(got) != 1 || got[0] != id {
		s.t.Errorf("the header pop3-session is %q, the session %q", got, id)
	}
	if s.opened.GetReplica() != replicaName || !strings.HasPrefix(id, replicaName+".") {
		s.t.Errorf("session %q at the replica %q", id, s.opened.GetReplica())
	}
	if idle, age := s.opened.GetIdleTimeout().AsDuration(), s.opened.GetMaxAge().AsDuration(); idle != 5*time.Minute || age != time.Hour {
		s.t.Errorf("idle time-out %v and greatest age %v", idle, age)
	}
	greeting := s.opened.GetResponse()
	if !strings.HasPrefix(greeting, "+OK popgate interop ") || strings.ContainsAny(greeting, "\r\n") {
		s.t.Errorf("the greeting is %q", greeting)
	}
	if got := must[*pb.GetWelcomeResponse](s, &pb.GetWelcomeRequest{}).GetResponse(); got != greeting {
		s.t.Errorf("GetWelcome gives %q, OpenSession %q", got, greeting)
	}
}

// upgrade begins TLS by Stls.
func (s *session) upgrade() {
	s.t.Helper()
	got := must[*pb.StlsResponse](s, &pb.StlsRequest{Tls: trusting(s.t, loadSetup(s.t).CA)})
	if !strings.HasPrefix(got.GetResponse(), "+OK") {
		s.t.Errorf("Stls gives %q", got.GetResponse())
	}
	checkTLS(s.t, got.GetTls(), true)
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
	state := connect(t, loadSetup(t), implicit, nil).conn.(*tls.Conn).ConnectionState()
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
	s.t.Helper()
	if m == upgraded {
		m = stls
	}
	d := connect(s.t, loadSetup(s.t), m, nil)
	if loggedIn != "" { // alice is busy, but everyone is told the same
		bob := loadSetup(s.t).account(s.t, "bob")
		logins["USER"](d, bob.Name, bob.Password)
	}
	want := string(d.multiline("CAPA"))
	d.must("QUIT")
	var lines, parts strings.Builder
	response := must[*pb.CapaResponse](s, &pb.CapaRequest{})
	for _, c := range response.GetCapabilities() {
		fmt.Fprintf(&lines, "%s\r\n", c.GetLine())
		fmt.Fprintf(&parts, "%s\r\n", strings.Join(append([]string{c.GetName()}, c.GetArguments()...), " "))
	}
	if lines.String() != want || parts.String() != want || !strings.HasPrefix(response.GetResponse(), "+OK") {
		s.t.Errorf("%s, user %q: Capa gives %v, want %q", m, loggedIn, response, want)
	}
}

// TestGatewayUnsupported tries what Dovecot does not know. The error depends
// on whether the session has asked for its capabilities.
func TestGatewayUnsupported(t *testing.T) {
	loadSetup(t)
	const unknown = "-ERR Unknown command."
	overTransports(t, func(t *testing.T, via transport) {
		for _, asked := range []bool{false, true} {
			s := openSession(t, via, implicit)
			reason := pb.ErrorReason_ERROR_REASON_COMMAND_REFUSED
			if asked {
				reason = pb.ErrorReason_ERROR_REASON_NOT_SUPPORTED_BY_SERVER
				must[*pb.CapaResponse](s, &pb.CapaRequest{})
			}
			s.fails(&pb.Utf8Request{}, refusedBy("UTF8", unknown, reason))
			s.fails(&pb.LangRequest{}, refusedBy("LANG", unknown, reason))
			s.logIn(loadSetup(t).account(t, "bob")) // Dovecot closes after a third one
			s.fails(&pb.LangRequest{}, refusedBy("LANG", "-ERR Unknown command: LANG", reason))
			s.fails(&pb.LangRequest{Tag: new("*")}, refusedBy("LANG", "-ERR Unknown command: LANG", reason))
			s.wantQuit(pb.CommitOutcome_COMMIT_OUTCOME_NOTHING_MARKED)
		}
	})
}

// TestGatewayRpop sees RPOP refused, which counts as a login that has failed,
// for a reason that the server does not name.
func TestGatewayRpop(t *testing.T) {
	user := loadSetup(t).account(t, "bob")
	overTransports(t, func(t *testing.T, via transport) {
		s := openSession(t, via, implicit)
		must[*pb.UserResponse](s, &pb.UserRequest{Username: user.Name})
		s.fails(&pb.RpopRequest{Username: user.Name}, rpopRefused)
		s.logIn(user)
		s.wantStat(user)
	})
}

var rpopRefused = failure{
	codes.PermissionDenied, pb.ErrorReason_ERROR_REASON_LOGIN_FAILED,
	map[string]string{"command": "RPOP", "response": "-ERR Unknown command."},
}
