package pop3test

import (
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Script is one dialogue, which Play and [ScriptServer] play on a connection.
// The package comment describes its text. A Script does not change once it is
// in use, and many connections can play it at once.
type Script struct {
	// TLS is the configuration of the TLS steps, as in Server.TLS.
	TLS *tls.Config

	name  string // of the file, for errors
	steps []step
}

// step is one line of a script.
type step struct {
	kind stepKind
	text string // octets, with the line end where there is one
	line int    // in the script, from 1
}

type stepKind int

const (
	stepSend stepKind = iota
	stepExpect
	stepExpectPrefix
	stepTLS
	stepTLSFails
	stepClose
)

// ParseScript parses the text of a script. The error names the line.
func ParseScript(text string) (*Script, error) {
	return parseScript("script", text)
}

// ReadScript parses the script in a file. Errors of its dialogue name the file
// and the line.
func ReadScript(file string) (*Script, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return parseScript(filepath.Base(file), string(text))
}

func parseScript(name, text string) (*Script, error) {
	script := &Script{name: name}
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
		if strings.TrimSpace(line) == "" || line[0] == '#' {
			continue
		}
		next, err := parseStep(line)
		if err == nil && script.closes() {
			err = errAfterClose
		}
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, number, err)
		}
		next.line = number
		script.steps = append(script.steps, next)
	}
	return script, nil
}

var (
	errAfterClose = errors.New("a step after the connection has ended")
	errBackslash  = errors.New("a backslash ends the line")
	errMark       = errors.New(`want "S: ", "S| ", "C: ", "C~ ", "TLS", "TLS FAILS", "CLOSE" or "#"`)
)

// parseStep parses a line that is no comment.
func parseStep(line string) (step, error) {
	switch strings.TrimRight(line, " ") {
	case "TLS":
		return step{kind: stepTLS}, nil
	case "TLS FAILS":
		return step{kind: stepTLSFails}, nil
	case "CLOSE":
		return step{kind: stepClose}, nil
	}
	if len(line) < 2 || len(line) > 2 && line[2] != ' ' {
		return step{}, errMark
	}
	text, err := unescape(strings.TrimPrefix(line[2:], " "))
	if err != nil {
		return step{}, err
	}
	switch line[:2] {
	case "S:":
		return step{kind: stepSend, text: text + "\r\n"}, nil
	case "S|":
		return step{kind: stepSend, text: text}, nil
	case "C:":
		return step{kind: stepExpect, text: text + "\r\n"}, nil
	case "C~":
		return step{kind: stepExpectPrefix, text: text}, nil
	}
	return step{}, errMark
}

// closes reports whether the last step ends the connection.
func (s *Script) closes() bool {
	if len(s.steps) == 0 {
		return false
	}
	last := s.steps[len(s.steps)-1].kind
	return last == stepClose || last == stepTLSFails
}

// withTLS returns the script with the TLS handshake before all else.
func (s *Script) withTLS() *Script {
	steps := append([]step{{kind: stepTLS}}, s.steps...)
	return &Script{TLS: s.TLS, name: s.name, steps: steps}
}

// escapes are the octets that a backslash and a letter stand for.
var escapes = map[byte]byte{'r': '\r', 'n': '\n', 't': '\t', '0': 0, '\\': '\\'}

// unescape replaces the escapes of a text.
func unescape(text string) (string, error) {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(text, `\`)
		out.WriteString(before)
		if !found {
			return out.String(), nil
		}
		octet, size, err := escape(rest)
		if err != nil {
			return "", err
		}
		out.WriteByte(octet)
		text = rest[size:]
	}
}

// escape returns the octet that the text behind a backslash stands for, and
// how much of the text that is.
func escape(text string) (octet byte, size int, err error) {
	if text == "" {
		return 0, 0, errBackslash
	}
	if octet, ok := escapes[text[0]]; ok {
		return octet, 1, nil
	}
	if text[0] == 'x' && len(text) >= 3 {
		if value, err := strconv.ParseUint(text[1:3], 16, 8); err == nil {
			return byte(value), 3, nil
		}
	}
	return 0, 0, fmt.Errorf(`unknown escape \%c`, text[0])
}
