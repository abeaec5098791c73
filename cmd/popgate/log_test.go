package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3/pop3test"
)

// What is nobody else's business, beside the session ids.
const (
	mistyped = "hunter3-open-sesame"
	privacy  = "Subject: the surprise party"
)

// indiscreet starts a POP3 server that repeats every secret in its refusal.
func indiscreet(t *testing.T) *pop3test.Server {
	t.Helper()
	srv := pop3test.NewUnstartedServer(map[string]*pop3test.Maildrop{
		"alice": pop3test.NewMaildrop(password, pop3test.NewMessage([]byte(privacy+"\r\n\r\nat eight\r\n"))),
	})
	srv.Intercept = func(line string) (string, bool) {
		return "-ERR never heard of " + line + "\r\n", strings.Contains(line, mistyped) || strings.HasPrefix(line, "AUTH")
	}
	srv.Start()
	t.Cleanup(srv.Close)
	return srv
}

// gossip has all dealings with the mailbox that a log could tell too much of, and returns what it must not tell.
func gossip(t *testing.T, client pb.Pop3ServiceClient, srv *pop3test.Server) []string {
	t.Helper()
	secrets := []string{password, mistyped, privacy, "at eight"}
	ctx := t.Context()
	for _, attempt := range []func(id string) error{
		func(id string) error {
			client.User(ctx, &pb.UserRequest{SessionId: id, Username: "alice"})
			_, err := client.Pass(ctx, &pb.PassRequest{SessionId: id, Password: mistyped})
			return err
		},
		func(id string) error {
			_, err := client.Pass(ctx, &pb.PassRequest{SessionId: id, Password: mistyped + "\n"})
			return err
		},
		func(id string) error {
			_, err := client.Apop(ctx, &pb.ApopRequest{SessionId: id, Username: "alice", Secret: mistyped})
			return err
		},
		func(id string) error {
			secret := &pb.Credentials_Password{Password: password}
			_, err := client.Auth(ctx, &pb.AuthRequest{SessionId: id, Credentials: &pb.Credentials{Username: "alice", Secret: secret}})
			return err
		},
	} {
		id := open(t, client, srv)
		secrets = append(secrets, id, strings.TrimPrefix(id, "tested."))
		if attempt(id) == nil {
			t.Error("a login that must fail succeeded")
		}
	}
	secrets = append(secrets, base64.StdEncoding.EncodeToString([]byte("\x00alice\x00"+password)))

	id := login(t, client, srv)
	if octets, err := retrieve(ctx, client, id, 1); err != nil || octets == 0 {
		t.Fatal(octets, err)
	}
	client.SetDebugLevel(ctx, &pb.SetDebugLevelRequest{SessionId: id, Level: 2})
	watch, err := client.WatchDebug(ctx, &pb.WatchDebugRequest{SessionId: id})
	if err != nil {
		t.Fatal(err)
	}
	watch.Recv()
	if _, err := client.Quit(ctx, &pb.QuitRequest{SessionId: id}); err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = watch.Recv()
	}
	if !errors.Is(err, io.EOF) {
		t.Error(err)
	}
	_, err = client.Noop(ctx, &pb.NoopRequest{SessionId: strings.Repeat("x", 20) + id})
	if err == nil {
		t.Error("a session that is not there is found")
	}
	return append(secrets, id, strings.TrimPrefix(id, "tested."))
}

var textLine = regexp.MustCompile(`^time=\S+ level=[A-Z]+ msg=\S`)

func TestLogHasFormatAndNoSecrets(t *testing.T) {
	tests := []struct {
		format string
		level  string
		valid  func(line string) bool
		wants  []string // patterns
	}{
		{
			"text", "debug", textLine.MatchString,
			[]string{`level=WARN msg="unsafe: logins`, `grpc\.method=Pass `, `grpc\.method=Retr `, `reason=ERROR_REASON_LOGIN_FAILED`, `msg=stopped`},
		},
		{
			"json", "debug", func(line string) bool { return json.Valid([]byte(line)) },
			[]string{`"level":"WARN","msg":"unsafe: logins`, `"grpc\.method":"Pass"`, `"reason":"ERROR_REASON_LOGIN_FAILED"`, `"msg":"stopped"`},
		},
	}
	for _, test := range tests {
		t.Run(test.format, func(t *testing.T) {
			srv := indiscreet(t)
			gateway := serves(t, append(towards(srv), "--replica", "tested", "--log-format", test.format, "--log-level", test.level, "--failed-logins", "100")...)
			conn := connect(t, gateway.address)
			secrets := gossip(t, pb.NewPop3ServiceClient(conn), srv)
			if err := gateway.stop(); err != nil {
				t.Fatal(err)
			}
			log := gateway.log.String()
			for line := range strings.Lines(log) {
				if !test.valid(line) {
					t.Errorf("not %s: %s", test.format, line)
				}
			}
			for _, want := range test.wants {
				if !regexp.MustCompile(want).MatchString(log) {
					t.Errorf("no %s in the log:\n%s", want, log)
				}
			}
			for _, secret := range secrets {
				if strings.Contains(log, secret) {
					t.Errorf("%q is in the log:\n%s", secret, log)
				}
			}
		})
	}
}

func TestWarnings(t *testing.T) {
	const plaintext, unverified = "unsafe: logins may go", "unsafe: callers may switch off"
	tests := []struct {
		args []string
		want []string // each once, and no other warning
	}{
		{nil, nil},
		{[]string{"--unsafe-allow-plaintext"}, []string{plaintext}},
		{[]string{"--unsafe-allow-unverified-tls"}, []string{unverified}},
		{
			[]string{"--unsafe-allow-plaintext", "--unsafe-allow-unverified-tls"},
			[]string{plaintext, unverified},
		},
		{
			[]string{"--allow-target", "10.0.0.0/8,mail.example:110", "--allow-target", "127.0.0.1:1110"},
			[]string{"target=10.0.0.0/8", "target=mail.example:110", "target=127.0.0.1:1110"},
		},
	}
	for _, test := range tests {
		t.Run(strings.Join(test.args, " "), func(t *testing.T) {
			log := serves(t, test.args...).log.String()
			for _, want := range test.want {
				if strings.Count(log, want) != 1 {
					t.Errorf("not once in the log: %s\n%s", want, log)
				}
			}
			if n := strings.Count(log, "level=WARN"); n != len(test.want) {
				t.Errorf("%d warnings, want %d:\n%s", n, len(test.want), log)
			}
		})
	}
}

func TestLogLevel(t *testing.T) {
	for level, want := range map[string][]string{
		"debug": {"level=WARN", "level=INFO"},
		"info":  {"level=WARN", "level=INFO"},
		"warn":  {"level=WARN"},
		"error": nil,
	} {
		t.Run(level, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			log, address, ended := new(output), reserved(t), make(chan error, 1)
			go func() {
				args := []string{"serve", "--listen", address, "--log-level", level, "--unsafe-allow-plaintext"}
				ended <- run(ctx, args, log, log)
			}()
			eventually(t, func() error {
				return run(t.Context(), []string{"healthcheck", "--address", address}, io.Discard, io.Discard)
			})
			cancel()
			if err := <-ended; err != nil {
				t.Fatal(err)
			}
			for _, mark := range []string{"level=WARN", "level=INFO"} {
				if strings.Contains(log.String(), mark) != slices.Contains(want, mark) {
					t.Errorf("want %v only:\n%s", want, log)
				}
			}
		})
	}
}
