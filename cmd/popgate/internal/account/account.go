// Package account says where a mailbox is, whose it is, and what proves that: what a person writes on a command line, turned into
// what a request needs.
package account

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// TLS says when TLS begins.
type TLS int

// The ways.
const (
	ByPort   TLS = iota // from the first octet, but by STLS where the port is known and not 995
	Implicit            // from the first octet (RFC 8314 section 3.2)
	STLS                // by STLS, which has to succeed (RFC 2595 section 4)
)

// Account is a mailbox and its user. Either Host or Domain is set.
type Account struct {
	TLS       TLS
	Host      string
	Port      uint16 // 0: the default
	Domain    string // whose DNS names the host, by SRV
	User      string
	Mechanism string // SASL, in capitals; "" lets popgate choose
	Password  string // as in a URL; mostly ""
}

// Parse reads what names a mailbox: a URL as in RFC 2384, pops://user@host:port or pop://user;AUTH=mechanism@host (pop means STLS);
// a mail address or a domain, whose DNS is asked for the host; or host:port, an IP address, or a name without a dot. No error
// shows a password.
func Parse(text string) (Account, error) {
	if scheme, rest, ok := strings.Cut(text, "://"); ok {
		return parseURL(strings.ToLower(scheme), rest)
	}
	at := strings.LastIndexByte(text, '@')
	where := text[at+1:]
	switch _, err := netip.ParseAddr(where); {
	case strings.ContainsAny(where, "/?#%; ") || where == "":
		return Account{}, errors.New("neither a URL such as pops://user@host, nor a mail address, nor host:port")
	case at == 0 || at > 0 && (err == nil || strings.ContainsAny(where, ":")):
		return Account{}, errors.New("a mail address names no port; write pops://user@host:port")
	case at > 0:
		return Account{Domain: where, User: text}, nil
	case err == nil:
		return Account{Host: where}, nil
	case strings.Contains(where, ":"):
		host, port, err := splitPort(where)
		return Account{Host: host, Port: port}, err
	case strings.Contains(where, "."):
		return Account{Domain: where}, nil
	}
	return Account{Host: where}, nil
}

// parseURL reads what stands behind the scheme. net/url would decode the user's name before it is parted from ";AUTH=".
func parseURL(scheme, rest string) (a Account, err error) {
	switch scheme {
	case "pops":
		a.TLS = Implicit
	case "pop":
		a.TLS = STLS
	default:
		return Account{}, errors.New("not a pop:// or pops:// URL")
	}
	rest = strings.TrimSuffix(rest, "/")
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		if a.User, a.Mechanism, a.Password, err = parseUser(rest[:at]); err != nil {
			return Account{}, err
		}
		rest = rest[at+1:]
	}
	if rest == "" || strings.ContainsAny(rest, "/?#%; ") {
		return Account{}, errors.New("the URL names no host, or more than a host and a port")
	}
	if a.Host, a.Port, err = splitPort(rest); err != nil {
		return Account{}, err
	}
	return a, nil
}

// parseUser reads user;AUTH=mechanism:password, where a user's name has ":", ";", "@", "/" and "%" percent-encoded.
func parseUser(text string) (user, mechanism, password string, err error) {
	text, password, _ = strings.Cut(text, ":")
	name, mechanism, _ := cutFold(text, ";auth=")
	switch {
	case mechanism == "*": // any (RFC 2384 section 4)
		mechanism = ""
	case strings.HasPrefix(mechanism, "+"):
		return "", "", "", fmt.Errorf("AUTH=%s is no SASL mechanism; leave it out, and popgate takes the strongest", mechanism)
	}
	if user, err = url.PathUnescape(name); err != nil {
		return "", "", "", errors.New("the user's name is not percent-encoded as in a URL")
	}
	if password, err = url.PathUnescape(password); err != nil {
		return "", "", "", errors.New("the password is not percent-encoded as in a URL")
	}
	if user == "" {
		return "", "", "", errors.New("the URL has an empty user's name")
	}
	return user, strings.ToUpper(mechanism), password, nil
}

// cutFold is strings.Cut for a separator in any letter case.
func cutFold(text, separator string) (before, after string, found bool) {
	i := strings.Index(strings.ToLower(text), separator)
	if i < 0 || len(strings.ToLower(text)) != len(text) {
		return text, "", false
	}
	return text[:i], text[i+len(separator):], true
}

// splitPort splits host:port, where the port may be missing and an IPv6 address may stand in brackets.
func splitPort(text string) (host string, port uint16, err error) {
	if inside, ok := strings.CutPrefix(text, "["); ok && strings.HasSuffix(inside, "]") {
		return strings.TrimSuffix(inside, "]"), 0, nil
	}
	if !strings.Contains(text, ":") {
		return text, 0, nil
	}
	host, digits, err := net.SplitHostPort(text)
	number, errNumber := strconv.ParseUint(digits, 10, 16)
	if err != nil || errNumber != nil || number == 0 || host == "" {
		return "", 0, fmt.Errorf("%q is not host:port", text)
	}
	return host, uint16(number), nil
}
