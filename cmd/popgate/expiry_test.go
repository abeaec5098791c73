package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/popgate/popgate/server"
)

// TestCertificateEnds: from a week before the end of the certificate there is a warning a day, and after it, too. A new certificate
// is another one, a refused one changes nothing.
func TestCertificateEnds(t *testing.T) {
	const day = 24 * time.Hour
	end := time.Date(2031, time.March, 8, 12, 0, 0, 0, time.UTC)
	var log bytes.Buffer
	r := &reloader{log: slog.New(slog.NewTextHandler(&log, nil)), told: func(error) {}, until: end}
	warns := func(before time.Duration) int {
		log.Reset()
		r.warn(end.Add(-before))
		return strings.Count(log.String(), "level=WARN")
	}
	for _, step := range []struct {
		before time.Duration
		want   int
	}{
		{30 * day, 0}, {7*day + time.Second, 0}, {7 * day, 1}, {7*day - 5*time.Second, 0}, {6*day + time.Second, 0}, {6 * day, 1},
		{time.Second, 1}, {-time.Second, 0}, {-day, 1},
	} {
		if got := warns(step.before); got != step.want {
			t.Errorf("%v before the end: %d warnings, want %d", step.before, got, step.want)
		}
	}

	pair := makeKeyPair(t)
	r.tlsCert, r.tlsKey = filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	if err := errors.Join(os.WriteFile(r.tlsCert, []byte(pair.cert), 0o600), os.WriteFile(r.tlsKey, []byte(pair.key), 0o600)); err != nil {
		t.Fatal(err)
	}
	r.reload = func(*tls.Config, *server.Callers) error { return errors.New("refused") }
	if r.look(); !r.until.Equal(end) {
		t.Errorf("a certificate that is refused is said to end at %v", r.until)
	}
	r.reload, r.seen = func(*tls.Config, *server.Callers) error { return nil }, [32]byte{}
	r.look()
	loaded, err := tls.X509KeyPair([]byte(pair.cert), []byte(pair.key))
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(loaded.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	if end = leaf.NotAfter; !r.until.Equal(end) || warns(8*day) != 0 || warns(day) != 1 {
		t.Errorf("after a reload: until %v, want %v\n%s", r.until, end, log.String())
	}
}
