package server

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"math"
	"net"
	"syscall"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3"
	engine "github.com/popgate/popgate/pop3/mailbox"
)

// Limits of what is told, so that a response is never larger than callers take.
const (
	maxCapabilities     = 100
	maxCapabilityLine   = 512 // octets (RFC 2449 section 4)
	maxCertificates     = 10
	maxCertificateNames = 100
)

// DiagnoseServer implements popgate.v1.MailboxService.
func (s *service) DiagnoseServer(ctx context.Context, req *pb.DiagnoseServerRequest) (*pb.DiagnoseServerResponse, error) {
	var resp *pb.DiagnoseServerResponse
	err := s.job(ctx, req.GetServer(), req.GetCredentials(), func(ctx context.Context, m *engine.Mailbox) error {
		ctx, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		options := s.options(req.GetServer(), s.jobLink(ctx, oneSpelling(req.GetServer().GetHost())))
		connect, login := options.DialContext, m.Dial
		options.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := connect(ctx, network, address)
			return conn, endsCall(cancel, err)
		}
		m.Dial = func(ctx context.Context) (*pop3.Client, error) {
			client, err := login(ctx)
			return client, endsCall(cancel, err)
		}
		if req.GetCredentials() == nil {
			m.Dial = nil
		}
		report, err := m.Diagnose(ctx, address(req.GetServer()), options)
		if own, ok := errors.AsType[*ownError](context.Cause(ctx)); ok && err != nil {
			return own.err
		}
		if err != nil {
			return err
		}
		resp = diagnosisOf(report)
		return nil
	})
	return resp, err
}

// ownError is why a diagnosis has ended.
type ownError struct{ err error }

func (e *ownError) Error() string { return e.err.Error() }

// endsCall ends the call where not the server but this gateway is why there is no connection, which is no finding. It returns err.
func endsCall(cancel context.CancelCauseFunc, err error) error {
	_, own := errors.AsType[*fault](err)
	switch {
	case own:
		cancel(&ownError{err})
	case errors.Is(err, errNotAllowed), errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		cancel(&ownError{&pop3.DialError{Err: err}})
	}
	return err
}

// diagnosisOf translates a report. Its texts are cut as those of errors are, since a server says them.
func diagnosisOf(r *engine.Report) *pb.DiagnoseServerResponse {
	resp := &pb.DiagnoseServerResponse{
		Greeting:               escape(r.Greeting),
		CapabilitiesBeforeTls:  diagnosedCapa(r.BeforeTLS),
		CapabilitiesAfterTls:   diagnosedCapa(r.AfterTLS),
		CapabilitiesAfterLogin: diagnosedCapa(r.AfterLogin),
		Expire:                 expireOf(r.Expire),
		Tls:                    diagnosedTLS(r),
		Maildrop:               diagnosedMaildrop(r.Maildrop),
	}
	for _, d := range r.Findings {
		resp.Findings = append(resp.Findings, &pb.Diagnosis{
			Finding: findings[d.Finding], Severity: severities[d.Finding.Severity()], Text: escapeShort(d.Text), Remedy: d.Finding.Remedy(),
		})
	}
	for _, a := range r.Attempts {
		if !errors.Is(a.Err, errNotAllowed) { // what a name means inside of the operator's network is not told
			resp.Attempts = append(resp.Attempts, &pb.ConnectAttempt{
				Address: a.Address, Begun: durationpb.New(a.Begun), Took: durationpb.New(a.Took), Cause: attemptCause(a.Err),
			})
		}
	}
	for _, name := range r.Mechanisms {
		resp.Mechanisms = append(resp.Mechanisms, escapeShort(name))
	}
	if r.LoginDelay > 0 {
		resp.LoginDelay = durationpb.New(r.LoginDelay)
	}
	return resp
}

var severities = map[engine.Severity]pb.Severity{
	engine.Info:    pb.Severity_SEVERITY_INFO,
	engine.Warning: pb.Severity_SEVERITY_WARNING,
	engine.Error:   pb.Severity_SEVERITY_ERROR,
}

func attemptCause(err error) pb.Cause {
	switch {
	case err == nil:
		return pb.Cause_CAUSE_UNSPECIFIED
	case errors.Is(err, context.Canceled):
		return pb.Cause_CAUSE_CANCELLED
	}
	return dialCause(&pop3.DialError{Err: err})
}

func diagnosedCapa(c *engine.Capabilities) *pb.CapaResponse {
	if c == nil {
		return nil
	}
	var list []pop3.Capability
	for _, capability := range c.List {
		if len(capability.Line) <= maxCapabilityLine && len(list) < maxCapabilities {
			list = append(list, capability)
		}
	}
	return capaOf(c.Response, list)
}

func diagnosedTLS(r *engine.Report) *pb.DiagnosedTls {
	if r.TLS == nil {
		return nil
	}
	t := &pb.DiagnosedTls{State: stateOf(*r.TLS)}
	if r.TLS.Version == 0 { // only the certificates are known
		t.State.Version, t.State.CipherSuite = "", ""
	}
	for _, c := range r.TLS.PeerCertificates[:min(len(r.TLS.PeerCertificates), maxCertificates)] {
		t.Chain = append(t.Chain, certificateOf(c))
	}
	return t
}

func certificateOf(c *x509.Certificate) *pb.Certificate {
	digest := sha256.Sum256(c.Raw)
	days := math.Floor(time.Until(c.NotAfter).Hours() / 24)
	out := &pb.Certificate{
		Subject: escapeShort(c.Subject.String()), Issuer: escapeShort(c.Issuer.String()),
		NotBefore: timestamppb.New(c.NotBefore), NotAfter: timestamppb.New(c.NotAfter),
		DaysLeft: int32(days),
		Sha256:   digest[:],
	}
	for _, name := range engine.CertificateNames(c) {
		if len(out.GetNames()) < maxCertificateNames {
			out.Names = append(out.Names, escapeShort(name))
		}
	}
	return out
}

func diagnosedMaildrop(m *engine.Maildrop) *pb.DiagnosedMaildrop {
	if m == nil {
		return nil
	}
	return &pb.DiagnosedMaildrop{
		Messages: uint32(m.Messages), Octets: m.Octets, //nolint:gosec // 5 million at most
		UniqueIdsUnique: m.UniqueIDsUnique, UniqueIdsStable: m.UniqueIDsStable,
		TopHonoured: m.TopHonoured, SizesTrue: m.SizesTrue, PipeliningTrue: m.PipeliningTrue,
	}
}
