package server

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"sync"
	"time"

	"google.golang.org/grpc/credentials"
)

// callerTLS is gRPC's TLS with the configuration that is current when a connection comes.
type callerTLS struct {
	credentials.TransportCredentials
}

func newCallerTLS(current func() *tls.Config) credentials.TransportCredentials {
	return callerTLS{credentials.NewTLS(&tls.Config{
		MinVersion:         tls.VersionTLS12,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return current(), nil },
	})}
}

// forCallers returns a configuration as the operator gave it, with what popgate insists on.
func forCallers(config *tls.Config) *tls.Config {
	if config == nil {
		return nil
	}
	config = config.Clone()
	config.MinVersion = max(config.MinVersion, tls.VersionTLS12)
	if config.ClientCAs != nil {
		if config.ClientAuth == tls.NoClientCert {
			config.ClientAuth = tls.VerifyClientCertIfGiven // who gives none is told so by identify; probes of health may
		}
		config.SessionTicketsDisabled = true // a resumed session is one that no CA has looked at
	}
	return config
}

// ServerHandshake implements credentials.TransportCredentials.
func (c callerTLS) ServerHandshake(raw net.Conn) (net.Conn, credentials.AuthInfo, error) {
	conn, info, err := c.TransportCredentials.ServerHandshake(raw)
	if shown, ok := info.(credentials.TLSInfo); ok {
		info = &tlsCaller{TLSInfo: shown}
	}
	return conn, info, err
}

// Clone implements credentials.TransportCredentials.
func (c callerTLS) Clone() credentials.TransportCredentials {
	return callerTLS{c.TransportCredentials.Clone()}
}

// tlsCaller is what a connection has shown in its handshake, and what the CAs say of it since.
type tlsCaller struct {
	credentials.TLSInfo

	mu    sync.Mutex
	asked *x509.CertPool // the CAs that were asked last
	until time.Time      // what they said
}

// vouchedUntil returns when the certificate that was shown ends, or the zero time where the CAs do not vouch for it. They are asked
// once a connection, and again after a reload: the CA of the handshake may be one that is trusted no longer.
func (c *tlsCaller) vouchedUntil(cas *x509.CertPool) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.asked != cas {
		c.asked, c.until = cas, vouchedUntil(c.State.PeerCertificates, cas)
	}
	return c.until
}

func vouchedUntil(shown []*x509.Certificate, cas *x509.CertPool) (until time.Time) {
	if len(shown) == 0 {
		return time.Time{}
	}
	between := x509.NewCertPool()
	for _, cert := range shown[1:] {
		between.AddCert(cert)
	}
	chains, err := shown[0].Verify(x509.VerifyOptions{
		Roots: cas, Intermediates: between, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	if err != nil {
		return time.Time{}
	}
	for _, chain := range chains {
		if end := endOfChain(chain); end.After(until) {
			until = end
		}
	}
	return until
}

// endOfChain returns when the first certificate of a chain ends.
func endOfChain(chain []*x509.Certificate) time.Time {
	end := chain[0].NotAfter
	for _, cert := range chain[1:] {
		if cert.NotAfter.Before(end) {
			end = cert.NotAfter
		}
	}
	return end
}
