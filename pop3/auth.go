package pop3

import (
	"context"
	"crypto/md5" //nolint:gosec // RFC 1939 section 7 prescribes it for APOP
	"encoding/hex"
	"strings"
	"unicode/utf8"

	"github.com/xdg-go/stringprep"
)

// User names the user of a login by USER and PASS (RFC 1939 section 7), and returns the status line. The name goes out as it
// is, spaces included.
func (c *Client) User(ctx context.Context, name string) (string, error) {
	if err := c.guard("USER", name); err != nil {
		return "", err
	}
	return c.simple(ctx, "USER", name)
}

// Pass completes the login that User began (PASS, RFC 1939 section 7), and returns the status line. The password goes out as it
// is, spaces included.
func (c *Client) Pass(ctx context.Context, password string) (string, error) {
	return c.login(ctx, command{verb: "PASS", args: []string{password}, secret: true, hide: []string{password}})
}

// Apop logs in by a digest of the greeting's time stamp and a secret (APOP, RFC 1939 section 7), and returns the status line.
// A greeting without a time stamp is ErrNotOffered. After Utf8 the name and the secret are prepared by SASLprep (RFC 6856 section 2.2).
func (c *Client) Apop(ctx context.Context, name, secret string) (string, error) {
	if err := c.guard("APOP", name); err != nil {
		return "", err
	}
	if err := checkOctets("APOP", secret); err != nil { // only its digest is sent, but what no line can hold is no secret here
		return "", err
	}
	if _, err := c.Welcome(ctx); err != nil {
		return "", err
	}
	if c.stamp == "" {
		return "", ErrNotOffered
	}
	if c.utf8 {
		var err error
		if name, secret, err = prepared(name, secret); err != nil {
			return "", err
		}
	}
	sum := md5.Sum([]byte(c.stamp + secret)) //nolint:gosec // as above
	digest := hex.EncodeToString(sum[:])
	hide := []string{secret, digest}
	return c.login(ctx, command{verb: "APOP", args: []string{name, digest}, secret: true, hide: hide})
}

// prepared makes texts of one meaning one text (SASLprep, RFC 4013). ASCII is left alone: it needs no preparing, and what it forbids
// there the server decides.
func prepared(name, secret string) (string, string, error) {
	for _, text := range []*string{&name, &secret} {
		if strings.IndexFunc(*text, func(r rune) bool { return r >= utf8.RuneSelf }) < 0 {
			continue
		}
		ready, err := stringprep.SASLprep.Prepare(*text)
		if err != nil {
			return "", "", &ArgumentError{Command: "APOP", Err: errNotPrepared}
		}
		*text = ready
	}
	return name, secret, nil
}

// Rpop logs in by trust between hosts (RPOP, RFC 1081), after User, and returns the status line.
func (c *Client) Rpop(ctx context.Context, name string) (string, error) {
	if err := c.guard("RPOP", name); err != nil {
		return "", err
	}
	return c.login(ctx, command{verb: "RPOP", args: []string{name}})
}

// guard refuses an argument that cannot be sent, and any login over plaintext that is not allowed.
func (c *Client) guard(verb, name string) error {
	if err := CheckCommand(verb, name); err != nil {
		return err
	}
	return c.guardSecret()
}

func (c *Client) guardSecret() error {
	if _, on := c.TLS(); !on && !c.opts.UnsafeAllowPlaintext {
		return ErrTLSRequired
	}
	return nil
}

// login runs a command that, when accepted, begins the TRANSACTION state.
func (c *Client) login(ctx context.Context, cmd command) (response string, err error) {
	if err := CheckCommand(cmd.verb, cmd.args...); err != nil {
		return "", err
	}
	if err := c.guardSecret(); err != nil {
		return "", err
	}
	err = c.roundTrip(ctx, cmd, func(st status) {
		c.state = Transaction
		response = st.response
	})
	return response, err
}
