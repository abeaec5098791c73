package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/server"
)

// secrets is a folder of files as Kubernetes mounts them: ..data is a link to a folder, and each file is a link into ..data.
type secrets struct {
	t       *testing.T
	dir     string
	version int
}

var secretFiles = []string{"cert.pem", "key.pem", "ca.pem", "callers.yaml"}

func newSecrets(t *testing.T) *secrets {
	t.Helper()
	s := &secrets{t: t, dir: t.TempDir()}
	for _, name := range secretFiles {
		if err := os.Symlink(filepath.Join("..data", name), s.file(name)); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func (s *secrets) file(name string) string { return filepath.Join(s.dir, name) }

// swap puts a new version of all files in place at once.
func (s *secrets) swap(contents map[string]string) {
	s.t.Helper()
	s.version++
	folder := fmt.Sprintf("..v%d", s.version)
	err := os.Mkdir(s.file(folder), 0o700)
	for name, text := range contents {
		if err == nil {
			err = os.WriteFile(s.file(filepath.Join(folder, name)), []byte(text), 0o600)
		}
	}
	if err == nil {
		err = os.Symlink(folder, s.file("..next"))
	}
	if err == nil {
		err = os.Rename(s.file("..next"), s.file("..data"))
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// keyPair is a certificate that is its own CA.
type keyPair struct{ cert, key string }

func makeKeyPair(t *testing.T) keyPair {
	t.Helper()
	cert, key, err := newKeyPair()
	if err != nil {
		t.Fatal(err)
	}
	return keyPair{string(cert), string(key)}
}

// noopAs calls a gateway that has one certificate, with another and a token to show, and returns the answer's code and text.
func noopAs(t *testing.T, address string, own, shown keyPair, token string) string {
	t.Helper()
	config := &tls.Config{RootCAs: x509.NewCertPool()}
	config.RootCAs.AppendCertsFromPEM([]byte(own.cert))
	if shown.cert != "" {
		pair, err := tls.X509KeyPair([]byte(shown.cert), []byte(shown.key))
		if err != nil {
			t.Fatal(err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	options := []grpc.DialOption{grpc.WithTransportCredentials(credentials.NewTLS(config))}
	if token != "" {
		options = append(options, grpc.WithPerRPCCredentials(bearer(token)))
	}
	conn, err := grpc.NewClient(address, options...)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, err = pb.NewPop3ServiceClient(conn).Noop(t.Context(), &pb.NoopRequest{SessionId: "tested.none"})
	return status.Code(err).String() + ": " + status.Convert(err).Message()
}

// letIn is what a call gets that has come past the question of who makes it.
var letIn = codes.NotFound.String()

// becomes waits until a call is answered so.
func becomes(t *testing.T, want string, call func() string) {
	t.Helper()
	eventually(t, func() error {
		if got := call(); !strings.HasPrefix(got, want) {
			return fmt.Errorf("got %s, want %s", got, want)
		}
		return nil
	})
}

// TestReloadFiles swaps the files of a running gateway, as Kubernetes does, and sends it SIGHUP or leaves it to find out. What is new
// comes into force without a restart, and what is wrong changes nothing and is said.
func TestReloadFiles(t *testing.T) {
	first, second, mine, theirs := makeKeyPair(t), makeKeyPair(t), makeKeyPair(t), makeKeyPair(t)
	const roles = "roles: {all: {methods: ['*']}}\ncallers:\n  - {name: pair, role: all, certificate: 'dns:gateway.example'}\n"
	alice := func(digest string) string {
		return roles + "  - {name: alice, role: all, token-sha256: " + digest + "}\n"
	}
	token, digest := server.NewToken()
	files := newSecrets(t)
	version := func(own, ca keyPair, callers string) map[string]string {
		return map[string]string{"cert.pem": own.cert, "key.pem": own.key, "ca.pem": ca.cert, "callers.yaml": callers}
	}
	files.swap(version(first, mine, alice(digest)))
	gateway := serves(t, "--replica", "tested", "--tls-cert", files.file("cert.pem"), "--tls-key", files.file("key.pem"),
		"--tls-client-ca", files.file("ca.pem"), "--callers", files.file("callers.yaml"))
	hangUp := func() {
		if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
	}
	call := func(own, shown keyPair, token string) func() string {
		return func() string { return noopAs(t, gateway.address, own, shown, token) }
	}
	becomes(t, letIn, call(first, keyPair{}, token))
	becomes(t, letIn, call(first, mine, ""))

	// Bad ones first: each is refused, with its file, and the old ones stay.
	for want, bad := range map[string]map[string]string{
		"--tls-cert and --tls-key: ": version(keyPair{second.cert, first.key}, mine, alice(digest)),
		"no certificate in ":         version(second, keyPair{}, alice(digest)),
		`there is no key \\"caller`:  version(second, mine, "callerz: []"),
		"no callers":                 version(second, mine, ""),
		"there is no method":         version(second, mine, strings.Replace(alice(digest), "*", "Nothing", 1)),
	} {
		files.swap(bad)
		hangUp()
		gateway.log.waitFor(t, `level=ERROR msg="the new files of callers are refused.*`+want)
		becomes(t, letIn, call(first, keyPair{}, token))
	}
	if n := strings.Count(gateway.log.String(), "are in force"); n != 0 {
		t.Errorf("%d times new files came into force", n)
	}

	files.swap(version(second, theirs, alice(digest))) // found without a signal
	becomes(t, letIn, call(second, keyPair{}, token))
	becomes(t, letIn, call(second, theirs, ""))
	becomes(t, codes.Unavailable.String(), call(second, mine, ""))

	files.swap(version(second, theirs, roles)) // the token is taken away
	hangUp()
	becomes(t, codes.Unauthenticated.String(), call(second, keyPair{}, token))
	becomes(t, letIn, call(second, theirs, ""))
	if strings.Contains(gateway.log.String(), token) {
		t.Error("the token is in the log")
	}
	if err := gateway.stop(); err != nil {
		t.Error(err)
	}
}
