//go:build unix

package pop3

import (
	"errors"
	"net"
	"syscall"
)

// peek tells whether a read would return at once, without taking anything.
func peek(conn net.Conn) readiness {
	sc, ok := conn.(syscall.Conn)
	if !ok {
		return unknown
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return ended
	}
	result := ended
	err = raw.Control(func(fd uintptr) { result = peekDescriptor(int(fd)) })
	if err != nil {
		return ended
	}
	return result
}

func peekDescriptor(fd int) readiness {
	for {
		var one [1]byte
		n, _, err := syscall.Recvfrom(fd, one[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		switch {
		case err == nil && n > 0:
			return ready
		case errors.Is(err, syscall.EINTR):
		case errors.Is(err, syscall.EAGAIN):
			return quiet
		default:
			return ended
		}
	}
}
