package server

import (
	"io"
	"net"
	"testing"
)

// TestProxyHalf: a connection through a proxy can end one half, so that the server sees the end and is heard still.
func TestProxyHalf(t *testing.T) {
	for _, scheme := range []string{"socks5", "http", "https"} {
		t.Run(scheme, func(t *testing.T) {
			p := newProxyServer(t, scheme, proxyUser+":"+proxyPassword)
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer listener.Close()
			heard := make(chan string, 1)
			go func() {
				defer close(heard)
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				defer conn.Close()
				all, _ := io.ReadAll(conn)
				heard <- string(all)
				_, _ = io.WriteString(conn, "bye")
			}()
			conn, err := p.connect(t.Context(), Sources{}, listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			half, ok := conn.(interface{ CloseWrite() error })
			if !ok {
				t.Fatalf("%T can end no half", conn)
			}
			if _, err := io.WriteString(conn, "NOOP"); err != nil {
				t.Fatal(err)
			}
			if err := half.CloseWrite(); err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(conn)
			if text := <-heard; text != "NOOP" || string(got) != "bye" || err != nil {
				t.Errorf("the server heard %q, the client %q, %v", text, got, err)
			}
		})
	}
}
