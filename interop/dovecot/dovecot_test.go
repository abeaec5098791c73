package dovecot_test

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/popgate/popgate/interop/internal/drive"
	"github.com/popgate/popgate/interop/internal/seed"
)

// TestServerMessageList compares the script's list with the one made here.
func TestServerMessageList(t *testing.T) {
	s := loadSetup(t)
	if want := seed.Expect(seed.Messages()); !slices.Equal(s.Messages, want) {
		t.Errorf("the setup lists\n%v, want\n%v", s.Messages, want)
	}
}

func TestServerCapabilities(t *testing.T) {
	s := loadSetup(t)
	for _, m := range modes {
		t.Run(string(m), func(t *testing.T) {
			got := strings.Split(string(connect(t, s, m, nil).Multiline("CAPA")), "\r\n")
			want := []string{"TOP", "UIDL", "RESP-CODES", "PIPELINING", "AUTH-RESP-CODE", "USER"}
			if m == plaintext {
				want = append(want, "STLS")
			}
			for _, capability := range want {
				if !slices.Contains(got, capability) {
					t.Errorf("no %s in %q", capability, got)
				}
			}
		})
	}
}

func TestServerLogins(t *testing.T) {
	s := loadSetup(t)
	for _, m := range modes {
		for name, login := range logins {
			t.Run(fmt.Sprintf("%s/%s", m, name), func(t *testing.T) {
				for _, user := range s.Users {
					d := connect(t, s, m, nil)
					if reply := login(d, user.Name, user.Password); !strings.HasPrefix(reply, "+OK") {
						t.Fatalf("%s: %s", user.Name, reply)
					}
					if got, want := d.Must("STAT"), stat(s, user); got != want {
						t.Errorf("%s: STAT gives %q, want %q", user.Name, got, want)
					}
					d.Must("QUIT")
				}
			})
		}
	}
}

// stat is the reply to STAT in an untouched maildrop.
func stat(s *setup, user account) string {
	if user.Empty {
		return "+OK 0 0"
	}
	octets := 0
	for _, m := range s.Messages {
		octets += m.Listed
	}
	return fmt.Sprintf("+OK %d %d", len(s.Messages), octets)
}

func TestServerMessages(t *testing.T) {
	s := loadSetup(t)
	for _, m := range modes {
		t.Run(string(m), func(t *testing.T) {
			d := openMaildrop(t, s, m, "alice")
			for _, want := range s.Messages {
				octets := d.Multiline(fmt.Sprintf("RETR %d", want.Number))
				sum := sha256.Sum256(octets)
				if len(octets) != want.Octets || hex.EncodeToString(sum[:]) != want.SHA256 {
					t.Errorf("message %d (%s): %d octets with digest %x, want %d and %s",
						want.Number, want.Name, len(octets), sum, want.Octets, want.SHA256)
				}
			}
			d.Must("QUIT")
		})
	}
}

// TestServerLists checks the sizes, and that the numbering by UIDL is the
// same in a second session.
func TestServerLists(t *testing.T) {
	s := loadSetup(t)
	var sizes strings.Builder
	for _, m := range s.Messages {
		fmt.Fprintf(&sizes, "%d %d\r\n", m.Number, m.Listed)
	}
	var uids []string
	for range 2 {
		d := openMaildrop(t, s, plaintext, "alice")
		if got := string(d.Multiline("LIST")); got != sizes.String() {
			t.Errorf("LIST gives %q, want %q", got, sizes.String())
		}
		uids = append(uids, string(d.Multiline("UIDL")))
		d.Must("QUIT")
	}
	if uids[0] != uids[1] || strings.Count(uids[0], "\r\n") != len(s.Messages) {
		t.Errorf("UIDL gives %q, then %q", uids[0], uids[1])
	}
}

// TestServerWrongPasswords proves that failures cost the half second of
// Dovecot's timer at most, and that their number does not matter. Dovecot as
// it comes takes 2 seconds, and up to 15 when there are many: minutes for
// these. What right passwords take on this machine is put up with.
func TestServerWrongPasswords(t *testing.T) {
	s := loadSetup(t)
	user := s.account(t, "bob")
	all := func(password, want string) time.Duration {
		start := time.Now()
		for name, login := range logins {
			for range 3 {
				d := connect(t, s, implicit, nil)
				if reply := login(d, user.Name, password); !strings.HasPrefix(reply, want) {
					t.Errorf("%s: the password %s gives %q", name, password, reply)
				}
				d.Command("QUIT")
			}
		}
		return time.Since(start)
	}
	right := all(user.Password, "+OK")
	if wrong := all("wrong", "-ERR [AUTH]"); wrong > 24*time.Second+4*right {
		t.Errorf("12 wrong passwords take %v, right ones %v", wrong, right)
	}
	start := time.Now()
	openMaildrop(t, s, implicit, user.Name).Must("QUIT")
	if took := time.Since(start); took > 8*time.Second+right {
		t.Errorf("the login after wrong passwords takes %v, right ones before took %v", took, right)
	}
}

// TestServerLock proves that a maildrop is open in one session only. Dovecot
// lets the second one wait for about 10 seconds before it says so.
func TestServerLock(t *testing.T) {
	if testing.Short() {
		t.Skip("takes 10 seconds")
	}
	t.Parallel()
	s := loadSetup(t)
	first, user := openMaildrop(t, s, implicit, "frank"), s.account(t, "frank")
	reply := logins["USER"](connect(t, s, implicit, nil), user.Name, user.Password)
	if !strings.HasPrefix(reply, "-ERR [IN-USE]") {
		t.Errorf("the second login gives %q", reply)
	}
	first.Must("QUIT")
	openMaildrop(t, s, implicit, "frank").Must("QUIT")
}

func TestServerOtherCA(t *testing.T) {
	s := loadSetup(t)
	for _, m := range []mode{stls, implicit} {
		_, err := tryConnect(t, s, m, tlsConfig(t, s.OtherCA))
		if _, ok := errors.AsType[*tls.CertificateVerificationError](err); !ok {
			t.Errorf("%s: a CA that has signed nothing gives the error %v", m, err)
		}
	}
}

// TestServerNames checks that the certificate is good for each name by which
// a test may call the server.
func TestServerNames(t *testing.T) {
	s := loadSetup(t)
	for _, name := range []string{"localhost", "127.0.0.1", "::1"} {
		config := tlsConfig(t, s.CA)
		config.ServerName = name
		connect(t, s, implicit, config).Must("QUIT")
	}
}

func TestServerClientCertificate(t *testing.T) {
	s := loadSetup(t)
	pair, err := tls.LoadX509KeyPair(s.Client.Cert, s.Client.Key)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []mode{stls, implicit} {
		config := tlsConfig(t, s.CA)
		config.Certificates = []tls.Certificate{pair}
		d := connect(t, s, m, config)
		d.Must("AUTH EXTERNAL =")
		if got, want := d.Must("STAT"), stat(s, s.account(t, s.Client.User)); got != want {
			t.Errorf("%s: STAT gives %q, want %q", m, got, want)
		}
		d.Must("QUIT")
	}
	reply := connect(t, s, implicit, nil).Command("AUTH EXTERNAL =")
	if !strings.HasPrefix(reply, "-ERR") {
		t.Errorf("EXTERNAL without a certificate gives %q", reply)
	}
}

// openMaildrop logs the user in by USER and PASS.
func openMaildrop(t *testing.T, s *setup, m mode, name string) *drive.Dialogue {
	t.Helper()
	user := s.account(t, name)
	d := connect(t, s, m, nil)
	if reply := logins["USER"](d, user.Name, user.Password); !strings.HasPrefix(reply, "+OK") {
		t.Fatalf("%s: login of %s: %s", m, name, reply)
	}
	return d
}
