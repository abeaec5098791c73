package drive

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/base64"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// A Dialogue is a POP3 session without any help: a test sees the replies as
// they are.
type Dialogue struct {
	T        *testing.T
	Conn     net.Conn
	Greeting string
	reader   *bufio.Reader
}

// Secured says when a raw connection begins TLS.
type Secured int

// Never, by STLS, or from the first octet.
const (
	NotSecured Secured = iota
	BySTLS
	AtOnce
)

// TryDial opens a session up to the point where the client may log in, or says
// what TLS has against it.
func TryDial(t *testing.T, address string, secured Secured, config *tls.Config) (*Dialogue, error) {
	t.Helper()
	conn, err := net.DialTimeout("tcp", address, Patience)
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(Patience)); err != nil {
		return nil, err
	}
	d := &Dialogue{T: t}
	d.use(conn)
	if secured == AtOnce {
		if err := d.secure(config); err != nil {
			return nil, err
		}
	}
	d.Greeting = d.ReadLine()
	if secured == BySTLS {
		d.Must("STLS")
		return d, d.secure(config)
	}
	return d, nil
}

func (d *Dialogue) use(conn net.Conn) {
	d.Conn, d.reader = conn, bufio.NewReader(conn)
}

func (d *Dialogue) secure(config *tls.Config) error {
	conn := tls.Client(d.Conn, config)
	if err := conn.Handshake(); err != nil {
		return err
	}
	d.use(conn)
	return nil
}

// ReadLine returns the next line without its CRLF, which must be there.
func (d *Dialogue) ReadLine() string {
	d.T.Helper()
	line, err := d.reader.ReadString('\n')
	if err != nil {
		d.T.Fatalf("reading a line: %v", err)
	}
	text, ok := strings.CutSuffix(line, "\r\n")
	if !ok {
		d.T.Fatalf("line %q does not end in CRLF", line)
	}
	return text
}

// Command sends a line and returns the first line of the reply.
func (d *Dialogue) Command(line string) string {
	d.T.Helper()
	if err := d.Conn.SetDeadline(time.Now().Add(Patience)); err != nil {
		d.T.Fatal(err)
	}
	if _, err := io.WriteString(d.Conn, line+"\r\n"); err != nil {
		d.T.Fatalf("sending %q: %v", line, err)
	}
	return d.ReadLine()
}

// Must is Command for one that the server has to accept.
func (d *Dialogue) Must(line string) string {
	d.T.Helper()
	reply := d.Command(line)
	if !strings.HasPrefix(reply, "+OK") {
		d.T.Fatalf("reply to %q is %q", line, reply)
	}
	return reply
}

// Multiline sends a command and returns the reply's further lines as octets,
// with dot-stuffing undone: a dot that begins a line goes where a second one
// follows.
func (d *Dialogue) Multiline(line string) []byte {
	d.T.Helper()
	d.Must(line)
	var body bytes.Buffer
	for begin := true; ; { // of a line: a bare LF ends none
		octets, err := d.reader.ReadBytes('\n')
		if err != nil {
			d.T.Fatalf("reading the reply to %q after %d octets: %v", line, body.Len(), err)
		}
		if begin && string(octets) == ".\r\n" {
			return body.Bytes()
		}
		if begin && bytes.HasPrefix(octets, []byte("..")) {
			octets = octets[1:]
		}
		body.Write(octets)
		begin = bytes.HasSuffix(octets, []byte("\r\n"))
	}
}

// PlainResponse is the response of PLAIN (RFC 4616) in base64.
func PlainResponse(name, password string) string {
	return base64.StdEncoding.EncodeToString([]byte("\x00" + name + "\x00" + password))
}
