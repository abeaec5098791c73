package main

import (
	"context"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3/pop3test"
)

// watches begins popgate watch of a session. wait returns its output and its error when it has ended.
func watches(t *testing.T, gateway, id string, args ...string) (wait func() (string, error)) {
	t.Helper()
	out := new(output)
	ended := make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	go func() { ended <- run(ctx, append([]string{"watch", id, "--gateway", gateway}, args...), out, out) }()
	return func() (string, error) {
		err := <-ended
		return out.String(), err
	}
}

// watched begins a watch that saves a transcript, and makes sure that it has begun.
func watched(t *testing.T, gateway, id, file string) (wait func() (string, error)) {
	t.Helper()
	wait = watches(t, gateway, id, "--save", file)
	eventually(t, func() error { _, err := os.Stat(file); return err })
	return wait
}

// logins are ways to log in as alice.
var logins = map[string]func(ctx context.Context, client pb.Pop3ServiceClient, id, password string) error{
	"PASS": func(ctx context.Context, client pb.Pop3ServiceClient, id, password string) error {
		_, err := client.User(ctx, &pb.UserRequest{SessionId: id, Username: "alice"})
		_, err2 := client.Pass(ctx, &pb.PassRequest{SessionId: id, Password: password})
		return errors.Join(err, err2)
	},
	"APOP": func(ctx context.Context, client pb.Pop3ServiceClient, id, password string) error {
		_, err := client.Apop(ctx, &pb.ApopRequest{SessionId: id, Username: "alice", Secret: password})
		return err
	},
	"PLAIN":    byMechanism("PLAIN"),
	"LOGIN":    byMechanism("LOGIN"),
	"CRAM-MD5": byMechanism("CRAM-MD5"),
	"AuthExchange": func(ctx context.Context, client pb.Pop3ServiceClient, id, password string) error {
		stream, err := client.AuthExchange(ctx)
		if err != nil {
			return err
		}
		err = stream.Send(&pb.AuthExchangeRequest{SessionId: id, Mechanism: "PLAIN"})
		_, err2 := stream.Recv()
		err3 := stream.Send(&pb.AuthExchangeRequest{Response: []byte("\x00alice\x00" + password)})
		_, err4 := stream.Recv()
		return errors.Join(err, err2, err3, err4, stream.CloseSend())
	},
}

func byMechanism(name string) func(ctx context.Context, client pb.Pop3ServiceClient, id, password string) error {
	return func(ctx context.Context, client pb.Pop3ServiceClient, id, password string) error {
		_, err := client.Auth(ctx, &pb.AuthRequest{SessionId: id, Credentials: &pb.Credentials{
			Username: "alice", Mechanism: name, Secret: &pb.Credentials_Password{Password: password},
		}})
		return err
	}
}

// prompting are mechanisms of a server that asks and takes every answer.
func prompting(prompts ...string) pop3test.Mechanism {
	return func(x *pop3test.Exchange) (string, error) {
		for _, prompt := range prompts {
			if _, err := x.Challenge([]byte(prompt)); err != nil {
				return "", err
			}
		}
		return "alice", nil
	}
}

// talkOver has the dialogue of the tests below: TLS, a password that is refused, a login, a listing, messages, deletion.
func talkOver(t *testing.T, client pb.Pop3ServiceClient, id, method, password string) {
	t.Helper()
	ctx := t.Context()
	if _, err := client.Stls(ctx, &pb.StlsRequest{SessionId: id, Tls: &pb.TlsOptions{InsecureSkipVerify: true}}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.User(ctx, &pb.UserRequest{SessionId: id, Username: "mallory"}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Pass(ctx, &pb.PassRequest{SessionId: id, Password: password}); errorInfo(err).GetReason() != "ERROR_REASON_LOGIN_FAILED" {
		t.Fatal(err)
	}
	if err := logins[method](ctx, client, id, password); err != nil {
		t.Fatal(err)
	}
	list, err := client.List(ctx, &pb.ListRequest{SessionId: id})
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = list.Recv()
	}
	if !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	for n := uint32(1); n <= 3; n++ {
		if _, err := retrieve(ctx, client, id, n); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := client.Dele(ctx, &pb.DeleRequest{SessionId: id, MessageNumber: 3}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Quit(ctx, &pb.QuitRequest{SessionId: id}); err != nil {
		t.Fatal(err)
	}
}

// TestTranscript saves a dialogue, plays it to the same client with another password, and looks for the secrets in what was written.
func TestTranscript(t *testing.T) {
	through := func(address string) (gateway string, client pb.Pop3ServiceClient) {
		gateway = serves(t, "--unsafe-allow-plaintext", "--unsafe-allow-unverified-tls", "--allow-target", address).address
		return gateway, pb.NewPop3ServiceClient(connect(t, gateway))
	}
	for method := range logins {
		t.Run(method, func(t *testing.T) {
			drop := pop3test.SampleMaildrop()
			drop.Password = password
			srv := pop3test.NewUnstartedServer(map[string]*pop3test.Maildrop{"alice": drop})
			srv.Banner = "+OK ready \x1b[2J<1@example.test>"
			srv.Intercept = func(line string) (string, bool) { // a server that echoes a password
				return "-ERR [AUTH] " + password + " is wrong\r\n", line == "PASS "+password && method != "PASS"
			}
			srv.Mechanisms = map[string]pop3test.Mechanism{
				"LOGIN": prompting("Username:", "Password:"), "CRAM-MD5": prompting("<1@example.test>"),
			}
			srv.Start()
			t.Cleanup(srv.Close)
			gateway, client := through(srv.Addr)
			file := filepath.Join(t.TempDir(), "saved.txt")
			id := open(t, client, srv)
			wait := watched(t, gateway, id, file)
			talkOver(t, client, id, method, password)
			printed, err := wait()
			if err != nil {
				t.Fatal(err)
			}
			saved, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			searchCanary(t, printed+string(saved))
			for _, line := range []string{"S: +OK ready \\x1b[2J<1@example.test>", "C: STLS", "C~ PASS ", "C: RETR 3", "S: ..", "S: .", "CLOSE"} {
				if !strings.Contains(string(saved), "\n"+line+"\n") {
					t.Errorf("there is no %q in\n%s", line, saved)
				}
			}
			played := pop3test.Replay(t, file)
			_, client = through(played.Addr)
			talkOver(t, client, open(t, client, &pop3test.Server{Addr: played.Addr}), method, "another")
		})
	}
}

// searchCanary looks for the password, for what encodes it, and for its APOP digest.
func searchCanary(t *testing.T, text string) {
	t.Helper()
	digest := md5.Sum([]byte("<1@example.test>" + password))
	secrets := []string{password, hex.EncodeToString(digest[:])}
	for _, plain := range []string{password, "\x00alice\x00" + password, "alice\x00alice\x00" + password} {
		secrets = append(secrets, base64.RawStdEncoding.EncodeToString([]byte(plain)))
	}
	for _, secret := range secrets {
		if strings.Contains(text, secret) {
			t.Errorf("%q is in\n%s", secret, text)
		}
	}
	if !strings.Contains(text, "PASS ***") {
		t.Errorf("no password was watched:\n%s", text)
	}
}

// TestWatchPrints checks what a person sees, and that a transcript is never overwritten.
func TestWatchPrints(t *testing.T) {
	srv := mailbox(t, pop3test.NewMaildrop("", pop3test.NewMessage([]byte("Subject: \x1b[31mred\r\n"))))
	gateway := serves(t, towards(srv)...).address
	client := pb.NewPop3ServiceClient(connect(t, gateway))
	id := login(t, client, srv)
	file := filepath.Join(t.TempDir(), "saved.txt")
	wait := watched(t, gateway, id, file)
	if _, err := watches(t, gateway, id, "--save", file)(); err == nil || !strings.Contains(err.Error(), "file exists") {
		t.Errorf("a second transcript: %v", err)
	}
	if _, err := retrieve(t.Context(), client, id, 1); err != nil {
		t.Fatal(err)
	}
	if _, err := client.CloseSession(t.Context(), &pb.CloseSessionRequest{SessionId: id}); err != nil {
		t.Fatal(err)
	}
	printed, err := wait()
	if err != nil {
		t.Error(err)
	}
	at := regexp.MustCompile(`(?m)^\d\d:\d\d:\d\d\.\d{3} `)
	const want = "C: RETR 1\nS: +OK 19 octets\nS: Subject: \\x1b[31mred\nS: .\n# the session has ended: CLOSED\n"
	if got := at.ReplaceAllString(printed, ""); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	_, err = watches(t, gateway, id)()
	if call, ok := errors.AsType[*callError](err); !ok || call.reason != "SESSION_ENDED" {
		t.Errorf("a session that has ended: %v", err)
	}
}

// TestTranscriptLines writes what no honest dialogue has.
func TestTranscriptLines(t *testing.T) {
	sent, received := pb.DebugDirection_DEBUG_DIRECTION_SENT, pb.DebugDirection_DEBUG_DIRECTION_RECEIVED
	for _, test := range []struct {
		name  string
		lines []*pb.DebugLine
		end   pb.Cause
		want  string
	}{
		{"a server that breaks TLS", []*pb.DebugLine{{Direction: sent, Line: "STLS"}, {Direction: received, Line: "+OK"}},
			pb.Cause_CAUSE_PROTOCOL_ERROR, "C: STLS\nS: +OK\nTLS FAILS\n"},
		{"a server that closes in place of TLS", []*pb.DebugLine{{Direction: sent, Line: "STLS"}, {Direction: received, Line: "+OK"}},
			pb.Cause_CAUSE_CONNECTION_LOST, "C: STLS\nS: +OK\nCLOSE\n"},
		{"STLS refused", []*pb.DebugLine{{Direction: sent, Line: "STLS"}, {Direction: received, Line: "-ERR"}}, pb.Cause_CAUSE_CLOSED, "C: STLS\nS: -ERR\n"},
		{"blanks and backslashes", []*pb.DebugLine{{Direction: received, Line: "  a \\\\ \\x0d "}, {Direction: received}}, pb.Cause_CAUSE_CLOSED,
			"S:   a \\\\ \\x0d \nS:\n"},
		{"cut", []*pb.DebugLine{{Direction: received, Line: strings.Repeat("y", 1023) + "\\\\"}}, pb.Cause_CAUSE_CLOSED,
			"# The next line may have been longer: it is cut after 1,024 octets.\nS: " + strings.Repeat("y", 1023) + "\\\\\n"},
		{"SCRAM", []*pb.DebugLine{{Direction: sent, Line: "AUTH SCRAM-SHA-256 ***"}, {Direction: received, Line: "+ ***"}, {Direction: sent, Line: "***"}},
			pb.Cause_CAUSE_CLOSED, "C~ AUTH SCRAM-SHA-256 \n# SCRAM cannot be replayed: its challenges depend on the client's. Put another login in its place.\nS: + \nC~\n"},
		{"a gateway that escapes nothing", []*pb.DebugLine{{Direction: received, Line: "\x1b[2J\r\nC: QUIT"}}, pb.Cause_CAUSE_CLOSED, `S: \x1b[2J\x0d\x0aC: QUIT` + "\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var b strings.Builder
			saved := newTranscript(&b, time.Now(), "+OK")
			for _, l := range test.lines {
				saved.line(l)
			}
			saved.end(test.end)
			if err := saved.flush(); err != nil {
				t.Fatal(err)
			}
			_, got, _ := strings.Cut(b.String(), "is not told.\n")
			got, _, _ = strings.Cut(got, "# The session ended: ")
			if got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
			if _, err := pop3test.ParseScript(b.String()); err != nil {
				t.Error(err)
			}
		})
	}
}
