package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3/pop3test"
)

// shellCommands are what was typed when testdata/dovecot.txt was saved.
const shellCommands = "stat\nlist\nuidl\nretr 1\nretr 2\ntop 1 1\nretr 9\ndele 2\nrset\nquit\n"

// TestReplayOfDovecot plays what a real server once said. The password is another one than it was then.
func TestReplayOfDovecot(t *testing.T) {
	srv := pop3test.Replay(t, "testdata/dovecot.txt")
	cmd := exec.Command("popgate", "shell", "--direct", "--unsafe-plaintext", "pop://alice@"+srv.Addr)
	cmd.Env = append(os.Environ(), "POPGATE_PASSWORD=another")
	cmd.Stdin = strings.NewReader(shellCommands)
	out, err := cmd.Output()
	if cmd.ProcessState.ExitCode() != statusPartial { // there is no message 9
		t.Errorf("%v\n%s", err, out)
	}
	for _, want := range []string{
		"\nC:   AUTH PLAIN ***\nS:   +OK Logged in.\n", "\n2 messages, 99 octets\n", "\n2 000000026b07baa0\n",
		"\nFrom: a@example.test\r\nSubject: one\r\n\r\n.\r\n..dots\r\nlast\r\n", "\nerror COMMAND_REFUSED: ", "\nNOTHING_MARKED\n",
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("there is no %q in\n%s", want, out)
		}
	}
}

// TestDescribe: what is shown of a request has no secret, no session's id, and nothing that is long.
func TestDescribe(t *testing.T) {
	number := uint32(7)
	for want, req := range map[string]requestMessage{
		"":                                  &pb.StatRequest{SessionId: "canary"},
		`username:"a\x1b"`:                  &pb.UserRequest{SessionId: "canary", Username: "a\x1b"},
		"password:***":                      &pb.PassRequest{SessionId: "canary", Password: "canary"},
		`username:"a" secret:***`:           &pb.ApopRequest{Username: "a", Secret: "canary"},
		"credentials:{access_token:***}":    &pb.AuthRequest{Credentials: &pb.Credentials{Secret: &pb.Credentials_AccessToken{AccessToken: "canary"}}},
		"message_number:7 want_sha256:true": &pb.RetrRequest{MessageNumber: 7, WantSha256: true},
		"message_number:7":                  &pb.ListRequest{MessageNumber: &number},
		"tls:{mode:TLS_MODE_STLS ca_bundle_pem:(81 octets) client_key_pem:***}": &pb.StlsRequest{Tls: &pb.TlsOptions{
			Mode: pb.TlsMode_TLS_MODE_STLS, CaBundlePem: strings.Repeat("x", 81), ClientKeyPem: "canary",
		}},
	} {
		if got := describe(req.ProtoReflect()); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
