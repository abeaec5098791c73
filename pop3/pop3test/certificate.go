package pop3test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"sync"
	"time"
)

// certificate is the self-made certificate of this process, for localhost,
// 127.0.0.1 and ::1. It is valid from 1999 on, because the clock of a
// testing/synctest bubble starts in 2000.
var certificate = sync.OnceValue(func() tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic("pop3test: no key: " + err.Error())
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1939),
		Subject:               pkix.Name{Organization: []string{"popgate"}, CommonName: "pop3test"},
		NotBefore:             time.Date(1999, time.January, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:              time.Date(2084, time.January, 29, 16, 0, 0, 0, time.UTC),
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
		IsCA:                  true,
		DNSNames:              []string{"localhost"},
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		panic("pop3test: no certificate: " + err.Error())
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		panic("pop3test: bad certificate: " + err.Error())
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
})

// serverTLS returns the configuration of a server whose TLS field is config:
// a copy, with the self-made certificate where it has none of its own.
// Session tickets of the default are off, so that a handshake over net.Pipe,
// which buffers nothing, never has both ends writing.
func serverTLS(config *tls.Config) *tls.Config {
	if config == nil {
		return &tls.Config{
			Certificates:           []tls.Certificate{certificate()},
			MinVersion:             tls.VersionTLS12,
			NextProtos:             []string{"pop3"},
			SessionTicketsDisabled: true,
		}
	}
	config = config.Clone()
	if len(config.Certificates) == 0 && config.GetCertificate == nil && config.GetConfigForClient == nil {
		config.Certificates = []tls.Certificate{certificate()}
	}
	return config
}

// leaf returns the first certificate of config, parsed.
func leaf(config *tls.Config) *x509.Certificate {
	config = serverTLS(config)
	if len(config.Certificates) == 0 {
		return nil
	}
	first := config.Certificates[0]
	if first.Leaf != nil {
		return first.Leaf
	}
	parsed, err := x509.ParseCertificate(first.Certificate[0])
	if err != nil {
		return nil
	}
	return parsed
}

// Certificate returns the certificate that the server shows: the first of
// s.TLS, or the self-made one. It is nil where s.TLS chooses by a function.
func (s *Server) Certificate() *x509.Certificate {
	return leaf(s.TLS)
}

// CertificatePEM returns Certificate in PEM, as a file for --cacert would have
// it.
func (s *Server) CertificatePEM() []byte {
	return encodePEM(s.Certificate())
}

// CertPool returns a pool that holds Certificate, for a client to trust.
func (s *Server) CertPool() *x509.CertPool {
	return newPool(s.Certificate())
}

func encodePEM(cert *x509.Certificate) []byte {
	if cert == nil {
		return nil
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})
}

func newPool(cert *x509.Certificate) *x509.CertPool {
	pool := x509.NewCertPool()
	if cert != nil {
		pool.AddCert(cert)
	}
	return pool
}
