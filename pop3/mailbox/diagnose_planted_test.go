package mailbox

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/popgate/popgate/pop3"
	"github.com/popgate/popgate/pop3/pop3test"
)

// TestDiagnosePlanted: each defect is found and named, and nothing else is.
func TestDiagnosePlanted(t *testing.T) {
	replies := func(table map[string]string) func(*testing.T, *clinic) {
		return func(_ *testing.T, c *clinic) { c.srv.Intercept = answering(table) }
	}
	silentAt := func(command string) func(*testing.T, *clinic) {
		return func(_ *testing.T, c *clinic) {
			c.srv.Intercept = func(line string) (string, bool) { return "", line == command }
		}
	}
	certificate := func(change func(*x509.Certificate)) func(*testing.T, *clinic) {
		return func(t *testing.T, c *clinic) {
			c.srv.TLS = serverTLS(issue(t, change))
			c.opts.TLS.RootCAs, c.opts.TLS.ServerName = rootsOf(t), "mail.example"
		}
	}
	capabilities := func(lines ...string) func(*testing.T, *clinic) {
		return func(_ *testing.T, c *clinic) {
			c.srv.Capabilities = append([]string{"TOP", "UIDL", "PIPELINING", "USER", "SASL PLAIN", "STLS"}, lines...)
		}
	}
	for name, tc := range map[string]struct {
		plant func(*testing.T, *clinic)
		want  string
	}{
		"expired certificate": {certificate(func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Hour) }), "CERTIFICATE_EXPIRED"},
		"wrong name":          {certificate(func(c *x509.Certificate) { c.DNSNames = []string{"other.example"} }), "CERTIFICATE_NAME_WRONG"},
		"near expiry":         {certificate(func(c *x509.Certificate) { c.NotAfter = time.Now().Add(100 * time.Hour) }), "CERTIFICATE_EXPIRES_SOON"},
		"not valid yet":       {certificate(func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Hour) }), "CERTIFICATE_UNTRUSTED"},
		"expired, wrong name, of nobody": {func(t *testing.T, c *clinic) {
			c.srv.TLS = serverTLS(issue(t, func(c *x509.Certificate) { c.NotAfter, c.DNSNames = time.Now().Add(-time.Hour), nil }))
		}, "CERTIFICATE_EXPIRED CERTIFICATE_NAME_WRONG CERTIFICATE_UNTRUSTED"},
		"not pinned": {func(_ *testing.T, c *clinic) {
			c.opts.TLS.VerifyConnection = func(tls.ConnectionState) error { return pop3.ErrPin }
		}, "CERTIFICATE_UNTRUSTED"},
		"TLS 1.0 alone": {func(t *testing.T, c *clinic) {
			certificate(nil)(t, c)
			c.srv.TLS.MinVersion, c.srv.TLS.MaxVersion = tls.VersionTLS10, tls.VersionTLS10
		}, "TLS_VERSION_OLD"},
		"TLS 1.1 alone, at once": {func(t *testing.T, c *clinic) {
			certificate(nil)(t, c)
			c.srv.TLS.MinVersion, c.srv.TLS.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
			c.implicit()
		}, "TLS_VERSION_OLD"},
		"no TLS at all, at once": {func(_ *testing.T, c *clinic) { c.opts.Mode = pop3.Implicit }, "TLS_HANDSHAKE_FAILED"},
		"no STLS":                {func(_ *testing.T, c *clinic) { c.srv.NoSTLS = true }, "STLS_MISSING"},
		"no STLS, in plaintext": {func(_ *testing.T, c *clinic) {
			c.plaintext()
			c.srv.NoSTLS = true
		}, "STLS_MISSING"},
		"passwords before TLS": {capabilities(), "PLAINTEXT_LOGIN"},
		"no UIDL": {func(_ *testing.T, c *clinic) {
			c.srv.Capabilities = []string{"TOP", "PIPELINING", "SASL PLAIN"}
			c.srv.Intercept = answering(map[string]string{"UIDL": "-ERR what?"})
		}, "UIDL_MISSING"},
		"UIDL listed and refused": {replies(map[string]string{"UIDL": "-ERR what?"}), "UIDL_MISSING"},
		"unstable ids":            {func(_ *testing.T, c *clinic) { c.drop.OnLogin = pop3test.RenameAtLogin }, "UNIQUE_IDS_UNSTABLE"},
		"duplicate ids":           {replies(map[string]string{"UIDL": "+OK\r\n1 a\r\n2 b\r\n3 b\r\n."}), "UNIQUE_IDS_DUPLICATE"},
		"missing ids":             {replies(map[string]string{"UIDL": "+OK\r\n1 a\r\n2 b\r\n3 \r\n."}), "UNIQUE_IDS_MISSING"},
		"damaged listing":         {replies(map[string]string{"UIDL": "+OK\r\n1 a\r\n2 b\r\n3 c\r\nnonsense\r\n."}), "LISTING_DAMAGED"},
		"LIST and UIDL differ":    {replies(map[string]string{"UIDL": "+OK\r\n1 a\r\n2 b\r\n3 c\r\n4 d\r\n."}), "LISTING_DAMAGED"},
		"TOP ignores its count": {func(_ *testing.T, c *clinic) {
			c.srv.Intercept = func(line string) (string, bool) {
				number, ok := strings.CutSuffix(line, " 0")
				if number, top := strings.CutPrefix(number, "TOP "); ok && top {
					return "+OK\r\n" + stuffed(text("id-"+number)) + ".\r\n", true
				}
				return "", false
			}
		}, "TOP_IGNORES_COUNT"},
		"no TOP": {func(_ *testing.T, c *clinic) {
			c.srv.Intercept = func(line string) (string, bool) { return "-ERR what?\r\n", strings.HasPrefix(line, "TOP ") }
		}, "TOP_MISSING"},
		"false sizes": {replies(map[string]string{"LIST": "+OK\r\n1 10\r\n2 20\r\n3 30\r\n."}), "SIZES_WRONG"},
		"closes on CAPA": {func(_ *testing.T, c *clinic) {
			c.plaintext()
			honest := c.serve
			c.serve = func(login int, conn net.Conn) { honest(login, closesOnCAPA(conn)) }
		}, "CAPA_CLOSES"},
		"silent on CAPA":    {silentAt("CAPA"), "CAPA_CLOSES"},
		"no CAPA":           {func(_ *testing.T, c *clinic) { c.srv.NoCAPA = true }, "CAPA_MISSING"},
		"LOGIN-DELAY":       {capabilities("LOGIN-DELAY 300"), "LOGIN_DELAY"},
		"EXPIRE 0":          {capabilities("EXPIRE 0"), "EXPIRE_ZERO"},
		"no PIPELINING":     {func(_ *testing.T, c *clinic) { c.srv.Capabilities = []string{"TOP", "UIDL", "SASL PLAIN"} }, "PIPELINING_MISSING"},
		"wrong password":    {func(_ *testing.T, c *clinic) { c.Credentials.Password = "guess" }, "LOGIN_REFUSED"},
		"logs in too often": {func(_ *testing.T, c *clinic) { c.drop.Refusal = "[LOGIN-DELAY] wait" }, "LOGIN_DELAY"},
		"in use":            {func(_ *testing.T, c *clinic) { c.drop.Refusal = "[IN-USE] another session" }, "MAILBOX_IN_USE"},
		"broken for now":    {func(_ *testing.T, c *clinic) { c.drop.Refusal = "[SYS/TEMP] disk full" }, "SERVICE_REFUSED"},
		"no mechanism": {func(_ *testing.T, c *clinic) {
			c.Credentials = pop3.Credentials{Username: "alice", AccessToken: "t0ken"}
		}, "NO_MECHANISM"},
		"greeting refused": {func(_ *testing.T, c *clinic) { c.srv.Banner = "-ERR go away" }, "SERVICE_REFUSED"},
		"no POP3":          {func(_ *testing.T, c *clinic) { c.srv.Banner = "220 smtp.example" }, "PROTOCOL_BROKEN"},
		"LIST refused":     {replies(map[string]string{"LIST": "-ERR not today"}), "SERVICE_REFUSED"},
		"hangs up":         {func(_ *testing.T, c *clinic) { c.serve = func(int, net.Conn) {} }, "CONNECTION_LOST"},
		"hangs up at once": {func(_ *testing.T, c *clinic) { c.opts.Mode, c.serve = pop3.Implicit, func(int, net.Conn) {} }, "CONNECTION_LOST"},
		"silent":           {func(_ *testing.T, c *clinic) { c.srv.Faults = pop3test.Faults{Action: pop3test.Stall} }, "SERVER_SILENT"},
		"silent at STLS":   {silentAt("STLS"), "SERVER_SILENT"},
		"silent in LIST":   {replies(map[string]string{"LIST": "+OK\r\n1 10"}), "SERVER_SILENT"},
		"TOP without end": {func(_ *testing.T, c *clinic) {
			c.srv.Intercept = func(line string) (string, bool) {
				endless := "+OK\r\n\r\n" + strings.Repeat("more\r\n", 200_000) + ".\r\n"
				return endless, strings.HasPrefix(line, "TOP 1 ")
			}
		}, "TOP_IGNORES_COUNT SIZES_WRONG"},
		"lines end in LF": {func(_ *testing.T, c *clinic) {
			c.srv.Intercept = func(line string) (string, bool) {
				return "+OK\r\nSubject: 1\n\nbody\n\r\n.\r\n", strings.HasPrefix(line, "TOP ")
			}
		}, "TOP_IGNORES_COUNT SIZES_WRONG"},
		"lines end in CR CR LF": {func(_ *testing.T, c *clinic) { // tcllib
			c.srv.Intercept = func(line string) (string, bool) {
				return "+OK\r\nSubject: 1\r\r\n\r\r\nbody\r\r\n.\r\n", strings.HasPrefix(line, "TOP ")
			}
		}, "TOP_IGNORES_COUNT SIZES_WRONG"},
		"a token, silent on CAPA": {func(t *testing.T, c *clinic) {
			silentAt("CAPA")(t, c)
			c.Credentials = pop3.Credentials{Username: "alice", AccessToken: "t0ken"}
		}, "NO_MECHANISM CAPA_CLOSES"},
		"a mechanism that is not listed": {func(_ *testing.T, c *clinic) {
			c.Credentials.Mechanism = "Cram-MD5"
		}, "NO_MECHANISM"},
		"a challenge that is none": {func(_ *testing.T, c *clinic) {
			c.srv.Capabilities = []string{"TOP", "UIDL", "PIPELINING", "SASL SCRAM-SHA-256"}
			c.srv.Intercept = func(line string) (string, bool) { return "+ eA==\r\n", strings.HasPrefix(line, "AUTH ") }
		}, "PROTOCOL_BROKEN"},
		"says good-bye": {func(_ *testing.T, c *clinic) {
			c.plaintext()
			c.serve = func(_ int, conn net.Conn) {
				_, _ = conn.Write([]byte("+OK\r\n-ERR too many connections\r\n"))
			}
		}, "CONNECTION_LOST CAPA_CLOSES"},
		"unverified, which is allowed": {func(_ *testing.T, c *clinic) {
			c.opts.TLS = &tls.Config{InsecureSkipVerify: true, ServerName: "localhost"}
		}, "CERTIFICATE_UNTRUSTED"},
		"in use for a minute": {func(_ *testing.T, c *clinic) { c.drop.Linger = time.Minute }, "MAILBOX_IN_USE"},
		"in use for 5 s":      {func(_ *testing.T, c *clinic) { c.drop.Linger = 5 * time.Second }, ""},
		"no messages":         {func(_ *testing.T, c *clinic) { c.drop.Messages = nil }, ""},
		"LOGIN-DELAY of 30 s": {func(t *testing.T, c *clinic) {
			capabilities("LOGIN-DELAY 30")(t, c)
			c.srv.LoginDelay = 30 * time.Second
		}, ""},
		"CAPA after login alone": {func(_ *testing.T, c *clinic) {
			asked := false
			c.srv.Intercept = func(line string) (string, bool) {
				asked = asked || strings.HasPrefix(line, "PASS ")
				return "-ERR\r\n", line == "CAPA" && !asked
			}
		}, ""},
	} {
		inBubble(t, strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			c := newClinic(t, numbered(3)...)
			tc.plant(t, c)
			r := c.report(t)
			wantFindings(t, r, tc.want)
			for _, d := range r.Findings {
				if d.Text == "" || d.Finding.Remedy() == "" || d.Finding.Severity() == 0 {
					t.Errorf("%v has no text, remedy or severity", d)
				}
			}
			if tc.want != "" && strings.HasPrefix(tc.want, "CERTIFICATE") && r.TLS == nil {
				t.Error("no certificate is told")
			}
		})
	}
}
