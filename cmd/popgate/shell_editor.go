package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// editor reads commands from the terminal, with history and completion.
type editor struct{ *term.Terminal }

const shellPrompt = "pop3> "

func newEditor() *editor {
	e := &editor{term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{interruptible{os.Stdin}, os.Stdout}, shellPrompt)}
	e.History = openHistory()
	e.AutoCompleteCallback = e.complete
	return e
}

// interruptible makes Ctrl-C clear the line, as in a shell; x/term would take it for the end of the input.
type interruptible struct{ r io.Reader }

func (i interruptible) Read(p []byte) (int, error) {
	if len(p) < 2 {
		return i.r.Read(p)
	}
	n, err := i.r.Read(p[:len(p)/2])
	return copy(p, bytes.ReplaceAll(p[:n], ctrlC, toEndAndClear)), err
}

// ctrlC and toEndAndClear are keys of the editor: Ctrl-C, and Ctrl-E with Ctrl-U.
var ctrlC, toEndAndClear = []byte{3}, []byte{5, 21}

func (e *editor) next(ctx context.Context) (string, error) { return e.read(ctx, e.ReadLine) }

// secret asks for a line that is not shown, and that no history keeps.
func (e *editor) secret(ctx context.Context, question string) (string, error) {
	return e.read(ctx, func() (string, error) { return e.ReadPassword(question) })
}

// read reads a line with the terminal in raw mode. Where ctx ends first what was typed is lost.
func (e *editor) read(ctx context.Context, f func() (string, error)) (string, error) {
	fd := int(os.Stdin.Fd())
	before, err := term.MakeRaw(fd)
	if err != nil {
		return "", err
	}
	defer term.Restore(fd, before) //nolint:errcheck // nothing more can be done
	if width, height, err := term.GetSize(fd); err == nil && width > 0 {
		_ = e.SetSize(width, height) // it only wraps
	}
	type answer struct {
		line string
		err  error
	}
	answers := make(chan answer, 1)
	go func() { // where ctx ends first it lasts as long as the process
		line, err := f()
		answers <- answer{line, err}
	}()
	select {
	case a := <-answers:
		return a.line, a.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// complete completes the first word when Tab is hit, or shows what it may become.
func (e *editor) complete(line string, pos int, key rune) (string, int, bool) {
	if key != '\t' {
		return "", 0, false
	}
	word := strings.ToLower(line[:pos])
	var names []string
	for _, v := range shellVerbs {
		if word != "" && strings.HasPrefix(v.name, word) {
			names = append(names, v.name)
		}
	}
	switch len(names) {
	case 0:
		return line, pos, true
	case 1:
		return names[0] + " " + strings.TrimLeft(line[pos:], " "), len(names[0]) + 1, true
	}
	longest := names[0]
	for _, name := range names {
		for !strings.HasPrefix(name, longest) {
			longest = longest[:len(longest)-1]
		}
	}
	if longest == word {
		_, _ = fmt.Fprintln(e, strings.Join(names, "  ")) // only for the eye
	}
	return longest + line[pos:], len(longest), true
}
