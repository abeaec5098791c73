package dovecot_test

import (
	"crypto/md5"
	"crypto/tls"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/popgate/popgate/interop/internal/drive"
)

// A mode is how a connection comes to TLS, or does not.
type mode string

const (
	plaintext mode = "PLAINTEXT"
	stls      mode = "STLS"
	implicit  mode = "IMPLICIT"
)

var modes = []mode{plaintext, stls, implicit}

// connect opens a raw session up to the point where the client may log in. The
// configuration is nil for one that trusts the setup's CA.
func connect(t *testing.T, s *setup, m mode, config *tls.Config) *drive.Dialogue {
	t.Helper()
	d, err := tryConnect(t, s, m, config)
	if err != nil {
		t.Fatalf("%s: %v", m, err)
	}
	return d
}

func tryConnect(t *testing.T, s *setup, m mode, config *tls.Config) (*drive.Dialogue, error) {
	t.Helper()
	if config == nil {
		config = tlsConfig(t, s.CA)
	}
	switch m {
	case implicit:
		return drive.TryDial(t, s.POP3S, drive.AtOnce, config)
	case stls:
		return drive.TryDial(t, s.Plain, drive.BySTLS, config)
	}
	return drive.TryDial(t, s.Plain, drive.NotSecured, nil)
}

// A login logs a user in and returns the last reply.
type login func(d *drive.Dialogue, name, password string) string

var logins = map[string]login{
	"USER": func(d *drive.Dialogue, name, password string) string {
		d.Must("USER " + name)
		return d.Command("PASS " + password)
	},
	"APOP": func(d *drive.Dialogue, name, password string) string {
		_, stamp, ok := strings.Cut(d.Greeting, "<")
		if !ok {
			d.T.Fatalf("greeting %q has no timestamp", d.Greeting)
		}
		sum := md5.Sum([]byte("<" + stamp + password))
		return d.Command(fmt.Sprintf("APOP %s %s", name, hex.EncodeToString(sum[:])))
	},
	"AUTH PLAIN": func(d *drive.Dialogue, name, password string) string {
		if prompt := d.Command("AUTH PLAIN"); !strings.HasPrefix(prompt, "+ ") {
			d.T.Fatalf("reply to AUTH PLAIN is %q", prompt)
		}
		return d.Command(drive.PlainResponse(name, password))
	},
	"AUTH PLAIN with initial response": func(d *drive.Dialogue, name, password string) string {
		return d.Command("AUTH PLAIN " + drive.PlainResponse(name, password))
	},
}
