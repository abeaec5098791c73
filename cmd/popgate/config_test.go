package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/spf13/pflag"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3/pop3test"
)

// configFile writes a file of settings.
func configFile(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "popgate.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// command runs popgate and returns what it writes.
func command(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	err := run(t.Context(), args, &out, &out)
	return out.String(), err
}

// A variable is stronger than the file, and a flag than both.
func TestConfigPrecedence(t *testing.T) {
	file := configFile(t, "replica: file\ndrain: 1s\nlog-level: debug\nallow-target: [10.1.0.0/16, 'mail.example:110']\n")
	t.Setenv("POPGATE_DRAIN", "2s")
	t.Setenv("POPGATE_REPLICA", "variable")
	got, err := command(t, "config", "show", "--config", file, "--replica", "flag", "--proxy", "socks5://me:hidden@proxy.example:1080")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"replica: flag # --replica\n",
		"drain: 2s # POPGATE_DRAIN\n",
		fmt.Sprintf("log-level: DEBUG # %s:3\n", file),
		fmt.Sprintf("allow-target: [10.1.0.0/16, 'mail.example:110'] # %s:4\n", file),
		"listen: 127.0.0.1:9110 # default\n",
		"idle-timeout: 5m # default\n",
		"proxy: socks5://xxxxx@proxy.example:1080 # --proxy\n",
	} {
		if !strings.Contains(got, want) && !strings.Contains(strings.ReplaceAll(got, `"`, "'"), want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if strings.Contains(got, "hidden") {
		t.Errorf("shows a password:\n%s", got)
	}
	for _, proxy := range []string{"socks5://me:%zzhidden@proxy.example:1080", "me:hidden@proxy.example", "http://a/hidden@proxy.example:1"} {
		if got, err := command(t, "config", "show", "--proxy", proxy); err != nil || strings.Contains(got, "hidden") || !strings.Contains(got, "xxxxx@proxy.example") {
			t.Errorf("shows of %s, %v:\n%s", proxy, err, got)
		}
	}
	shown := configFile(t, got)
	if out, err := command(t, "config", "show", "--config", shown, "--proxy", "http://proxy.example:1"); err != nil {
		t.Errorf("what it shows is no file of settings: %v\n%s", err, out)
	}
}

// The file can be named by a variable, and is weaker than others all the same.
func TestConfigFromVariable(t *testing.T) {
	t.Setenv("POPGATE_CONFIG", configFile(t, "drain: 1s\nmax-age: 2h\n"))
	t.Setenv("POPGATE_MAX_AGE", "3h")
	got, err := command(t, "config", "show")
	if err != nil || !strings.Contains(got, "popgate.yaml:1\n") || !strings.Contains(got, "max-age: 3h0m0s # POPGATE_MAX_AGE\n") {
		t.Errorf("%v:\n%s", err, got)
	}
}

// Every setting can stand in the file, with the value that it has.
func TestConfigHasEveryFlag(t *testing.T) {
	var c, again serveConfig
	flags, read := pflag.NewFlagSet("", pflag.ContinueOnError), pflag.NewFlagSet("", pflag.ContinueOnError)
	serveFlags(flags, &c)
	serveFlags(read, &again)
	samples := map[string]string{
		"bool": "true", "string": "a.example:1", "duration": "90s", "int": "7", "int64": "8", "float64": "0.5",
		"target": "10.0.0.0/8", "address": "192.0.2.9",
	}
	special := map[string]string{"log-format": "json", "log-level": "WARN"}
	var text strings.Builder
	flags.VisitAll(func(f *pflag.Flag) {
		if !isSetting(f) {
			return
		}
		value := samples[f.Value.Type()]
		if s := special[f.Name]; s != "" {
			value = s
		}
		if value == "" {
			t.Fatalf("no sample of a %s for --%s", f.Value.Type(), f.Name)
		}
		fmt.Fprintf(&text, "%s: %s\n", f.Name, value)
		if err := flags.Set(f.Name, value); err != nil {
			t.Fatal(err)
		}
	})
	if err := fromFile(read, configFile(t, text.String())); err != nil {
		t.Fatal(err)
	}
	flags.VisitAll(func(f *pflag.Flag) {
		if got := read.Lookup(f.Name).Value.String(); isSetting(f) && got != f.Value.String() {
			t.Errorf("%s is %q, want %q", f.Name, got, f.Value)
		}
	})
}

func TestConfigErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                                    ":1: the file is empty",
		"- a\n":                               ":1: not a mapping of keys to values",
		"listen: :1\n\ntls-crt: a\n":          `:3: unknown key "tls-crt"; did you mean tls-cert?`,
		"tls_cert: a\n":                       `:1: unknown key "tls_cert"; did you mean tls-cert?`,
		"colour: red\n":                       `:1: unknown key "colour"`,
		"config: other.yaml\n":                `:1: unknown key "config"`,
		"help: true\n":                        `:1: unknown key "help"`,
		"drain: soon\n":                       `:1: drain: "soon": `,
		"drain: 1s\ndrain: 2s\n":              ":2: drain stands in line 1 already",
		"drain:\n":                            ":1: drain has neither a value nor a list of values",
		"drain: {a: b}\n":                     ":1: drain has neither",
		"allow-target: [null]\n":              ":1: allow-target has neither",
		"allow-target: [mail.example]\n":      `:1: allow-target: "mail.example": `,
		"a: b: c\n":                           ":1: mapping values are not allowed",
		"drain: 1s\nlisten: [\n":              ":2: did not find",
		"drain: 1s\n---\ndrain: 2s\n":         ":2: a second document",
		"drain: [1s, 2s]\n":                   ":1: drain takes one value, not a list",
		"tls-cert: []\n":                      ":1: tls-cert takes one value, not a list",
		"allow-target:\n- a.example:1\n- b\n": `:3: allow-target: "b": `,
		"drain: 1s\nidle-timeout: -1s\n":      "--idle-timeout -1s: less than 0 (FILE:2)",
		"callers: none.yaml\n":                "--callers: open none.yaml: no such file or directory (FILE:1)",
		"tls-cert: a\ntls-key: b\n":           "(FILE:1, FILE:2)",
		"listen: 127.0.0.1:99999\n":           "--listen: ",
		"admin-listen: 192.0.2.1:1\n":         "--admin-listen 192.0.2.1:1: only loopback",
		"admin-listen: 127.0.0.1:99999\n":     "--admin-listen: ",
		"admin-pprof: true\n":                 "need --admin-listen (FILE:1)",
		"audit-log: none/audit.json\n":        "--audit-log: stat none: no such file or directory (FILE:1)",
		"max-sessions: -1\n":                  "--max-sessions -1: less than 0",
		"tls-cert: none.pem\n":                "--tls-cert and --tls-key go together",
		"listen: 0.0.0.0:9110\n":              "only loopback without TLS",
		"replica: a b\n":                      "a name is 1 to 63 letters, digits, '.', '-' or '_' (FILE:1)",
		"proxy: ftp://proxy.example:21\n":     "--proxy: ",
		"unsafe-allow-plaintext: perhaps\n":   `:1: unsafe-allow-plaintext: "perhaps": `,
	} {
		file := configFile(t, text)
		want = strings.ReplaceAll(want, "FILE", file)
		out, err := command(t, "config", "check", "--config", file)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s\n%s", text, err, want, out)
		}
	}
	if _, err := command(t, "config", "check", "--config", "none.yaml"); err == nil || !strings.Contains(err.Error(), "none.yaml") {
		t.Errorf("a missing file: %v", err)
	}
	if out, err := command(t, "config", "check", "--config", configFile(t, "drain: 1s\n")); err != nil || out != "ok\n" {
		t.Errorf("%q, %v", out, err)
	}
}

// SIGHUP reads the file anew: the level of the log at once, the rest at the next start; a wrong file changes nothing, and nothing ends.
func TestConfigReload(t *testing.T) {
	file := configFile(t, "log-level: info\nlisten: 127.0.0.1:0\ndrain: 1s\n")
	p := start(t, "popgate", "serve", "--config", file, "--admin-listen", "127.0.0.1:0")
	p.address()
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		p.signal(syscall.SIGHUP)
	}
	write("log-level: loud\n")
	p.stderr.waitFor(t, `the new configuration is refused, and the old one stays in force" error=.*popgate\.yaml:1: log-level`)
	write("log-level: debug\ntls-cert: none.pem\n") // serve would not start with it
	p.stderr.waitFor(t, `refused, and the old one stays in force" error="--tls-cert and --tls-key go together .*popgate\.yaml:2`)
	if log := p.stderr.String(); strings.Contains(log, "log_level=DEBUG") {
		t.Errorf("a refused file came into force:\n%s", log)
	}
	write("log-level: debug\nlisten: 127.0.0.1:0\ndrain: 2s\n")
	p.stderr.waitFor(t, `need a restart" settings=drain\n`)
	p.stderr.waitFor(t, `the configuration was read anew" log_level=DEBUG`)
	admin := p.stderr.waitFor(t, adminAt)
	for _, want := range []string{`pop3_reloads_total{result="failed",what="configuration"} 2`, `pop3_reloads_total{result="ok",what="configuration"} 1`} {
		eventually(t, func() error { // it is counted after it is said
			if _, metrics := page(t, admin, "/metrics"); !strings.Contains(metrics, want) {
				return fmt.Errorf("no %s in\n%s", want, metrics)
			}
			return nil
		})
	}
	p.signal(syscall.SIGTERM)
	if state := p.wait(); state.ExitCode() != 0 {
		t.Errorf("%s:\n%s", state, &p.stderr)
	}
}

// SIGHUP puts new limits of the number of sessions into force, and leaves the sessions alone.
func TestConfigReloadLimits(t *testing.T) {
	srv := mailbox(t, pop3test.NewMaildrop(""))
	settings := fmt.Sprintf("listen: 127.0.0.1:0\nallow-target: %s\nunsafe-allow-plaintext: true\n", srv.Addr)
	file := configFile(t, settings+"max-sessions-per-host: 1\n")
	p := start(t, "popgate", "serve", "--config", file)
	client := pb.NewPop3ServiceClient(connect(t, p.address()))
	id := login(t, client, srv)
	if _, err := client.OpenSession(t.Context(), opening(srv)); status.Code(err) != codes.ResourceExhausted {
		t.Fatalf("a session beyond the limit: %v", err)
	}
	if err := os.WriteFile(file, []byte(settings+"max-sessions-per-host: 2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.signal(syscall.SIGHUP)
	p.stderr.waitFor(t, `the configuration was read anew`)
	open(t, client, srv)
	if _, err := client.Noop(t.Context(), &pb.NoopRequest{SessionId: id}); err != nil {
		t.Error(err)
	}
	if log := p.stderr.String(); strings.Contains(log, "need a restart") {
		t.Errorf("says that a restart is needed:\n%s", log)
	}
}

// SIGHUP ends no gateway, also not one that has nothing to read anew.
func TestHangupWithoutFiles(t *testing.T) {
	p := start(t, "popgate", "serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0")
	p.address()
	p.signal(syscall.SIGHUP)
	p.stderr.waitFor(t, "SIGHUP: reading the files anew")
	if _, metrics := page(t, p.stderr.waitFor(t, adminAt), "/metrics"); strings.Contains(metrics, `what="configuration"} 1`) {
		t.Errorf("counts a configuration that there is not:\n%s", metrics)
	}
	p.signal(syscall.SIGTERM)
	if state := p.wait(); state.ExitCode() != 0 {
		t.Errorf("%s:\n%s", state, &p.stderr)
	}
}
