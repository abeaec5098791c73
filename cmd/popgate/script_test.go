package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestScripts runs testdata/script: what popgate says and ends with. A script finds the files of writeKeys, and two addresses:
// at OCCUPIED somebody listens and never answers, at VACANT nobody does.
func TestScripts(t *testing.T) {
	taken, free := occupied(t), vacant(t)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Deadline:            time.Now().Add(5 * time.Minute), // a command that should have refused to start goes on for ever
		Setup: func(env *testscript.Env) error {
			env.Setenv("OCCUPIED", taken)
			env.Setenv("VACANT", free)
			return writeKeys(env.WorkDir)
		},
	})
}

// writeKeys writes cert.pem, a certificate for 127.0.0.1 that is its own CA, with key.pem; and other-cert.pem with other-key.pem.
func writeKeys(dir string) error {
	for _, prefix := range []string{"", "other-"} {
		cert, key, err := newKeyPair()
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, prefix+"cert.pem"), cert, 0o600); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, prefix+"key.pem"), key, 0o600); err != nil {
			return err
		}
	}
	return nil
}

func newKeyPair() (cert, key []byte, err error) { return keyPairOf("gateway.example") }

// keyPairOf is a certificate for 127.0.0.1 and a name that is its own CA, and its key, as PEM.
func keyPairOf(name string) (cert, key []byte, err error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "popgate's tests"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{name},
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		return nil, nil, err
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, nil, err
	}
	cert = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	key = pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded})
	return cert, key, nil
}
