package pop3_test

import (
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/xdg-go/scram"

	"github.com/popgate/popgate/pop3"
)

// scramHost is the server's side of SCRAM for the user alice, with TLS where version is not 0.
type scramHost struct {
	version uint16
	listed  string // in CAPA
	hash    scram.HashGeneratorFcn
	// converse begins the server's side, the state being that of TLS.
	converse func(s *scram.Server, state *tls.ConnectionState) *scram.ServerConversation
	// change changes what the server says: step 1 has the salt, step 2 the signature.
	change func(step int, challenge string) string
}

// dial returns a client and what the server comes to: the line of AUTH, without the response.
func (h *scramHost) dial(t *testing.T) (*pop3.Client, chan string) {
	t.Helper()
	client, server := net.Pipe()
	conn := client
	if h.version != 0 {
		conn = tls.Client(client, &tls.Config{RootCAs: roots(t), ServerName: "mail.example.test", MinVersion: tls.VersionTLS12, MaxVersion: h.version})
		server = tls.Server(server, &tls.Config{Certificates: []tls.Certificate{issue(t, nil)}, MinVersion: tls.VersionTLS12})
	}
	auth := make(chan string, 1)
	go func() {
		defer close(auth)
		defer server.Close()
		h.serve(newPeer(server), auth)
	}()
	c := pop3.New(conn, plaintext)
	t.Cleanup(func() {
		_ = c.Close()
		for range auth { // until the server has ended
		}
	})
	return c, auth
}

func (h *scramHost) serve(p *peer, auth chan<- string) {
	p.say("+OK hello\r\n")
	line := p.hear()
	if line == "CAPA" {
		p.say("+OK\r\nSASL " + h.listed + "\r\n.\r\n")
		line = p.hear()
	}
	fields := strings.Fields(line)
	if len(fields) != 3 {
		return
	}
	auth <- fields[1]
	p.say(h.exchange(p, fields[2]))
	if p.hear() == "NOOP" {
		p.say("+OK alive\r\n")
	}
	p.rest()
}

// exchange plays SCRAM and returns the status line.
func (h *scramHost) exchange(p *peer, response string) string {
	client, _ := h.hash.NewClient("alice", "s\u00adecret", "") // the soft hyphen goes by SASLprep
	stored, _ := client.GetStoredCredentialsWithError(scram.KeyFactors{Salt: "salt and pepper", Iters: 4096})
	srv, _ := h.hash.NewServer(func(string) (scram.StoredCredentials, error) { return stored, nil })
	var state *tls.ConnectionState
	if secure, ok := p.Conn.(*tls.Conn); ok {
		s := secure.ConnectionState()
		state = &s
	}
	conv := srv.NewConversation()
	if h.converse != nil {
		conv = h.converse(srv, state)
	}
	for step := 1; ; step++ {
		got, _ := base64.StdEncoding.DecodeString(response)
		if step == 3 { // the empty answer to the signature
			return "+OK in\r\n"
		}
		challenge, err := conv.Step(string(got))
		if err != nil && challenge == "" {
			return "-ERR [AUTH] no\r\n"
		}
		if h.change != nil {
			challenge = h.change(step, challenge)
		}
		if challenge == "+OK" {
			return "+OK in\r\n"
		}
		p.say("+ " + base64.StdEncoding.EncodeToString([]byte(challenge)) + "\r\n")
		if response = p.hear(); response == "*" || err != nil {
			return "-ERR [AUTH] no\r\n"
		}
	}
}

func bound(b func(*tls.ConnectionState) scram.ChannelBinding) func(*scram.Server, *tls.ConnectionState) *scram.ServerConversation {
	return func(s *scram.Server, state *tls.ConnectionState) *scram.ServerConversation {
		return s.NewConversationWithChannelBindingRequired(b(state))
	}
}

func exporter(state *tls.ConnectionState) scram.ChannelBinding {
	b, _ := scram.NewTLSExporterBinding(state)
	return b
}

func unique(state *tls.ConnectionState) scram.ChannelBinding {
	return scram.NewTLSUniqueBinding(state.TLSUnique)
}

// TestScram logs in by SCRAM of each kind, with the channel binding that each version of TLS has.
func TestScram(t *testing.T) {
	for _, tt := range []struct {
		name, mechanism, used string
		host                  scramHost
	}{
		{"SHA-1", "SCRAM-SHA-1", "SCRAM-SHA-1", scramHost{hash: scram.SHA1}},
		{"SHA-256", "scram-sha-256", "SCRAM-SHA-256", scramHost{hash: scram.SHA256}},
		{"SHA-256 in TLS", "SCRAM-SHA-256", "SCRAM-SHA-256", scramHost{hash: scram.SHA256, version: tls.VersionTLS13}},
		{"SHA-1-PLUS, TLS 1.3", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-1-PLUS", scramHost{hash: scram.SHA1, version: tls.VersionTLS13, converse: bound(exporter)}},
		{"SHA-256-PLUS, TLS 1.2", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-256-PLUS", scramHost{hash: scram.SHA256, version: tls.VersionTLS12, converse: bound(unique)}},
		{"the strongest, in TLS", "", "SCRAM-SHA-256-PLUS", scramHost{
			hash: scram.SHA256, version: tls.VersionTLS13, converse: bound(exporter), listed: "PLAIN SCRAM-SHA-256 SCRAM-SHA-256-PLUS SCRAM-SHA-1-PLUS",
		}},
		{"the strongest, in plaintext", "", "SCRAM-SHA-256", scramHost{hash: scram.SHA256, listed: "PLAIN SCRAM-SHA-256 SCRAM-SHA-256-PLUS"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, auth := tt.host.dial(t)
			mechanism, response, err := c.Auth(t.Context(), pop3.Credentials{Username: "alice", Password: "secret", Mechanism: tt.mechanism})
			if sent := <-auth; err != nil || response != "+OK in" || mechanism != tt.used || sent != tt.used {
				t.Fatalf("%q by %q (sent %q), %v; want %s", response, mechanism, sent, err, tt.used)
			}
			if c.State() != pop3.Transaction {
				t.Error("not logged in")
			}
			wantAlive(t, c)
		})
	}
}

// TestScramDowngrade: where a server has mechanisms with a channel binding and the list that arrived has none, somebody in the middle
// took them out, and SCRAM lets the server see it.
func TestScramDowngrade(t *testing.T) {
	host := scramHost{
		hash: scram.SHA256, version: tls.VersionTLS13, listed: "PLAIN SCRAM-SHA-256",
		converse: func(s *scram.Server, state *tls.ConnectionState) *scram.ServerConversation {
			return s.NewConversationWithChannelBinding(exporter(state))
		},
	}
	c, auth := host.dial(t)
	_, _, err := c.Auth(t.Context(), pop3.Credentials{Username: "alice", Password: "secret"})
	if _, refused := errors.AsType[*pop3.RefusedError](err); !refused || <-auth != "SCRAM-SHA-256" {
		t.Errorf("%v", err)
	}
}

// TestScramUnbound: a mechanism with a channel binding needs TLS, and nothing is sent without.
func TestScramUnbound(t *testing.T) {
	play(t, "plaintext", "S: +OK"+mechanismsEnd, plaintext, func(t *testing.T, c *pop3.Client) {
		if _, _, err := c.Auth(t.Context(), with(alice, "SCRAM-SHA-256-PLUS")); !errors.Is(err, pop3.ErrTLSRequired) {
			t.Errorf("%v", err)
		}
		wantAlive(t, c)
	})
}

// TestScramHostileServer: a server that asks for too little or too much work, whose nonce is not ours, or that does not prove that it
// knows the password, has nobody logged in (B19).
func TestScramHostileServer(t *testing.T) {
	at := func(step int, change func(string) string) func(int, string) string {
		return func(n int, challenge string) string {
			if n == step {
				return change(challenge)
			}
			return challenge
		}
	}
	replace := func(from, to string) func(string) string {
		return func(s string) string { return strings.Replace(s, from, to, 1) }
	}
	is := func(s string) func(string) string { return func(string) string { return s } }
	for name, tt := range map[string]struct {
		change func(int, string) string
		broken bool // the connection is dead; else the exchange was cancelled or refused
	}{
		"i=1":                        {at(1, replace("i=4096", "i=1")), false},
		"i=4095":                     {at(1, replace("i=4096", "i=4095")), false},
		"i=100001":                   {at(1, replace("i=4096", "i=100001")), false},
		"i=2147483647":               {at(1, replace("i=4096", "i=2147483647")), false},
		"i=99999999999999999999":     {at(1, replace("i=4096", "i=99999999999999999999")), false},
		"no number":                  {at(1, replace("i=4096", "i=many")), false},
		"another nonce":              {at(1, replace("r=", "r=x")), false},
		"salt that is not base64":    {at(1, replace("s=", "s=!")), false},
		"an extension, mandatory":    {at(1, func(s string) string { return "m=x," + s }), false},
		"nothing at first":           {at(1, is("")), false},
		"e= at first":                {at(1, is("e=other-error")), false},
		"a wrong signature":          {at(2, is("v="+base64.StdEncoding.EncodeToString([]byte("not the signature")))), false},
		"e= in place of a signature": {at(2, is("e=invalid-proof")), true}, // and then +OK
		"an empty signature":         {at(2, is("v=")), false},
		"+OK at once":                {at(1, is("+OK")), true},
		"+OK without a signature":    {at(2, is("+OK")), true},
	} {
		t.Run(name, func(t *testing.T) {
			host := scramHost{hash: scram.SHA256, change: tt.change}
			c, _ := host.dial(t)
			_, response, err := c.Auth(t.Context(), with(alice, "SCRAM-SHA-256"))
			if err == nil || response != "" || c.State() != pop3.Authorization {
				t.Fatalf("logged in: %q, %v", response, err)
			}
			if tt.broken {
				wantBroken(t, c, err, pop3.Protocol)
				return
			}
			if _, dead := errors.AsType[*pop3.BrokenError](err); dead {
				t.Fatalf("%v", err)
			}
			wantAlive(t, c)
		})
	}
}

// TestScramWrongPassword: the server's refusal is the error, whether it comes by -ERR alone or by "e=" first.
func TestScramWrongPassword(t *testing.T) {
	for _, explain := range []bool{false, true} {
		t.Run(fmt.Sprint("explained ", explain), func(t *testing.T) {
			host := scramHost{hash: scram.SHA1}
			host.change = func(step int, challenge string) string {
				if step == 2 && explain {
					return "e=invalid-proof"
				}
				return challenge
			}
			c, _ := host.dial(t)
			_, _, err := c.Auth(t.Context(), pop3.Credentials{Username: "alice", Password: "wrong", Mechanism: "SCRAM-SHA-1"})
			wantRefused(t, err, pop3.RefusedError{Command: "AUTH", Response: "-ERR [AUTH] no", Code: "AUTH"})
			wantAlive(t, c)
		})
	}
}
