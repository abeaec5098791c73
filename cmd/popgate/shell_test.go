package main

import (
	"io"
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

// TestSawStatusLine: the reply to a CAPA that the gateway asks on its own is not the call's, nor is a line that only begins like it.
func TestSawStatusLine(t *testing.T) {
	long := "+OK " + strings.Repeat("x", 2000)
	told := func(lines ...string) *shell {
		s := &shell{screen: &screen{w: io.Discard}, name: "Auth", changed: make(chan struct{})}
		for _, line := range lines {
			verb, isSent := strings.CutPrefix(line, "C: ")
			direction := pb.DebugDirection_DEBUG_DIRECTION_RECEIVED
			if isSent {
				direction = pb.DebugDirection_DEBUG_DIRECTION_SENT
			}
			s.told(&pb.DebugLine{Direction: direction, Line: verb})
		}
		return s
	}
	for _, tt := range []struct {
		lines    []string
		response string
		want     bool
	}{
		{[]string{"C: CAPA", "+OK"}, "+OK Logged in.", false},
		{[]string{"C: CAPA", "+OK"}, "+OK", false},
		{[]string{"C: CAPA", "+OK", "C: AUTH PLAIN ***"}, "+OK", false},
		{[]string{"C: CAPA", "+OK", "C: AUTH PLAIN ***", "+OK"}, "+OK", true},
		{[]string{"C: USER alice", "+OK"}, "+OK Logged in.", false},
		{[]string{"C: USER alice", "+OK", "C: PASS ***", "+OK Logged in."}, "+OK Logged in.", true},
		{[]string{"C: PASS ***", long}, long[:256], true}, // an error's
		{[]string{"C: PASS ***", long[:1024]}, long, true},
	} {
		s := told(tt.lines...)
		if got := s.saw(tt.response); got != tt.want {
			t.Errorf("after %.60q, %.20q: got %v, want %v", tt.lines, tt.response, got, tt.want)
		}
	}
}
