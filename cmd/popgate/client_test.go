package main

import (
	"net"
	"strconv"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3/pop3test"
)

// password is the password of every maildrop here; it appears nowhere else.
const password = "hunter2-open-sesame"

// mailbox starts a POP3 server with the maildrop of alice.
func mailbox(t *testing.T, drop *pop3test.Maildrop) *pop3test.Server {
	t.Helper()
	drop.Password = password
	srv := pop3test.NewServer(map[string]*pop3test.Maildrop{"alice": drop})
	t.Cleanup(srv.Close)
	return srv
}

// towards are the arguments of popgate serve that let it log in to a mailbox of the test.
func towards(srv *pop3test.Server) []string {
	return []string{"--unsafe-allow-plaintext", "--allow-target", srv.Addr}
}

// connect connects to a gateway without TLS.
func connect(t *testing.T, address string) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// opening is the request for a session with a mailbox of the test.
func opening(srv *pop3test.Server) *pb.OpenSessionRequest {
	host, port, _ := net.SplitHostPort(srv.Addr)
	number, _ := strconv.ParseUint(port, 10, 16)
	return &pb.OpenSessionRequest{Server: &pb.Server{
		Host: host, Port: new(uint32(number)), Tls: &pb.TlsOptions{Mode: pb.TlsMode_TLS_MODE_PLAINTEXT},
	}}
}

// open opens a session and returns its id.
func open(t *testing.T, client pb.Pop3ServiceClient, srv *pop3test.Server) string {
	t.Helper()
	opened, err := client.OpenSession(t.Context(), opening(srv))
	if err != nil {
		t.Fatal(err)
	}
	return opened.GetSessionId()
}

// login opens a session, logs in as alice, and returns its id.
func login(t *testing.T, client pb.Pop3ServiceClient, srv *pop3test.Server) string {
	t.Helper()
	id := open(t, client, srv)
	if _, err := client.User(t.Context(), &pb.UserRequest{SessionId: id, Username: "alice"}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Pass(t.Context(), &pb.PassRequest{SessionId: id, Password: password}); err != nil {
		t.Fatal(err)
	}
	return id
}
