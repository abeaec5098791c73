package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/popgate/popgate/pop3/pop3test"
)

// TestListThroughTLS asks gateways that have TLS, and one that wants to know its callers.
func TestListThroughTLS(t *testing.T) {
	t.Setenv("POPGATE_PASSWORD", password)
	keys := t.TempDir()
	if err := writeKeys(keys); err != nil {
		t.Fatal(err)
	}
	file := func(name string) string { return filepath.Join(keys, name) }
	srv := mailbox(t, pop3test.SampleMaildrop())
	own := []string{"--tls-cert", file("cert.pem"), "--tls-key", file("key.pem")}
	plain := serves(t, append(own, towards(srv)...)...).address
	mutual := serves(t, append(append(own, "--tls-client-ca", file("other-cert.pem")), towards(srv)...)...).address

	tests := []struct {
		name string
		args []string
		fail string // part of the error; empty: the listing
	}{
		{"TLS", []string{"--gateway", plain, "--tls-ca", file("cert.pem")}, ""},
		{"the system's roots", []string{"--gateway", plain, "--tls"}, "unknown authority"},
		{"no TLS", []string{"--gateway", plain}, "is a gateway there?"},
		{
			"a certificate to show",
			[]string{"--gateway", mutual, "--tls-ca", file("cert.pem"), "--tls-client-cert", file("other-cert.pem"), "--tls-client-key", file("other-key.pem")},
			"",
		},
		{"none to show", []string{"--gateway", mutual, "--tls-ca", file("cert.pem")}, "CALLER_UNAUTHENTICATED: "},
		{
			"half a certificate",
			[]string{"--gateway", mutual, "--tls-ca", file("cert.pem"), "--tls-client-cert", file("other-cert.pem")},
			"--tls-client-cert and --tls-client-key: ",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			err := run(t.Context(), append([]string{"list", "--unsafe-plaintext", "pop://alice@" + srv.Addr}, test.args...), &stdout, &stderr)
			switch {
			case test.fail == "" && (err != nil || strings.Count(stdout.String(), "\n") != 5):
				t.Errorf("got %v, %q", err, &stdout)
			case test.fail != "" && (err == nil || !strings.Contains(err.Error(), test.fail)):
				t.Errorf("got %v, want an error with %q", err, test.fail)
			}
			if err != nil && strings.Contains(err.Error(), password) || strings.Contains(stderr.String(), password) {
				t.Error("the password is shown")
			}
		})
	}
}
