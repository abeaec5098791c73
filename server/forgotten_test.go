package server

import (
	"encoding/base64"
	"os"
	"os/exec"
	"path/filepath"
	mirror "reflect"
	"regexp"
	"strings"
	"testing"

	"google.golang.org/grpc"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// searcher looks for a text in all that can be reached from a value, as far as popgate's own types go.
type searcher struct {
	text string
	seen map[uintptr]bool
	at   []string // where it was found
	n    int      // strings and slices of octets that were looked at
}

func (s *searcher) in(v mirror.Value, path string) {
	switch v.Kind() {
	case mirror.Pointer:
		if !v.IsNil() && !s.seen[v.Pointer()] {
			s.seen[v.Pointer()] = true
			s.in(v.Elem(), path)
		}
	case mirror.Interface:
		if !v.IsNil() {
			s.in(v.Elem(), path)
		}
	case mirror.Struct:
		if pkg := v.Type().PkgPath(); pkg != "" && !strings.Contains(pkg, "popgate") && !strings.HasPrefix(pkg, "sync") {
			return
		}
		for i := range v.NumField() {
			s.in(v.Field(i), path+"."+v.Type().Field(i).Name)
		}
	case mirror.String:
		s.look(v.String(), path)
	case mirror.Slice:
		if v.Type().Elem().Kind() == mirror.Uint8 {
			s.look(string(v.Slice(0, v.Cap()).Bytes()), path) // what is behind its length too
			return
		}
		for i := range v.Len() {
			s.in(v.Index(i), path+"[]")
		}
	case mirror.Map:
		for entries := v.MapRange(); entries.Next(); {
			s.in(entries.Key(), path+"{}")
			s.in(entries.Value(), path+"{}")
		}
	}
}

func (s *searcher) look(text, path string) {
	s.n++
	if strings.Contains(text, s.text) {
		s.at = append(s.at, path)
	}
}

// TestSecretsAreForgotten: after a login, refused or not, no session and nothing else of a gateway holds its secret (G3). What gRPC and
// crypto/tls keep in their own buffers is theirs.
func TestSecretsAreForgotten(t *testing.T) {
	const secret = "forget-me-not"
	m := newMailbox(t, 1)
	g := newGateway(t, m.piped)
	id := g.openSession(t, anywhere())
	g.level(t, id, 2)
	find := func(text string) *searcher {
		s := &searcher{text: text, seen: map[uintptr]bool{}}
		s.in(mirror.ValueOf(g.registry), "registry")
		return s
	}
	const initial = "\x00alice\x00" + secret
	for _, method := range []string{"Apop", "Auth", "AuthExchange", "User", "Pass"} {
		req := requestFor(t, byName(t, method), id)
		switch r := req.(type) {
		case *pb.PassRequest:
			r.Password = secret
		case *pb.ApopRequest:
			r.Secret = secret
		case *pb.AuthRequest:
			r.Credentials.Secret = &pb.Credentials_Password{Password: secret}
		case *pb.AuthExchangeRequest:
			r.InitialResponse = []byte(initial)
		}
		_ = invoke(t.Context(), g.conn, byName(t, method), req)
		for _, text := range []string{secret, base64.StdEncoding.EncodeToString([]byte(initial))} {
			if s := find(text); len(s.at) > 0 {
				t.Errorf("%s: found at %q", method, s.at)
			}
		}
	}
	if n := m.sent("PASS") + m.sent("APOP") + m.sent("AUTH"); n != 4 {
		t.Fatalf("%d logins", n)
	}
	if s := find("maildrop"); s.n < 10 {
		t.Errorf("looked at %d", s.n)
	}
	if s := find("pop3.example.test"); len(s.at) == 0 {
		t.Error("what is there is not found")
	}
}

// TestNoPayloadLogging: of the logging interceptor only the end of a call is asked for, and nothing that writes payloads is linked in (G2).
func TestNoPayloadLogging(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	events := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if found := regexp.MustCompile(`logging\.(Payload\w+|StartCall)|WithMessageEvents|binarylog`).Find(source); found != nil {
			t.Errorf("%s has %s", file, found)
		}
		events += strings.Count(string(source), "logging.WithLogOnEvents(logging.FinishCall)")
	}
	if events != 1 {
		t.Errorf("%d times", events)
	}
	if grpc.EnableTracing { // golang.org/x/net/trace would keep them
		t.Error("gRPC traces requests")
	}
	deps, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "../cmd/popgate").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"google.golang.org/grpc/binarylog\n", "google.golang.org/grpc/gcp/observability"} {
		if strings.Contains(string(deps), bad) {
			t.Errorf("%s is linked in", bad)
		}
	}
	if !strings.Contains(string(deps), "google.golang.org/grpc\n") {
		t.Error("no grpc: these are not the packages of popgate")
	}
}
