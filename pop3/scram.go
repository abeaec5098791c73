package pop3

import (
	"crypto/tls"
	"errors"
	"strconv"
	"strings"

	"github.com/emersion/go-sasl"
	"github.com/xdg-go/scram"
)

// maxIterations is how much work a server may ask for: some 100 ms. The least, 4,096 (RFC 7677 section 4), is the library's.
const maxIterations = 100_000

// binding is what SCRAM is told of the connection.
type binding struct {
	state *tls.ConnectionState // nil on plaintext
	// unoffered says that CAPA lists no mechanism with a channel binding. SCRAM tells the server so, and one that does list them
	// learns that somebody in the middle took them out (RFC 5802 section 6).
	unoffered bool
}

// channel returns the channel binding of TLS: tls-unique (RFC 5929) where there is one, which is before TLS 1.3, else tls-exporter
// (RFC 9266).
func (b binding) channel() (scram.ChannelBinding, error) {
	switch {
	case b.state == nil:
		return scram.ChannelBinding{}, ErrTLSRequired
	case len(b.state.TLSUnique) > 0:
		return scram.NewTLSUniqueBinding(b.state.TLSUnique), nil
	}
	bound, err := scram.NewTLSExporterBinding(b.state)
	if err != nil {
		return scram.ChannelBinding{}, ErrNotOffered
	}
	return bound, nil
}

// scramClient is SCRAM (RFC 5802, RFC 7677), with a channel binding where its name ends in -PLUS.
type scramClient struct {
	name   string
	conv   *scram.ClientConversation
	failed bool // the server has said why it refuses
}

func newScram(cr Credentials, b binding) (sasl.Client, error) {
	name := upper(cr.Mechanism)
	hash := scram.SHA256
	if strings.HasPrefix(name, "SCRAM-SHA-1") {
		hash = scram.SHA1
	}
	client, err := hash.NewClient(cr.Username, cr.Password, cr.Identity)
	if err != nil {
		return nil, &ArgumentError{Command: "AUTH", Err: errNotPrepared}
	}
	bound, err := b.channel()
	switch {
	case strings.HasSuffix(name, "-PLUS"):
		return &scramClient{name: name, conv: client.NewConversationWithChannelBinding(bound)}, err
	case err == nil && b.unoffered:
		return &scramClient{name: name, conv: client.NewConversationAdvertisingChannelBinding()}, nil
	}
	return &scramClient{name: name, conv: client.NewConversation()}, nil
}

// Start implements sasl.Client.
func (s *scramClient) Start() (string, []byte, error) {
	first, err := s.conv.Step("")
	return s.name, []byte(first), err
}

// errIterations says that the server asks for more work than maxIterations.
var errIterations = errors.New("too many iterations of SCRAM")

// Next implements sasl.Client.
func (s *scramClient) Next(challenge []byte) ([]byte, error) {
	text := string(challenge)
	if strings.HasPrefix(text, "e=") && !s.failed { // RFC 5802 section 7; -ERR follows
		s.failed = true
		return []byte{}, nil
	}
	for field := range strings.SplitSeq(text, ",") {
		if count, ok := strings.CutPrefix(field, "i="); ok {
			if n, err := strconv.Atoi(count); err != nil || n > maxIterations {
				return nil, errIterations
			}
		}
	}
	answer, err := s.conv.Step(text)
	return []byte(answer), err
}

// proven reports whether the server has proved that it knows the password as well (RFC 5802 section 3).
func (s *scramClient) proven() bool { return s.conv.Valid() }

// errNotPrepared says that a text cannot be prepared for comparison.
var errNotPrepared = errors.New("has characters that SASLprep forbids (RFC 4013)")
