package main

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3/pop3test"
)

// mailserver starts a POP3 server with TLS in a process of its own. It has so many users, user0, user1 and
// so on, with a message of so many MiB each; keys is the folder of writeKeys.
func mailserver(t testing.TB, keys string, users, size int) *process {
	t.Helper()
	cmd := exec.Command("mailserver", keys, strconv.Itoa(users), strconv.Itoa(size))
	if _, err := cmd.StdinPipe(); err != nil { // which closes when this process ends, however it does
		t.Fatal(err)
	}
	return launch(t, cmd)
}

// mailserverMain is the process of mailserver.
func mailserverMain() {
	srv, err := serveMail(os.Args[1], os.Args[2], os.Args[3])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Fprintf(os.Stderr, "listening address=%s \n", srv.Addr)
	io.Copy(io.Discard, os.Stdin)
	srv.Close()
}

func serveMail(keys, users, size string) (*pop3test.Server, error) {
	pair, err := tls.LoadX509KeyPair(filepath.Join(keys, "cert.pem"), filepath.Join(keys, "key.pem"))
	if err != nil {
		return nil, err
	}
	count, err := strconv.Atoi(users)
	if err != nil {
		return nil, err
	}
	mebis, err := strconv.Atoi(size)
	if err != nil {
		return nil, err
	}
	srv := pop3test.NewUnstartedServer(manyUsers(count, newRepeated(mebis).message()))
	srv.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	srv.DiscardCommands = true
	srv.StartTLS()
	return srv, nil
}

// manyUsers are the maildrops of user0, user1 and so on, each with the same messages.
func manyUsers(count int, messages ...pop3test.Message) map[string]*pop3test.Maildrop {
	drops := map[string]*pop3test.Maildrop{}
	for i := range count {
		drops[fmt.Sprint("user", i)] = pop3test.NewMaildrop(password, messages...)
	}
	return drops
}

// folderOfKeys returns a folder with the files of writeKeys.
func folderOfKeys(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	if err := writeKeys(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

// connectTLS connects to a gateway with TLS whose certificate is that of writeKeys. The caller shows no certificate.
func connectTLS(t testing.TB, address, keys string) *grpc.ClientConn {
	t.Helper()
	pool, err := certPool(filepath.Join(keys, "cert.pem"))
	if err != nil {
		t.Fatal(err)
	}
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12})))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// openingTLS is the request for a session with a mailserver, with TLS from the first octet on.
func openingTLS(t testing.TB, address, keys string) *pb.OpenSessionRequest {
	t.Helper()
	bundle, err := os.ReadFile(filepath.Join(keys, "cert.pem"))
	if err != nil {
		t.Fatal(err)
	}
	server := opening(&pop3test.Server{Addr: address}).GetServer()
	server.Tls = &pb.TlsOptions{Mode: pb.TlsMode_TLS_MODE_IMPLICIT, CaBundlePem: string(bytes.TrimSpace(bundle))}
	return &pb.OpenSessionRequest{Server: server}
}
