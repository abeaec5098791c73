// Package dovecot_test holds the tests against a real Dovecot, which the
// script run beside this file starts:
//
//	sudo interop/dovecot/run go test -count=1 ./interop/...
//
// The tests of dovecot_test.go use no code of the gateway. They prove that
// the server, the certificates and the mail are as the other tests take them
// to be, so that a failure of those is one of the gateway.
//
// Those of gateway_*_test.go build popgate and drive every RPC of a running
// popgate serve, over the Go stubs and over grpcurl. A race or a secret in its
// log fails the run.
//
// alice is only read, by any test, and bob's maildrop is empty. A test that
// deletes or keeps a maildrop locked takes another user. Two sessions cannot
// have one maildrop open, so tests that share a user are not parallel.
package dovecot_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"os"
	"sync"
	"testing"

	"github.com/popgate/popgate/interop/internal/seed"
)

// environment is the variable that names the JSON file of the script.
const environment = "POPGATE_DOVECOT"

// A setup is what the script says about the server it has started.
type setup struct {
	Plain    string          `json:"plain"`    // address that begins in the clear and has STLS
	POP3S    string          `json:"pop3s"`    // address that begins with TLS
	CA       string          `json:"ca"`       // PEM file, has signed server and client
	OtherCA  string          `json:"other_ca"` // PEM file, has signed nothing
	Client   certificate     `json:"client"`
	Users    []account       `json:"users"`
	Messages []seed.Expected `json:"messages"` // in the maildrop of each user that is not empty
}

// A certificate logs in as its user, whatever name the client gives.
type certificate struct {
	User string `json:"user"`
	Cert string `json:"cert"`
	Key  string `json:"key"`
}

type account struct {
	Name     string `json:"name"`
	Password string `json:"password"`
	Empty    bool   `json:"empty"`
}

// loadSetup returns the setup, or skips the test where there is none. In CI
// that is a failure: a job that skips everything must not look green.
func loadSetup(t *testing.T) *setup {
	t.Helper()
	if os.Getenv(environment) == "" {
		const text = environment + " is not set: run the tests with interop/dovecot/run"
		if os.Getenv("CI") == "true" {
			t.Fatal(text)
		}
		t.Skip(text)
	}
	s, err := readSetup()
	if err != nil {
		t.Fatalf("setup of %s: %v", environment, err)
	}
	return s
}

var readSetup = sync.OnceValues(func() (*setup, error) {
	text, err := os.ReadFile(os.Getenv(environment))
	if err != nil {
		return nil, err
	}
	s := new(setup)
	return s, json.Unmarshal(text, s)
})

// account returns the user of that name.
func (s *setup) account(t *testing.T, name string) account {
	t.Helper()
	for _, a := range s.Users {
		if a.Name == name {
			return a
		}
	}
	t.Fatalf("the setup has no user %s", name)
	return account{}
}

// tlsConfig trusts the CA in the PEM file alone.
func tlsConfig(t *testing.T, file string) *tls.Config {
	t.Helper()
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(readFile(t, file)) {
		t.Fatalf("no certificate in %s", file)
	}
	return &tls.Config{RootCAs: roots, ServerName: "localhost", MinVersion: tls.VersionTLS12}
}

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return content
}
