package pop3_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/popgate/popgate/pop3"
	"github.com/popgate/popgate/pop3/pop3test"
)

// TestAddresses: which port an address means, and when TLS begins.
func TestAddresses(t *testing.T) {
	for _, tc := range []struct {
		address  string
		mode     pop3.Mode
		dialled  string
		implicit bool
	}{
		{"mail.example.test", pop3.Automatic, "mail.example.test:995", true},
		{"mail.example.test:995", pop3.Automatic, "mail.example.test:995", true},
		{"mail.example.test:pop3s", pop3.Automatic, "mail.example.test:pop3s", true},
		{"mail.example.test:110", pop3.Automatic, "mail.example.test:110", false},
		{"mail.example.test:1110", pop3.Automatic, "mail.example.test:1110", false},
		{"mail.example.test:", pop3.Automatic, "mail.example.test:995", true},
		{"mail.example.test", pop3.Implicit, "mail.example.test:995", true},
		{"mail.example.test:110", pop3.Implicit, "mail.example.test:110", true},
		{"mail.example.test", pop3.STLS, "mail.example.test:110", false},
		{"mail.example.test:995", pop3.STLS, "mail.example.test:995", false},
		{"mail.example.test", pop3.Plaintext, "mail.example.test:110", false},
		{"::1", pop3.Automatic, "[::1]:995", true},
		{"[::1]", pop3.STLS, "[::1]:110", false},
		{"[::1]:110", pop3.Automatic, "[::1]:110", false},
		{"127.0.0.1", pop3.Automatic, "127.0.0.1:995", true},
	} {
		inBubble(t, tc.address, func(t *testing.T) {
			var dialled string
			implicit := make(chan bool, 1)
			_, err := pop3.Dial(t.Context(), tc.address, &pop3.Options{
				Mode: tc.mode,
				DialContext: func(_ context.Context, network, address string) (net.Conn, error) {
					dialled = address
					if network != "tcp" {
						t.Error(network)
					}
					client, server := net.Pipe()
					go func() {
						defer server.Close()
						time.Sleep(time.Second)
						_ = server.SetReadDeadline(time.Now().Add(time.Second))
						hello := make([]byte, 1)
						n, _ := server.Read(hello)
						implicit <- n == 1 && hello[0] == 22
					}()
					return client, nil
				},
			})
			if got := <-implicit; err == nil || dialled != tc.dialled || got != tc.implicit {
				t.Errorf("%q, TLS at once: %v, %v; want %q, %v", dialled, got, err, tc.dialled, tc.implicit)
			}
		})
	}
}

// TestDial: with a real server, in each mode.
func TestDial(t *testing.T) {
	for name, tc := range map[string]struct {
		mode   pop3.Mode
		secure bool // from the first octet
		tls    bool // in the end
	}{
		"implicit": {pop3.Implicit, true, true}, "STLS": {pop3.STLS, false, true}, "automatic": {pop3.Automatic, false, true},
		"plaintext": {pop3.Plaintext, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			srv := pop3test.NewUnstartedServer(nil)
			if srv.Banner = "+OK ready"; tc.secure {
				srv.StartTLS()
			} else {
				srv.Start()
			}
			defer srv.Close()
			c, err := pop3.Dial(t.Context(), srv.Addr, &pop3.Options{Mode: tc.mode, TLS: clientTLS(srv)})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			response, err := c.Welcome(t.Context())
			want(t, response, err, "+OK ready")
			if _, on := c.TLS(); on != tc.tls {
				t.Errorf("TLS: %v", on)
			}
		})
	}
	t.Run("name from the address", func(t *testing.T) {
		srv := pop3test.NewUnstartedServer(nil)
		srv.StartTLS()
		defer srv.Close()
		config := clientTLS(srv)
		config.ServerName = ""
		c, err := pop3.Dial(t.Context(), srv.Addr, &pop3.Options{Mode: pop3.Implicit, TLS: config})
		if err != nil {
			t.Fatal(err)
		}
		_ = c.Close()
		if config.ServerName != "" || config.NextProtos != nil {
			t.Error("the caller's configuration was changed")
		}
	})
}

// TestDialFails: what is returned where no session comes about. The connection is closed, and nothing secret was sent (A1 to A3).
func TestDialFails(t *testing.T) {
	t.Run("refused", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		_ = l.Close()
		_, err = pop3.Dial(t.Context(), l.Addr().String(), nil)
		failed, ok := errors.AsType[*pop3.DialError](err)
		if _, network := errors.AsType[*net.OpError](err); !ok || !network || failed.Timeout() || failed.Address != l.Addr().String() {
			t.Errorf("%v (%T)", err, err)
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := pop3.Dial(ctx, "127.0.0.1:1", nil); !errors.Is(err, context.Canceled) {
			t.Errorf("%v (%T)", err, err)
		}
	})
	for name, tc := range map[string]struct {
		greeting, stls string
		check          func(t *testing.T, err error)
		sent           string
	}{
		"greeting refused": {"-ERR [SYS/TEMP] later\r\n", "", func(t *testing.T, err error) {
			t.Helper()
			wantRefused(t, err, pop3.RefusedError{Response: "-ERR [SYS/TEMP] later", Code: "SYS/TEMP"})
		}, ""},
		"no greeting": {"220 smtp\r\n", "", func(t *testing.T, err error) {
			t.Helper()
			if dead, ok := errors.AsType[*pop3.BrokenError](err); !ok || dead.Cause != pop3.Protocol || dead.Response != "" {
				t.Errorf("%v (%T)", err, err)
			}
		}, ""},
		"STLS refused": {"+OK\r\n", "-ERR no\r\n", func(t *testing.T, err error) {
			t.Helper()
			wantRefused(t, err, pop3.RefusedError{Command: "STLS", Response: "-ERR no"})
		}, "STLS\r\n"},
		"STLS injected": {"+OK\r\n+OK\r\n", "", func(t *testing.T, err error) {
			t.Helper()
			if dead, ok := errors.AsType[*pop3.BrokenError](err); !ok || dead.Cause != pop3.Protocol {
				t.Errorf("%v (%T)", err, err)
			}
		}, ""},
	} {
		inBubble(t, name, func(t *testing.T) {
			sent := make(chan string, 1)
			c, err := pop3.Dial(t.Context(), "mail.example.test", &pop3.Options{
				Mode: pop3.STLS,
				DialContext: func(context.Context, string, string) (net.Conn, error) {
					client, server := net.Pipe()
					go func() {
						p := newPeer(server)
						p.say(tc.greeting)
						line := p.hear()
						p.say(tc.stls)
						if line != "" {
							line += "\r\n"
						}
						sent <- line + p.rest() // returns when the client closes
					}()
					return client, nil
				},
			})
			if c != nil {
				t.Error("a client with an error")
			}
			tc.check(t, err)
			if got := <-sent; got != tc.sent {
				t.Errorf("the client sent %q, want %q", got, tc.sent)
			}
		})
	}
}

// TestErrorTexts: what people read in a log.
func TestErrorTexts(t *testing.T) {
	for want, err := range map[string]error{
		`pop3: greeting: "-ERR busy"`:                            &pop3.RefusedError{Response: "-ERR busy"},
		`pop3: DELE: "-ERR no\x1b[31m"`:                          &pop3.RefusedError{Command: "DELE", Response: "-ERR no\x1b[31m"},
		`pop3: STAT: cannot read the reply "+OK"`:                &pop3.MalformedError{Command: "STAT", Response: "+OK"},
		`pop3: RETR: no answer in time`:                          &pop3.BrokenError{Command: "RETR", Cause: pop3.Timeout},
		`pop3: certificate refused: no pinned public key`:        &pop3.BrokenError{Cause: pop3.TLSVerification, Err: pop3.ErrPin},
		`pop3: NOOP: connection lost ("-ERR bye")`:               &pop3.BrokenError{Command: "NOOP", Response: "-ERR bye"},
		`pop3: connect to h:1: closed`:                           &pop3.DialError{Address: "h:1", Err: errors.New("closed")},
		`pop3: PASS: an argument holds CR, LF or NUL`:            pop3.CheckCommand("PASS", "a\nb"),
		`pop3: AUTH: an argument is no name of a SASL mechanism`: pop3.CheckMechanism(""),
	} {
		if err.Error() != want {
			t.Errorf("%q, want %q", err.Error(), want)
		}
	}
	if err := pop3.CheckCommand("PASS", "fine"); err != nil {
		t.Error(err)
	}
	if err := pop3.CheckCredentials(pop3.Credentials{Username: "u", Password: "p"}); err != nil {
		t.Error(err)
	}
	uniform := pop3.UniformTimeouts(time.Second)
	if uniform != (pop3.Timeouts{time.Second, time.Second, time.Second, time.Second, time.Second, time.Second}) {
		t.Errorf("%+v", uniform)
	}
}
