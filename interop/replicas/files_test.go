package replicas

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// keyPair returns a certificate and its key, in PEM.
func keyPair(t *testing.T) (certificate, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"popgate"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded})
}

// TestComposeFile has HAProxy read the file for Compose, which no test runs: its certificates are there, its replicas are not.
func TestComposeFile(t *testing.T) {
	program := proxies[0].program(t)
	text, err := os.ReadFile(filepath.Join(checkout, "deploy", "haproxy-compose.cfg"))
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	certificate, key := keyPair(t)
	for name, pem := range map[string][]byte{
		"ca.crt": certificate, "tls.crt": certificate, "tls.key": key,
		"haproxy.cfg": []byte(strings.ReplaceAll(string(text), "/etc/haproxy/tls", folder)),
	} {
		if err := os.WriteFile(filepath.Join(folder, name), pem, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.Command(program, "-c", "-f", filepath.Join(folder, "haproxy.cfg")).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}
