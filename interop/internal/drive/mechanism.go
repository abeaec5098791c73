package drive

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"strconv"
	"strings"
)

// A Mechanism is the client's side of a SASL exchange, which the tests compute
// without any help of the gateway.
type Mechanism struct {
	Name    string
	Initial []byte // nil for none
	// Step answers a challenge.
	Step func(challenge []byte) ([]byte, error)
	// Verify checks at the end that the server has proved itself, if not nil.
	Verify func() error
}

// PlainMechanism is PLAIN (RFC 4616), with or without initial response.
func PlainMechanism(name, password string, initial bool) Mechanism {
	message := []byte("\x00" + name + "\x00" + password)
	if initial {
		return Mechanism{Name: "PLAIN", Initial: message, Step: Unexpected}
	}
	return Mechanism{Name: "PLAIN", Step: func(challenge []byte) ([]byte, error) {
		if len(challenge) > 0 {
			return Unexpected(challenge)
		}
		return message, nil
	}}
}

// Unexpected is the step of a mechanism for which there must be none.
func Unexpected(challenge []byte) ([]byte, error) {
	return nil, fmt.Errorf("unexpected challenge %q", challenge)
}

// LoginMechanism is LOGIN, which has no RFC: two prompts, two answers.
func LoginMechanism(name, password string) Mechanism {
	answers := map[string]string{"Username:": name, "Password:": password}
	return Mechanism{Name: "LOGIN", Step: func(challenge []byte) ([]byte, error) {
		answer, ok := answers[string(challenge)]
		if !ok {
			return Unexpected(challenge)
		}
		return []byte(answer), nil
	}}
}

// CramMechanism is CRAM-MD5 (RFC 2195).
func CramMechanism(name, password string) Mechanism {
	return CramBy("CRAM-MD5", md5.New, name, password)
}

// CramBy is CRAM-MD5 with another hash, as Courier has it.
func CramBy(mechanism string, newHash func() hash.Hash, name, password string) Mechanism {
	return Mechanism{Name: mechanism, Step: func(challenge []byte) ([]byte, error) {
		return fmt.Appendf(nil, "%s %x", name, mac(newHash, []byte(password), challenge)), nil
	}}
}

func mac(newHash func() hash.Hash, key, message []byte) []byte {
	h := hmac.New(newHash, key)
	h.Write(message)
	return h.Sum(nil)
}

// scram is SCRAM-SHA-256 (RFC 7677, RFC 5802) under way.
type scram struct {
	password, bare string // client-first-message-bare
	nonce          string
	proof          []byte // the server's, which is still to come
	verified       bool
}

// ScramMechanism is SCRAM-SHA-256, without channel binding.
func ScramMechanism(name, password string) Mechanism {
	nonce := rand.Text()
	x := &scram{password: password, nonce: nonce, bare: "n=" + name + ",r=" + nonce}
	return Mechanism{
		Name: "SCRAM-SHA-256", Initial: []byte("n,," + x.bare), Step: x.step,
		Verify: func() error {
			if !x.verified {
				return errors.New("the server has not proved that it knows the password")
			}
			return nil
		},
	}
}

// step answers server-first-message, and then server-final-message.
func (x *scram) step(challenge []byte) ([]byte, error) {
	if x.proof == nil {
		return x.final(string(challenge))
	}
	signature, ok := strings.CutPrefix(string(challenge), "v=")
	got, err := base64.StdEncoding.DecodeString(signature)
	if !ok || err != nil || !bytes.Equal(got, x.proof) {
		return nil, fmt.Errorf("the server's proof %q is wrong", challenge)
	}
	x.verified = true
	return []byte{}, nil
}

// final computes client-final-message (RFC 5802 section 3).
func (x *scram) final(first string) ([]byte, error) {
	nonce, salt, rounds, err := parseServerFirst(first)
	if err != nil || !strings.HasPrefix(nonce, x.nonce) {
		return nil, fmt.Errorf("server-first-message %q: wrong nonce, or %w", first, err)
	}
	salted, err := pbkdf2.Key(sha256.New, x.password, salt, rounds, sha256.Size)
	if err != nil {
		return nil, err
	}
	without := "c=biws,r=" + nonce
	message := []byte(x.bare + "," + first + "," + without)
	clientKey := mac(sha256.New, salted, []byte("Client Key"))
	stored := sha256.Sum256(clientKey)
	proof := mac(sha256.New, stored[:], message)
	for i := range proof {
		proof[i] ^= clientKey[i]
	}
	x.proof = mac(sha256.New, mac(sha256.New, salted, []byte("Server Key")), message)
	return []byte(without + ",p=" + base64.StdEncoding.EncodeToString(proof)), nil
}

func parseServerFirst(text string) (nonce string, salt []byte, rounds int, err error) {
	parts := strings.Split(text, ",")
	if len(parts) != 3 || !strings.HasPrefix(parts[0], "r=") || !strings.HasPrefix(parts[1], "s=") || !strings.HasPrefix(parts[2], "i=") {
		return "", nil, 0, errors.New("not r, s and i")
	}
	salt, err1 := base64.StdEncoding.DecodeString(parts[1][2:])
	rounds, err2 := strconv.Atoi(parts[2][2:])
	return parts[0][2:], salt, rounds, errors.Join(err1, err2)
}
