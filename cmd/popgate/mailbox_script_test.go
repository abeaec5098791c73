package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/popgate/popgate/pop3/pop3test"
)

// TestMailboxScripts runs testdata/mailbox: the commands that work on a mailbox. Each script has a POP3 server of its own with the
// sample mailbox at MAILBOX, which speaks plaintext and STLS, and a gateway at GATEWAY that may log in there in plaintext; the server at
// REFUSING has the same, and refuses RETR, TOP and DELE of message 2. ca.pem is the servers' CA, and POPGATE_PASSWORD the password.
func TestMailboxScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/mailbox",
		RequireExplicitExec: true,
		UpdateScripts:       *update,
		Deadline:            time.Now().Add(5 * time.Minute),
		Setup: func(env *testscript.Env) error {
			srv := mailbox(t, pop3test.SampleMaildrop())
			env.Setenv("MAILBOX", srv.Addr)
			env.Setenv("REFUSING", refusing(t).Addr)
			env.Setenv("GATEWAY", serves(t, towards(srv)...).address)
			env.Setenv("POPGATE_PASSWORD", password)
			env.Setenv("HOME", env.WorkDir)
			return os.WriteFile(filepath.Join(env.WorkDir, "ca.pem"), srv.CertificatePEM(), 0o600)
		},
	})
}

// refusing starts a POP3 server with the sample mailbox that refuses to do anything with message 2.
func refusing(t *testing.T) *pop3test.Server {
	t.Helper()
	drop := pop3test.SampleMaildrop()
	drop.Password = password
	srv := pop3test.NewUnstartedServer(map[string]*pop3test.Maildrop{"alice": drop})
	srv.Intercept = func(line string) (string, bool) {
		verb, rest, _ := strings.Cut(line, " ")
		if n, _, _ := strings.Cut(rest, " "); n != "2" || verb != "RETR" && verb != "TOP" && verb != "DELE" {
			return "", false
		}
		return "-ERR message 2 \x1b[31mis broken\r\n", true
	}
	srv.Start()
	t.Cleanup(srv.Close)
	return srv
}
