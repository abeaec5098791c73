//go:build unix

package server

import (
	"errors"
	"net"
	"syscall"
	"testing"
)

// await returns when the gateway has read so many octets, or when there is something to read at its socket, be it the end: over
// loopback that may be a little after it was written.
func (t *tap) await(test *testing.T, octets int64) {
	test.Helper()
	raw, err := t.Conn.(*net.TCPConn).SyscallConn()
	if err != nil {
		test.Fatal(err)
	}
	for arrived := false; !arrived && t.read.Load() < octets; {
		err := raw.Control(func(fd uintptr) {
			_, _, err := syscall.Recvfrom(int(fd), make([]byte, 1), syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
			arrived = !errors.Is(err, syscall.EAGAIN)
		})
		if err != nil {
			test.Fatal(err)
		}
	}
}
