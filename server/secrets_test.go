package server

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"google.golang.org/protobuf/proto"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// TestSecretsNeverShow logs in by every way there is, to a server that echoes what it gets, plain and in base64, and looks for the
// secrets in the watcher's lines and in every answer.
func TestSecretsNeverShow(t *testing.T) {
	const secret = "kestrel+Hunter2/ZETA"
	const initial = "\x00alice\x00" + secret
	in64 := func(s string) string { return base64.RawStdEncoding.EncodeToString([]byte(s)) }
	secrets := []string{secret, in64(secret), in64(initial)}
	for _, tt := range []struct {
		rpc    string
		set    func(proto.Message)
		echoes []string
	}{
		{"Pass", func(m proto.Message) { m.(*pb.PassRequest).Password = secret }, secrets[:2]},
		{"Apop", func(m proto.Message) { m.(*pb.ApopRequest).Secret = secret }, secrets[:2]},
		{"Auth", func(m proto.Message) {
			m.(*pb.AuthRequest).Credentials.Secret = &pb.Credentials_Password{Password: secret}
		}, secrets},
		// The caller's secret is somewhere in the response that it computes; only that is known here.
		{"AuthExchange", func(m proto.Message) { m.(*pb.AuthExchangeRequest).InitialResponse = []byte(initial) }, secrets[2:]},
	} {
		for _, echo := range tt.echoes {
			for _, mark := range []string{"+OK ", "-ERR ", "-ERR [AUTH] "} {
				t.Run(tt.rpc+" "+mark+echo, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						said := mark + "you said " + echo + ", did you?"
						m := newMailbox(t, 0)
						m.answer(map[string]string{"PASS": said, "APOP": said, "AUTH": said})
						g := newGateway(t, m.piped)
						id := g.openSession(t, anywhere())
						g.level(t, id, 2)
						stream := g.watch(t, id)
						method := byName(t, tt.rpc)
						req := requestFor(t, method, id)
						tt.set(req)
						o := invoke(t.Context(), g.conn, method, req)
						got := append(g.seen(t, id, stream), fmt.Sprint(o.err, o.trailer, infoOf(o.err), o.replies))
						wantNoSecret(t, tt.rpc, got, secrets...)
						if want := "S: " + mark + "you said ***, did you?"; !slices.Contains(got, want) {
							t.Errorf("got %q, want %q", got, want)
						}
					})
				})
			}
		}
	}
}

func wantNoSecret(t testing.TB, what string, texts []string, secrets ...string) {
	t.Helper()
	for _, text := range texts {
		for _, secret := range secrets {
			if strings.Contains(text, secret) {
				t.Errorf("%s: %q shows %q", what, text, secret)
			}
		}
	}
}

// APOP's digest is as good as the secret until the session ends.
func TestDigestNeverShows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMailbox(t, 0)
		digest := make(chan string, 1)
		m.Intercept = func(line string) (string, bool) {
			words := strings.Fields(line)
			digest <- words[len(words)-1]
			return "-ERR not " + words[len(words)-1] + "\r\n", true
		}
		g := newGateway(t, m.piped)
		id := g.openSession(t, anywhere())
		g.level(t, id, 2)
		stream := g.watch(t, id)
		_, err := g.Apop(t.Context(), &pb.ApopRequest{SessionId: id, Username: "alice", Secret: password})
		got := append(g.seen(t, id, stream), err.Error(), infoOf(err).String())
		wantNoSecret(t, "Apop", got, <-digest, password)
		if !slices.Contains(got, "C: APOP alice ***") || !slices.Contains(got, "S: -ERR not ***") {
			t.Errorf("got %q", got)
		}
	})
}
