package pop3test

import (
	"net"
	"syscall"
	"time"
	"unsafe"
)

// awaitSent waits until the peer's kernel has acknowledged all that was
// written, or the connection is closed: a reset throws the rest away.
func (c *faultConn) awaitSent(conn *net.TCPConn) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return
	}
	for unsent(raw) > 0 {
		if c.sleep(time.Millisecond) != nil {
			return
		}
	}
}

// unsent returns the number of octets in the socket's send queue (SIOCOUTQ,
// see tcp(7)), or 0 where the kernel does not say.
func unsent(raw syscall.RawConn) int {
	var queued int32
	err := raw.Control(func(fd uintptr) {
		_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, fd, syscall.TIOCOUTQ, uintptr(unsafe.Pointer(&queued))) //nolint:gosec // the kernel writes an int there
		if errno != 0 {
			queued = 0
		}
	})
	if err != nil {
		return 0
	}
	return int(queued)
}
