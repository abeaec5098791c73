package server

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3"
	engine "github.com/popgate/popgate/pop3/mailbox"
)

func (g *gateway) diagnose(t *testing.T, server *pb.Server, credentials *pb.Credentials) (*pb.DiagnoseServerResponse, error) {
	t.Helper()
	return g.mailboxes().DiagnoseServer(t.Context(), &pb.DiagnoseServerRequest{Server: server, Credentials: credentials})
}

// found returns the findings above INFO.
func found(resp *pb.DiagnoseServerResponse) (list []string) {
	for _, d := range resp.GetFindings() {
		if d.GetSeverity() > pb.Severity_SEVERITY_INFO {
			list = append(list, strings.TrimPrefix(d.GetFinding().String(), "FINDING_"))
		}
	}
	return list
}

// wantUntouched makes sure that nothing was done with the mail, and that the password is not told.
func (m *mailbox) wantUntouched(t *testing.T, resp *pb.DiagnoseServerResponse) {
	t.Helper()
	if n := m.sent("RETR") + m.sent("DELE") + m.sent("QUIT") + m.sent("RSET"); n > 0 {
		t.Errorf("sent %q", m.Commands())
	}
	for _, text := range texts(t, resp) {
		if strings.Contains(text, password) || !isHarmless(text) {
			t.Errorf("told: %q", text)
		}
	}
}

// TestDiagnoseHonest: all that there is to tell of an honest server.
func TestDiagnoseHonest(t *testing.T) {
	for _, implicit := range []bool{false, true} {
		u := newUpstream(t, implicit, "pop3.test", "mail.test")
		server := u.start(t)
		server.Tls.ServerName, server.Tls.CaBundlePem = "pop3.test", u.caPEM
		g := newGateway(t, func(c *Config) { c.dial = new(pop3.Dialer).DialContext })
		resp, err := g.diagnose(t, server, alicesMailbox())
		if err != nil {
			t.Fatal(err)
		}
		u.wantUntouched(t, resp)
		if bad := found(resp); len(bad) > 0 {
			t.Errorf("%v", resp.GetFindings())
		}
		for _, d := range resp.GetFindings() {
			if d.GetText() == "" || d.GetRemedy() == "" || d.GetSeverity() == 0 || d.GetFinding() == 0 {
				t.Errorf("%v", d)
			}
		}
		attempts := resp.GetAttempts()
		if len(attempts) != 1 || attempts[0].GetAddress() != u.Addr || attempts[0].GetCause() != 0 || attempts[0].GetTook() == nil {
			t.Errorf("%v", attempts)
		}
		if state := resp.GetTls().GetState(); !state.GetVerified() || state.GetVersion() != "TLS 1.3" || state.GetCipherSuite() == "" {
			t.Errorf("%v", state)
		}
		chain := resp.GetTls().GetChain()
		if len(chain) != 1 || chain[0].GetIssuer() != "CN=test CA" || !slices.Equal(chain[0].GetNames(), []string{"pop3.test", "mail.test"}) ||
			chain[0].GetDaysLeft() != 0 || !chain[0].GetNotAfter().AsTime().Equal(u.pair.Leaf.NotAfter) || len(chain[0].GetSha256()) != 32 {
			t.Errorf("%v", chain)
		}
		after := resp.GetCapabilitiesAfterTls()
		if (resp.GetCapabilitiesBeforeTls() == nil) != implicit || !after.GetExtensions().GetUidl() || resp.GetCapabilitiesAfterLogin().GetResponse() == "" ||
			!slices.Equal(resp.GetMechanisms(), []string{"PLAIN"}) || !strings.HasPrefix(resp.GetGreeting(), "+OK") {
			t.Errorf("%v", resp)
		}
		m := resp.GetMaildrop()
		if m.GetMessages() != 1 || m.GetOctets() == 0 || !m.GetUniqueIdsUnique() || !m.GetUniqueIdsStable() || !m.GetTopHonoured() ||
			!m.GetSizesTrue() || !m.GetPipeliningTrue() {
			t.Errorf("%v", m)
		}
	}
}

// TestDiagnoseCertificate: what is wrong with a certificate is told with it, and nothing goes over its TLS.
func TestDiagnoseCertificate(t *testing.T) {
	for what, tt := range map[string]struct {
		template *x509.Certificate
		trusted  bool
		want     []string
	}{
		"expired":     {&x509.Certificate{DNSNames: []string{"pop3.test"}, NotAfter: time.Now().Add(-time.Minute)}, true, []string{"CERTIFICATE_EXPIRED"}},
		"other names": {&x509.Certificate{DNSNames: []string{"pop.test"}}, true, []string{"CERTIFICATE_NAME_WRONG"}},
		"of nobody":   {&x509.Certificate{DNSNames: []string{"pop3.test"}}, false, []string{"CERTIFICATE_UNTRUSTED"}},
	} {
		u := newUpstream(t, false)
		u.pair = u.ca.issue(t, tt.template)
		u.TLS = &tls.Config{Certificates: []tls.Certificate{u.pair}}
		server := u.start(t)
		server.Tls.ServerName = "pop3.test"
		if tt.trusted {
			server.Tls.CaBundlePem = u.caPEM
		}
		resp, err := newGateway(t, nil).diagnose(t, server, alicesMailbox())
		if err != nil {
			t.Fatal(err)
		}
		u.wantUntouched(t, resp)
		if got := found(resp); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v", what, resp.GetFindings())
		}
		if d := resp.GetTls(); d.GetState().GetVerified() || len(d.GetChain()) != 1 || resp.GetMaildrop() != nil || resp.GetCapabilitiesAfterTls() != nil {
			t.Errorf("%s: %v", what, resp)
		}
		if u.sent("CAPA") != 1 || u.sent("AUTH")+u.sent("USER") > 0 {
			t.Errorf("%s: sent %q", what, u.Commands())
		}
	}
}

// TestDiagnoseEscapes: every text of the server's is harmless, and bounded.
func TestDiagnoseEscapes(t *testing.T) {
	m := newMailbox(t, 3)
	m.Banner = "+OK " + anyOctets
	m.Capabilities = append(slices.Repeat([]string{strings.Repeat(anyOctets+" ", 20)}, 250), "SASL PLAIN "+anyOctets, "IMPLEMENTATION "+anyOctets)
	m.Intercept = func(line string) (string, bool) {
		switch line {
		case "UIDL":
			return "-ERR " + anyOctets + password + "\r\n", true
		case "LIST":
			return "+OK\r\n" + anyOctets + password + "\r\n1 5\r\n.\r\n", true
		}
		return "", false
	}
	resp, err := newGateway(t, m.piped).diagnose(t, anywhere(), alicesMailbox())
	if err != nil {
		t.Fatal(err)
	}
	m.wantUntouched(t, resp)
	if got := found(resp); !slices.Equal(got, []string{"STLS_MISSING", "UIDL_MISSING", "LISTING_DAMAGED"}) {
		t.Errorf("%v", got)
	}
}

// TestDiagnoseErrors: what is no matter of the server's is an error of the call, and what is is not.
func TestDiagnoseErrors(t *testing.T) {
	m := newMailbox(t, 1)
	g := newGateway(t, func(c *Config) { c.dial = m.dialPipe })
	wrong := &pb.Credentials{Username: "alice", Secret: &pb.Credentials_Password{Password: "x"}}
	unverified := &pb.Server{Host: "a", Tls: &pb.TlsOptions{InsecureSkipVerify: true}}
	for what, tt := range map[string]struct {
		server      *pb.Server
		credentials *pb.Credentials
		want        failure
	}{
		"no server":       {nil, nil, failure{codes.InvalidArgument, "INVALID_ARGUMENT", nil}},
		"no secret":       {anywhere(), &pb.Credentials{Username: "alice"}, failure{codes.InvalidArgument, "INVALID_ARGUMENT", nil}},
		"unverified TLS":  {unverified, nil, failure{codes.FailedPrecondition, "TLS_REQUIRED", nil}},
		"plaintext login": {anywhere(), alicesMailbox(), failure{codes.FailedPrecondition, "TLS_REQUIRED", nil}},
		"nobody logs in":  {anywhere(), nil, failure{}},
	} {
		resp, err := g.diagnose(t, tt.server, tt.credentials)
		if tt.want.reason != "" {
			wantFailure(t, what, err, tt.want)
		} else if err != nil || resp.GetMaildrop() != nil {
			t.Errorf("%s: %v, %v", what, resp, err)
		}
	}
	if m.sent("USER")+m.sent("AUTH") > 0 {
		t.Errorf("sent %q", m.Commands())
	}
	g = newGateway(t, m.piped)
	resp, err := g.diagnose(t, anywhere(), wrong)
	if got := found(resp); err != nil || !slices.Equal(got, []string{"LOGIN_REFUSED"}) {
		t.Errorf("wrong password: %v, %v", resp, err)
	}
}

// TestDiagnoseTargets: a target that is not allowed is the same error as elsewhere, and what its name means is not told.
func TestDiagnoseTargets(t *testing.T) {
	forbidden := failure{codes.PermissionDenied, "TARGET_NOT_ALLOWED", nil}
	addrs := []netip.Addr{netip.MustParseAddr("10.1.2.3")}
	g := newGateway(t, func(c *Config) {
		c.dial = (&dialer{lookup: func(context.Context, string, string) ([]netip.Addr, error) { return addrs, nil }}).DialContext
	})
	for _, host := range []string{"127.0.0.1", "inside.example.test"} {
		_, err := g.diagnose(t, &pb.Server{Host: host}, nil)
		wantFailure(t, host, err, forbidden)
	}
	_, err := g.diagnose(t, &pb.Server{Host: "mail.example.test", Port: new(uint32(25))}, nil)
	wantFailure(t, "port", err, forbidden)

	resp := diagnosisOf(&engine.Report{Attempts: []pop3.Attempt{
		{Address: "10.1.2.3:110", Err: &net.OpError{Op: "dial", Err: errNotAllowed}}, {Address: "192.0.2.1:110", Err: context.Canceled}, {Address: "192.0.2.2:110"},
	}})
	if got := fmt.Sprint(resp.GetAttempts()); strings.Contains(got, "10.1.2.3") || len(resp.GetAttempts()) != 2 ||
		resp.GetAttempts()[0].GetCause() != pb.Cause_CAUSE_CANCELLED {
		t.Error(got)
	}
}

// TestDiagnoseLater: the rules of the other jobs hold: the limit of logins, and the drain.
func TestDiagnoseLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMailbox(t, 1)
		g := newGateway(t, func(c *Config) {
			m.piped(c)
			c.Limits.LoginsPerSecond = 0.1
		})
		begun := time.Now()
		resp, err := g.diagnose(t, anywhere(), alicesMailbox())
		if took := time.Since(begun); err != nil || took < 10*time.Second || took > 15*time.Second {
			t.Errorf("%v, %v after %v", resp, err, took)
		}
		time.Sleep(time.Minute)
		arrived, release := m.hold(t, "UIDL")
		done := make(chan error, 1)
		go func() {
			_, err := g.diagnose(t, anywhere(), alicesMailbox())
			done <- err
		}()
		<-arrived
		over := g.shutdown(time.Second)
		time.Sleep(5 * time.Second)
		release()
		wantFailure(t, "drain", <-done, failure{codes.Unavailable, "DRAINING", nil})
		<-over
	})
}

// TestFindings: the engine's findings are those of the contract, by name and severity.
func TestFindings(t *testing.T) {
	contract, err := os.ReadFile("../proto/popgate/v1/mailbox_service.proto")
	if err != nil {
		t.Fatal(err)
	}
	severity := regexp.MustCompile(`(?m)^  // (INFO|WARNING|ERROR)\. (?:.*\n  //)*.*\n  (FINDING_[A-Z0-9_]+) = `)
	words := map[string]string{}
	for _, match := range severity.FindAllStringSubmatch(string(contract), -1) {
		words[match[2]] = match[1]
	}
	if len(findings) != len(pb.Finding_name)-1 || len(words) != len(findings) {
		t.Errorf("%d findings, %d in the contract, %d with a severity there", len(findings), len(pb.Finding_name)-1, len(words))
	}
	for f, want := range findings {
		severity := strings.TrimPrefix(severities[f.Severity()].String(), "SEVERITY_")
		if "FINDING_"+f.String() != want.String() || words[want.String()] != severity || f.Remedy() == "" {
			t.Errorf("%v is %v, %s, %q in the contract", f, want, severity, words[want.String()])
		}
	}
}
