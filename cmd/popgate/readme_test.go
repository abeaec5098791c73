package main

// README.md is tested. The rules:
//
//   - A fence begins a line, and a word follows it: ```sh, ```text, ```go, or any other. Blocks of other words, such as
//     ```console, are not looked at.
//   - All ```sh blocks run in order, in one shell and an empty folder, with popgate and grpcurl on the PATH, against a demo that
//     the test has started. 9110 and 9111, the demo's default ports, become those of that demo; in the output they are turned back.
//     popgate's default gateway is that demo's.
//   - A line of a ```sh block that starts a demo (`popgate demo`, `go run … demo`) starts none: it prints what the test's demo has
//     printed. Lines that begin with `go build`, `go install`, `go get`, `go test`, `git clone` or `cd` are left out; `./popgate`
//     is the popgate on the PATH. A grpcurl to install is the version that the demo names.
//   - A ```text block that is the next one after a ```sh block is that block's whole output, standard error included; after a block
//     that starts a demo, which goes on, it is the beginning. Both are normalised (see changing) and compared line by line; a line
//     that is `...` stands for any lines.
//   - A ```sh block without a ```text block ends with status 0.
//   - A ```go block is a whole file, which `go vet` takes in a module of its own that replaces popgate by this checkout. The line
//     `go run .` of a ```sh block that is the next one runs it.
//   - Outside of blocks, `popgate …` between backquotes names a command that there is, and its flags.

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestReadme(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(checkout, "README.md"))
	if errors.Is(err, fs.ErrNotExist) {
		missing(t, err)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range checkReadme(t, string(text)) {
		t.Error("README.md:" + problem)
	}
}

// checkReadme returns what is wrong with a README.
func checkReadme(t *testing.T, text string) []string {
	t.Helper()
	blocks, problems := parseBlocks(text)
	problems = append(problems, checkInline(text)...)
	var shell, goFiles []block
	for _, b := range blocks {
		switch b.word {
		case "sh":
			shell = append(shell, b)
		case "go":
			goFiles = append(goFiles, b)
		}
	}
	if len(shell) > 0 {
		problems = append(problems, runBlocks(t, shell)...)
	}
	if len(goFiles) > 0 {
		problems = append(problems, vetBlocks(t, goFiles)...)
	}
	return problems
}

var (
	startsDemo = regexp.MustCompile(`^(?:(?:\S*/)?popgate|go run \S+) demo\b`)
	leftOut    = regexp.MustCompile(`^(?:go (?:build|install|get|test)|git clone|cd) `)
	ownBinary  = regexp.MustCompile(`^\./popgate\b`)
	runsBlock  = regexp.MustCompile(`(?m)^go run \.$`)
	port9110   = regexp.MustCompile(`\b9110\b`)
	port9111   = regexp.MustCompile(`\b9111\b`)
)

// script returns a block as the test runs it, between two marks; printed is the file with what the demo has printed, and module the
// folder for its program.
func (b block) script(printed, module, gatewayPort, mailboxPort string) string {
	var s strings.Builder
	fmt.Fprintf(&s, "echo '@@ begin %d'\n", b.line)
	for line := range strings.Lines(b.text) {
		switch {
		case startsDemo.MatchString(line):
			line = "cat '" + printed + "'\n"
		case runsBlock.MatchString(line) && b.program != nil:
			line = fmt.Sprintf("go -C '%s' build -mod=mod -o program ./%s && '%s/program'\n", module, b.program.folder(), module)
		case leftOut.MatchString(line):
			line = ":\n"
		}
		line = ownBinary.ReplaceAllString(line, "popgate")
		s.WriteString(withPorts(line, gatewayPort, mailboxPort))
	}
	fmt.Fprintf(&s, "echo \"@@ end %d $?\"\n", b.line)
	return s.String()
}

// withPorts returns a text with the ports of a demo in place of the default ones.
func withPorts(text, gatewayPort, mailboxPort string) string {
	return port9111.ReplaceAllString(port9110.ReplaceAllString(text, gatewayPort), mailboxPort)
}

// runBlocks runs the blocks of a README and returns what went otherwise than it says.
func runBlocks(t *testing.T, blocks []block) (problems []string) {
	t.Helper()
	programs := needGrpcurl(t)
	demo := demonstrate(t)
	defer demo.end(t)
	gatewayPort, mailboxPort := portOf(demo.gateway), portOf(demo.mailbox)
	printed := filepath.Join(t.TempDir(), "printed")
	if err := os.WriteFile(printed, []byte(demo.stdout.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	var script strings.Builder
	fmt.Fprintf(&script, "export POPGATE_GATEWAY=%s\n", demo.gateway)
	for _, b := range blocks {
		module := ""
		if b.program != nil && runsBlock.MatchString(b.text) {
			program := *b.program
			program.text = withPorts(program.text, gatewayPort, mailboxPort)
			module = writeBlocks(t, []block{program})
		}
		script.WriteString(b.script(printed, module, gatewayPort, mailboxPort))
		if install := b.otherGrpcurl(); install != "" {
			problems = append(problems, b.problem("the demo names another version: "+install))
		}
	}
	all, _ := paste(t, "sh", programs, script.String()) // how the shell ended shows in what it did not reach
	all = normalise(all, demo.gateway, demo.mailbox)
	for _, b := range blocks {
		output, status, ok := between(all, b.line)
		switch {
		case !ok:
			problems = append(problems, b.problem("did not come to its end; all output:\n"+all))
		case b.output != nil:
			if why := differs(output, normalise(b.expected(), demo.gateway, demo.mailbox)); why != "" {
				problems = append(problems, b.problem(why))
			}
		case status != "0":
			problems = append(problems, b.problem("ended with status "+status+":\n"+output))
		}
	}
	return problems
}

// expected returns the text block of a block.
func (b block) expected() string {
	for line := range strings.Lines(b.text) {
		if startsDemo.MatchString(line) {
			return *b.output + "...\n"
		}
	}
	return *b.output
}

// inline is a command of popgate between backquotes.
var inline = regexp.MustCompile("`popgate ([^`]+)`")

// checkInline returns which commands between backquotes, outside of blocks, popgate would not understand.
func checkInline(text string) (problems []string) {
	number, inside := 0, false
	for line := range strings.Lines(text) {
		number++
		if strings.HasPrefix(line, fence) {
			inside = !inside
		}
		if inside {
			continue
		}
		for _, match := range inline.FindAllStringSubmatch(line, -1) {
			root := rootCommand()
			root.InitDefaultCompletionCmd()
			cmd, rest, err := root.Find(strings.Fields(match[1]))
			if err == nil {
				err = cmd.ParseFlags(rest)
			}
			if err == nil && cmd == root {
				err = errors.New("no command")
			}
			if err != nil {
				problems = append(problems, fmt.Sprintf("%d: %s: %v", number, match[0], err))
			}
		}
	}
	return problems
}

// otherGrpcurl returns a line that installs another grpcurl than the demo does.
func (b block) otherGrpcurl() string {
	for line := range strings.Lines(b.text) {
		if strings.Contains(line, "/cmd/grpcurl@") && !strings.Contains(beforeSteps, strings.TrimSpace(line)) {
			return strings.TrimSpace(line)
		}
	}
	return ""
}

// between returns what a block has written, and its status.
func between(all string, line int) (output, status string, ok bool) {
	m := regexp.MustCompile(fmt.Sprintf(`(?s)@@ begin %d\n(.*?)@@ end %d (\d+)\n`, line, line)).FindStringSubmatch(all)
	if m == nil {
		return "", "", false
	}
	return m[1], m[2], true
}

// folder is that of a Go block in its module.
func (b block) folder() string { return fmt.Sprintf("line%d", b.line) }

// writeBlocks writes each block into a package of a new module, and returns its folder.
func writeBlocks(t *testing.T, blocks []block) string {
	t.Helper()
	dir := t.TempDir()
	for _, b := range blocks {
		file := filepath.Join(dir, b.folder(), "main.go")
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(b.text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := writeModule(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

// vetBlocks vets all blocks.
func vetBlocks(t *testing.T, blocks []block) []string {
	t.Helper()
	dir := writeBlocks(t, blocks)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	if out, err := exec.CommandContext(ctx, "go", "-C", dir, "vet", "-mod=mod", "./...").CombinedOutput(); err != nil {
		return []string{fmt.Sprintf("%s: go vet of all its Go: %v\n%s", blocks[0].place(), err, out)}
	}
	return nil
}

// writeModule writes a go.mod that replaces popgate by this checkout and has its versions of everything else, and its go.sum.
func writeModule(dir string) error {
	root, err := filepath.Abs(checkout)
	if err != nil {
		return err
	}
	own, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		return err
	}
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		return err
	}
	const path = "github.com/popgate/popgate"
	_, rest, _ := strings.Cut(string(own), "\n")
	rest += fmt.Sprintf("\nrequire %s v0.0.0\nreplace %s => %q\n", path, path, root)
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module readme.example\n"+rest), 0o600); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "go.sum"), sums, 0o600)
}
