package server

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
)

// tokenPrefix lets scanners for secrets find a token where none should be.
const tokenPrefix = "popgate_"

// NewToken makes a bearer token of 256 random bits, and its SHA-256 in hexadecimal, which is all that a file of callers holds of it.
func NewToken() (token, digest string) {
	var random [32]byte
	_, _ = rand.Read(random[:]) // never fails: it ends the process instead
	token = tokenPrefix + base64.RawURLEncoding.EncodeToString(random[:])
	sum := sha256.Sum256([]byte(token))
	return token, hex.EncodeToString(sum[:])
}
