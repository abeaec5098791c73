package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/popgate/popgate/pop3/pop3test"
)

// TestMailboxScripts runs testdata/mailbox: the commands that work on a mailbox. Each script has a POP3 server of its own with the
// sample mailbox at MAILBOX, which speaks plaintext and STLS, and a gateway at GATEWAY that may log in there in plaintext. ca.pem is
// the server's CA, and POPGATE_PASSWORD the password.
func TestMailboxScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/mailbox",
		RequireExplicitExec: true,
		UpdateScripts:       *update,
		Deadline:            time.Now().Add(2 * time.Minute),
		Setup: func(env *testscript.Env) error {
			srv := mailbox(t, pop3test.SampleMaildrop())
			env.Setenv("MAILBOX", srv.Addr)
			env.Setenv("GATEWAY", serves(t, towards(srv)...).address)
			env.Setenv("POPGATE_PASSWORD", password)
			env.Setenv("HOME", env.WorkDir)
			return os.WriteFile(filepath.Join(env.WorkDir, "ca.pem"), srv.CertificatePEM(), 0o600)
		},
	})
}
