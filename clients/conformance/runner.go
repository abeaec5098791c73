package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
)

// runner is a process that speaks the protocol of README.md.
type runner struct {
	cmd     *exec.Cmd
	in      io.WriteCloser
	lines   <-chan []byte // closed at the end of its output
	timeout time.Duration
	kill    context.CancelFunc
}

// startRunner starts one. Its standard error is ours.
func startRunner(ctx context.Context, command []string, timeout time.Duration) (*runner, error) {
	ctx, kill := context.WithCancel(ctx)
	cmd := exec.CommandContext(ctx, command[0], command[1:]...) //nolint:gosec // the command that was asked for
	cmd.Stderr = os.Stderr
	cmd.WaitDelay = 10 * time.Second
	in, err := cmd.StdinPipe()
	if err != nil {
		kill()
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		kill()
		return nil, fmt.Errorf("cannot start the runner: %w", err)
	}
	return &runner{cmd, in, readLines(out), timeout, kill}, nil
}

// readLines reads lines in a goroutine, which ends at the end of the output.
func readLines(out io.Reader) <-chan []byte {
	lines := make(chan []byte, 64)
	go func() {
		defer close(lines)
		buffered := bufio.NewReaderSize(out, 64<<10)
		for {
			line, err := buffered.ReadBytes('\n')
			if len(bytes.TrimSpace(line)) > 0 {
				lines <- line
			}
			if err != nil {
				return
			}
		}
	}()
	return lines
}

// errRunner is a runner that has ended, or does not keep to the protocol: another one has to be started.
var errRunner = errors.New("the runner")

// ask sends a request and returns the answer.
func (r *runner) ask(ctx context.Context, request map[string]any) (map[string]any, error) {
	line, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	if _, err := r.in.Write(append(line, '\n')); err != nil {
		return nil, fmt.Errorf("%w takes no request: %w", errRunner, err)
	}
	limit := time.NewTimer(r.timeout)
	defer limit.Stop()
	select {
	case line, ok := <-r.lines:
		if !ok {
			return nil, fmt.Errorf("%w has ended", errRunner)
		}
		return parseAnswer(line)
	case <-limit.C:
		return nil, fmt.Errorf("%w has not answered within %v", errRunner, r.timeout)
	case <-ctx.Done():
		return nil, fmt.Errorf("%w was interrupted: %w", errRunner, ctx.Err())
	}
}

func parseAnswer(line []byte) (map[string]any, error) {
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.UseNumber()
	var answer map[string]any
	if err := decoder.Decode(&answer); err != nil || answer == nil {
		return nil, fmt.Errorf("%w answers with something else than a JSON object: %.200q", errRunner, line)
	}
	return answer, nil
}

// stop ends the input, as the protocol has it, and returns what became of the process.
func (r *runner) stop() error {
	defer r.kill()
	_ = r.in.Close() // it may have ended by itself
	slow := time.AfterFunc(r.timeout, r.kill)
	defer slow.Stop()
	extra := 0
	for range r.lines {
		extra++
	}
	err := r.cmd.Wait()
	switch {
	case err != nil:
		return fmt.Errorf("the runner did not end with status 0: %w", err)
	case extra > 0:
		return fmt.Errorf("the runner has %d lines more than requests", extra)
	}
	return nil
}

// abandon ends the process at once.
func (r *runner) abandon() {
	r.kill()
	_ = r.stop() // it was killed
}
