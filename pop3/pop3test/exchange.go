package pop3test

import (
	"encoding/base64"
	"errors"
	"strings"
)

// Mechanism is the server's side of a SASL mechanism. It returns the user whose
// maildrop opens. An error refuses the login: its text follows "-ERR ", with
// [AUTH] before it where it begins with no response code of its own.
type Mechanism func(x *Exchange) (user string, err error)

// Exchange is one AUTH command in progress. It is valid until the mechanism
// returns, and for its goroutine only.
type Exchange struct {
	session    *session
	encoded    string // the initial response as it came
	hasInitial bool
}

var (
	// ErrCanceled is the client's "*", which ends an exchange (RFC 5034,
	// section 4).
	ErrCanceled = errors.New("pop3test: the client has cancelled")
	// ErrNotBase64 is a response that is not base64.
	ErrNotBase64 = errors.New("pop3test: the response is not base64")
)

// Initial returns the initial response, decoded, and whether there was one;
// "=" is one that is empty. A response that is not base64 counts as present
// and comes as nil.
func (x *Exchange) Initial() (response []byte, ok bool) {
	if !x.hasInitial {
		return nil, false
	}
	if x.encoded == "=" {
		return []byte{}, true
	}
	response, err := base64.StdEncoding.DecodeString(x.encoded)
	if err != nil {
		return nil, true
	}
	return response, true
}

// Challenge sends a challenge in base64 and returns the decoded response. The
// error is ErrCanceled, ErrNotBase64 or the connection's; to return it from the
// mechanism is right in any case.
func (x *Exchange) Challenge(challenge []byte) ([]byte, error) {
	line, err := x.ChallengeRaw("+ " + base64.StdEncoding.EncodeToString(challenge))
	if err != nil {
		return nil, err
	}
	response, err := base64.StdEncoding.DecodeString(line)
	if err != nil {
		return nil, ErrNotBase64
	}
	return response, nil
}

// ChallengeRaw sends a line as it is, such as "+OK" or "+ not base64", and
// returns the client's line as it came. The error is ErrCanceled or the
// connection's.
func (x *Exchange) ChallengeRaw(line string) (string, error) {
	x.session.line(line)
	response, err := x.session.readLine(responseLimit)
	if err != nil {
		x.session.fail(err)
		return "", err
	}
	if response == "*" {
		return "", ErrCanceled
	}
	return response, nil
}

// Password returns the password of a user, and whether there is that user.
func (x *Exchange) Password(user string) (string, bool) {
	drop := x.session.srv.Maildrops[user]
	if drop == nil {
		return "", false
	}
	return drop.Password, true
}

// Secure reports whether the exchange takes place inside TLS.
func (x *Exchange) Secure() bool { return x.session.secure }

var errBadLogin = errors.New(badLogin)

// plain is PLAIN (RFC 4616). The authorization identity is empty or the user.
func plain(x *Exchange) (string, error) {
	response, ok := x.Initial()
	if !ok {
		var err error
		if response, err = x.Challenge(nil); err != nil {
			return "", err
		}
	}
	fields := strings.Split(string(response), "\x00")
	if len(fields) != 3 {
		return "", errBadLogin
	}
	identity, user, password := fields[0], fields[1], fields[2]
	want, ok := x.Password(user)
	if !ok || !same(password, want) || identity != "" && identity != user {
		return "", errBadLogin
	}
	return user, nil
}
