package pop3test

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"strings"
)

// Play plays the server's side of the script on conn and closes it. The error
// tells where the client first did something else, or which write failed. After
// the last step Play waits for the client to close; after CLOSE too it keeps
// reading until then, lest an unread octet turn the close into a reset.
func (s *Script) Play(conn net.Conn) error {
	faulty := newFaultConn(conn, Faults{})
	defer faulty.abort()
	return s.play(faulty, func(string) {})
}

// player is a script at one place of its dialogue.
type player struct {
	script *Script
	conn   *faultConn
	r      *bufio.Reader
	unsent []byte            // what the server says next
	record func(line string) // gets every line of the client, without line end
}

func (s *Script) play(conn *faultConn, record func(line string)) error {
	p := &player{script: s, conn: conn, r: bufio.NewReader(conn), record: record}
	for _, next := range s.steps {
		if err := p.step(next); err != nil {
			return fmt.Errorf("%s:%d: %w", s.name, next.line, err)
		}
	}
	if s.closes() {
		return nil
	}
	if err := p.flush(); err != nil {
		return fmt.Errorf("%s: %w", s.name, err)
	}
	if line, _ := p.readLine(); line != "" {
		return fmt.Errorf("%s: the client sent %q after the end of the script", s.name, line)
	}
	return nil
}

func (p *player) step(next step) error {
	if next.kind == stepSend {
		p.unsent = append(p.unsent, next.text...)
		return nil
	}
	if err := p.flush(); err != nil {
		return err
	}
	switch next.kind {
	case stepTLS:
		return p.startTLS()
	case stepTLSFails:
		if err := p.startTLS(); err == nil {
			return errHandshakeWorked
		}
	case stepClose:
		p.conn.bye()
	default:
		return p.expect(next)
	}
	return nil
}

var errHandshakeWorked = errors.New("the client completed the TLS handshake")

// flush writes what the server says, in one write.
func (p *player) flush() error {
	if len(p.unsent) == 0 {
		return nil
	}
	_, err := p.conn.Write(p.unsent)
	p.unsent = p.unsent[:0]
	return err
}

// expect reads the client's next line and compares it.
func (p *player) expect(next step) error {
	line, err := p.readLine()
	switch {
	case next.kind == stepExpect && line == next.text:
		return nil
	case next.kind == stepExpectPrefix && err == nil && strings.HasPrefix(line, next.text):
		return nil
	case line == "":
		return fmt.Errorf("the client sent nothing more, want %q: %w", next.text, err)
	}
	return fmt.Errorf("the client sent %q, want %q", line, next.text)
}

// readLine returns the client's next line with its line end, which is missing
// where the connection ended before.
func (p *player) readLine() (string, error) {
	line, err := p.r.ReadString('\n')
	if line != "" {
		p.record(strings.TrimRight(line, "\r\n"))
	}
	return line, err
}

// startTLS makes the handshake. What the client sent before it in plaintext,
// without waiting, is not part of the dialogue.
func (p *player) startTLS() error {
	if n := p.r.Buffered(); n > 0 {
		early, _ := p.r.Peek(n)
		return fmt.Errorf("the client sent %q before the TLS handshake", early)
	}
	if err := p.conn.startTLS(serverTLS(p.script.TLS)); err != nil {
		return fmt.Errorf("TLS handshake: %w", err)
	}
	p.r.Reset(p.conn)
	return nil
}
