package server

import (
	"context"
	"crypto/x509"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/peer"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// everyone is the one caller of a listener that asks for no identity.
const everyone = "everyone"

type callerKey struct{}

// callerOf returns who calls, as identify has found out.
func callerOf(ctx context.Context) string {
	caller, _ := ctx.Value(callerKey{}).(string)
	return caller
}

// identify finds out who calls: the subject alternative name of the client certificate, which the TLS handshake has verified.
func (s *Server) identify(ctx context.Context) (context.Context, error) {
	caller := everyone
	if s.identities {
		if caller = certificateName(ctx); caller == "" {
			return nil, &fault{
				code: codes.Unauthenticated, reason: pb.ErrorReason_ERROR_REASON_CALLER_UNAUTHENTICATED,
				message: "a valid client certificate with a subject alternative name is required",
			}
		}
	}
	return context.WithValue(ctx, callerKey{}, caller), nil
}

// certificateName returns the name in the caller's verified certificate, or "". Kinds of names never mix: a DNS name that spells
// a URI is not that URI.
func certificateName(ctx context.Context) string {
	p, _ := peer.FromContext(ctx)
	if p == nil {
		return ""
	}
	info, ok := p.AuthInfo.(credentials.TLSInfo)
	if !ok || len(info.State.VerifiedChains) == 0 {
		return ""
	}
	cert := info.State.VerifiedChains[0][0]
	if time.Now().After(cert.NotAfter) { // the handshake may have been long ago
		return ""
	}
	return nameOf(cert)
}

func nameOf(cert *x509.Certificate) string {
	switch {
	case len(cert.URIs) > 0:
		return "uri:" + cert.URIs[0].String()
	case len(cert.DNSNames) > 0:
		return "dns:" + cert.DNSNames[0]
	case len(cert.EmailAddresses) > 0:
		return "email:" + cert.EmailAddresses[0]
	case len(cert.IPAddresses) > 0:
		return "ip:" + cert.IPAddresses[0].String()
	}
	return ""
}
