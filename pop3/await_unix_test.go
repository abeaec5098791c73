//go:build unix

package pop3_test

import (
	"errors"
	"net"
	"syscall"
	"testing"
)

// await returns when something of what the server sent has arrived, be it its end.
func (p *peer) await(t *testing.T) {
	t.Helper()
	raw, err := p.client.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	for arrived := false; !arrived; {
		err := raw.Control(func(fd uintptr) {
			_, _, err := syscall.Recvfrom(int(fd), make([]byte, 1), syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
			arrived = !errors.Is(err, syscall.EAGAIN)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
