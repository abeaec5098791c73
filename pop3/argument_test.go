package pop3_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/popgate/popgate/pop3"
)

// localhost is a TLS configuration that trusts nobody.
var localhost = &tls.Config{ServerName: "localhost", MinVersion: tls.VersionTLS12}

// textArguments are all string arguments of all methods.
var textArguments = map[string]func(ctx context.Context, c *pop3.Client, s string) error{
	"USER name": func(ctx context.Context, c *pop3.Client, s string) error {
		_, err := c.User(ctx, s)
		return err
	},
	"PASS password": func(ctx context.Context, c *pop3.Client, s string) error {
		_, err := c.Pass(ctx, s)
		return err
	},
	"APOP name": func(ctx context.Context, c *pop3.Client, s string) error {
		_, err := c.Apop(ctx, s, "secret")
		return err
	},
	"APOP secret": func(ctx context.Context, c *pop3.Client, s string) error {
		_, err := c.Apop(ctx, "alice", s)
		return err
	},
	"RPOP name": func(ctx context.Context, c *pop3.Client, s string) error {
		_, err := c.Rpop(ctx, s)
		return err
	},
	"LANG tag": func(ctx context.Context, c *pop3.Client, s string) error {
		_, err := c.Lang(ctx, s)
		return err
	},
	"AUTH user name": func(ctx context.Context, c *pop3.Client, s string) error {
		_, _, err := c.Auth(ctx, pop3.Credentials{Mechanism: "PLAIN", Username: s, Password: "p"})
		return err
	},
	"AUTH identity": func(ctx context.Context, c *pop3.Client, s string) error {
		_, _, err := c.Auth(ctx, pop3.Credentials{Mechanism: "PLAIN", Username: "u", Identity: s, Password: "p"})
		return err
	},
	"AUTH password": func(ctx context.Context, c *pop3.Client, s string) error {
		_, _, err := c.Auth(ctx, pop3.Credentials{Username: "u", Password: s})
		return err
	},
	"AUTH mechanism": func(ctx context.Context, c *pop3.Client, s string) error {
		_, _, err := c.Auth(ctx, pop3.Credentials{Mechanism: s, Username: "u", Password: "p"})
		return err
	},
	"AUTH exchange's mechanism": func(ctx context.Context, c *pop3.Client, s string) error {
		_, err := c.AuthExchange(ctx, s, []byte("x"), nil)
		return err
	},
}

// TestInjection attacks every string argument with the octets that would begin another line (C1, C2). Not one octet is sent.
func TestInjection(t *testing.T) {
	for name, call := range textArguments {
		for _, octet := range []string{"\r", "\n", "\x00", "\r\nDELE 1"} {
			for _, s := range []string{octet, octet + "ab", "a" + octet + "b", "ab" + octet} {
				synctest.Test(t, func(t *testing.T) {
					wantNothingSent(t, plaintext, fmt.Sprintf("%s %q", name, s), func(c *pop3.Client) {
						err := call(t.Context(), c, s)
						if _, ok := errors.AsType[*pop3.ArgumentError](err); !ok {
							t.Errorf("%s %q: %v", name, s, err)
						}
						if err != nil && len(s) > 4 && strings.Contains(err.Error(), s[:2]) {
							t.Errorf("%s: the error shows the argument: %v", name, err)
						}
					})
				})
			}
		}
	}
}

// wantNothingSent greets a client, runs do, and fails where anything was sent, or where the next command is not alone.
func wantNothingSent(t *testing.T, opts *pop3.Options, name string, do func(c *pop3.Client)) {
	t.Helper()
	heard := make(chan string, 1)
	c := greeted(t, opts, func(p *peer) {
		line := p.hear()
		p.say("+OK alive\r\n")
		heard <- line
	})
	if _, err := c.Welcome(t.Context()); err != nil {
		t.Fatal(err)
	}
	do(c)
	wantAlive(t, c)
	if got := <-heard; got != "NOOP" {
		t.Errorf("%s: the server heard %q", name, got)
	}
}

// TestEveryOctet sends all other octets in every argument that is free text: they arrive in exactly one line, as they are.
func TestEveryOctet(t *testing.T) {
	for _, name := range []string{"USER name", "PASS password", "RPOP name"} {
		synctest.Test(t, func(t *testing.T) {
			c := greeted(t, plaintext, func(p *peer) {
				for line := p.hear(); line != ""; line = p.hear() {
					p.say("-ERR " + line + "|\r\n") // the line as the server sees it; in PASS it is hidden again
				}
			})
			verb, _, _ := strings.Cut(name, " ")
			for octet := range 256 {
				if strings.ContainsRune("\r\n\x00", rune(octet)) {
					continue
				}
				s := string([]byte{'a', byte(octet), 'b', byte(octet)})
				shown := s
				if verb == "PASS" {
					shown = "***"
				}
				err := textArguments[name](t.Context(), c, s)
				wantRefused(t, err, pop3.RefusedError{Command: verb, Response: "-ERR " + verb + " " + shown + "|"})
			}
		})
	}
}

// TestCommandLength: 255 octets are the most (C3).
func TestCommandLength(t *testing.T) {
	for n := 246; n <= 252; n++ {
		synctest.Test(t, func(t *testing.T) {
			c := greeted(t, plaintext, func(p *peer) { p.answer("+OK\r\n") })
			_, err := c.User(t.Context(), strings.Repeat("u", n))
			_, refused := errors.AsType[*pop3.ArgumentError](err)
			if tooLong := len("USER ")+n+len("\r\n") > 255; tooLong != refused || !tooLong && err != nil {
				t.Errorf("%d octets: %v", n, err)
			}
		})
	}
}

// TestNumbers: message number 0 is refused in every method, and as one of many.
func TestNumbers(t *testing.T) {
	for name, call := range map[string]func(ctx context.Context, c *pop3.Client) error{
		"LIST": func(ctx context.Context, c *pop3.Client) error { _, _, err := c.ListOne(ctx, 0); return err },
		"UIDL": func(ctx context.Context, c *pop3.Client) error { _, _, err := c.UidlOne(ctx, 0); return err },
		"RETR": func(ctx context.Context, c *pop3.Client) error { _, err := c.Retr(ctx, 0); return err },
		"TOP":  func(ctx context.Context, c *pop3.Client) error { _, err := c.Top(ctx, 0, 1); return err },
		"DELE": func(ctx context.Context, c *pop3.Client) error { _, err := c.Dele(ctx, 0); return err },
		"RETR of many": func(ctx context.Context, c *pop3.Client) (err error) {
			for _, err = range c.RetrEach(ctx, []uint32{1, 2, 0}) {
			}
			return err
		},
	} {
		inBubble(t, name, func(t *testing.T) {
			wantNothingSent(t, nil, name, func(c *pop3.Client) {
				if _, ok := errors.AsType[*pop3.ArgumentError](call(t.Context(), c)); !ok {
					t.Error("0 is a message number")
				}
			})
		})
	}
}

// TestUnsendable: what else is refused before anything is sent.
func TestUnsendable(t *testing.T) {
	refuse := errors.New("not this error")
	for name, tc := range map[string]struct {
		opts *pop3.Options
		call func(ctx context.Context, c *pop3.Client) error
		want error // nil for an *ArgumentError
	}{
		"LANG without a tag": {nil, func(ctx context.Context, c *pop3.Client) error { _, err := c.Lang(ctx, ""); return err }, nil},
		"LANG and a space":   {nil, func(ctx context.Context, c *pop3.Client) error { _, err := c.Lang(ctx, " "); return err }, nil},
		"STLS without a configuration": {nil, func(ctx context.Context, c *pop3.Client) error {
			_, err := c.Stls(ctx, nil)
			return err
		}, nil},
		"STLS without a name": {nil, func(ctx context.Context, c *pop3.Client) error {
			_, err := c.Stls(ctx, &tls.Config{MinVersion: tls.VersionTLS12})
			return err
		}, nil},
		"a mechanism that is not built in": {plaintext, func(ctx context.Context, c *pop3.Client) error {
			_, _, err := c.Auth(ctx, pop3.Credentials{Mechanism: "X-NONE"})
			return err
		}, nil},
		"USER in plaintext": {nil, func(ctx context.Context, c *pop3.Client) error { _, err := c.User(ctx, "u"); return err }, pop3.ErrTLSRequired},
		"PASS in plaintext": {nil, func(ctx context.Context, c *pop3.Client) error { _, err := c.Pass(ctx, "p"); return err }, pop3.ErrTLSRequired},
		"APOP in plaintext": {nil, func(ctx context.Context, c *pop3.Client) error { _, err := c.Apop(ctx, "u", "p"); return err }, pop3.ErrTLSRequired},
		"RPOP in plaintext": {nil, func(ctx context.Context, c *pop3.Client) error { _, err := c.Rpop(ctx, "u"); return err }, pop3.ErrTLSRequired},
		"AUTH in plaintext": {nil, func(ctx context.Context, c *pop3.Client) error {
			_, _, err := c.Auth(ctx, pop3.Credentials{Username: "u", Password: "p"})
			return err
		}, pop3.ErrTLSRequired},
		"an exchange in plaintext": {nil, func(ctx context.Context, c *pop3.Client) error {
			_, err := c.AuthExchange(ctx, "PLAIN", nil, func(pop3.Challenge) ([]byte, error) { return nil, refuse })
			return err
		}, pop3.ErrTLSRequired},
	} {
		inBubble(t, name, func(t *testing.T) {
			wantNothingSent(t, tc.opts, name, func(c *pop3.Client) {
				err := tc.call(t.Context(), c)
				_, argument := errors.AsType[*pop3.ArgumentError](err)
				if tc.want == nil && !argument || tc.want != nil && !errors.Is(err, tc.want) {
					t.Errorf("%v", err)
				}
			})
		})
	}
}
