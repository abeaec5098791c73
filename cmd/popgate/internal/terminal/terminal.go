// Package terminal is about who reads the output and types the input: whether it is a person, how wide the window is, what text may
// be shown, and how to ask for a secret.
package terminal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
	"golang.org/x/term"
)

// defaultWidth is that of a terminal which does not say it, in columns.
const defaultWidth = 80

// Width returns how many columns a terminal has, or 0 where w is none.
func Width(w io.Writer) int {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0
	}
	if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
		return width
	}
	return defaultWidth
}

// Plain returns text with what could drive a terminal as \xNN: everything but printable characters. popgate has escaped what servers
// say already, and that stays as it is.
func Plain(text string) string {
	if strings.IndexFunc(text, func(r rune) bool { return !unicode.IsPrint(r) || r == utf8.RuneError }) < 0 {
		return text
	}
	var b strings.Builder
	for len(text) > 0 {
		r, n := utf8.DecodeRuneInString(text)
		if unicode.IsPrint(r) && (r != utf8.RuneError || n > 1) {
			b.WriteString(text[:n])
		} else {
			for i := range n {
				fmt.Fprintf(&b, `\x%02x`, text[i])
			}
		}
		text = text[n:]
	}
	return b.String()
}

// Fit returns text in exactly so many columns: padded, or cut, which an ellipsis shows.
func Fit(text string, columns int) string {
	width := uniseg.StringWidth(text)
	if width <= columns {
		return text + strings.Repeat(" ", columns-width)
	}
	var b strings.Builder
	used := 0
	for state, rest := -1, text; rest != ""; {
		var cluster string
		var wide int
		cluster, rest, wide, state = uniseg.FirstGraphemeClusterInString(rest, state)
		if used+wide > columns-1 {
			break
		}
		b.WriteString(cluster)
		used += wide
	}
	return b.String() + "…" + strings.Repeat(" ", columns-1-used)
}

// CanAsk reports whether there is a person at standard input who can be asked at standard error.
func CanAsk() bool {
	return term.IsTerminal(int(os.Stdin.Fd())) && term.IsTerminal(int(os.Stderr.Fd()))
}

// AskSecret asks for a line that is not shown. Where ctx ends first the terminal is as it was before, and what was typed is lost.
func AskSecret(ctx context.Context, question string) (string, error) {
	fd := int(os.Stdin.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return "", err
	}
	fmt.Fprint(os.Stderr, question)
	defer fmt.Fprintln(os.Stderr)
	type answer struct {
		line []byte
		err  error
	}
	answers := make(chan answer, 1)
	go func() { // where ctx ends first it lasts as long as the process
		line, err := term.ReadPassword(fd)
		answers <- answer{line, err}
	}()
	select {
	case a := <-answers:
		return string(a.line), a.err
	case <-ctx.Done():
		return "", errors.Join(errors.New("interrupted"), term.Restore(fd, before))
	}
}

// Wrap returns text in lines of at most so many columns, broken at blanks; a longer word has a line of its own.
func Wrap(text string, columns int) (lines []string) {
	line, used := "", 0
	for word := range strings.SplitSeq(text, " ") {
		wide := uniseg.StringWidth(word)
		if used > 0 && used+1+wide > columns {
			lines = append(lines, line)
			line, used = "", 0
		}
		if used > 0 {
			line, used = line+" ", used+1
		}
		line, used = line+word, used+wide
	}
	return append(lines, line)
}
