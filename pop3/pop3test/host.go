package pop3test

import (
	"errors"
	"net"
	"sync"
	"time"
)

// host accepts connections and keeps track of them. The zero value is ready.
type host struct {
	mu     sync.Mutex
	conns  map[*faultConn]struct{} // those that enter let in
	closed bool
	wg     sync.WaitGroup // the accepting goroutine and those it started
}

// listenLoopback listens on a free port of the loopback interface.
func listenLoopback() net.Listener {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err == nil {
		return listener
	}
	listener, err6 := net.Listen("tcp6", "[::1]:0")
	if err6 != nil {
		panic("pop3test: cannot listen on loopback: " + err.Error())
	}
	return listener
}

// start calls serve in a goroutine for each connection, until close.
func (h *host) start(listener net.Listener, serve func(net.Conn)) {
	h.wg.Go(func() {
		for {
			conn, err := listener.Accept()
			switch {
			case err == nil:
				h.wg.Go(func() { serve(conn) })
			case errors.Is(err, net.ErrClosed) || h.over():
				return
			default: // such as too many open files
				time.Sleep(5 * time.Millisecond)
			}
		}
	})
}

// enter adds a connection to those that close ends. It reports false after
// close.
func (h *host) enter(conn *faultConn) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return false
	}
	if h.conns == nil {
		h.conns = make(map[*faultConn]struct{})
	}
	h.conns[conn] = struct{}{}
	return true
}

// leave undoes enter and closes the connection, if nobody has before.
func (h *host) leave(conn *faultConn) {
	h.mu.Lock()
	delete(h.conns, conn)
	h.mu.Unlock()
	conn.abort()
}

// busy reports whether connections are there.
func (h *host) busy() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.conns) > 0
}

// over reports whether close was called.
func (h *host) over() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.closed
}

// close stops listening, ends the connections, and waits for the goroutines.
// It may be called again.
func (h *host) close(listener net.Listener) {
	if listener != nil {
		_ = listener.Close() // the second time it is closed already
	}
	h.mu.Lock()
	h.closed = true
	for conn := range h.conns {
		conn.abort()
	}
	h.mu.Unlock()
	h.wg.Wait()
}
