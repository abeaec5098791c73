package main

import (
	"bytes"
	"cmp"
	"context"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/reflect/protoreflect"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// golden holds the replies to all lines that the demo prints. `go test ./cmd/popgate -update` rewrites it.
const golden = "testdata/demo.golden"

// demonstration is a demo with a process of its own.
type demonstration struct {
	*process
	gateway, mailbox string // addresses
	lines            string // to paste
}

// demonstrate starts the demo on free ports and waits until it has printed its lines.
func demonstrate(t *testing.T) demonstration {
	t.Helper()
	d := demonstration{process: start(t, "popgate", "demo", "--listen", "127.0.0.1:0", "--mailbox", "127.0.0.1:0")}
	d.stdout.waitFor(t, `Ctrl-C ends the demo`)
	printed := d.stdout.String()
	d.gateway = d.stdout.waitFor(t, `gateway  (\S+)`)
	d.mailbox = d.stdout.waitFor(t, `mailbox  (\S+)`)
	_, d.lines, _ = strings.Cut(printed, beforeSteps)
	return d
}

// end sends Ctrl-C's signal, and fails the test unless the demo then ends well and has said nothing on standard error.
func (d demonstration) end(t *testing.T) {
	t.Helper()
	d.signal(os.Interrupt)
	if state := d.wait(); state.ExitCode() != 0 || d.stderr.String() != "" {
		t.Errorf("the demo: %s, want status 0 and no words:\n%s", state, &d.stderr)
	}
}

// paste gives lines to a shell that finds the programs in a folder, as a terminal would, and returns all that was written, and how
// the shell ended.
func paste(t *testing.T, shell, programs, lines string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, shell)
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "PATH="+programs+string(os.PathListSeparator)+os.Getenv("PATH"))
	cmd.Stdin = strings.NewReader(lines)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.WaitDelay = 30 * time.Second
	err := cmd.Run()
	return out.String(), err
}

func TestDemoLinesCanBePasted(t *testing.T) {
	programs := needGrpcurl(t)
	for _, shell := range []string{"sh", "bash"} {
		t.Run(shell, func(t *testing.T) {
			if _, err := exec.LookPath(shell); err != nil {
				missing(t, err)
			}
			demo := demonstrate(t)
			out, err := paste(t, shell, programs, demo.lines)
			if err != nil {
				t.Error(err)
			}
			got := normalise(out, demo.gateway, demo.mailbox)
			demo.end(t)
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			compareLines(t, got, string(want))
		})
	}
}

// compareLines tells the first line that differs.
func compareLines(t *testing.T, got, want string) {
	t.Helper()
	gots, wants := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range max(len(gots), len(wants)) {
		g, w := "(end)", "(end)"
		if i < len(gots) {
			g = gots[i]
		}
		if i < len(wants) {
			w = wants[i]
		}
		if g != w {
			t.Fatalf("%s:%d: got  %q, want %q; all:\n%s", golden, i+1, g, w, got)
		}
	}
}

// TestDemoShowsEveryRPC looks for every RPC in what is pasted and in what came of it.
func TestDemoShowsEveryRPC(t *testing.T) {
	var printed strings.Builder
	if err := printSteps(&printed, "127.0.0.1:9110", "127.0.0.1:9111"); err != nil {
		t.Fatal(err)
	}
	replies, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	calls := map[string]string{"OpenSession": `(?m)^open_session$`, "CollectMessages": `(?m)^collect\b`}
	outcomes := map[string]string{"WatchDebug": `(?s)\n== WatchDebug\n.*\n +"line": "PASS \*\*\*"\n`} // those that are watched stand between
	for function, service := range map[string]protoreflect.ServiceDescriptor{
		"pop3":    pb.File_popgate_v1_pop3_service_proto.Services().ByName("Pop3Service"),
		"mailbox": pb.File_popgate_v1_mailbox_service_proto.Services().ByName("MailboxService"),
	} {
		for i := range service.Methods().Len() {
			name := string(service.Methods().Get(i).Name())
			call := cmp.Or(calls[name], `(?m)^ *`+function+` `+name+`\b`)
			if !regexp.MustCompile(call).MatchString(printed.String()) {
				t.Errorf("the demo has no line with %s", name)
			}
			outcome := cmp.Or(outcomes[name], `(?m)^== `+name+`\b.*\n[^=]`)
			if !regexp.MustCompile(outcome).Match(replies) {
				t.Errorf("%s has no reply to %s", golden, name)
			}
		}
	}
}

// TestDemoTitlesAreHarmless: zsh takes a comment that is pasted for a command.
func TestDemoTitlesAreHarmless(t *testing.T) {
	for _, part := range demoParts {
		if part.title == "" || strings.ContainsAny(part.title, "'\"`;&|<>()[]{}$*?!#\n") {
			t.Errorf("title %q", part.title)
		}
	}
}
