package pop3

import (
	"context"
	"crypto/tls"
	"errors"
)

// errInspected breaks a handshake off.
var errInspected = errors.New("the certificate is there")

// InspectTLS looks at a server's TLS where Dial has refused it, to tell why. It connects as Dial does; in the handshake any certificate,
// any version from 1.0 on and any cipher suite will do, and it is broken off as soon as the certificate is there. So nothing is sent
// over this TLS, and nothing that the server shows is proven: not even that it has the key of the certificate. No client certificate is
// shown. In the result Version, CipherSuite and PeerCertificates are set.
//
// Errors: those of Dial.
func InspectTLS(ctx context.Context, address string, opts *Options) (tls.ConnectionState, error) {
	var look Options
	if opts != nil {
		look = *opts
	}
	var seen tls.ConnectionState
	config := &tls.Config{
		InsecureSkipVerify: true, //nolint:gosec // the handshake never succeeds
		MinVersion:         tls.VersionTLS10,
		VerifyConnection: func(state tls.ConnectionState) error {
			seen = state
			return errInspected
		},
	}
	if look.TLS != nil {
		config.ServerName, config.NextProtos = look.TLS.ServerName, look.TLS.NextProtos
	}
	for _, suite := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		config.CipherSuites = append(config.CipherSuites, suite.ID)
	}
	look.TLS, look.inspecting = config, true
	c, err := Dial(ctx, address, &look)
	if err == nil { // plaintext: there is nothing to see
		_ = c.Close()
		return tls.ConnectionState{}, nil
	}
	if errors.Is(err, errInspected) {
		return seen, nil
	}
	return tls.ConnectionState{}, err
}
