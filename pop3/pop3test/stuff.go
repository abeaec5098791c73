package pop3test

import (
	"bufio"
	"bytes"
)

// chunkSize is the number of octets of a message that are looked at and sent
// at a time: few enough to stay in the processor's cache between the two.
const chunkSize = 256 << 10

// stuffer writes a multi-line reply's body: a dot that begins a line is
// doubled (RFC 1939, section 3). A line begins after CRLF; a lone LF is an
// octet like any other.
type stuffer struct {
	w    *bufio.Writer
	tail [2]byte // the last two octets; CRLF before the first
}

func newStuffer(w *bufio.Writer) *stuffer {
	return &stuffer{w: w, tail: [2]byte{'\r', '\n'}}
}

// Write stuffs and writes p, which may begin and end anywhere.
func (s *stuffer) Write(p []byte) (int, error) {
	for done := 0; done < len(p); {
		chunk := p[done:min(done+chunkSize, len(p))]
		if err := s.writeChunk(chunk); err != nil {
			return done, err
		}
		done += len(chunk)
	}
	return len(p), nil
}

// writePlain writes octets in which no line begins with a dot.
func (s *stuffer) writePlain(p []byte) error {
	s.remember(p)
	_, err := s.w.Write(p)
	return err
}

// needsStuffing reports whether a line of a message begins with a dot.
func needsStuffing(message []byte) bool {
	return newStuffer(nil).nextDot(message, 0) >= 0
}

func (s *stuffer) writeChunk(p []byte) error {
	for start := 0; ; {
		dot := s.nextDot(p, start)
		if dot < 0 {
			_, err := s.w.Write(p[start:])
			s.remember(p)
			return err
		}
		if _, err := s.w.Write(p[start : dot+1]); err != nil {
			return err
		}
		if err := s.w.WriteByte('.'); err != nil {
			return err
		}
		start = dot + 1
	}
}

// nextDot returns the index of the first dot of p, at start or after, that
// begins a line, or -1. It looks for dots as long as they are rare, which is
// fastest, as in base64; then for LF and dot together.
func (s *stuffer) nextDot(p []byte, start int) int {
	i := start
	for range 16 {
		at := bytes.IndexByte(p[i:], '.')
		if at < 0 {
			return -1
		}
		i += at
		if s.begins(p, i) {
			return i
		}
		i++
	}
	for {
		at := bytes.Index(p[i:], lfDot)
		if at < 0 {
			return -1
		}
		i += at + 1
		if s.begins(p, i) {
			return i
		}
	}
}

var lfDot = []byte("\n.")

// begins reports whether a line begins at p[i].
func (s *stuffer) begins(p []byte, i int) bool {
	switch i {
	case 0:
		return s.tail == [2]byte{'\r', '\n'}
	case 1:
		return s.tail[1] == '\r' && p[0] == '\n'
	}
	return p[i-2] == '\r' && p[i-1] == '\n'
}

// remember keeps the last two octets.
func (s *stuffer) remember(p []byte) {
	switch len(p) {
	case 0:
	case 1:
		s.tail = [2]byte{s.tail[1], p[0]}
	default:
		s.tail = [2]byte(p[len(p)-2:])
	}
}

// Close ends the reply: with a CRLF where the message has none at its end, and
// the line with one dot.
func (s *stuffer) Close() error {
	end := "\r\n.\r\n"
	if s.tail == [2]byte{'\r', '\n'} {
		end = ".\r\n"
	}
	_, err := s.w.WriteString(end)
	return err
}
