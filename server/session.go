package server

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/durationpb"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3"
)

// sessionHeader carries the session id for proxies.
const sessionHeader = "pop3-session"

// OpenSession implements popgate.v1.Pop3Service.
func (s *service) OpenSession(ctx context.Context, req *pb.OpenSessionRequest) (*pb.OpenSessionResponse, error) {
	target := req.GetServer()
	if target.GetTls().GetInsecureSkipVerify() && !s.config.UnsafeAllowUnverifiedTLS {
		return nil, unverifiedRefused("")
	}
	session := newSession(s.registry, callerOf(ctx), oneSpelling(target.GetHost()))
	if err := s.registry.reserve(session.caller, session.host); err != nil {
		return nil, heldUp(ctx, err)
	}
	accountOf(ctx).note(req, session)
	client, err := s.connect(ctx, session, target)
	if err != nil {
		return nil, err
	}
	// The header is a copy for proxies; where it cannot be set the call is over anyway.
	_ = grpc.SetHeader(ctx, metadata.Pairs(sessionHeader, session.id))
	return &pb.OpenSessionResponse{
		SessionId:   session.id,
		Response:    session.welcome,
		Tls:         tlsState(client),
		Replica:     s.config.Replica,
		IdleTimeout: durationpb.New(s.config.Limits.IdleTimeout),
		MaxAge:      durationpb.New(s.config.Limits.MaxAge),
	}, nil
}

// quotaPause is how long a refusal waits whose caller has been told to come back in a second: who asks again at once gets no faster.
const quotaPause = 250 * time.Millisecond

// heldUp returns why there is no place for a session, after a pause where it is a limit.
func heldUp(ctx context.Context, err error) error {
	if refused, ok := errors.AsType[*fault](err); ok && refused.quota != "" {
		timer := time.NewTimer(quotaPause)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	return err
}

// oneSpelling returns the same for all spellings of a host.
func oneSpelling(host string) string {
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.Unmap().String()
	}
	return strings.TrimSuffix(strings.ToLower(host), ".")
}

// connect opens a session whose place is reserved, and gives the place back where nothing comes of it.
func (s *service) connect(ctx context.Context, session *session, target *pb.Server) (*pop3.Client, error) {
	opened := false
	defer func() {
		if !opened {
			s.registry.free(session.caller, session.host)
		}
	}()
	client, err := s.dial(ctx, target, session.link)
	if err != nil {
		return nil, err
	}
	if err := session.open(client); err != nil {
		_ = client.Close() // the connection is given up
		return nil, err
	}
	opened = true
	return client, nil
}

// options returns how to connect as the caller asks for.
func (s *service) options(target *pb.Server, l *link) *pop3.Options {
	options := &pop3.Options{
		Mode:                 modeOf(target.GetTls().GetMode()),
		TLS:                  tlsConfig(target.GetTls()),
		UnsafeAllowPlaintext: s.config.UnsafeAllowPlaintext,
		LenientStatus:        target.GetLenientStatus(),
		AllowAnyTimestamp:    target.GetAllowAnyTimestamp(),
		Trace:                l.trace,
		Observe:              l.done,
		DialContext:          l.dial(s.config.dial),
	}
	if d := target.GetIoTimeout(); d != nil {
		options.Timeouts = pop3.UniformTimeouts(d.AsDuration())
	}
	return options
}

// dial connects as the caller asks for.
func (s *service) dial(ctx context.Context, target *pb.Server, l *link) (*pop3.Client, error) {
	client, err := pop3.Dial(ctx, address(target), s.options(target, l))
	return client, openError(err)
}

// address returns what pop3.Dial takes: without a port it chooses one.
func address(target *pb.Server) string {
	if target.Port == nil {
		return target.GetHost()
	}
	return net.JoinHostPort(target.GetHost(), strconv.FormatUint(uint64(target.GetPort()), 10))
}

func modeOf(mode pb.TlsMode) pop3.Mode {
	switch mode {
	case pb.TlsMode_TLS_MODE_IMPLICIT:
		return pop3.Implicit
	case pb.TlsMode_TLS_MODE_STLS:
		return pop3.STLS
	case pb.TlsMode_TLS_MODE_PLAINTEXT:
		return pop3.Plaintext
	}
	return pop3.Automatic
}

// tlsState describes the TLS of a connection, or nil.
func tlsState(client *pop3.Client) *pb.TlsState {
	state, on := client.TLS()
	if !on {
		return nil
	}
	return stateOf(state)
}

// stateOf describes what a handshake came to, or has shown.
func stateOf(state tls.ConnectionState) *pb.TlsState {
	described := &pb.TlsState{
		Version:     tls.VersionName(state.Version),
		CipherSuite: tls.CipherSuiteName(state.CipherSuite),
		Verified:    len(state.VerifiedChains) > 0,
	}
	for _, cert := range state.PeerCertificates {
		digest := sha256.Sum256(cert.Raw)
		described.PeerChainSha256 = append(described.PeerChainSha256, digest[:])
	}
	return described
}

// GetWelcome implements popgate.v1.Pop3Service.
func (s *service) GetWelcome(ctx context.Context, _ *pb.GetWelcomeRequest) (*pb.GetWelcomeResponse, error) {
	session := sessionOf(ctx)
	if err := session.alive(); err != nil {
		return nil, err
	}
	return &pb.GetWelcomeResponse{Response: session.welcome}, nil
}

// CloseSession implements popgate.v1.Pop3Service.
func (s *service) CloseSession(ctx context.Context, _ *pb.CloseSessionRequest) (*pb.CloseSessionResponse, error) {
	sessionOf(ctx).endFromOutside(pb.Cause_CAUSE_CLOSED)
	return &pb.CloseSessionResponse{}, nil
}
