package server

import (
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// jwtEntry is what the file of callers says of JSON Web Tokens (RFC 7519).
type jwtEntry struct {
	Issuer   string `yaml:"issuer"`
	Audience string `yaml:"audience"`
	Keys     string `yaml:"keys"` // file with a JSON Web Key Set (RFC 7517)
}

// jwtAlgorithms are those whose keys let nobody sign who can verify. "none" and HMAC are not among them.
var jwtAlgorithms = []jose.SignatureAlgorithm{
	jose.EdDSA, jose.ES256, jose.ES384, jose.ES512, jose.PS256, jose.PS384, jose.PS512, jose.RS256, jose.RS384, jose.RS512,
}

const (
	leastRSABits = 2048            // RFC 7518, section 3.3
	jwtLeeway    = 1 * time.Minute // of the issuer's clock, where it is ahead of ours
)

// jwtVerifier verifies JSON Web Tokens of one issuer.
type jwtVerifier struct {
	issuer, audience string
	keys             jose.JSONWebKeySet
}

// newJWTVerifier checks a key set. A key that is secret or private has no place there.
func newJWTVerifier(entry *jwtEntry, set []byte) (*jwtVerifier, error) {
	v := &jwtVerifier{issuer: entry.Issuer, audience: entry.Audience}
	if v.issuer == "" || v.audience == "" {
		return nil, errors.New("jwt needs issuer and audience")
	}
	if err := json.Unmarshal(set, &v.keys); err != nil {
		return nil, errors.New("not a JSON Web Key Set") // what is wrong might show a key
	}
	if len(v.keys.Keys) == 0 {
		return nil, errors.New("a JSON Web Key Set without keys")
	}
	for i, key := range v.keys.Keys {
		public, isRSA := key.Key.(*rsa.PublicKey)
		switch {
		case !key.Valid() || !key.IsPublic():
			return nil, fmt.Errorf("key %d is no public key", i+1)
		case key.KeyID == "":
			return nil, fmt.Errorf("key %d has no kid", i+1)
		case isRSA && public.N.BitLen() < leastRSABits:
			return nil, fmt.Errorf("key %d has less than %d bits", i+1, leastRSABits)
		}
	}
	return v, nil
}

var errNotAccepted = errors.New("the token is not accepted")

// verify returns the subject of a token and when it ends, which it has to say.
func (v *jwtVerifier) verify(token string, now time.Time) (subject string, until time.Time, err error) {
	parsed, err := jwt.ParseSigned(token, jwtAlgorithms)
	if err != nil {
		return "", time.Time{}, err
	}
	var claims jwt.Claims
	if err := parsed.Claims(&v.keys, &claims); err != nil {
		return "", time.Time{}, err
	}
	expected := jwt.Expected{Issuer: v.issuer, AnyAudience: jwt.Audience{v.audience}, Time: now}
	if err := claims.ValidateWithLeeway(expected, jwtLeeway); err != nil {
		return "", time.Time{}, err
	}
	if claims.Expiry == nil || claims.Subject == "" || !now.Before(claims.Expiry.Time()) {
		return "", time.Time{}, errNotAccepted
	}
	return claims.Subject, claims.Expiry.Time(), nil
}
