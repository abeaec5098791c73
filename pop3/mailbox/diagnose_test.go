package mailbox

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/popgate/popgate/pop3"
)

// clinic is a rig whose server is diagnosed, by TLS.
type clinic struct {
	*rig

	address string
	login   bool // with credentials
}

// newClinic returns one for STLS, with credentials. What it has may be changed before diagnose.
func newClinic(t *testing.T, ids ...string) *clinic {
	t.Helper()
	c := &clinic{rig: newRig(t, ids...), address: strings.ToLower(strings.ReplaceAll(t.Name(), "/", "-")) + ".example", login: true}
	honest := c.opts.DialContext
	c.opts.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := honest(ctx, network, address)
		return buffered(conn), err
	}
	c.opts.Mode = pop3.STLS
	c.opts.UnsafeAllowPlaintext = false
	c.opts.TLS = &tls.Config{RootCAs: c.srv.CertPool(), ServerName: "localhost", MinVersion: tls.VersionTLS12}
	return c
}

// implicit makes TLS begin at once.
func (c *clinic) implicit() {
	c.opts.Mode = pop3.Implicit
	c.serve = func(_ int, conn net.Conn) {
		secure := tls.Server(conn, c.srv.TLS)
		if secure.Handshake() == nil {
			c.srv.ServeConn(secure)
		}
	}
}

// plaintext does without TLS.
func (c *clinic) plaintext() {
	c.opts.Mode = pop3.Plaintext
	c.opts.UnsafeAllowPlaintext = true
}

func (c *clinic) diagnose(ctx context.Context) (*Report, error) {
	if m := *c.Mailbox; !c.login {
		m.Dial = nil
		return m.Diagnose(ctx, c.address, c.opts)
	}
	return c.Diagnose(ctx, c.address, c.opts)
}

// report diagnoses, and makes sure that nothing is changed.
func (c *clinic) report(t *testing.T) *Report {
	t.Helper()
	report, err := c.diagnose(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c.over.Wait()
	for _, line := range c.srv.Commands() {
		if verb, _, _ := strings.Cut(strings.ToUpper(line), " "); verb == "RETR" || verb == "DELE" || verb == "QUIT" || verb == "RSET" {
			t.Errorf("sent %q", line)
		}
	}
	return report
}

// wantFindings checks the findings, those that say how the server is built and nothing more left out unless they are wanted.
func wantFindings(t *testing.T, r *Report, want string) {
	t.Helper()
	var got []string
	for _, d := range r.Findings {
		if d.Finding != PlaintextLogin || strings.Contains(want, d.Finding.String()) {
			got = append(got, d.Finding.String())
		}
	}
	if got := strings.Join(got, " "); got != want {
		t.Errorf("got %q, want %q: %q", got, want, r.Findings)
	}
}

// TestDiagnoseHonest: an honest server in each mode: nothing above Info, and all is found out.
func TestDiagnoseHonest(t *testing.T) {
	for name, change := range map[string]func(*clinic){"STLS": func(*clinic) {}, "implicit": (*clinic).implicit, "plaintext": (*clinic).plaintext} {
		inBubble(t, name, func(t *testing.T) {
			c := newClinic(t, numbered(5)...)
			c.srv.TLS = serverTLS(issue(t, nil))
			c.opts.TLS.RootCAs, c.opts.TLS.ServerName = rootsOf(t), "mail.example"
			change(c)
			r := c.report(t)
			for _, d := range r.Findings {
				if d.Finding.Severity() > Info {
					t.Errorf("%v: %s", d.Finding, d.Text)
				}
			}
			m := r.Maildrop
			if m == nil || m.Messages != 5 || m.Octets != c.octets() {
				t.Fatalf("%+v", m)
			}
			for what, is := range map[string]*bool{
				"unique": m.UniqueIDsUnique, "stable": m.UniqueIDsStable, "TOP": m.TopHonoured, "sizes": m.SizesTrue, "pipelining": m.PipeliningTrue,
			} {
				if is == nil || !*is {
					t.Errorf("%s: %v", what, is)
				}
			}
			if !strings.HasPrefix(r.Greeting, "+OK") || (r.TLS == nil) != (name == "plaintext") || (r.BeforeTLS == nil) != (name == "implicit") ||
				(r.AfterTLS == nil) != (name == "plaintext") || r.AfterLogin == nil || !slices.Equal(r.Mechanisms, []string{"PLAIN"}) {
				t.Errorf("%+v", r)
			}
			if r.TLS != nil && (len(r.TLS.VerifiedChains) == 0 || r.TLS.Version != tls.VersionTLS13) {
				t.Errorf("%+v", r.TLS)
			}
			if want := map[string]int{"STLS": 4, "implicit": 3, "plaintext": 3}[name]; c.dials != want {
				t.Errorf("%d connections, want %d", c.dials, want)
			}
			if left := len(c.drop.Snapshot()); left != 5 {
				t.Errorf("%d messages are left", left)
			}
		})
	}
}

// TestDiagnoseWithoutCredentials: nobody logs in.
func TestDiagnoseWithoutCredentials(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		c := newClinic(t, "a")
		c.login = false
		r := c.report(t)
		if wantFindings(t, r, ""); r.Maildrop != nil || r.AfterTLS == nil || c.dials != 2 || c.sent("USER")+c.sent("AUTH") > 0 {
			t.Errorf("%+v, %q", r, c.srv.Commands())
		}
	})
}

// TestDiagnosePipelining: each way to lie is found, by a process that knows it from before too.
func TestDiagnosePipelining(t *testing.T) {
	for name, lie := range lies {
		inBubble(t, strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			c := newClinic(t)
			c.plaintext()
			l := &liar{ids: numbered(3), many: lie}
			c.serve = func(_ int, conn net.Conn) { l.serve(conn) }
			for range 2 {
				r := c.report(t)
				if !r.found(PipeliningBroken) || r.Maildrop.PipeliningTrue == nil || *r.Maildrop.PipeliningTrue || r.Maildrop.UniqueIDsStable == nil {
					t.Errorf("%+v, %+v", r, r.Maildrop)
				}
			}
		})
	}
}

// TestDiagnoseUnreached: no connection at all.
func TestDiagnoseUnreached(t *testing.T) {
	for name, tc := range map[string]struct {
		err  error
		want string
	}{
		"no name":       {&net.DNSError{Err: "no such host", IsNotFound: true}, "NAME_NOT_FOUND"},
		"no resolver":   {&net.DNSError{Err: "server misbehaving"}, "UNREACHABLE"},
		"refused":       {&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, "CONNECTION_REFUSED"},
		"unreachable":   {&net.OpError{Op: "dial", Err: syscall.EHOSTUNREACH}, "UNREACHABLE"},
		"never answers": {nil, "UNREACHABLE"},
	} {
		inBubble(t, name, func(t *testing.T) {
			c := newClinic(t)
			c.opts.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
				if tc.err == nil {
					<-ctx.Done()
					return nil, &net.OpError{Op: "dial", Err: ctx.Err()}
				}
				return nil, tc.err
			}
			r := c.report(t)
			wantFindings(t, r, tc.want)
		})
	}
}

// TestDiagnoseSecrets: what a server says of the secret is not told.
func TestDiagnoseSecrets(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		const canary = "xyzzy-canary"
		c := newClinic(t, "a")
		c.drop.Password, c.Credentials.Password = canary, canary
		encoded := "eHl6enktY2FuYXJ5"
		c.srv.Banner = "+OK " + canary + " " + encoded
		c.srv.Capabilities = []string{"USER", "UIDL", "IMPLEMENTATION " + canary, encoded + " " + encoded, "SASL PLAIN " + strings.ToUpper(canary)}
		c.srv.Intercept = answering(map[string]string{"LIST": "-ERR " + canary + " " + encoded})
		r := c.report(t)
		if wantFindings(t, r, "SERVICE_REFUSED PIPELINING_MISSING"); strings.Contains(dump(r), canary) || strings.Contains(dump(r), encoded) {
			t.Error(dump(r))
		}
	})
}

// TestDiagnoseRefuses: what is no matter of the server.
func TestDiagnoseRefuses(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		c := newClinic(t)
		c.Credentials.Password = "a\r\nDELE 1"
		_, err := c.diagnose(t.Context())
		if _, ok := errors.AsType[*pop3.ArgumentError](err); !ok {
			t.Errorf("CR and LF: %v", err)
		}
		c.Credentials.Password, c.opts.Mode = "secret", pop3.Plaintext
		if _, err := c.diagnose(t.Context()); !errors.Is(err, pop3.ErrTLSRequired) || c.dials > 0 {
			t.Errorf("plaintext: %v, %d connections", err, c.dials)
		}
		c.login = false
		if _, err := c.diagnose(t.Context()); err != nil {
			t.Errorf("plaintext without credentials: %v", err)
		}
	})
}

// TestDiagnoseDeadline: a LOGIN-DELAY that the caller has no time for is not waited for.
func TestDiagnoseDeadline(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		c := newClinic(t, "a")
		c.srv.LoginDelay = 30 * time.Second
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		r, err := c.diagnose(ctx)
		if err != nil || r.LoginDelay != 30*time.Second || r.Maildrop == nil || r.Maildrop.TopHonoured == nil || r.Maildrop.UniqueIDsStable != nil {
			t.Errorf("%+v, %v", r, err)
		}
	})
}

// TestDiagnoseCancelled: the context ends every wait.
func TestDiagnoseCancelled(t *testing.T) {
	for _, at := range []string{"CAPA", "STLS", "AUTH", "UIDL", "LIST", "TOP", "connect"} {
		inBubble(t, at, func(t *testing.T) {
			c := newClinic(t, numbered(3)...)
			if at == "connect" {
				c.opts.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
					<-ctx.Done()
					return nil, ctx.Err()
				}
			}
			c.srv.Intercept = func(line string) (string, bool) { return "", strings.HasPrefix(line, at) }
			ctx, cancel := contextOf(t)
			time.AfterFunc(5*time.Second, cancel)
			begun := time.Now()
			r, err := c.diagnose(ctx)
			if r != nil || !errors.Is(err, context.Canceled) || time.Since(begun) > 8*time.Second {
				t.Errorf("%+v, %v after %v", r, err, time.Since(begun))
			}
		})
	}
}
