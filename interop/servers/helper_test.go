package servers_test

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/interop/internal/drive"
)

func (x *run) has(m mode) bool { return slices.Contains(x.modes, m) }

// secure says whether a login in the mode is protected by TLS.
func (m mode) secure() bool { return m != plaintext }

// raw opens a connection of the test's own, before login.
func (x *run) raw(t *testing.T, m mode) *drive.Dialogue {
	t.Helper()
	address, secured := x.Plain, drive.NotSecured
	switch m {
	case implicit:
		address, secured = x.POP3S, drive.AtOnce
	case stls, upgraded:
		secured = drive.BySTLS
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(x.ca)
	d, err := drive.TryDial(t, address, secured, &tls.Config{RootCAs: roots, ServerName: "localhost", MinVersion: tls.VersionTLS12})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// rawMailbox opens a connection of the test's own and logs in.
func (x *run) rawMailbox(t *testing.T, u user) *drive.Dialogue {
	t.Helper()
	return x.logsIn(t, u)
}

// file reads a file of the setup's directory for TLS.
func (x *run) file(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(x.TLS, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// wantReason expects an error of that reason.
func wantReason(t *testing.T, what string, err error, want pb.ErrorReason) {
	t.Helper()
	if got := drive.InfoOf(err).GetReason(); got != want.String() {
		t.Errorf("%s: %v (%v), want %s", what, err, drive.InfoOf(err), want)
	}
}

// short is the name of a reason without its prefix.
func short(reason pb.ErrorReason) string {
	return strings.TrimPrefix(reason.String(), "ERROR_REASON_")
}
