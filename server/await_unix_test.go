//go:build unix

package server

import (
	"errors"
	"net"
	"syscall"
	"testing"
	"time"
)

// await returns when something of what the server sent has arrived at the gateway's socket, be it its end: over loopback that may be
// a little after it was written.
func (t *tap) await(test *testing.T) {
	test.Helper()
	raw, err := t.Conn.(*net.TCPConn).SyscallConn()
	if err != nil {
		test.Fatal(err)
	}
	for arrived := false; ; time.Sleep(time.Millisecond) {
		err := raw.Control(func(fd uintptr) {
			_, _, err := syscall.Recvfrom(int(fd), make([]byte, 1), syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
			arrived = !errors.Is(err, syscall.EAGAIN)
		})
		if err != nil {
			test.Fatal(err)
		}
		if arrived {
			return
		}
	}
}
