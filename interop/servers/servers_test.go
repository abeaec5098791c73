package servers_test

import (
	"os"
	"testing"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/interop/internal/drive"
)

// TestServer checks the server of the run. The order counts: what removes
// messages comes last.
func TestServer(t *testing.T) {
	if os.Getenv(environment) == "" {
		t.Skip(environment + " is not set: run the tests with interop/run.sh")
	}
	x := current
	x.checkDiagnosis(t)
	x.observe(t)
	for _, m := range x.modes {
		t.Run(string(m), func(t *testing.T) {
			x.checkOpening(t, m)
			x.checkEveryRPC(t, m)
			x.checkLogins(t, m)
			x.checkMessages(t, m)
		})
	}
	x.checkMissingModes(t)
	x.checkWrongSecrets(t)
	x.checkSecondLogin(t)
	if x.utf8 {
		x.check(t, "messages: Retr, after Utf8", implicit, x.utf8Messages)
	}
	for _, m := range x.modes {
		t.Run(string(m), func(t *testing.T) { x.checkUpdate(t, m) })
	}
	x.checkMailbox(t)
}

func modeFeature(m mode) string { return "mode: " + string(m) }

// checkOpening sees a session begin as the mode says.
func (x *run) checkOpening(t *testing.T, m mode) {
	x.check(t, modeFeature(m), m, func(t *testing.T) {
		s := x.client(m).Open(t, x.server(t, m))
		if tls := s.Opened.GetTls(); (tls != nil) != (m == stls || m == implicit) || tls != nil && !tls.GetVerified() {
			t.Errorf("TLS is %v", tls)
		}
		if m == upgraded {
			upgrade := drive.Must[*pb.StlsResponse](s, &pb.StlsRequest{Tls: x.server(t, m).GetTls()})
			if !upgrade.GetTls().GetVerified() {
				t.Errorf("TLS after Stls is %v", upgrade.GetTls())
			}
		}
		drive.Must[*pb.CloseSessionResponse](s, &pb.CloseSessionRequest{})
	})
}

// checkMissingModes asks for the modes that the server does not have.
func (x *run) checkMissingModes(t *testing.T) {
	if !x.has(stls) {
		x.checkAbsent(t, modeFeature(stls), stls, "no STLS: TLS_REQUIRED", func(t *testing.T) {
			_, err := x.client(stls).Unopened(t).Call(&pb.OpenSessionRequest{Server: x.server(t, stls)})
			wantReason(t, "OpenSession", err, pb.ErrorReason_ERROR_REASON_TLS_REQUIRED)
		})
		x.checkAbsent(t, modeFeature(upgraded), upgraded, "no STLS: "+short(x.refuses["Stls"].reason), func(t *testing.T) {
			s := x.client(upgraded).Open(t, x.server(t, plaintext))
			_, _ = s.Call(&pb.CapaRequest{}) // so that what it does not list is known
			x.tryOut(s, "Stls", &pb.StlsRequest{})
		})
	}
	if !x.has(plaintext) {
		const why = "it knows only CAPA and STLS before TLS, and hangs up on the rest: CONNECTION_LOST"
		x.checkAbsent(t, modeFeature(plaintext), plaintext, why, func(t *testing.T) {
			s := x.client(plaintext).Open(t, x.server(t, plaintext))
			_, err := s.Call(&pb.UserRequest{Username: alice.name})
			wantReason(t, "User", err, pb.ErrorReason_ERROR_REASON_CONNECTION_LOST)
		})
	}
}
