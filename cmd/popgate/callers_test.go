package main

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/popgate/popgate/pop3/pop3test"
)

// TestPlaintextCallers: beyond loopback there is TLS, or a flag that says what goes in plaintext, and then the log says so too.
func TestPlaintextCallers(t *testing.T) {
	const warning = "callers' tokens, passwords and mail go over the network in plaintext"
	for _, test := range []struct {
		listen       string
		allowed      bool
		opens, warns bool
	}{
		{"127.0.0.1:9110", false, true, false},
		{"127.0.0.1:9110", true, true, false},
		{"[::1]:9110", false, true, false},
		{":9110", false, false, true},
		{":9110", true, true, true},
		{"0.0.0.0:9110", false, false, true},
		{"gateway.example:9110", true, true, true},
	} {
		c := serveConfig{listen: test.listen, unsafeAllowPlaintextCallers: test.allowed}
		if _, err := c.open(); (err == nil) != test.opens {
			t.Errorf("%+v: %v", test, err)
		}
		var log bytes.Buffer
		c.warn(slog.New(slog.NewTextHandler(&log, nil)))
		if strings.Contains(log.String(), warning) != test.warns {
			t.Errorf("%+v: %s", test, &log)
		}
	}
}

// TestTokenFile: the commands show a token to the gateway, and no error shows it.
func TestTokenFile(t *testing.T) {
	t.Setenv("POPGATE_PASSWORD", password)
	dir := t.TempDir()
	callers, tokens := filepath.Join(dir, "callers.yaml"), filepath.Join(dir, "token")
	var token bytes.Buffer
	if err := run(t.Context(), []string{"token", "--name", "alice", "--file", callers}, &token, &token); err != nil {
		t.Fatal(err)
	}
	wrong := strings.ToUpper(token.String())
	for name, text := range map[string]string{"token": token.String(), "wrong": wrong} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	srv := mailbox(t, pop3test.SampleMaildrop())
	gateway := serves(t, append(towards(srv), "--callers", callers)...)
	for file, fail := range map[string]string{
		tokens: "", filepath.Join(dir, "wrong"): "CALLER_UNAUTHENTICATED: ", "": "CALLER_UNAUTHENTICATED: ",
		filepath.Join(dir, "none"): "--token-file: ",
	} {
		var stdout, stderr bytes.Buffer
		args := []string{"list", "--unsafe-plaintext", "--gateway", gateway.address, "--token-file", file, "pop://alice@" + srv.Addr}
		err := run(t.Context(), args, &stdout, &stderr)
		if (err == nil) != (fail == "") || err != nil && !strings.Contains(err.Error(), fail) {
			t.Errorf("%q: %v", file, err)
		}
		if err != nil && strings.Contains(err.Error(), strings.TrimSpace(wrong)) {
			t.Errorf("a token is shown: %v", err)
		}
	}
	if err := gateway.stop(); err != nil {
		t.Error(err)
	}
	if log := gateway.log.String(); strings.Contains(log, strings.TrimSpace(token.String())) || strings.Contains(log, strings.TrimSpace(wrong)) {
		t.Errorf("a token is in the log:\n%s", log)
	}
}
