package pop3test

import (
	"bufio"
	"errors"
	"io"
	"strconv"
	"strings"
	"sync"
)

// chunks are buffers for messages whose reader is no io.WriterTo.
var chunks = sync.Pool{New: func() any { return new([chunkSize]byte) }}

// noOctets is said of a message without Open (RFC 3206, section 4).
const noOctets = "[SYS/PERM] the message cannot be read"

// retr handles RETR (RFC 1939, section 5).
func (s *session) retr(arg string) {
	i, complaint := s.box.find(arg)
	if complaint != "" {
		s.refuse(complaint)
		return
	}
	message := &s.box.messages[i]
	if message.Open == nil {
		s.refuse(noOctets)
		return
	}
	s.ok(strconv.FormatInt(message.Octets, 10) + " octets")
	s.send(func(w *stuffer) error { return copyMessage(w, message.Open()) })
	if s.err == nil && s.box.retrieved != nil {
		s.box.retrieved[i] = true
	}
}

// copyMessage copies a whole message, in constant memory.
func copyMessage(w *stuffer, message io.Reader) error {
	if known, ok := message.(*dataReader); ok && known.plain() {
		return w.writePlain(known.data)
	}
	chunk := chunks.Get().(*[chunkSize]byte)
	defer chunks.Put(chunk)
	_, err := io.CopyBuffer(w, message, chunk[:])
	return err
}

// top handles TOP (RFC 1939, section 7).
func (s *session) top(arg string) {
	number, count, _ := strings.Cut(arg, " ")
	i, complaint := s.box.find(number)
	lines, err := strconv.ParseUint(count, 10, 63)
	if err != nil {
		complaint = "how many lines?"
	}
	if complaint == "" && s.box.messages[i].Open == nil {
		complaint = noOctets
	}
	if complaint != "" {
		s.refuse(complaint)
		return
	}
	s.ok("top of message " + number)
	s.send(func(w *stuffer) error {
		return copyTop(w, s.box.messages[i].Open(), lines)
	})
}

// send sends a message that body writes, stuffed and ended.
func (s *session) send(body func(w *stuffer) error) {
	stuffer := newStuffer(s.writer())
	if err := body(stuffer); err != nil {
		s.fail(err)
		return
	}
	if err := stuffer.Close(); err != nil {
		s.fail(err)
	}
}

// copyTop copies the header, the blank line and so many lines of the body.
// Lines may have any length.
func copyTop(w io.Writer, message io.Reader, lines uint64) error {
	r := bufio.NewReader(message)
	inBody := false
	for !inBody || lines > 0 {
		octets, err := copyLine(w, r)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch {
		case inBody:
			lines--
		case octets == 0:
			inBody = true
		}
	}
	return nil
}

// copyLine copies one line and returns its length without the line end.
func copyLine(w io.Writer, r *bufio.Reader) (octets int, err error) {
	for {
		part, err := r.ReadSlice('\n')
		if _, err := w.Write(part); err != nil {
			return 0, err
		}
		octets += len(part)
		if err == nil {
			return octets - len(part) + len(strings.TrimRight(string(part), "\r\n")), nil
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return 0, err
		}
	}
}
