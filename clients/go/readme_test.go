package popgate_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var examples = regexp.MustCompile("(?ms)^```go\n(.*?)^```$")

// program is what the README's fragments stand in: each becomes a function, and they run in their order.
const program = `package main

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"

	popgate "github.com/popgate/popgate/clients/go"
	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

var (
	client, _           = popgate.Connect("127.0.0.1:9110", nil)
	server, credentials = popgate.Plaintext("127.0.0.1", 9111), popgate.Password("alice", "secret")
	ctx, folder         = context.Background(), os.Args[1]
	cursor, pem         []byte
)

func main() {
	for i, fragment := range []func() error{%s} {
		fmt.Println("fragment", i)
		if err := fragment(); err != nil {
			log.Fatal(err)
		}
	}
}
`

// TestReadme runs the README's examples as they stand, save for the ports.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := examples.FindAllStringSubmatch(string(text), -1)
	if len(blocks) != 5 {
		t.Fatalf("%d examples, want 5", len(blocks))
	}
	code := program
	var names []string
	// The session comes before the messages are collected.
	for i, block := range []string{blocks[1][1], blocks[2][1], blocks[4][1], blocks[3][1]} {
		names = append(names, fmt.Sprintf("fragment%d", i))
		code += fmt.Sprintf("\nfunc fragment%d() error {\n%s\nreturn nil\n}\n", i, block)
	}
	code = strings.Replace(code, "%s", strings.Join(names, ", "), 1)
	r := newRig(t, nil)
	mail := t.TempDir()
	first := r.example(t, blocks[0][1])
	if lines := strings.Count(first, "\n"); lines != 5 {
		t.Errorf("the first example prints %d lines of five messages:\n%s", lines, first)
	}
	r.waitFree()
	rest := r.example(t, code, mail)
	stored, err := filepath.Glob(filepath.Join(mail, "*.eml"))
	if err != nil || len(stored) != 5 || len(r.drop.Snapshot()) != 0 || !strings.Contains(rest, "COMMAND_REFUSED  -ERR") {
		t.Errorf("%d messages are stored, %d left, %v:\n%s", len(stored), len(r.drop.Snapshot()), err, rest)
	}
}

// example runs a program against the rig and returns what it prints.
func (r *rig) example(t *testing.T, code string, arguments ...string) string {
	t.Helper()
	code = strings.ReplaceAll(code, "127.0.0.1:9110", r.target)
	code = strings.ReplaceAll(code, "9111", fmt.Sprint(r.mail.GetPort()))
	file := filepath.Join(t.TempDir(), "main.go")
	if err := os.WriteFile(file, []byte(code), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "go", append([]string{"run", file}, arguments...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}
