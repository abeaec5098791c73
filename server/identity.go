package server

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// everyone is the one caller of a gateway that asks for no identity.
const everyone = "everyone"

// identity is who calls.
type identity struct {
	name  string    // owns its sessions
	role  *role     // nil: may do everything
	until time.Time // when its credentials end; zero: never
}

type callerKey struct{}

// callerOf returns the name of who calls.
func callerOf(ctx context.Context) string {
	if c, ok := ctx.Value(callerKey{}).(*identity); ok {
		return c.name
	}
	return ""
}

// roleOf returns the role of who calls, or nil where everything is permitted.
func roleOf(ctx context.Context) *role {
	if c, ok := ctx.Value(callerKey{}).(*identity); ok {
		return c.role
	}
	return nil
}

// policy is what decides on callers. A reload replaces it as a whole.
type policy struct {
	tls     *tls.Config // nil: plaintext
	callers *Callers    // nil: whoever is known may do everything
}

// clientCAs are the CAs of callers, or nil.
func (p *policy) clientCAs() *x509.CertPool {
	if p.tls == nil {
		return nil
	}
	return p.tls.ClientCAs
}

// admit finds out who makes a call, and whether it may. It has no memory but that of the connection's certificate: what was valid for
// one call need not be for the next.
func (p *policy) admit(ctx context.Context) (*identity, error) {
	c, err := p.identify(ctx)
	if err != nil {
		return nil, err
	}
	method, _ := grpc.Method(ctx)
	if !c.role.permits(method) {
		return nil, notPermitted()
	}
	return c, nil
}

// identify finds out who calls: by its token, where callers are known by tokens and one is given, or else by its certificate.
func (p *policy) identify(ctx context.Context) (*identity, error) {
	if p.callers != nil {
		if values := metadata.ValueFromIncomingContext(ctx, "authorization"); len(values) > 0 {
			return p.callers.byAuthorization(values)
		}
	}
	cas := p.clientCAs()
	if p.callers == nil && cas == nil {
		return &identity{name: everyone}, nil
	}
	name, until := certificateName(ctx, cas)
	switch {
	case name == "":
		return nil, unauthenticated()
	case p.callers == nil:
		return &identity{name: name, until: until}, nil
	}
	return p.callers.byCertificate(name, until)
}

// unauthenticated has one text for every cause: who guesses learns nothing.
func unauthenticated() *fault {
	return &fault{
		code: codes.Unauthenticated, reason: pb.ErrorReason_ERROR_REASON_CALLER_UNAUTHENTICATED,
		message: "valid credentials are required: a client certificate with a subject alternative name, or a bearer token",
	}
}

func notPermitted() *fault {
	return &fault{
		code: codes.PermissionDenied, reason: pb.ErrorReason_ERROR_REASON_CALLER_NOT_PERMITTED,
		message: "this caller may not make this call",
	}
}

// bearer returns the token in the values of the header "authorization", or "".
func bearer(values []string) string {
	if len(values) != 1 {
		return ""
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return token
}

// certificateName returns the name in the caller's certificate and when it ends, or "" where none of the CAs vouches for it now.
func certificateName(ctx context.Context, cas *x509.CertPool) (string, time.Time) {
	from, _ := peer.FromContext(ctx)
	if from == nil || cas == nil {
		return "", time.Time{}
	}
	shown, ok := from.AuthInfo.(*tlsCaller)
	if !ok {
		return "", time.Time{}
	}
	until := shown.vouchedUntil(cas)
	if !time.Now().Before(until) { // the handshake may have been long ago
		return "", time.Time{}
	}
	return nameOf(shown.State.PeerCertificates[0]), until
}

// nameOf returns the first subject alternative name. Kinds of names never mix: a DNS name that spells a URI is not that URI.
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
