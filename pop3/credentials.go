package pop3

import (
	"context"
	"errors"
	"strings"

	"github.com/emersion/go-sasl"

	"github.com/popgate/popgate/pop3/internal/wire"
)

// Credentials log in by SASL.
type Credentials struct {
	// Username is the authentication identity.
	Username string
	// Identity is the authorization identity, for who acts on behalf of another; mostly "".
	Identity string
	// Mechanism is the SASL mechanism, or "" for the strongest that both sides have.
	Mechanism string
	// Password proves the identity.
	Password string
}

// mechanisms are those that Auth knows, the strongest first.
var mechanisms = []struct {
	name   string
	client func(Credentials) sasl.Client
}{
	{"PLAIN", func(cr Credentials) sasl.Client { return sasl.NewPlainClient(cr.Identity, cr.Username, cr.Password) }},
}

// Auth logs in by SASL (AUTH, RFC 5034), and returns the mechanism that it used and the status line. Without a mechanism in the
// credentials it asks for CAPA and takes the strongest that both sides have; a refusal is final and no weaker one is tried.
// ErrNotOffered means that there is none.
func (c *Client) Auth(ctx context.Context, cr Credentials) (mechanism, response string, err error) {
	if err := CheckCredentials(cr); err != nil {
		return "", "", err
	}
	if err := c.guardSecret(); err != nil {
		return "", "", err
	}
	if cr.Mechanism == "" {
		if cr.Mechanism, err = c.strongest(ctx); err != nil {
			return "", "", err
		}
	}
	client := saslClient(cr)
	mechanism, initial, err := client.Start()
	if err != nil {
		return "", "", &ArgumentError{Command: "AUTH", Err: err}
	}
	respond := func(ch Challenge) ([]byte, error) {
		answer, err := client.Next(ch.Data)
		if err != nil { // a challenge that the mechanism does not have
			err = &MalformedError{Command: "AUTH", Response: "+ " + hidden}
		}
		return answer, err
	}
	response, err = c.authExchange(ctx, mechanism, initial, respond, string(initial), cr.Password)
	return mechanism, response, err
}

// CheckCredentials reports as an *ArgumentError credentials that Auth cannot send. The decoded fields are held to the rule of
// command lines, since servers have taken CR and LF in them for line ends.
func CheckCredentials(cr Credentials) error {
	for _, s := range []string{cr.Username, cr.Identity, cr.Password} {
		if err := checkOctets("AUTH", s); err != nil {
			return err
		}
	}
	if cr.Mechanism == "" {
		return nil
	}
	if err := CheckMechanism(cr.Mechanism); err != nil {
		return err
	}
	if saslClient(cr) == nil {
		return &ArgumentError{Command: "AUTH", Err: errors.New("names a mechanism that is not built in; use AuthExchange")}
	}
	return nil
}

// strongest returns the first of our mechanisms that CAPA lists.
func (c *Client) strongest(ctx context.Context) (string, error) {
	if _, _, err := c.Capa(ctx); err != nil {
		return "", err
	}
	for _, m := range mechanisms {
		if c.offersMechanism(m.name) {
			return m.name, nil
		}
	}
	return "", ErrNotOffered
}

// saslClient returns the client's side of the mechanism that the credentials name, or nil.
func saslClient(cr Credentials) sasl.Client {
	for _, m := range mechanisms {
		if strings.EqualFold(m.name, cr.Mechanism) {
			return m.client(cr)
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
