package dovecot_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/popgate/popgate/interop/internal/drive"
)

// TestMain ends the gateways that the tests share. What they have logged and
// how they end is part of the result.
func TestMain(m *testing.M) {
	code := m.Run()
	if err := shared.close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// checkout is the root of the repository, seen from where the tests run.
const checkout = "../.."

// shared is what lasts for the whole run. Nothing of it is made before a test
// asks for it.
var shared fixtures

type fixtures struct {
	mu       sync.Mutex
	dir      string
	gateways map[bool]*drive.Gateway // by whether they allow logins in plaintext
}

// directory is for what has to be built. It lies beside the setup's file, so
// that the script removes it where a test run is killed.
func (f *fixtures) directory() (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var err error
	if f.dir == "" {
		f.dir, err = os.MkdirTemp(filepath.Dir(os.Getenv(environment)), "gateway.")
	}
	return f.dir, err
}

func (f *fixtures) close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	var errs []error
	for _, g := range f.gateways {
		errs = append(errs, g.Stop())
	}
	if f.dir != "" {
		errs = append(errs, os.RemoveAll(f.dir))
	}
	return errors.Join(errs...)
}

// gatewayFor returns the shared gateway with which a session of the mode can
// log in: one that is as strict as it comes, except for plaintext.
func gatewayFor(t *testing.T, m mode) *drive.Gateway {
	t.Helper()
	s, lax := loadSetup(t), m == plaintext
	if _, err := buildGateway(); err != nil {
		t.Fatal(err)
	}
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if g := shared.gateways[lax]; g != nil {
		return g
	}
	flags := targetFlags(s)
	if lax {
		flags = append(flags, "--unsafe-allow-plaintext")
	}
	g, err := startGateway(s, flags...)
	if err != nil {
		t.Fatal(err)
	}
	if shared.gateways == nil {
		shared.gateways = map[bool]*drive.Gateway{}
	}
	shared.gateways[lax] = g
	return g
}

// ownGateway starts a gateway for one test.
func ownGateway(t *testing.T, flags ...string) *drive.Gateway {
	t.Helper()
	g, err := startGateway(loadSetup(t), flags...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Stop(); err != nil {
			t.Error(err)
		}
	})
	return g
}

// startGateway starts popgate serve with more flags.
func startGateway(s *setup, flags ...string) (*drive.Gateway, error) {
	file, err := buildGateway()
	if err != nil {
		return nil, err
	}
	var secrets []string
	for _, user := range s.Users {
		secrets = append(secrets, drive.SecretForms(user.Name, user.Password)...)
	}
	return drive.Start(file, secrets, flags...)
}

// targetFlags open both ports of Dovecot.
func targetFlags(s *setup) []string {
	return []string{"--allow-target", s.Plain, "--allow-target", s.POP3S}
}

// buildGateway builds popgate with the race detector, once, and returns its
// file.
var buildGateway = sync.OnceValues(func() (string, error) {
	return build("popgate", checkout, "-race", "github.com/popgate/popgate/cmd/popgate")
})

// build runs go build in a directory of the checkout.
func build(name, module string, args ...string) (string, error) {
	dir, err := shared.directory()
	if err != nil {
		return "", err
	}
	file, err := filepath.Abs(filepath.Join(dir, name))
	if err != nil {
		return "", err
	}
	command := exec.Command("go", append([]string{"build", "-C", module, "-o", file}, args...)...)
	if out, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building %s: %w\n%s", name, err, out)
	}
	return file, nil
}
