package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"

	"github.com/popgate/popgate/cmd/popgate/internal/terminal"
)

// command runs a line, and shows the error that it returns.
func (s *shell) command(ctx context.Context, line string) error {
	if s.editor != nil {
		var done context.CancelFunc
		ctx, done = signal.NotifyContext(ctx, os.Interrupt)
		defer done()
	}
	verb, args, program, err := parseCommand(line)
	switch {
	case verb == nil:
	case program != "":
		err = s.pipe(program, func(out io.Writer) error { return verb.run(ctx, s, out, args) })
	default:
		out := &plainWriter{w: s.screen, escape: s.editor != nil}
		err = cmp.Or(verb.run(ctx, s, out, args), out.flush())
	}
	if err != nil && ctx.Err() != nil {
		err = errInterrupted
		_, _ = io.WriteString(s.screen, "\n") // behind the terminal's ^C
	}
	if err != nil && !errors.Is(err, errLeave) {
		s.failed(err)
	}
	return err
}

var errInterrupted = errors.New("interrupted")

// parseCommand returns the command of a line, its arguments, and the program behind "|"; nil where the line is blank or a comment.
func parseCommand(line string) (verb *shellVerb, args []string, program string, err error) {
	name, rest, _ := strings.Cut(strings.TrimLeft(line, " \t"), " ")
	name = strings.ToLower(strings.TrimSpace(name))
	if name == "" || strings.HasPrefix(name, "#") {
		return nil, nil, "", nil
	}
	i := slices.IndexFunc(shellVerbs, func(v shellVerb) bool { return v.name == name })
	if i < 0 {
		return nil, nil, "", errUnknown
	}
	verb = &shellVerbs[i]
	switch {
	case !verb.raw:
		rest, program, _ = strings.Cut(rest, "|")
		args, program = strings.Fields(rest), strings.TrimSpace(program)
	case rest != "":
		args = strings.SplitN(rest, " ", verb.most)
	}
	if len(args) < verb.least || len(args) > verb.most {
		return nil, nil, "", &argumentsError{verb}
	}
	return verb, args, program, nil
}

// argumentsError says what a command wants.
type argumentsError struct{ verb *shellVerb }

func (e *argumentsError) Error() string {
	return "want: " + strings.TrimSpace(e.verb.name+" "+e.verb.args)
}

// pipe gives what run writes to a program of the user's shell. The dialogue is shown when that has ended.
func (s *shell) pipe(program string, run func(io.Writer) error) (err error) {
	cmd := exec.Command(either(os.Getenv("SHELL"), "/bin/sh"), "-c", program) //nolint:gosec,noctx // the user's own program; it ends with its input
	cmd.Stdout, cmd.Stderr = s.screen.w, s.stderr
	if s.editor != nil {
		cmd.Stdout = os.Stdout // so that the program has the terminal
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	s.screen.holdBack()
	defer func() { err = cmp.Or(err, s.screen.release()) }()
	if err := cmd.Start(); err != nil {
		return err
	}
	out := &pipeWriter{w: in}
	err = run(out)
	_ = in.Close() // the program may have ended already
	if out.broken {
		err = nil // it has seen enough
	}
	return cmp.Or(err, cmd.Wait())
}

// pipeWriter writes to a program until that reads no more.
type pipeWriter struct {
	w      io.Writer
	broken bool
}

func (p *pipeWriter) Write(b []byte) (int, error) {
	n, err := p.w.Write(b)
	p.broken = p.broken || err != nil
	return n, err
}

// plainWriter writes what a server has sent; to a terminal so that it cannot drive it, line by line.
type plainWriter struct {
	w      io.Writer
	escape bool
	begun  []byte // the line that has not ended yet
}

func (p *plainWriter) Write(b []byte) (int, error) {
	if !p.escape {
		return p.w.Write(b)
	}
	for rest := b; len(rest) > 0; {
		line, behind, ended := bytes.Cut(rest, []byte("\n"))
		p.begun, rest = append(p.begun, line...), behind
		if !ended {
			break
		}
		if err := p.line(); err != nil {
			return 0, err
		}
	}
	return len(b), nil
}

// flush writes a line that was begun and has no end.
func (p *plainWriter) flush() error {
	if len(p.begun) == 0 {
		return nil
	}
	return p.line()
}

// line writes a line. A tab is harmless.
func (p *plainWriter) line() error {
	parts := strings.Split(strings.TrimSuffix(string(p.begun), "\r"), "\t")
	for i := range parts {
		parts[i] = terminal.Plain(parts[i])
	}
	p.begun = p.begun[:0]
	_, err := io.WriteString(p.w, strings.Join(parts, "\t")+"\n")
	return err
}

// secretOf returns the secret of a command, or asks for it.
func (s *shell) secretOf(ctx context.Context, given []string) (string, error) {
	switch {
	case len(given) > 0:
		return given[0], nil
	case s.editor != nil:
		if secret, err := s.editor.secret(ctx, "Secret: "); err != nil || secret != "" {
			return secret, err
		}
	}
	return "", errNoSecret
}

// errNoSecret says that nobody gave a secret.
var errNoSecret = errors.New("no secret was given")
