package pop3

import (
	"crypto/hmac"
	"crypto/md5" //nolint:gosec // RFC 2195 prescribes it for CRAM-MD5
	"encoding/hex"

	"github.com/emersion/go-sasl"
)

// proof is what a mechanism proves an identity by.
type proof int

const (
	byPassword proof = iota
	byToken
	byOther   // outside the protocol
	byNothing // and so never chosen unasked
)

// mechanism is a SASL mechanism that Auth knows.
type mechanism struct {
	name   string
	proof  proof
	client func(Credentials, binding) (sasl.Client, error)
	// twoLines says that the initial response is better sent in a line of its own: Microsoft's servers take it for an error in the
	// line of AUTH.
	twoLines bool
}

// mechanisms are those that Auth knows, the strongest of each proof first.
var mechanisms = []mechanism{
	{name: "SCRAM-SHA-256-PLUS", client: newScram},
	{name: "SCRAM-SHA-1-PLUS", client: newScram},
	{name: "SCRAM-SHA-256", client: newScram},
	{name: "SCRAM-SHA-1", client: newScram},
	{name: "CRAM-MD5", client: infallible(func(cr Credentials) sasl.Client { return cramMD5{cr} })},
	{name: "PLAIN", client: infallible(func(cr Credentials) sasl.Client {
		return sasl.NewPlainClient(cr.Identity, cr.Username, cr.Password)
	})},
	{name: "LOGIN", client: infallible(func(cr Credentials) sasl.Client { return &loginClient{cr: cr} })},
	{name: "OAUTHBEARER", proof: byToken, client: infallible(newBearer)},
	{name: "XOAUTH2", proof: byToken, client: infallible(func(cr Credentials) sasl.Client { return xoauth2{cr} }), twoLines: true},
	{name: "EXTERNAL", proof: byOther, client: infallible(func(cr Credentials) sasl.Client {
		return sasl.NewExternalClient(cr.Identity)
	})},
	{name: "ANONYMOUS", proof: byNothing, client: infallible(func(cr Credentials) sasl.Client {
		return sasl.NewAnonymousClient(cr.Username)
	})},
}

// infallible makes a constructor that needs no more than the credentials one of the table.
func infallible(client func(Credentials) sasl.Client) func(Credentials, binding) (sasl.Client, error) {
	return func(cr Credentials, _ binding) (sasl.Client, error) { return client(cr), nil }
}

// cramMD5 is CRAM-MD5 (RFC 2195).
type cramMD5 struct{ cr Credentials }

func (c cramMD5) Start() (string, []byte, error) { return "CRAM-MD5", nil, nil }

func (c cramMD5) Next(challenge []byte) ([]byte, error) {
	mac := hmac.New(md5.New, []byte(c.cr.Password))
	mac.Write(challenge)
	return []byte(c.cr.Username + " " + hex.EncodeToString(mac.Sum(nil))), nil
}

// loginClient is LOGIN, which was never more than a draft (draft-murchison-sasl-login): the name, then the password, whatever the
// prompts say. Without an initial response it works with every server that has it.
type loginClient struct {
	cr    Credentials
	asked int
}

func (l *loginClient) Start() (string, []byte, error) { return "LOGIN", nil, nil }

func (l *loginClient) Next([]byte) ([]byte, error) {
	switch l.asked++; l.asked {
	case 1:
		return []byte(l.cr.Username), nil
	case 2:
		return []byte(l.cr.Password), nil
	}
	return nil, sasl.ErrUnexpectedServerChallenge
}

// bearer is OAUTHBEARER (RFC 7628). A challenge is the server's reason to refuse, and is answered before the refusal comes
// (section 3.2.3).
type bearer struct{ sasl.Client }

func newBearer(cr Credentials) sasl.Client {
	return bearer{sasl.NewOAuthBearerClient(&sasl.OAuthBearerOptions{Username: cr.Username, Token: cr.AccessToken})}
}

func (bearer) Next([]byte) ([]byte, error) { return []byte{1}, nil }

// xoauth2 is XOAUTH2, which Google and Microsoft have in place of OAUTHBEARER and which no RFC describes. It refuses as that does,
// and takes an empty answer.
type xoauth2 struct{ cr Credentials }

func (x xoauth2) Start() (string, []byte, error) {
	return "XOAUTH2", []byte("user=" + x.cr.Username + "\x01auth=Bearer " + x.cr.AccessToken + "\x01\x01"), nil
}

func (xoauth2) Next([]byte) ([]byte, error) { return []byte{}, nil }
