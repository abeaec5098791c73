package server

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"

	"google.golang.org/grpc/codes"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3"
)

// Stls implements popgate.v1.Pop3Service.
func (s *service) Stls(ctx context.Context, req *pb.StlsRequest) (*pb.StlsResponse, error) {
	session := sessionOf(ctx)
	resp := &pb.StlsResponse{}
	err := session.run(ctx, func(ctx context.Context, c *pop3.Client) error {
		if req.GetTls().GetInsecureSkipVerify() && !s.config.UnsafeAllowUnverifiedTLS {
			return unverifiedRefused("STLS")
		}
		config := tlsConfig(req.GetTls())
		if config.ServerName == "" {
			config.ServerName = session.host
		}
		response, err := c.Stls(ctx, config)
		resp.Response, resp.Tls = escape(response), tlsState(c)
		return err
	})
	return resp, err
}

// openError makes TLS_REQUIRED of a refused STLS: a session that was to be encrypted is not made.
func openError(err error) error {
	var refused *pop3.RefusedError
	if !errors.As(err, &refused) || refused.Command != "STLS" {
		return err
	}
	return &fault{
		code: codes.FailedPrecondition, reason: pb.ErrorReason_ERROR_REASON_TLS_REQUIRED,
		message: "the server refused STLS", metadata: about("STLS", refused.Response, refused.Code),
	}
}

// tlsConfig makes a TLS configuration of options that validate has passed.
func tlsConfig(o *pb.TlsOptions) *tls.Config {
	config := &tls.Config{
		MinVersion:         tls.VersionTLS12,
		ServerName:         o.GetServerName(),
		InsecureSkipVerify: o.GetInsecureSkipVerify(), //nolint:gosec // only where the operator allows it
	}
	if o.GetCaBundlePem() != "" {
		config.RootCAs = poolOf(o.GetCaBundlePem())
	}
	if pair, err := keyPairOf(o); err == nil && pair != nil {
		config.Certificates = []tls.Certificate{*pair}
	}
	if pins := o.GetPublicKeySha256(); len(pins) > 0 {
		config.VerifyConnection = func(state tls.ConnectionState) error { return checkPins(state, pins) }
	}
	return config
}

// checkPins wants the server's public key among the pins.
func checkPins(state tls.ConnectionState, pins [][]byte) error {
	if len(state.PeerCertificates) > 0 {
		digest := sha256.Sum256(state.PeerCertificates[0].RawSubjectPublicKeyInfo)
		for _, pin := range pins {
			if bytes.Equal(pin, digest[:]) {
				return nil
			}
		}
	}
	return pop3.ErrPin
}

// poolOf returns the certificates of a PEM bundle, or nil if there is none.
func poolOf(pem string) *x509.CertPool {
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM([]byte(pem)) {
		return nil
	}
	return pool
}

// keyPairOf returns the client certificate with its key, or nil if none is given.
func keyPairOf(o *pb.TlsOptions) (*tls.Certificate, error) {
	if o.GetClientCertificatePem() == "" && o.GetClientKeyPem() == "" {
		return nil, nil //nolint:nilnil // none is no error
	}
	pair, err := tls.X509KeyPair([]byte(o.GetClientCertificatePem()), []byte(o.GetClientKeyPem()))
	return &pair, err
}
