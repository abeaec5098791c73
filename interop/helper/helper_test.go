package main

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestIntrospection: only a token that belongs to a user is active.
func TestIntrospection(t *testing.T) {
	for token, want := range map[string]string{
		"token-alice": `{"active":true,"username":"alice","scope":"mail"}`,
		"not-a-token": `{"active":false}`,
		"":            `{"active":false}`,
	} {
		form := strings.NewReader(url.Values{"token": {token}}.Encode())
		request := httptest.NewRequest(http.MethodPost, "/", form)
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		reply := httptest.NewRecorder()
		answer(reply, request)
		if got := strings.TrimSpace(reply.Body.String()); got != want {
			t.Errorf("%q: %s, want %s", token, got, want)
		}
	}
}

// TestCertificates: both certificates are good for what they are made for, by
// the CA and the keys beside them.
func TestCertificates(t *testing.T) {
	dir := t.TempDir()
	if err := makeCertificates(dir); err != nil {
		t.Fatal(err)
	}
	ca, err := os.ReadFile(filepath.Join(dir, "ca.pem"))
	roots := x509.NewCertPool()
	if err != nil || !roots.AppendCertsFromPEM(ca) {
		t.Fatalf("no CA: %v", err)
	}
	for name, options := range map[string]x509.VerifyOptions{
		"server": {DNSName: "127.0.0.1", KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}},
		"client": {KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}},
	} {
		pair, err := tls.LoadX509KeyPair(filepath.Join(dir, name+".pem"), filepath.Join(dir, name+".key"))
		if err != nil {
			t.Fatal(err)
		}
		options.Roots = roots
		if _, err := pair.Leaf.Verify(options); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		both := filepath.Join(dir, name+"-both.pem")
		if _, err := tls.LoadX509KeyPair(both, both); err != nil {
			t.Error(err)
		}
	}
}
