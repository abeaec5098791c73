// Package servers_test drives every RPC of a running popgate serve against one
// real POP3 server of ten, which interop/run.sh starts. What a server has, and
// what it does in its own way, is told in profiles_test.go; each difference
// has its reason there, and comes into the table interop/RESULTS.md.
//
// alice has the messages of package seed, bob has none. The password of a user
// is secret-USER, the access token token-USER.
package servers_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/interop/internal/drive"
	"github.com/popgate/popgate/interop/internal/results"
)

// environment is the variable that names the JSON file of the script.
const environment = "POPGATE_INTEROP"

// A setup is what the script says about the server that it has started.
type setup struct {
	Server  string `json:"server"`
	Version string `json:"version"`
	Plain   string `json:"plain"` // address that begins in the clear
	POP3S   string `json:"pop3s"` // address that begins with TLS
	Root    string `json:"root"`  // directory that is its root
	TLS     string `json:"tls"`   // directory with ca.pem, client.pem and client.key
	Popgate string `json:"popgate"`
	Results string `json:"results"` // file to make
}

// A user of the mail server.
type user struct{ name, password, token string }

var (
	alice = user{"alice", "secret-alice", "token-alice"}
	bob   = user{"bob", "secret-bob", "token-bob"}
	// forger is bob without his secrets.
	forger = user{"bob", "not-the-secret", "not-the-token"}
)

// A run is all that one server is tested with.
type run struct {
	setup
	*profile

	ca        []byte
	gateways  map[bool]*drive.Gateway // by whether logins in plaintext are allowed
	seen      observation
	delivered int // to bob
	report    *results.Report
}

// current is the run, nil where there is no server.
var current *run

func TestMain(m *testing.M) {
	if os.Getenv(environment) == "" {
		os.Exit(m.Run())
	}
	x, err := begin()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	current = x
	code := m.Run()
	if err := x.end(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	os.Exit(code)
}

func begin() (*run, error) {
	text, err := os.ReadFile(os.Getenv(environment))
	if err != nil {
		return nil, err
	}
	x := &run{gateways: map[bool]*drive.Gateway{}}
	if err := json.Unmarshal(text, &x.setup); err != nil {
		return nil, err
	}
	if x.profile = profiles[x.Server]; x.profile == nil {
		return nil, fmt.Errorf("there is no profile of %q", x.Server)
	}
	x.report = &results.Report{Server: x.Server, Version: x.Version}
	if x.ca, err = os.ReadFile(filepath.Join(x.TLS, "ca.pem")); err != nil {
		return nil, err
	}
	var secrets []string
	for _, u := range []user{alice, bob, forger} {
		secrets = slices.Concat(secrets, drive.SecretForms(u.name, u.password), drive.SecretForms(u.name, u.token))
	}
	for _, lax := range []bool{false, true} {
		flags := []string{"--allow-target", x.Plain, "--allow-target", x.POP3S}
		if lax {
			flags = append(flags, "--unsafe-allow-plaintext")
		}
		if x.gateways[lax], err = drive.Start(x.Popgate, secrets, flags...); err != nil {
			return nil, errors.Join(err, x.end())
		}
	}
	return x, nil
}

// end stops the gateways, whose logs and exit statuses are part of the result,
// and writes the report.
func (x *run) end() error {
	errs := []error{results.Write(x.Results, x.report)}
	for _, g := range x.gateways {
		if g != nil {
			errs = append(errs, g.Stop())
		}
	}
	return errors.Join(errs...)
}

// A mode is how a session comes to TLS, or does not.
type mode string

const (
	plaintext mode = "PLAINTEXT"
	stls      mode = "STLS"
	upgraded  mode = "PLAINTEXT, then Stls"
	implicit  mode = "IMPLICIT"
)

// client returns a client of the gateway that is strict, except for plaintext.
func (x *run) client(m mode) *drive.Client {
	return drive.NewClient(x.gateways[m == plaintext], drive.Stubs{})
}

// server names the server in a mode.
func (x *run) server(t *testing.T, m mode) *pb.Server {
	t.Helper()
	address, tlsMode := x.Plain, pb.TlsMode_TLS_MODE_PLAINTEXT
	switch m {
	case implicit:
		address, tlsMode = x.POP3S, pb.TlsMode_TLS_MODE_IMPLICIT
	case stls:
		tlsMode = pb.TlsMode_TLS_MODE_STLS
	}
	server, err := drive.ServerAt(address, tlsMode, x.ca)
	if err != nil {
		t.Fatal(err)
	}
	return server
}

// open opens a session in a mode, up to the point where the caller may log in.
func (x *run) open(t *testing.T, c *drive.Client, m mode) *drive.Session {
	t.Helper()
	return x.openWith(t, c, m, x.server(t, m))
}

func (x *run) openWith(t *testing.T, c *drive.Client, m mode, server *pb.Server) *drive.Session {
	t.Helper()
	s := c.Open(t, server)
	if m == upgraded {
		drive.Must[*pb.StlsResponse](s, &pb.StlsRequest{Tls: server.GetTls()})
	}
	return s
}

// mailbox opens a session in a mode and logs in by USER and PASS.
func (x *run) mailbox(t *testing.T, c *drive.Client, m mode, u user) *drive.Session {
	t.Helper()
	var s *drive.Session
	err := whileInUse(func() error {
		s = x.open(t, c, m)
		drive.Must[*pb.UserResponse](s, &pb.UserRequest{Username: u.name})
		_, err := s.Call(&pb.PassRequest{Password: u.password})
		return err
	})
	if err != nil {
		t.Fatalf("the login of %s: %v", u.name, err)
	}
	return s
}

// whileInUse logs in, again and again while the maildrop is in use: a server
// may take a moment to see that the session before is over.
func whileInUse(logIn func() error) error {
	inUse := pb.ErrorReason_ERROR_REASON_MAILBOX_IN_USE.String()
	for deadline := time.Now().Add(drive.Patience); ; time.Sleep(drive.Patience / 600) {
		err := logIn()
		if drive.InfoOf(err).GetReason() != inUse || time.Now().After(deadline) {
			return err
		}
	}
}

// check runs a subtest and reports it as a feature of the server. What stands
// before the colon of a feature is the group that it belongs to.
func (x *run) check(t *testing.T, feature string, m mode, f func(t *testing.T)) {
	t.Helper()
	x.reported(t, results.Check{Feature: feature, Mode: string(m), Outcome: results.Works, Note: x.notes[feature]}, f)
}

// checkAbsent is check for a feature that the server does not have: the
// subtest sees that this is said as it should be.
func (x *run) checkAbsent(t *testing.T, feature string, m mode, why string, f func(t *testing.T)) {
	t.Helper()
	x.reported(t, results.Check{Feature: feature, Mode: string(m), Outcome: results.Absent, Note: why}, f)
}

func (x *run) reported(t *testing.T, c results.Check, f func(t *testing.T)) {
	t.Helper()
	made := x.report.Add(c)
	t.Run(c.Feature, func(t *testing.T) {
		t.Cleanup(func() {
			if t.Failed() {
				made.Outcome = results.Failed
			}
		})
		f(t)
	})
}
