package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"
)

var update = flag.Bool("update", false, "rewrite the golden file")

// TestMain puts this binary on the PATH as popgate, so that the tests start the command as a process of its own.
func TestMain(m *testing.M) {
	testscript.Main(clean{m}, map[string]func(){"popgate": main, "mailserver": mailserverMain, "attacker": attackerMain, "burner": burnerMain})
}

// clean runs the tests, looks for goroutines that they left behind, and removes what they have built.
type clean struct{ m *testing.M }

func (c clean) Run() int {
	code := c.m.Run()
	os.RemoveAll(built.dir)
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// checkout is the root of the sources, seen from here.
const checkout = "../.."

// built is the folder of the programs that the tests build, each once.
var built struct {
	once sync.Once
	dir  string
	err  error
}

// build builds a package of a module and returns the program's file.
func build(module, pkg, name string) (string, error) {
	built.once.Do(func() { built.dir, built.err = os.MkdirTemp("", "popgate-test") })
	if built.err != nil {
		return "", built.err
	}
	file := filepath.Join(built.dir, name)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	if out, err := exec.CommandContext(ctx, "go", "-C", module, "build", "-o", file, pkg).CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build %s: %w\n%s", pkg, err, out)
	}
	return file, nil
}

// grpcurlProgram finds grpcurl, or builds the pinned one.
var grpcurlProgram = sync.OnceValues(func() (string, error) {
	if file, err := exec.LookPath("grpcurl"); err == nil {
		return filepath.Abs(file)
	}
	if file, err := exec.LookPath(filepath.Join(checkout, ".tools/grpcurl/bin/grpcurl")); err == nil {
		return filepath.Abs(file)
	}
	return build(filepath.Join(checkout, "tools/grpcurl"), "github.com/fullstorydev/grpcurl/cmd/grpcurl", "grpcurl")
})

// needGrpcurl returns the folder of grpcurl. Where there is none, the test skips, and fails in CI.
func needGrpcurl(t *testing.T) string {
	t.Helper()
	file, err := grpcurlProgram()
	if err != nil {
		missing(t, fmt.Errorf("there is no grpcurl on the PATH, nor by tools/install grpcurl, nor can it be built: %w", err))
	}
	return filepath.Dir(file)
}

// missing skips a test for what is not there; in CI everything has to be.
func missing(t *testing.T, why error) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(why)
	}
	t.Skip(why)
}

// eventually waits until f returns no error.
func eventually(t testing.TB, f func() error) {
	t.Helper()
	err := errors.New("not tried")
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if err = f(); err == nil {
			return
		}
	}
	t.Fatal(err)
}
