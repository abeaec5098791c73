package pop3_test

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"testing"

	"github.com/popgate/popgate/pop3"
)

// sockets returns a client and the server's end over loopback TCP, greeted, with TLS from the first octet where secure.
func sockets(t *testing.T, secure bool) (*pop3.Client, *peer) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	socket := conn
	if secure {
		conn, server = secured(t, conn, server)
	}
	c := pop3.New(conn, plaintext)
	p := newPeer(server)
	p.client = socket
	t.Cleanup(func() {
		_ = c.Close()
		_ = server.Close()
	})
	p.say("+OK hello <1@example.test>\r\n")
	if _, err := c.Welcome(t.Context()); err != nil {
		t.Fatal(err)
	}
	return c, p
}

// secured puts TLS over both ends of a connection.
func secured(t *testing.T, client, server net.Conn) (*tls.Conn, *tls.Conn) {
	t.Helper()
	config := &tls.Config{RootCAs: roots(t), ServerName: "mail.example.test", MinVersion: tls.VersionTLS12}
	a := tls.Client(client, config)
	b := tls.Server(server, &tls.Config{
		Certificates: []tls.Certificate{issue(t, nil)}, MinVersion: tls.VersionTLS12,
		SessionTicketsDisabled: true, // so that await sees what the server says
	})
	done := make(chan error, 1)
	go func() { done <- b.Handshake() }()
	if err := errors.Join(a.Handshake(), <-done); err != nil {
		t.Fatal(err)
	}
	return a, b
}

// eachTransport runs a test with sockets in plaintext and with TLS over them.
func eachTransport(t *testing.T, name string, f func(t *testing.T, c *pop3.Client, p *peer)) {
	t.Helper()
	for _, secure := range []bool{false, true} {
		t.Run(fmt.Sprintf("%s/TLS %v", name, secure), func(t *testing.T) {
			c, p := sockets(t, secure)
			f(t, c, p)
		})
	}
}
