package pop3_test

import (
	"context"
	"fmt"
	"io"
	"net"

	"golang.org/x/net/proxy"
)

// A connection through a SOCKS5 proxy. The proxy is given the host's name, and Timeouts.Connect is for both connections together.
func ExampleOptions_dialContext() {
	srv, opts := demoServer()
	defer srv.Close()
	ctx := context.Background()
	address, stop := socksProxy() // stands for the real one, such as "127.0.0.1:1080"
	defer stop()

	socks, err := proxy.SOCKS5("tcp", address, nil, new(net.Dialer))
	check(err)
	opts.DialContext = socks.(proxy.ContextDialer).DialContext
	c, err := open(ctx, srv.Addr, opts)
	check(err)
	defer c.Close()
	messages, octets, _, err := c.Stat(ctx)
	fmt.Println(messages, octets, err)
	// Output:
	// the proxy connects to 127.0.0.1
	// 2 54 <nil>
}

// socksProxy serves one connection to an IPv4 address (RFC 1928).
func socksProxy() (address string, stop func()) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		client, err := listener.Accept()
		check(err)
		defer client.Close()
		var b [13]byte
		_, _ = io.ReadFull(client, b[:3]) // version, and one method: none
		_, _ = client.Write([]byte{5, 0})
		_, _ = io.ReadFull(client, b[3:]) // version, CONNECT, 0, IPv4, address, port
		ip, port := net.IP(b[7:11]), int(b[11])<<8|int(b[12])
		fmt.Println("the proxy connects to", ip)
		server, err := net.DialTCP("tcp", nil, &net.TCPAddr{IP: ip, Port: port})
		check(err)
		defer server.Close()
		_, _ = client.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
		go func() { _, _ = io.Copy(server, client); _ = server.CloseWrite() }()
		_, _ = io.Copy(client, server)
	}()
	return listener.Addr().String(), func() { _ = listener.Close(); <-done }
}
