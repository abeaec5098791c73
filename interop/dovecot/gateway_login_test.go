package dovecot_test

import (
	"cmp"
	"fmt"
	"strings"
	"sync"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/interop/internal/drive"
)

// A gatewayLogin is a way to log in through the gateway. It returns the last
// status line of the server.
type gatewayLogin struct {
	name    string
	command string // which the server accepts or refuses at the end
	logIn   func(s *session, user account) (string, error)
}

var gatewayLogins = []gatewayLogin{
	{"User, Pass", "PASS", func(s *session, user account) (string, error) {
		drive.Must[*pb.UserResponse](s, &pb.UserRequest{Username: user.Name})
		responses, err := s.Call(&pb.PassRequest{Password: user.Password})
		return statusLine(responses, err)
	}},
	{"Apop", "APOP", func(s *session, user account) (string, error) {
		responses, err := s.Call(&pb.ApopRequest{Username: user.Name, Secret: user.Password})
		return statusLine(responses, err)
	}},
	{"Auth by PLAIN", "AUTH", func(s *session, user account) (string, error) { return s.auth(user, "plain") }},
	{"Auth", "AUTH", func(s *session, user account) (string, error) { return s.auth(user, "") }},
	{"AuthExchange by PLAIN", "AUTH", func(s *session, user account) (string, error) {
		return s.Exchange(drive.PlainMechanism(user.Name, user.Password, false))
	}},
	{"AuthExchange by PLAIN with initial response", "AUTH", func(s *session, user account) (string, error) {
		return s.Exchange(drive.PlainMechanism(user.Name, user.Password, true))
	}},
	{"AuthExchange by LOGIN", "AUTH", func(s *session, user account) (string, error) {
		return s.Exchange(drive.LoginMechanism(user.Name, user.Password))
	}},
	{"AuthExchange by CRAM-MD5", "AUTH", func(s *session, user account) (string, error) {
		return s.Exchange(drive.CramMechanism(user.Name, user.Password))
	}},
	{"AuthExchange by SCRAM-SHA-256", "AUTH", func(s *session, user account) (string, error) {
		return s.Exchange(drive.ScramMechanism(user.Name, user.Password))
	}},
}

// auth logs in by Auth. Of the mechanisms that this Dovecot offers
// SCRAM-SHA-256 is the strongest.
func (s *session) auth(user account, mechanism string) (string, error) {
	s.T.Helper()
	responses, err := s.Call(&pb.AuthRequest{Credentials: &pb.Credentials{
		Username: user.Name, Mechanism: mechanism, Secret: &pb.Credentials_Password{Password: user.Password},
	}})
	if err == nil {
		want := cmp.Or(strings.ToUpper(mechanism), "SCRAM-SHA-256")
		if got := responses[0].(*pb.AuthResponse).GetMechanism(); got != want {
			s.T.Errorf("Auth has used the mechanism %q, not %q", got, want)
		}
	}
	return statusLine(responses, err)
}

// loginRequests are the RPCs that log in, each by one request.
func loginRequests(user account) []proto.Message {
	credentials := &pb.Credentials{Username: user.Name, Secret: &pb.Credentials_Password{Password: user.Password}}
	return []proto.Message{
		&pb.UserRequest{Username: user.Name},
		&pb.PassRequest{Password: user.Password},
		&pb.ApopRequest{Username: user.Name, Secret: user.Password},
		&pb.RpopRequest{Username: user.Name},
		&pb.AuthRequest{Credentials: credentials},
	}
}

// statusLine returns the field response of the only response.
func statusLine[M any](responses []M, err error) (string, error) {
	if err != nil {
		return "", err
	}
	if len(responses) != 1 {
		return "", fmt.Errorf("%d responses", len(responses))
	}
	return any(responses[0]).(interface{ GetResponse() string }).GetResponse(), nil
}

// TestGatewayLogins logs in by every way in every mode, and sees in each case
// that the maildrop is the right one.
func TestGatewayLogins(t *testing.T) {
	user := loadSetup(t).account(t, "alice")
	overTransports(t, func(t *testing.T, via drive.Transport) {
		for _, m := range gatewayModes {
			for _, login := range gatewayLogins {
				t.Run(fmt.Sprintf("%s/%s", m, login.name), func(t *testing.T) {
					s := openSession(t, via, m)
					if response, err := login.logIn(s, user); err != nil || response != "+OK Logged in." {
						t.Fatalf("the login gives %q, error %v", response, err)
					}
					s.wantStat(user)
					s.WantQuit(pb.CommitOutcome_COMMIT_OUTCOME_NOTHING_MARKED)
				})
			}
		}
	})
}

// wantStat expects an untouched maildrop.
func (s *session) wantStat(user account) {
	s.T.Helper()
	got := drive.Must[*pb.StatResponse](s, &pb.StatRequest{})
	want := stat(loadSetup(s.T), user)
	if numbers := fmt.Sprintf("+OK %d %d", got.GetMessageCount(), got.GetOctets()); got.GetResponse() != want || numbers != want {
		s.T.Errorf("Stat gives %q with the numbers of %q, want %q", got.GetResponse(), numbers, want)
	}
}

// TestGatewayWrongPasswords sees every way to log in refused, and that the
// session outlives it.
func TestGatewayWrongPasswords(t *testing.T) {
	user := loadSetup(t).account(t, "bob")
	wrong := account{Name: user.Name, Password: "not-the-secret"}
	overTransports(t, func(t *testing.T, via drive.Transport) {
		var all sync.WaitGroup
		for _, login := range gatewayLogins {
			all.Go(func() { // at once, since Dovecot takes half a second for each
				s := openSession(t, via, implicit)
				_, err := login.logIn(s, wrong)
				drive.WantFailure(t, login.name, err, loginFailed(login.command))
				if err != nil && strings.Contains(err.Error(), wrong.Password) {
					t.Errorf("%s: the error shows the password: %v", login.name, err)
				}
				drive.Must[*pb.CapaResponse](s, &pb.CapaRequest{})
			})
		}
		all.Wait()
		s := openSession(t, via, stls)
		_, err := s.auth(wrong, "")
		drive.WantFailure(t, "Auth", err, loginFailed("AUTH"))
		s.logIn(user)
		s.wantStat(user)
	})
}

// TestGatewayCancelledExchange stops an exchange, and logs in by another.
func TestGatewayCancelledExchange(t *testing.T) {
	user := loadSetup(t).account(t, "alice")
	overTransports(t, func(t *testing.T, via drive.Transport) {
		s := openSession(t, via, implicit)
		x := s.Begin(t, "AuthExchange")
		first := &pb.AuthExchangeRequest{Mechanism: "CRAM-MD5"}
		s.Name(first)
		x.MustSend(first)
		if challenge := x.MustReceive().(*pb.AuthExchangeResponse).GetChallenge(); !strings.HasPrefix(string(challenge), "<") {
			t.Errorf("the challenge is %q", challenge)
		}
		x.MustSend(&pb.AuthExchangeRequest{Cancel: true})
		_, err := x.Receive()
		drive.WantFailure(t, "cancel", err, drive.Failure{
			Code: codes.PermissionDenied, Reason: pb.ErrorReason_ERROR_REASON_LOGIN_FAILED,
			Metadata: map[string]string{"command": "AUTH", "response": "-ERR Authentication aborted by client."},
		})
		if _, err := s.Exchange(drive.CramMechanism(user.Name, user.Password)); err != nil {
			t.Error(err)
		}
		s.wantStat(user)
	})
}

// TestGatewayClientCertificate logs in by what the TLS handshake has proved.
func TestGatewayClientCertificate(t *testing.T) {
	s := loadSetup(t)
	overTransports(t, func(t *testing.T, via drive.Transport) {
		for _, m := range []mode{stls, implicit} {
			server := serverOf(t, m)
			server.Tls.ClientCertificatePem = string(readFile(t, s.Client.Cert))
			server.Tls.ClientKeyPem = string(readFile(t, s.Client.Key))
			opened := newClient(gatewayFor(t, m), via).open(t, server)
			if _, err := opened.Exchange(drive.Mechanism{Name: "EXTERNAL", Initial: []byte{}, Step: drive.Unexpected}); err != nil {
				t.Fatalf("%s: %v", m, err)
			}
			opened.wantStat(s.account(t, s.Client.User))
			opened.WantQuit(pb.CommitOutcome_COMMIT_OUTCOME_NOTHING_MARKED)
		}
	})
}
