package server

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/metadata"
)

// testRoles are those of the callers in tests.
const testRoles = `
roles:
  all: {methods: ["*"]}
  none: {methods: []}
`

// parseCallers reads a file of callers from memory, with the key set of an issuer, or nil.
func parseCallers(text string, keys *issuer) (*Callers, error) {
	return LoadCallers(filepath.Join("etc", "callers.yaml"), func(file string) ([]byte, error) {
		switch {
		case file == filepath.Join("etc", "callers.yaml"):
			return []byte(text), nil
		case file == filepath.Join("etc", "jwks.json") && keys != nil:
			return keys.set()
		}
		return nil, fs.ErrNotExist
	})
}

func callersOf(t testing.TB, text string, keys *issuer) *Callers {
	t.Helper()
	callers, err := parseCallers(text, keys)
	if err != nil {
		t.Fatal(err)
	}
	return callers
}

// digestOf is how a token stands in the file.
func digestOf(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// entryOf is an entry with a token of the file.
func entryOf(name, role, token string) string {
	return fmt.Sprintf("  - {name: %s, role: %s, token-sha256: %s}\n", name, role, digestOf(token))
}

// withToken returns the context of a call that shows a token.
func withToken(ctx context.Context, token string) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token)
}

// issuer signs JWTs.
type issuer struct {
	key     crypto.Signer
	kid     string
	publish any // in place of its public key
}

// jwtSection is what the file says of an issuer.
const jwtSection = "jwt: {issuer: 'https://issuer.test', audience: popgate, keys: jwks.json}\n"

func newIssuer(t testing.TB) *issuer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &issuer{key: key, kid: "first"}
}

func (i *issuer) set() ([]byte, error) {
	var public any = i.key.Public()
	if i.publish != nil {
		public = i.publish
	}
	return json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: public, KeyID: i.kid}}})
}

// sign signs claims; those that are good are the caller's to spoil.
func (i *issuer) sign(t testing.TB, claims map[string]any) string {
	t.Helper()
	return signBy(t, jose.ES256, jose.JSONWebKey{Key: i.key, KeyID: i.kid}, claims)
}

func signBy(t testing.TB, algorithm jose.SignatureAlgorithm, key any, claims map[string]any) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key}, nil)
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// goodClaims are those of a token that is accepted for ten minutes, with some of them changed; nil takes one away.
func goodClaims(change map[string]any) map[string]any {
	claims := map[string]any{
		"iss": "https://issuer.test", "aud": "popgate", "sub": "backend", "exp": time.Now().Add(10 * time.Minute).Unix(),
		"iat": time.Now().Unix(),
	}
	for name, value := range change {
		if claims[name] = value; value == nil {
			delete(claims, name)
		}
	}
	return claims
}

// brief is a certificate's template that ends after a while.
func brief(dns string, life time.Duration) *x509.Certificate {
	return &x509.Certificate{DNSNames: []string{dns}, NotAfter: time.Now().Add(life)}
}

// retryOf returns when an error says that a repetition can help, or 0.
func retryOf(err error) time.Duration {
	return detailOf[*errdetails.RetryInfo](err).GetRetryDelay().AsDuration()
}
