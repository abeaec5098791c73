package main

import (
	"bytes"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
)

func TestHealthcheck(t *testing.T) {
	keys := t.TempDir()
	if err := writeKeys(keys); err != nil {
		t.Fatal(err)
	}
	cert, key, other := filepath.Join(keys, "cert.pem"), filepath.Join(keys, "key.pem"), filepath.Join(keys, "other-cert.pem")
	plain := serves(t).address
	tls := serves(t, "--tls-cert", cert, "--tls-key", key).address
	mutual := serves(t, "--tls-cert", cert, "--tls-key", key, "--tls-client-ca", other).address
	leaving := notServing(t)

	tests := []struct {
		name string
		args []string
		fail string // part of the error; empty: SERVING
	}{
		{"plaintext", []string{"--address", plain}, ""},
		{"TLS", []string{"--address", tls, "--tls-ca", cert}, ""},
		{"TLS under another name", []string{"--address", tls, "--tls-ca", cert, "--tls-server-name", "gateway.example"}, ""},
		{"callers' certificates are not asked of probes", []string{"--address", mutual, "--tls-ca", cert}, ""},
		{"draining", []string{"--address", leaving}, leaving + ": NOT_SERVING"},
		{"wrong CA", []string{"--address", tls, "--tls-ca", other}, "unknown authority"},
		{"the system's roots", []string{"--address", tls, "--tls"}, "unknown authority"},
		{"wrong name", []string{"--address", tls, "--tls-ca", cert, "--tls-server-name", "other.example"}, "gateway.example, not other.example"},
		{"plaintext to TLS", []string{"--address", tls}, "Unavailable"},
		{"TLS to plaintext", []string{"--address", plain, "--tls-ca", cert}, "Unavailable"},
		{"address that is none", []string{"--address", "a\x7fb"}, "invalid"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var stdout bytes.Buffer
			err := run(t.Context(), append([]string{"healthcheck", "--timeout", "1m"}, test.args...), &stdout, &stdout)
			switch {
			case test.fail == "":
				if err != nil || stdout.String() != "SERVING\n" {
					t.Errorf("got %v, %q", err, &stdout)
				}
			case err == nil || !strings.Contains(err.Error(), test.fail):
				t.Errorf("got %v, want an error with %q", err, test.fail)
			case stdout.Len() > 0:
				t.Errorf("standard output: %q", &stdout)
			}
		})
	}
}

// notServing starts a server whose health is NOT_SERVING, and returns its address.
func notServing(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv, status := grpc.NewServer(), health.NewServer()
	status.Shutdown()
	healthpb.RegisterHealthServer(srv, status)
	done := make(chan error, 1)
	go func() { done <- srv.Serve(listener) }()
	t.Cleanup(func() { srv.Stop(); <-done })
	return listener.Addr().String()
}
