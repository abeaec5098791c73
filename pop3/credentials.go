package pop3

import (
	"context"
	"errors"
	"strings"

	"github.com/emersion/go-sasl"

	"github.com/popgate/popgate/pop3/internal/wire"
)

// Credentials log in by SASL. What proves the identity is one of Password, AccessToken and External.
type Credentials struct {
	// Username is the authentication identity; to ANONYMOUS, what the server may note of who came (RFC 4505).
	Username string
	// Identity is the authorization identity, for who acts on behalf of another; mostly "".
	Identity string
	// Mechanism is the SASL mechanism, or "" for the strongest that both sides have and that fits the proof: for a password
	// SCRAM-SHA-256-PLUS, SCRAM-SHA-1-PLUS, SCRAM-SHA-256, SCRAM-SHA-1, CRAM-MD5, PLAIN, LOGIN; for a token OAUTHBEARER,
	// XOAUTH2; otherwise EXTERNAL. ANONYMOUS has to be named, and takes no proof.
	Mechanism string
	// Password proves the identity.
	Password string
	// AccessToken is an OAuth 2.0 bearer token (RFC 6750).
	AccessToken string
	// External says that the proof lies outside the protocol: mostly in the TLS client certificate.
	External bool
}

// Auth logs in by SASL (AUTH, RFC 5034), and returns the mechanism that it used and the status line. Without a mechanism in the
// credentials it asks for CAPA, unless a list is known, and takes the strongest that both sides have; a refusal is final and no weaker one is tried.
//
// Errors: ErrNotOffered means that there is no common mechanism, or no channel binding for one that ends in -PLUS; a *RefusedError
// may hold the reason that a server gave for refusing a token. A *MalformedError is a challenge that the mechanism does not have, or
// that asks for too much; the exchange was cancelled. With SCRAM the server has to prove that it knows the password too: one that
// does not is a *BrokenError with the cause Protocol, although it said +OK.
func (c *Client) Auth(ctx context.Context, cr Credentials) (mechanism, response string, err error) {
	if err := CheckCredentials(cr); err != nil {
		return "", "", err
	}
	if err := c.guardSecret(); err != nil {
		return "", "", err
	}
	if _, err := c.Welcome(ctx); err != nil { // also so that TLS is there to bind to
		return "", "", err
	}
	if cr.Mechanism == "" {
		if cr.Mechanism, err = c.strongest(ctx, cr); err != nil {
			return "", "", err
		}
	}
	m := find(cr.Mechanism)
	client, err := m.client(cr, c.binding())
	if err != nil {
		return "", "", err
	}
	_, initial, err := client.Start()
	if err != nil {
		return "", "", &ArgumentError{Command: "AUTH", Err: err}
	}
	x := &exchange{c: c, mechanism: m.name, initial: initial, twoLines: m.twoLines, hide: []string{cr.Password, cr.AccessToken}}
	response, err = x.login(ctx, client, m.proof)
	return m.name, response, err
}

// login runs the exchange with the client's side of a mechanism, in the other form too if the server wants that.
func (x *exchange) login(ctx context.Context, client sasl.Client, by proof) (string, error) {
	repeated := x.initial == nil
	var reason string
	x.respond = func(ch Challenge) ([]byte, error) {
		if len(ch.Data) == 0 && x.rounds == 1 && !repeated { // the initial response was not looked at
			repeated = true
			return x.initial, nil
		}
		answer, err := client.Next(ch.Data)
		if err != nil {
			return nil, &MalformedError{Command: "AUTH", Response: "+ " + hidden}
		}
		if by == byToken {
			reason = x.c.secrets.redact(string(ch.Data))
		}
		return answer, nil
	}
	if s, ok := client.(*scramClient); ok {
		x.proven = s.proven
	}
	response, err := x.c.authExchange(ctx, x)
	if x.wantsOtherForm(err) {
		x.twoLines = !x.twoLines
		first := err
		if response, err = x.c.authExchange(ctx, x); isLost(err) {
			err = first // some hang up on a form that they do not know: that is what there is to tell
		}
	}
	if refused, ok := errors.AsType[*RefusedError](err); ok {
		refused.Challenge = reason
	}
	return response, err
}

// isLost reports whether an error is that of a connection that the server has closed.
func isLost(err error) bool {
	broken, ok := errors.AsType[*BrokenError](err)
	return ok && broken.Cause == ConnectionLost
}

// wantsOtherForm reports whether a server has refused not the credentials but that the initial response was, or was not, part of the
// line of AUTH.
func (x *exchange) wantsOtherForm(err error) bool {
	refused, ok := errors.AsType[*RefusedError](err)
	if !ok || x.rounds > 0 || x.initial == nil || refused.Code != "" || refused.NotOffered || x.tooLong() {
		return false
	}
	text := strings.ToLower(refused.Response)
	return x.twoLines || strings.Contains(text, "protocol error") || strings.Contains(text, "syntax")
}

// CheckCredentials reports as an *ArgumentError credentials that Auth cannot send. The decoded fields are held to the rule of
// command lines, since servers have taken CR and LF in them for line ends.
func CheckCredentials(cr Credentials) error {
	for _, s := range []string{cr.Username, cr.Identity, cr.Password, cr.AccessToken} {
		if err := checkOctets("AUTH", s); err != nil {
			return err
		}
	}
	if strings.Contains(cr.AccessToken, "\x01") || cr.AccessToken != "" && strings.Contains(cr.Username, "\x01") {
		return &ArgumentError{Command: "AUTH", Err: errors.New("holds the separator of OAuth mechanisms, octet 1")}
	}
	if cr.Mechanism == "" {
		return nil
	}
	if err := CheckMechanism(cr.Mechanism); err != nil {
		return err
	}
	switch m := find(cr.Mechanism); {
	case m == nil:
		return &ArgumentError{Command: "AUTH", Err: errors.New("names a mechanism that is not built in; use AuthExchange")}
	case m.proof != cr.proof() && m.proof != byNothing:
		return &ArgumentError{Command: "AUTH", Err: errors.New("names a mechanism that proves identity by something else")}
	}
	return nil
}

// proof returns what the credentials prove the identity by.
func (cr Credentials) proof() proof {
	switch {
	case cr.AccessToken != "":
		return byToken
	case cr.External:
		return byOther
	}
	return byPassword
}

// strongest returns the first of our mechanisms that CAPA lists and that fits the credentials.
func (c *Client) strongest(ctx context.Context, cr Credentials) (string, error) {
	if c.capa == nil {
		if _, _, err := c.Capa(ctx); err != nil {
			return "", err
		}
	}
	_, bound := c.binding().channel()
	for _, m := range mechanisms {
		unbound := bound != nil && strings.HasSuffix(m.name, "-PLUS")
		if m.proof == cr.proof() && c.offersMechanism(m.name) && !unbound {
			return m.name, nil
		}
	}
	return "", ErrNotOffered
}

// binding returns what SCRAM is told of the connection.
func (c *Client) binding() binding {
	state, on := c.TLS()
	if !on {
		return binding{}
	}
	plus := c.offersMechanism("SCRAM-SHA-256-PLUS") || c.offersMechanism("SCRAM-SHA-1-PLUS")
	return binding{state: &state, unoffered: c.capa != nil && !plus}
}

// find returns the mechanism of a name, or nil.
func find(name string) *mechanism {
	for i := range mechanisms {
		if strings.EqualFold(mechanisms[i].name, name) {
			return &mechanisms[i]
		}
	}
	return nil
}

// checkOctets refuses a text that cannot stand in a line of any length.
func checkOctets(verb, s string) error {
	if _, err := wire.AppendLine(nil, s); err != nil {
		return &ArgumentError{Command: verb, Err: err}
	}
	return nil
}
