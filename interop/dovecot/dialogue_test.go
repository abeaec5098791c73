package dovecot_test

import (
	"bufio"
	"bytes"
	"crypto/md5"
	"crypto/tls"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// A mode is how a connection comes to TLS, or does not.
type mode string

const (
	plaintext mode = "PLAINTEXT"
	stls      mode = "STLS"
	implicit  mode = "IMPLICIT"
)

var modes = []mode{plaintext, stls, implicit}

// patience is how long a whole dialogue may take. It is above the 10 seconds
// for which Dovecot waits for a locked maildrop.
const patience = time.Minute

// A dialogue is a POP3 session without any help: a test sees the replies as
// they are.
type dialogue struct {
	t        *testing.T
	conn     net.Conn
	reader   *bufio.Reader
	greeting string
}

// connect opens a session up to the point where the client may log in. The
// configuration is nil for one that trusts the setup's CA.
func connect(t *testing.T, s *setup, m mode, config *tls.Config) *dialogue {
	t.Helper()
	d, err := tryConnect(t, s, m, config)
	if err != nil {
		t.Fatalf("%s: %v", m, err)
	}
	return d
}

func tryConnect(t *testing.T, s *setup, m mode, config *tls.Config) (*dialogue, error) {
	t.Helper()
	if config == nil {
		config = tlsConfig(t, s.CA)
	}
	address := s.Plain
	if m == implicit {
		address = s.POP3S
	}
	conn, err := net.DialTimeout("tcp", address, patience)
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return nil, err
	}
	d := &dialogue{t: t}
	d.use(conn)
	if m == implicit {
		if err := d.secure(config); err != nil {
			return nil, err
		}
	}
	d.greeting = d.readLine()
	if m == stls {
		d.must("STLS")
		return d, d.secure(config)
	}
	return d, nil
}

func (d *dialogue) use(conn net.Conn) {
	d.conn, d.reader = conn, bufio.NewReader(conn)
}

func (d *dialogue) secure(config *tls.Config) error {
	conn := tls.Client(d.conn, config)
	if err := conn.Handshake(); err != nil {
		return err
	}
	d.use(conn)
	return nil
}

// readLine returns the next line without its CRLF, which must be there.
func (d *dialogue) readLine() string {
	d.t.Helper()
	line, err := d.reader.ReadString('\n')
	if err != nil {
		d.t.Fatalf("reading a line: %v", err)
	}
	text, ok := strings.CutSuffix(line, "\r\n")
	if !ok {
		d.t.Fatalf("line %q does not end in CRLF", line)
	}
	return text
}

// command sends a line and returns the first line of the reply.
func (d *dialogue) command(line string) string {
	d.t.Helper()
	if _, err := io.WriteString(d.conn, line+"\r\n"); err != nil {
		d.t.Fatalf("sending %q: %v", line, err)
	}
	return d.readLine()
}

// must is command for one that the server has to accept.
func (d *dialogue) must(line string) string {
	d.t.Helper()
	reply := d.command(line)
	if !strings.HasPrefix(reply, "+OK") {
		d.t.Fatalf("reply to %q is %q", line, reply)
	}
	return reply
}

// multiline sends a command and returns the reply's further lines as octets,
// with dot-stuffing undone.
func (d *dialogue) multiline(line string) []byte {
	d.t.Helper()
	d.must(line)
	var body bytes.Buffer
	for {
		octets, err := d.reader.ReadBytes('\n')
		if err != nil {
			d.t.Fatalf("reading the reply to %q after %d octets: %v", line, body.Len(), err)
		}
		if string(octets) == ".\r\n" {
			return body.Bytes()
		}
		body.Write(bytes.TrimPrefix(octets, []byte(".")))
	}
}

// A login logs a user in and returns the last reply.
type login func(d *dialogue, name, password string) string

var logins = map[string]login{
	"USER": func(d *dialogue, name, password string) string {
		d.must("USER " + name)
		return d.command("PASS " + password)
	},
	"APOP": func(d *dialogue, name, password string) string {
		_, stamp, ok := strings.Cut(d.greeting, "<")
		if !ok {
			d.t.Fatalf("greeting %q has no timestamp", d.greeting)
		}
		sum := md5.Sum([]byte("<" + stamp + password))
		return d.command(fmt.Sprintf("APOP %s %s", name, hex.EncodeToString(sum[:])))
	},
	"AUTH PLAIN": func(d *dialogue, name, password string) string {
		if prompt := d.command("AUTH PLAIN"); !strings.HasPrefix(prompt, "+ ") {
			d.t.Fatalf("reply to AUTH PLAIN is %q", prompt)
		}
		return d.command(plainResponse(name, password))
	},
	"AUTH PLAIN with initial response": func(d *dialogue, name, password string) string {
		return d.command("AUTH PLAIN " + plainResponse(name, password))
	},
}

func plainResponse(name, password string) string {
	return base64.StdEncoding.EncodeToString([]byte("\x00" + name + "\x00" + password))
}
