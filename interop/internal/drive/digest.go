package drive

import (
	"crypto/md5"
	"crypto/rand"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// digest is DIGEST-MD5 (RFC 2831) under way, with quality of protection auth.
type digest struct {
	uri, name, password string
	rspauth             string // the server's proof, which is still to come
	verified            bool
}

// DigestMechanism is DIGEST-MD5 towards a service and host, such as
// "pop/localhost".
func DigestMechanism(uri, name, password string) Mechanism {
	x := &digest{uri: uri, name: name, password: password}
	return Mechanism{Name: "DIGEST-MD5", Step: x.step, Verify: func() error {
		if !x.verified {
			return errors.New("the server has not proved that it knows the password")
		}
		return nil
	}}
}

// step answers digest-challenge, and then response-auth.
func (x *digest) step(challenge []byte) ([]byte, error) {
	if x.rspauth == "" {
		return x.respond(directives(challenge)), nil
	}
	if got := directives(challenge)["rspauth"]; got != x.rspauth {
		return nil, fmt.Errorf("the server's proof %q is wrong", challenge)
	}
	x.verified = true
	return []byte{}, nil
}

// respond computes digest-response (RFC 2831 section 2.1.2).
func (x *digest) respond(given map[string]string) []byte {
	nonce, cnonce, realm := given["nonce"], rand.Text(), given["realm"]
	secret := md5.Sum([]byte(x.name + ":" + realm + ":" + x.password))
	a1 := string(secret[:]) + ":" + nonce + ":" + cnonce
	proof := func(a2 string) string {
		return md5Hex(strings.Join([]string{md5Hex(a1), nonce, "00000001", cnonce, "auth", md5Hex(a2)}, ":"))
	}
	x.rspauth = proof(":" + x.uri)
	return fmt.Appendf(nil, `charset=utf-8,username="%s",realm="%s",nonce="%s",nc=00000001,cnonce="%s",digest-uri="%s",response=%s,qop=auth`,
		x.name, realm, nonce, cnonce, x.uri, proof("AUTHENTICATE:"+x.uri))
}

func md5Hex(text string) string { return fmt.Sprintf("%x", md5.Sum([]byte(text))) }

// directive is name=value or name="value" of a list.
var directive = regexp.MustCompile(`(\w+)=(?:"([^"]*)"|([^,]*))`)

func directives(list []byte) map[string]string {
	all := map[string]string{}
	for _, match := range directive.FindAllSubmatch(list, -1) {
		all[string(match[1])] = string(match[2]) + string(match[3])
	}
	return all
}
