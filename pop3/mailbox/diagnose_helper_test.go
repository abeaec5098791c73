package mailbox

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"
)

// authority signs the certificates of tests.
var authority = sync.OnceValues(func() (tls.Certificate, error) {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC),
		KeyUsage: x509.KeyUsageCertSign,
	}
	return sign(template, nil)
})

// sign returns a certificate, signed by itself where there is no authority.
func sign(template *x509.Certificate, by *tls.Certificate) (c tls.Certificate, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return c, err
	}
	parent, signer := template, key
	if by != nil {
		parent, signer = by.Leaf, by.PrivateKey.(*ecdsa.PrivateKey) //nolint:forcetypeassert // made here
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		return c, err
	}
	leaf, err := x509.ParseCertificate(der)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, err
}

// issue returns a certificate for mail.example, with changes.
func issue(t *testing.T, change func(*x509.Certificate)) tls.Certificate {
	t.Helper()
	by, err := authority()
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "mail.example"}, DNSNames: []string{"mail.example"},
		NotBefore: by.Leaf.NotBefore, NotAfter: by.Leaf.NotAfter,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if change != nil {
		change(template)
	}
	c, err := sign(template, &by)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// rootsOf returns a pool with the authority.
func rootsOf(t *testing.T) *x509.CertPool {
	t.Helper()
	by, err := authority()
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(by.Leaf)
	return pool
}

// serverTLS returns a server's configuration. Without tickets a handshake over a net.Pipe never has both ends writing.
func serverTLS(c tls.Certificate) *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{c}, SessionTicketsDisabled: true, MinVersion: tls.VersionTLS12}
}

// closer is a connection that ends when CAPA comes in plaintext.
type closer struct{ net.Conn }

func closesOnCAPA(conn net.Conn) net.Conn { return closer{conn} }

func (c closer) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if bytes.Contains(p[:n], []byte("CAPA")) {
		_ = c.Close()
		return 0, net.ErrClosed
	}
	return n, err
}

// pipe is one end of a net.Pipe whose writes wait for nobody, so that both ends can write at once, as an alert of TLS wants it.
type pipe struct {
	net.Conn

	queue chan []byte
	done  chan struct{}
	close func()
}

func buffered(conn net.Conn) net.Conn {
	if conn == nil {
		return nil
	}
	p := &pipe{Conn: conn, queue: make(chan []byte, 1000), done: make(chan struct{})}
	p.close = sync.OnceFunc(func() {
		close(p.queue)
		select {
		case <-p.done:
		case <-time.After(time.Second):
		}
		_ = p.Conn.Close()
	})
	go func() {
		defer close(p.done)
		for octets := range p.queue {
			_, _ = p.Conn.Write(octets)
		}
	}()
	return p
}

func (p *pipe) Write(octets []byte) (int, error) {
	p.queue <- bytes.Clone(octets)
	return len(octets), nil
}

func (p *pipe) Close() error {
	p.close()
	return nil
}

// octets returns those of the maildrop.
func (r *rig) octets() (sum int64) {
	for _, m := range r.drop.Snapshot() {
		sum += m.Octets
	}
	return sum
}

// dump shows all of a report.
func dump(r *Report) string {
	return fmt.Sprintf("%+v %+v %+v %+v", *r, r.BeforeTLS, r.AfterTLS, r.AfterLogin)
}
