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
	"time"
)

// An issuer is a CA that lasts as long as the run.
type issuer struct {
	dir         string
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// makeCertificates fills a directory: ca.pem; server.pem and server.key for
// localhost and loopback, both together in server-both.pem; client.pem and
// client.key, which prove that one is alice.
func makeCertificates(dir string) error {
	ca, err := newIssuer(dir)
	if err != nil {
		return err
	}
	server := &x509.Certificate{
		Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if err := ca.issue("server", server); err != nil {
		return err
	}
	return ca.issue("client", &x509.Certificate{
		Subject: pkix.Name{CommonName: "alice"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
}

func newIssuer(dir string) (*issuer, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	ca := &issuer{dir: dir, key: key, certificate: &x509.Certificate{
		Subject: pkix.Name{CommonName: "popgate interop CA"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}}
	_, err = ca.sign("ca", ca.certificate, key)
	return ca, err
}

// issue makes NAME.pem, NAME.key and NAME-both.pem.
func (ca *issuer) issue(name string, certificate *x509.Certificate) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	certificate.KeyUsage = x509.KeyUsageDigitalSignature
	signed, err := ca.sign(name, certificate, key)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	private := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	if err := ca.write(name+".key", private); err != nil {
		return err
	}
	return ca.write(name+"-both.pem", append(private, signed...))
}

// sign completes a certificate, signs it, and makes NAME.pem of it.
func (ca *issuer) sign(name string, certificate *x509.Certificate, key *ecdsa.PrivateKey) ([]byte, error) {
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		return nil, err
	}
	certificate.SerialNumber = serial
	certificate.NotBefore, certificate.NotAfter = time.Now().Add(-time.Hour), time.Now().AddDate(0, 0, 2)
	der, err := x509.CreateCertificate(rand.Reader, certificate, ca.certificate, &key.PublicKey, ca.key)
	if err != nil {
		return nil, err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return text, ca.write(name+".pem", text)
}

// write makes a file that servers of any account can read: the keys are worth
// nothing.
func (ca *issuer) write(name string, text []byte) error {
	return os.WriteFile(filepath.Join(ca.dir, name), text, 0o644)
}
