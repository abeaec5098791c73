package dovecot_test

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

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// A mechanism is the client's side of a SASL exchange, which the tests compute
// without any help of the gateway.
type mechanism struct {
	name    string
	initial []byte // nil for none
	// step answers a challenge.
	step func(challenge []byte) ([]byte, error)
	// verify checks at the end that the server has proved itself, if not nil.
	verify func() error
}

// plainMechanism is PLAIN (RFC 4616), with or without initial response.
func plainMechanism(user account, initial bool) mechanism {
	message := []byte("\x00" + user.Name + "\x00" + user.Password)
	if initial {
		return mechanism{name: "PLAIN", initial: message, step: unexpected}
	}
	return mechanism{name: "PLAIN", step: func(challenge []byte) ([]byte, error) {
		if len(challenge) > 0 {
			return unexpected(challenge)
		}
		return message, nil
	}}
}

func unexpected(challenge []byte) ([]byte, error) {
	return nil, fmt.Errorf("unexpected challenge %q", challenge)
}

// loginMechanism is LOGIN, which has no RFC: two prompts, two answers.
func loginMechanism(user account) mechanism {
	answers := map[string]string{"Username:": user.Name, "Password:": user.Password}
	return mechanism{name: "LOGIN", step: func(challenge []byte) ([]byte, error) {
		answer, ok := answers[string(challenge)]
		if !ok {
			return unexpected(challenge)
		}
		return []byte(answer), nil
	}}
}

// cramMechanism is CRAM-MD5 (RFC 2195).
func cramMechanism(user account) mechanism {
	return mechanism{name: "CRAM-MD5", step: func(challenge []byte) ([]byte, error) {
		return fmt.Appendf(nil, "%s %x", user.Name, mac(md5.New, []byte(user.Password), challenge)), nil
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

func scramMechanism(user account) mechanism {
	nonce := rand.Text()
	x := &scram{password: user.Password, nonce: nonce, bare: "n=" + user.Name + ",r=" + nonce}
	return mechanism{
		name: "SCRAM-SHA-256", initial: []byte("n,," + x.bare), step: x.step,
		verify: func() error {
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

// exchange logs in by AuthExchange and returns the status line.
func (s *session) exchange(m mechanism) (string, error) {
	s.t.Helper()
	x := s.begin(s.t, "AuthExchange")
	first := &pb.AuthExchangeRequest{Mechanism: m.name, InitialResponse: m.initial}
	s.name(first)
	x.mustSend(first)
	for {
		message, err := x.receive()
		if err != nil {
			return "", err
		}
		response := message.(*pb.AuthExchangeResponse)
		if response.Challenge == nil {
			x.mustCloseSend()
			x.wantEnd()
			if m.verify != nil {
				err = m.verify()
			}
			return response.GetResponse(), err
		}
		answer, err := m.step(response.GetChallenge())
		if err != nil || response.GetRaw() {
			s.t.Fatalf("%s: %v (raw: %t)", m.name, err, response.GetRaw())
		}
		x.mustSend(&pb.AuthExchangeRequest{Response: answer})
	}
}
