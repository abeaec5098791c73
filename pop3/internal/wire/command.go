package wire

import (
	"errors"
	"strings"
)

// MaxCommand is the greatest length of a command line in octets, its CRLF included (RFC 2449 section 4).
const MaxCommand = 255

var (
	// ErrForbiddenOctet says that an argument holds CR, LF or NUL: the server would read it as more than one line.
	ErrForbiddenOctet = errors.New("holds CR, LF or NUL")
	// ErrCommandTooLong says that a command line is longer than MaxCommand.
	ErrCommandTooLong = errors.New("makes a command line of more than 255 octets")
)

// AppendCommand appends a command line, CRLF included, to dst. It is the only place where one is assembled. Without an error
// exactly one line was appended; with one, dst is as it was.
func AppendCommand(dst []byte, verb string, args ...string) ([]byte, error) {
	begin := len(dst)
	line, err := AppendLine(dst, verb)
	for _, arg := range args {
		if err != nil {
			break
		}
		line, err = AppendLine(append(line[:len(line)-2], ' '), arg)
	}
	if err == nil && len(line)-begin > MaxCommand {
		err = ErrCommandTooLong
	}
	if err != nil {
		return dst[:begin], err
	}
	return line, nil
}

// AppendLine appends one line of any length, CRLF included, as a SASL exchange has them. It refuses what AppendCommand does.
func AppendLine(dst []byte, text string) ([]byte, error) {
	if strings.ContainsAny(text, "\r\n\x00") {
		return dst, ErrForbiddenOctet
	}
	return append(append(dst, text...), '\r', '\n'), nil
}
