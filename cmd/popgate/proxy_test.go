package main

import (
	"bufio"
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3/pop3test"
)

// TestServeThroughProxy: the settings of outgoing connections take effect, and the password is not shown.
func TestServeThroughProxy(t *testing.T) {
	proxy, asked := connectProxy(t)
	file := filepath.Join(t.TempDir(), "proxy.txt")
	if err := os.WriteFile(file, []byte("gateway:"+password+"\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	srv := mailbox(t, pop3test.NewMaildrop(password))
	t.Setenv("POPGATE_PROXY", "http://"+proxy)
	t.Setenv("POPGATE_SOURCE_ADDRESS", "127.0.0.2")
	gateway := serves(t, append(towards(srv), "--proxy-credentials", file)...)
	login(t, pb.NewPop3ServiceClient(connect(t, gateway.address)), srv)
	basic := base64.StdEncoding.EncodeToString([]byte("gateway:" + password))
	if got, want := <-asked, "127.0.0.2 CONNECT "+srv.Addr+" Basic "+basic; got != want {
		t.Errorf("the proxy was asked %q, want %q", got, want)
	}
	log := gateway.log.String()
	if !strings.Contains(log, "proxy=http://"+proxy) || strings.Contains(log, password) || strings.Contains(log, basic) {
		t.Errorf("the log:\n%s", log)
	}
}

// connectProxy starts a proxy for one connection, and returns its address and who asked it what.
func connectProxy(t *testing.T) (address string, asked <-chan string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	request, done := make(chan string, 1), make(chan struct{})
	go func() {
		defer close(done)
		client, err := listener.Accept()
		if err != nil {
			return
		}
		defer client.Close()
		r := bufio.NewReader(client)
		req, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		from, _, _ := net.SplitHostPort(client.RemoteAddr().String())
		request <- strings.Join([]string{from, req.Method, req.RequestURI, req.Header.Get("Proxy-Authorization")}, " ")
		server, err := net.Dial("tcp", req.RequestURI)
		if err != nil {
			return
		}
		defer server.Close()
		io.WriteString(client, "HTTP/1.1 200 OK\r\n\r\n")
		go func() { io.Copy(server, r); server.(*net.TCPConn).CloseWrite() }()
		io.Copy(client, server)
	}()
	t.Cleanup(func() { listener.Close(); <-done })
	return listener.Addr().String(), request
}
