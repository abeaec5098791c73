package pop3test

import (
	"errors"
	"net"
	"time"
)

// Pipe returns the two ends of a connection in memory, for ServeConn and for
// virtual time, as net.Pipe does. Each end has CloseWrite, as a TCP connection
// has: the peer reads io.EOF, and can write still.
func Pipe() (client, server net.Conn) {
	toClient, fromServer := net.Pipe()
	toServer, fromClient := net.Pipe()
	return &pipeEnd{toClient, fromClient}, &pipeEnd{toServer, fromServer}
}

// pipeEnd is a net.Pipe for each direction.
type pipeEnd struct {
	net.Conn // to read

	out net.Conn // to write
}

func (p *pipeEnd) Write(octets []byte) (int, error)       { return p.out.Write(octets) }
func (p *pipeEnd) CloseWrite() error                      { return p.out.Close() }
func (p *pipeEnd) Close() error                           { return errors.Join(p.out.Close(), p.Conn.Close()) }
func (p *pipeEnd) SetWriteDeadline(until time.Time) error { return p.out.SetWriteDeadline(until) }

func (p *pipeEnd) SetDeadline(until time.Time) error {
	return errors.Join(p.SetReadDeadline(until), p.SetWriteDeadline(until))
}
