package servers_test

import (
	"crypto/sha1"
	"crypto/sha256"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/interop/internal/drive"
)

// A login is a way to log in through the gateway.
type login struct {
	name string
	// secretless means that there is no wrong secret.
	secretless bool
	// mechanism is what Auth has to use, or "".
	mechanism string
	server    func(x *run, t *testing.T, server *pb.Server, u user)
	run       func(s *drive.Session, u user) (mechanism string, err error)
}

// one is a login by one request at the end.
func one(request func(u user) proto.Message) func(*drive.Session, user) (string, error) {
	return func(s *drive.Session, u user) (string, error) {
		responses, err := s.Call(request(u))
		if err != nil {
			return "", err
		}
		auth, ok := responses[0].(*pb.AuthResponse)
		if !ok {
			return "", nil
		}
		return auth.GetMechanism(), nil
	}
}

// exchanged is a login by AuthExchange.
func exchanged(mechanism func(name, password string) drive.Mechanism) func(*drive.Session, user) (string, error) {
	return func(s *drive.Session, u user) (string, error) {
		_, err := s.Exchange(mechanism(u.name, u.password))
		return "", err
	}
}

func passwordOf(u user, mechanism string) *pb.Credentials {
	return &pb.Credentials{Username: u.name, Mechanism: mechanism, Secret: &pb.Credentials_Password{Password: u.password}}
}

// logins are all ways to log in to the server in a mode.
func (x *run) logins(m mode) []login {
	all := []login{{name: "User, Pass", run: func(s *drive.Session, u user) (string, error) {
		drive.Must[*pb.UserResponse](s, &pb.UserRequest{Username: u.name})
		_, err := s.Call(&pb.PassRequest{Password: u.password})
		return "", err
	}}}
	if x.apop {
		all = append(all, login{name: "Apop", run: one(func(u user) proto.Message {
			return &pb.ApopRequest{Username: u.name, Secret: u.password}
		})})
	}
	for _, mechanism := range x.mechanisms {
		if m.secure() || !onlyInTLS(mechanism) {
			all = append(all, byAuth(mechanism))
		}
	}
	if len(x.mechanisms) > 0 {
		strongest := x.strongest[0]
		if m.secure() {
			strongest = x.strongest[1]
		}
		all = append(all, login{
			name: "Auth, by itself", mechanism: strongest,
			run: one(func(u user) proto.Message { return &pb.AuthRequest{Credentials: passwordOf(u, "")} }),
		})
	}
	return append(all, x.relayedLogins()...)
}

// byAuth is Auth by a mechanism, with the secret that it takes.
func byAuth(mechanism string) login {
	l := login{name: "Auth by " + mechanism, mechanism: mechanism}
	l.run = one(func(u user) proto.Message {
		credentials := passwordOf(u, mechanism)
		switch mechanism {
		case "XOAUTH2", "OAUTHBEARER":
			credentials.Secret = &pb.Credentials_AccessToken{AccessToken: u.token}
		case "EXTERNAL":
			credentials.Secret = &pb.Credentials_External{External: true}
		case "ANONYMOUS":
			credentials.Secret = nil
		}
		return &pb.AuthRequest{Credentials: credentials}
	})
	switch mechanism {
	case "EXTERNAL": // whoever has no certificate has no right secret
		l.server = func(x *run, t *testing.T, server *pb.Server, u user) {
			if u != forger {
				server.Tls.ClientCertificatePem, server.Tls.ClientKeyPem = x.file(t, "client.pem"), x.file(t, "client.key")
			}
		}
	case "ANONYMOUS":
		l.secretless = true
	}
	return l
}

// relayedLogins are those by AuthExchange: what popgate does not know itself,
// and one that it does.
func (x *run) relayedLogins() []login {
	known := map[string]func(name, password string) drive.Mechanism{
		"CRAM-SHA1":   func(n, p string) drive.Mechanism { return drive.CramBy("CRAM-SHA1", sha1.New, n, p) },
		"CRAM-SHA256": func(n, p string) drive.Mechanism { return drive.CramBy("CRAM-SHA256", sha256.New, n, p) },
		"DIGEST-MD5":  func(n, p string) drive.Mechanism { return drive.DigestMechanism("pop/localhost", n, p) },
	}
	var all []login
	for _, mechanism := range x.relayed {
		all = append(all, login{name: "AuthExchange by " + mechanism, run: exchanged(known[mechanism])})
	}
	builtIn := map[string]func(name, password string) drive.Mechanism{
		"PLAIN":         func(n, p string) drive.Mechanism { return drive.PlainMechanism(n, p, false) },
		"CRAM-MD5":      drive.CramMechanism,
		"SCRAM-SHA-256": drive.ScramMechanism,
	}
	for _, mechanism := range []string{"PLAIN", "CRAM-MD5", "SCRAM-SHA-256"} {
		if slices.Contains(x.mechanisms, mechanism) {
			all = append(all, login{name: "AuthExchange by " + mechanism, run: exchanged(builtIn[mechanism])})
		}
	}
	return all
}

// try logs in, in a session of its own.
func (x *run) try(t *testing.T, l login, m mode, u user) (*drive.Session, string, error) {
	t.Helper()
	server := x.server(t, m)
	if l.server != nil {
		l.server(x, t, server, u)
	}
	s := x.openWith(t, x.client(m), m, server)
	mechanism, err := l.run(s, u)
	return s, mechanism, err
}

// checkLogins logs in by every way, and sees that the maildrop is alice's.
func (x *run) checkLogins(t *testing.T, m mode) {
	for _, l := range x.logins(m) {
		x.check(t, "login: "+l.name, m, func(t *testing.T) {
			var s *drive.Session
			var mechanism string
			err := whileInUse(func() (err error) {
				s, mechanism, err = x.try(t, l, m, alice)
				return err
			})
			if err != nil || mechanism != l.mechanism {
				t.Fatalf("logged in by %q, want %q; error %v", mechanism, l.mechanism, err)
			}
			x.wantStat(s)
			s.WantQuit(pb.CommitOutcome_COMMIT_OUTCOME_NOTHING_MARKED)
		})
	}
}

// checkWrongSecrets sees every login refused, side by side: servers take their
// time to say so.
func (x *run) checkWrongSecrets(t *testing.T) {
	t.Run("wrong secrets", func(t *testing.T) {
		for _, l := range x.logins(implicit) {
			if l.secretless {
				continue
			}
			x.check(t, "wrong secret: "+l.name, implicit, func(t *testing.T) {
				t.Parallel()
				x.wrongSecret(t, l)
			})
		}
	})
}

func (x *run) wrongSecret(t *testing.T, l login) {
	s, _, err := x.try(t, l, implicit, forger)
	wantReason(t, l.name, err, loginFailed)
	if got := drive.InfoOf(err).GetMetadata()["certain"] == "true"; got != x.certain {
		t.Errorf("certain is %t, want %t: %v", got, x.certain, err)
	}
	if x.closes {
		_, err := s.Call(&pb.CapaRequest{})
		wantReason(t, "after the refusal", err, pb.ErrorReason_ERROR_REASON_CONNECTION_LOST)
		return
	}
	drive.Must[*pb.CapaResponse](s, &pb.CapaRequest{})
}

// checkSecondLogin logs in to a maildrop that is open in another session.
func (x *run) checkSecondLogin(t *testing.T) {
	const feature = "login: a second one is refused"
	if x.locks {
		x.check(t, feature, implicit, x.secondLogin)
	} else {
		x.checkAbsent(t, feature, implicit, "a second session is let in beside the first one", x.secondLogin)
	}
}

func (x *run) secondLogin(t *testing.T) {
	first := x.mailbox(t, x.client(implicit), implicit, alice)
	second, _, err := x.try(t, x.logins(implicit)[0], implicit, alice)
	if !x.locks {
		if err != nil {
			t.Fatal(err)
		}
		x.wantStat(second)
		drive.Must[*pb.CloseSessionResponse](second, &pb.CloseSessionRequest{})
	} else {
		wantReason(t, "the second login", err, pb.ErrorReason_ERROR_REASON_MAILBOX_IN_USE)
		if drive.RetryDelay(err) <= 0 {
			t.Errorf("no RetryInfo: %v", err)
		}
	}
	x.wantStat(first)
	first.WantQuit(pb.CommitOutcome_COMMIT_OUTCOME_NOTHING_MARKED)
	x.mailbox(t, x.client(implicit), implicit, alice).WantQuit(pb.CommitOutcome_COMMIT_OUTCOME_NOTHING_MARKED)
}
