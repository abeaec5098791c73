package server

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// pemOfCA returns what a caller trusts.
func (ca *authority) pemOfCA() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.cert.Raw}))
}

// forge makes a server's certificate for mail.example.test that is sound but for a change, and signed by a CA, or by itself.
func forge(t *testing.T, ca *authority, change func(*x509.Certificate)) tls.Certificate {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "mail.example.test"}, DNSNames: []string{"mail.example.test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if change != nil {
		change(template)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	parent, signer := template, key
	if ca != nil {
		parent, signer = ca.cert, ca.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	leaf, _ := x509.ParseCertificate(der) // some are not to be read
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

// refuse has a server with a certificate meet callers in every mode. None of them may complete the handshake, let alone send anything.
// It returns the errors.
func (r *rig) refuse(t *testing.T, pair tls.Certificate, options *pb.TlsOptions) (errs []error) {
	t.Helper()
	for kind, lines := range map[string]string{
		"IMPLICIT": "TLS FAILS", "STLS": askedForTLS + "S: +OK\nTLS FAILS", "PLAINTEXT": askedForTLS + "S: +OK\nTLS FAILS",
	} {
		from, c := r.stage(t, pb.TlsMode_TLS_MODE_PLAINTEXT, nil, lines)
		c.script.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
		from.server.Tls = proto.CloneOf(options)
		from.server.Tls.Mode = pb.TlsMode(pb.TlsMode_value["TLS_MODE_"+kind])
		err := from.open()
		if kind == "PLAINTEXT" && err == nil {
			err = from.stls()
			wantFailure(t, "Pass", from.pass(), ended("PROTOCOL_ERROR"))
		}
		wantFailure(t, kind, err, failure{codes.FailedPrecondition, "TLS_VERIFICATION_FAILED", map[string]string{"outcome": "NOT_COMMITTED"}})
		from.over(t, c)
		errs = append(errs, err)
	}
	return errs
}

// TestForgedCertificates shows certificates each of which lacks one thing. None is taken, wherever TLS begins (A15).
func TestForgedCertificates(t *testing.T) {
	ca, other := newAuthority(t), newAuthority(t)
	now := time.Now()
	r := newRig(t, nil, loopback(t), careful)
	names := func(names ...string) func(*x509.Certificate) {
		return func(c *x509.Certificate) { c.DNSNames = names }
	}
	for name, tt := range map[string]struct {
		issuer *authority // nil for itself
		change func(*x509.Certificate)
		server string // the name that is wanted
	}{
		"expired":                {ca, func(c *x509.Certificate) { c.NotAfter = now.Add(-time.Minute) }, ""},
		"not yet valid":          {ca, func(c *x509.Certificate) { c.NotBefore = now.Add(time.Minute) }, ""},
		"another host":           {ca, names("evil.example.test"), ""},
		"a host of the same end": {ca, names("xmail.example.test", "example.test", "mail.example.test.evil.test"), ""},
		"self-signed":            {nil, nil, ""},
		"self-signed CA":         {nil, func(c *x509.Certificate) { c.IsCA, c.BasicConstraintsValid = true, true }, ""},
		"another CA":             {other, nil, ""},
		"common name only":       {ca, names(), ""},
		"NUL in the name":        {ca, names("mail.example.test\x00.evil.test"), ""},
		"NUL before the name":    {ca, names("evil.test\x00mail.example.test"), ""},
		"wildcard of two words":  {ca, names("*.test", "*", "*.*.test"), ""},
		"wildcard in a word":     {ca, names("m*.example.test"), ""},
		"no address":             {ca, names("127.0.0.1"), "127.0.0.1"},
		"another address":        {ca, func(c *x509.Certificate) { c.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 2)} }, "127.0.0.1"},
		"for clients":            {ca, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }, ""},
		"for mail":               {ca, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection} }, ""},
		"critical and unknown": {ca, func(c *x509.Certificate) {
			c.ExtraExtensions = []pkix.Extension{{Id: []int{1, 3, 9999}, Critical: true, Value: []byte{5, 0}}}
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			options := &pb.TlsOptions{CaBundlePem: ca.pemOfCA(), ServerName: "mail.example.test"}
			if tt.server != "" {
				options.ServerName = tt.server
			}
			r.refuse(t, forge(t, tt.issuer, tt.change), options)
		})
	}
}

// TestChainOfAStranger: a certificate that is no CA's cannot sign another (A15).
func TestChainOfAStranger(t *testing.T) {
	ca := newAuthority(t)
	owned := forge(t, ca, func(c *x509.Certificate) { c.DNSNames = []string{"evil.example.test"} })
	stranger := &authority{owned.Leaf, owned.PrivateKey.(*ecdsa.PrivateKey)}
	forged := forge(t, stranger, nil)
	forged.Certificate = append(forged.Certificate, owned.Certificate...)
	r := newRig(t, nil, loopback(t), careful)
	r.refuse(t, forged, &pb.TlsOptions{CaBundlePem: ca.pemOfCA(), ServerName: "mail.example.test"})
}

// statusOctets is what the text of a status about a certificate has at most.
const statusOctets = 1024

// TestMonstrousCertificates: certificates as large as TLS carries are refused, in a few words (A17).
func TestMonstrousCertificates(t *testing.T) {
	ca := newAuthority(t)
	options := &pb.TlsOptions{CaBundlePem: ca.pemOfCA(), ServerName: "mail.example.test"}
	many := make([]string, 10_000)
	addresses := make([]net.IP, 10_000)
	for i := range many {
		many[i], addresses[i] = fmt.Sprintf("n%d.example.test", i), net.IPv4(10, 0, byte(i>>8), byte(i))
	}
	r := newRig(t, nil, loopback(t), careful)
	for name, change := range map[string]func(*x509.Certificate){
		"10,000 names":     func(c *x509.Certificate) { c.DNSNames = many },
		"10,000 addresses": func(c *x509.Certificate) { c.DNSNames, c.IPAddresses = nil, addresses },
		"a long name":      func(c *x509.Certificate) { c.DNSNames = []string{strings.Repeat("a.", 30_000) + "test"} },
		"unprintable":      func(c *x509.Certificate) { c.DNSNames = []string{"\x1b[2J\r\n.evil.test"} },
	} {
		t.Run(name, func(t *testing.T) { short(t, r.refuse(t, forge(t, ca, change), options)) })
	}
	t.Run("a chain of 250 KiB", func(t *testing.T) {
		pair := forge(t, newAuthority(t), nil)
		more := forge(t, newAuthority(t), func(c *x509.Certificate) { c.DNSNames = many[:1000] })
		for size := len(more.Certificate[0]); size < 250<<10; size += len(more.Certificate[0]) {
			pair.Certificate = append(pair.Certificate, more.Certificate[0])
		}
		short(t, r.refuse(t, pair, options))
	})
}

// short checks the texts of statuses.
func short(t *testing.T, errs []error) {
	t.Helper()
	for _, err := range errs {
		st := status.Convert(err)
		if n := proto.Size(st.Proto()); n > statusOctets || strings.ContainsAny(st.Message(), "\x1b\r\n") {
			t.Errorf("a status of %d octets: %.600s", n, st.Message())
		}
	}
}
