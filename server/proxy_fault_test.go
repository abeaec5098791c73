package server

import (
	"bytes"
	"context"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// through is a dial for Config by a proxy whose end of the connection is a function.
func through(t *testing.T, scheme string, serve func(conn net.Conn)) func(ctx context.Context, _, _ string) (net.Conn, error) {
	t.Helper()
	p, err := ParseProxy(scheme + "://proxy.example.test:1080")
	if err != nil {
		t.Fatal(err)
	}
	return func(ctx context.Context, _, _ string) (net.Conn, error) {
		client, server := net.Pipe()
		go func() {
			defer server.Close()
			serve(server)
		}()
		conn, err := p.tunnel(ctx, client, "192.0.2.1:110")
		if err != nil {
			client.Close()
			return nil, err
		}
		return conn, nil
	}
}

// heard reads what a client asks a proxy for.
func heard(conn net.Conn, scheme string) {
	if scheme == "socks5" {
		io.ReadFull(conn, make([]byte, 3))
		io.WriteString(conn, "\x05\x00")
		io.ReadFull(conn, make([]byte, 10))
		return
	}
	one, all := make([]byte, 1), []byte{}
	for !bytes.HasSuffix(all, []byte("\r\n\r\n")) {
		if _, err := conn.Read(one); err != nil {
			return
		}
		all = append(all, one[0])
	}
}

// TestProxyFaults: proxies that close, refuse, talk nonsense, never end their header or are silent. OpenSession fails at once, or
// after the 10 s of connecting.
func TestProxyFaults(t *testing.T) {
	after := func(scheme, octets string, then func(net.Conn)) func(net.Conn) {
		return func(conn net.Conn) {
			heard(conn, scheme)
			io.WriteString(conn, octets)
			then(conn)
		}
	}
	first := func(octets string) func(net.Conn) {
		return func(conn net.Conn) {
			conn.Read(make([]byte, 3))
			io.WriteString(conn, octets)
		}
	}
	hang := func(net.Conn) {}
	wait := func(conn net.Conn) { io.Copy(io.Discard, conn) }
	drip := func(conn net.Conn) {
		for {
			if _, err := io.WriteString(conn, "x"); err != nil {
				return
			}
			time.Sleep(time.Second)
		}
	}
	const ok = "HTTP/1.1 200 OK\r\n"
	for _, tt := range []struct {
		name, scheme string
		serve        func(net.Conn)
		silent       bool
	}{
		{"closes", "socks5", hang, false},
		{"closes later", "socks5", after("socks5", "", hang), false},
		{"closes in the reply", "socks5", after("socks5", "\x05\x00\x00", hang), false},
		{"refuses", "socks5", after("socks5", "\x05\x05\x00\x01\x00\x00\x00\x00\x00\x00", wait), false},
		{"has another version", "socks5", first("\x04\x00"), false},
		{"has no method", "socks5", first("\x05\xff"), false},
		{"asks for a password", "socks5", first("\x05\x02"), false},
		{"is HTTP", "socks5", first("HTTP/1.1 400 Bad Request\r\n\r\n"), false},
		{"is silent", "socks5", wait, true},
		{"is silent later", "socks5", after("socks5", "", wait), true},
		{"is silent in the reply", "socks5", after("socks5", "\x05\x00\x00\x03\xff", wait), true},
		{"drips", "socks5", after("socks5", "\x05\x00\x00\x03\xff", drip), true},
		{"reads nothing", "socks5", func(net.Conn) { time.Sleep(time.Hour) }, true},

		{"closes", "http", hang, false},
		{"closes later", "http", after("http", "", hang), false},
		{"closes in the header", "http", after("http", ok+"Via: x", hang), false},
		{"refuses", "http", after("http", "HTTP/1.1 403 Forbidden\r\n\r\n", wait), false},
		{"asks for a password", "http", after("http", "HTTP/1.1 407 Who are you\r\n\r\n", wait), false},
		{"redirects", "http", after("http", "HTTP/1.1 302 Found\r\nLocation: http://localhost/\r\n\r\n", wait), false},
		{"does not get on", "http", after("http", "HTTP/1.1 100 Continue\r\n\r\n", wait), false},
		{"is SMTP", "http", after("http", "220 mx.example.test ESMTP\r\n", wait), false},
		{"is silent", "http", wait, true},
		{"is silent later", "http", after("http", "", wait), true},
		{"is silent in the header", "http", after("http", ok+"Via: x\r\n", wait), true},
		{"drips", "http", after("http", ok+"Via: ", drip), true},
		{"reads nothing", "http", func(net.Conn) { time.Sleep(time.Hour) }, true},
		{"is silent in the handshake", "https", wait, true},
		{"is in plaintext", "https", func(conn net.Conn) {
			go io.Copy(io.Discard, conn)
			io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\n\r\n")
		}, false},
	} {
		t.Run(tt.scheme+" "+tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGateway(t, func(c *Config) { c.dial = through(t, tt.scheme, tt.serve) })
				begin := time.Now()
				_, err := g.OpenSession(t.Context(), &pb.OpenSessionRequest{Server: anywhere()})
				want, cause := time.Duration(0), "UNREACHABLE"
				if tt.silent {
					want, cause = 10*time.Second, "TIMEOUT"
				}
				wantFailure(t, "OpenSession", err, failure{codes.Unavailable, "CONNECT_FAILED", map[string]string{"cause": cause}})
				if took := time.Since(begin); took != want {
					t.Errorf("it took %v, want %v", took, want)
				}
				time.Sleep(time.Hour) // the proxy wakes up and sees that all is over
			})
		})
	}
}

// TestProxyHeader: a header of 64 MiB is not read, whatever it is made of.
func TestProxyHeader(t *testing.T) {
	for name, line := range map[string]string{
		"one line": strings.Repeat("x", 4096), "many lines": strings.Repeat("Via: x\r\n", 512), "one field": strings.Repeat("Via: x\r\n y\r\n", 341),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var sent atomic.Int64
				g := newGateway(t, func(c *Config) {
					c.dial = through(t, "http", func(conn net.Conn) {
						heard(conn, "http")
						io.WriteString(conn, "HTTP/1.1 200 OK\r\n")
						for sent.Load() < 64<<20 {
							n, err := io.WriteString(conn, line)
							if sent.Add(int64(n)); err != nil {
								return
							}
						}
					})
				})
				_, err := g.OpenSession(t.Context(), &pb.OpenSessionRequest{Server: anywhere()})
				wantFailure(t, "OpenSession", err, failure{codes.Unavailable, "CONNECT_FAILED", map[string]string{"cause": "UNREACHABLE"}})
				synctest.Wait()
				if n := sent.Load(); n > maxProxyHeader {
					t.Errorf("%d octets were read", n)
				}
			})
		})
	}
}

// TestBehindProxyHeader: what comes in one piece with the header is the server's, and arrives.
func TestBehindProxyHeader(t *testing.T) {
	for scheme, reply := range map[string]string{
		"socks5": "\x05\x00\x00\x03\x04test\x00\x6e", "http": "HTTP/1.0 200 OK\nContent-Length: 5\n\n",
	} {
		t.Run(scheme, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGateway(t, func(c *Config) {
					c.dial = through(t, scheme, func(conn net.Conn) {
						heard(conn, scheme)
						io.WriteString(conn, reply+"+OK ready\r\n")
						io.Copy(io.Discard, conn)
					})
				})
				session, err := g.OpenSession(t.Context(), &pb.OpenSessionRequest{Server: anywhere()})
				if err != nil || session.GetResponse() != "+OK ready" {
					t.Errorf("%q, %v", session.GetResponse(), err)
				}
			})
		})
	}
}

// TestProxyCancelled: a caller who goes ends the dialogue with the proxy.
func TestProxyCancelled(t *testing.T) {
	for _, scheme := range proxySchemes {
		t.Run(scheme, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				closed := make(chan time.Time, 1)
				g := newGateway(t, func(c *Config) {
					c.dial = through(t, scheme, func(conn net.Conn) {
						io.Copy(io.Discard, conn)
						closed <- time.Now()
					})
				})
				begin := time.Now()
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				if _, err := g.OpenSession(ctx, &pb.OpenSessionRequest{Server: anywhere()}); err == nil {
					t.Error("a session was opened")
				}
				if took := (<-closed).Sub(begin); took != time.Second {
					t.Errorf("it was closed after %v", took)
				}
			})
		})
	}
}
