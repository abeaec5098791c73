package server

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/net/proxy"

	"github.com/popgate/popgate/pop3"
)

// Proxy leads the connections to POP3 servers. It is given their IP addresses, which the gateway has found and allowed, never a
// name.
type Proxy struct {
	scheme         string // socks5, http or https
	address        string // host:port
	user, password string // "" for none
	tls            *tls.Config
}

var (
	errProxy            = errors.New("not socks5://host:port, http://host:port or https://host:port")
	errProxyCredentials = errors.New("not user:password of 1 to 255 octets each")
)

// ParseProxy reads socks5://host:port (RFC 1928), or http://host:port or https://host:port for CONNECT (RFC 9110 section 9.3.6),
// where https is TLS to the proxy, verified by the system's roots. An address is shown in logs, so that one with user and password
// is an error, which does not show them.
func ParseProxy(address string) (*Proxy, error) {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery+u.Fragment != "" {
		return nil, errProxy
	}
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	if err != nil || port == 0 || u.Scheme != "socks5" && u.Scheme != "http" && u.Scheme != "https" {
		return nil, errProxy
	}
	config := &tls.Config{ServerName: u.Hostname(), MinVersion: tls.VersionTLS12}
	return &Proxy{scheme: u.Scheme, address: u.Host, tls: config}, nil
}

// SetCredentials takes user:password, each of 1 to 255 octets (RFC 1929), for a proxy that asks for them. No error shows them.
func (p *Proxy) SetCredentials(credentials string) error {
	user, password, ok := strings.Cut(credentials, ":")
	if !ok || user == "" || password == "" || len(user) > 255 || len(password) > 255 {
		return errProxyCredentials
	}
	p.user, p.password = user, password
	return nil
}

// String returns the proxy's address without the credentials.
func (p *Proxy) String() string { return p.scheme + "://" + p.address }

// connect returns a connection to target, IP:port, through the proxy. That the proxy is not there says nothing of the target, so
// that such an error is neither ECONNREFUSED nor a *net.DNSError.
func (p *Proxy) connect(ctx context.Context, sources Sources, target string) (net.Conn, error) {
	dialer := pop3.Dialer{Connect: func(ctx context.Context, network, address string) (net.Conn, error) {
		return sources.socket(address).DialContext(ctx, network, address)
	}}
	socket, err := dialer.DialContext(ctx, "tcp", p.address)
	var dns *net.DNSError
	switch {
	case errors.Is(err, syscall.ECONNREFUSED), errors.As(err, &dns) && dns.IsNotFound:
		return nil, fmt.Errorf("proxy: %v", err) //nolint:errorlint // as the comment above says
	case err != nil:
		return nil, fmt.Errorf("proxy: %w", err)
	}
	conn, err := p.tunnel(ctx, socket, target)
	if err != nil {
		_ = socket.Close()
		return nil, fmt.Errorf("proxy: %w", err)
	}
	return conn, nil
}

// tunnel has the proxy behind a socket connect to target. An error, such as that of ctx, leaves the socket to be closed.
func (p *Proxy) tunnel(ctx context.Context, socket net.Conn, target string) (conn net.Conn, err error) {
	stop := context.AfterFunc(ctx, func() { _ = socket.Close() }) // ends the dialogue
	defer func() {
		if !stop() {
			err = ctx.Err()
		}
	}()
	switch p.scheme {
	case "socks5":
		return socket, p.socks(ctx, socket, target)
	case "https":
		conn = struct{ *tls.Conn }{tls.Client(socket, p.tls)} // pop3 takes a *tls.Conn as it is for TLS with the POP3 server
		return conn, p.http(conn, target)
	}
	return socket, p.http(socket, target)
}

// connected is a proxy.ContextDialer whose connection is there already.
type connected struct{ net.Conn }

func (c connected) Dial(string, string) (net.Conn, error) { return c.Conn, nil }

func (c connected) DialContext(context.Context, string, string) (net.Conn, error) { return c.Conn, nil }

// socks asks for a connection by SOCKS5. The library's own connection is not used: it hides the socket, at which pop3 looks
// before it sends a command.
func (p *Proxy) socks(ctx context.Context, conn net.Conn, target string) error {
	var auth *proxy.Auth
	if p.user != "" {
		auth = &proxy.Auth{User: p.user, Password: p.password}
	}
	dialer, err := proxy.SOCKS5("tcp", p.address, auth, connected{conn})
	if err == nil {
		_, err = dialer.(proxy.ContextDialer).DialContext(ctx, "tcp", target)
	}
	return err
}

// maxProxyHeader is the greatest size of a proxy's response header in octets.
const maxProxyHeader = 16 << 10

// http asks for a connection by CONNECT.
func (p *Proxy) http(conn net.Conn, target string) error {
	request := &http.Request{
		Method: http.MethodConnect, URL: &url.URL{Opaque: target}, Host: target, Header: http.Header{"User-Agent": {"popgate"}},
	}
	if p.user != "" {
		basic := base64.StdEncoding.EncodeToString([]byte(p.user + ":" + p.password))
		request.Header.Set("Proxy-Authorization", "Basic "+basic)
	}
	if err := request.Write(conn); err != nil {
		return err
	}
	header := bufio.NewReader(octetwise{io.LimitReader(conn, maxProxyHeader)})
	response, err := http.ReadResponse(header, request) //nolint:bodyclose // what follows is the POP3 server's
	if err != nil {
		return err
	}
	if response.StatusCode/100 != 2 {
		return errors.New(response.Status)
	}
	return nil
}

// octetwise reads one octet at a time, so that a buffer on top takes nothing that is behind the last line that is read from it.
type octetwise struct{ io.Reader }

func (r octetwise) Read(p []byte) (int, error) { return r.Reader.Read(p[:min(1, len(p))]) }
