package pop3_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"testing"
	"time"

	"github.com/popgate/popgate/pop3"
	"github.com/popgate/popgate/pop3/pop3test"
)

// TestInspectTLS: what Dial refuses is seen, and nothing is sent over it.
func TestInspectTLS(t *testing.T) {
	expired := issue(t, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Hour) })
	for name, tc := range map[string]struct {
		config  *tls.Config
		version uint16
	}{
		"a sound server":      {&tls.Config{MinVersion: tls.VersionTLS12}, tls.VersionTLS13},
		"expired certificate": {&tls.Config{Certificates: []tls.Certificate{expired}, MinVersion: tls.VersionTLS12}, tls.VersionTLS13},
		"TLS 1.0 alone":       {&tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10}, tls.VersionTLS10},
		"TLS 1.1 alone":       {&tls.Config{MinVersion: tls.VersionTLS11, MaxVersion: tls.VersionTLS11}, tls.VersionTLS11},
		"an old cipher suite": {&tls.Config{
			MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS12,
			CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256},
		}, tls.VersionTLS12},
	} {
		for _, mode := range []pop3.Mode{pop3.Implicit, pop3.STLS} {
			t.Run(name, func(t *testing.T) {
				srv := pop3test.NewUnstartedServer(nil)
				if srv.TLS = tc.config; mode == pop3.Implicit {
					srv.StartTLS()
				} else {
					srv.Start()
				}
				defer srv.Close()
				shown := issue(t, nil)
				opts := &pop3.Options{Mode: mode, TLS: &tls.Config{ServerName: "mail.example.test", Certificates: []tls.Certificate{shown}, MinVersion: tls.VersionTLS12}}
				state, err := pop3.InspectTLS(t.Context(), srv.Addr, opts)
				if err != nil || state.Version != tc.version || state.CipherSuite == 0 || state.HandshakeComplete ||
					len(state.PeerCertificates) != 1 || !state.PeerCertificates[0].Equal(srv.Certificate()) {
					t.Fatalf("%+v, %v", state, err)
				}
				if _, err := pop3.Dial(t.Context(), srv.Addr, opts); err == nil {
					t.Error("Dial takes it")
				}
				for _, line := range srv.Commands() {
					if mode == pop3.Implicit || line != "STLS" {
						t.Errorf("sent %q", line)
					}
				}
			})
		}
	}
}

// TestInspectTLSFails: where there is no TLS to look at, the errors are those of Dial.
func TestInspectTLSFails(t *testing.T) {
	srv := pop3test.NewUnstartedServer(nil)
	srv.NoSTLS = true
	srv.Start()
	defer srv.Close()
	_, err := pop3.InspectTLS(t.Context(), srv.Addr, &pop3.Options{Mode: pop3.STLS})
	if refused, ok := errors.AsType[*pop3.RefusedError](err); !ok || refused.Command != "STLS" {
		t.Errorf("no STLS: %v", err)
	}
	_, err = pop3.InspectTLS(t.Context(), srv.Addr, &pop3.Options{Mode: pop3.Implicit})
	if broken, ok := errors.AsType[*pop3.BrokenError](err); !ok || broken.Cause != pop3.TLSHandshake {
		t.Errorf("no TLS: %v", err)
	}
	state, err := pop3.InspectTLS(t.Context(), srv.Addr, plaintext)
	if err != nil || state.Version != 0 {
		t.Errorf("plaintext: %+v, %v", state, err)
	}
}
