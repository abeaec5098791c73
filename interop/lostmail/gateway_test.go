package lostmail

import (
	"errors"
	"fmt"
	"os/exec"
	"sync"

	"github.com/popgate/popgate/interop/internal/drive"
)

// gateway is a popgate serve that is started again after each kill -9.
type gateway struct {
	file  string
	flags []string

	mu      sync.Mutex
	running *drive.Gateway // nil before the first start, and after a kill
	kills   int
	errs    []error
}

// buildGateway builds popgate.
func buildGateway(to string) error {
	command := exec.Command("go", "build", "-o", to, "./cmd/popgate")
	command.Dir = "../.."
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, output)
	}
	return nil
}

// newGateway returns a gateway that may log in, in plaintext, to the targets.
func newGateway(file string, targets []string) *gateway {
	flags := []string{"--unsafe-allow-plaintext", "--drain", "0s"}
	for _, target := range targets {
		flags = append(flags, "--allow-target", target)
	}
	return &gateway{file: file, flags: flags}
}

// address returns where it listens, and how often it was killed before.
func (g *gateway) address() (string, int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.running == nil {
		running, err := drive.Start(g.file, nil, g.flags...)
		if err != nil {
			return "", g.kills, err
		}
		g.running = running
	}
	return g.running.Address, g.kills, nil
}

// killed returns how often it was killed.
func (g *gateway) killed() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.kills
}

// kill ends it by kill -9, and returns when it is gone.
func (g *gateway) kill() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.running == nil {
		return
	}
	g.running.Kill()
	g.kills++
	g.errs = append(g.errs, g.running.Stop()) // which looks at its log alone
	g.running = nil
}

// stop ends it as an operator would. No gateway that ran may have logged a
// panic, a data race or an internal error.
func (g *gateway) stop() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.running != nil {
		g.errs = append(g.errs, g.running.Stop())
		g.running = nil
	}
	return errors.Join(g.errs...)
}
