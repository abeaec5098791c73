package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
	"go.yaml.in/yaml/v3"
)

// TestMain fails the package where a goroutine outlives the tests. With POPGATE_CONFORMANCE_RUNNER the test binary is a runner
// that misbehaves.
func TestMain(m *testing.M) {
	if how := os.Getenv("POPGATE_CONFORMANCE_RUNNER"); how != "" {
		misbehave(how)
	}
	goleak.VerifyTestMain(m)
}

// misbehave is a runner that answers everything wrong in one way.
func misbehave(how string) {
	lines := json.NewDecoder(os.Stdin)
	for {
		var request map[string]any
		if lines.Decode(&request) != nil {
			os.Exit(map[string]int{"status": 3}[how])
		}
		answer := map[string]string{
			"empty": "{}", "text": "Traceback", "list": "[]", "twice": "{}\n{}", "error": `{"error":{"code":"UNKNOWN"}}`,
			"json": `{"responses":[{"outcome":"NO_SUCH_OUTCOME"}]}`, "status": "{}",
		}[how]
		switch how {
		case "die":
			os.Exit(3)
		case "silent":
			continue
		}
		_, _ = os.Stdout.WriteString(answer + "\n")
	}
}

// goRunner builds the Go client's runner.
func goRunner(t *testing.T) string {
	t.Helper()
	runner := filepath.Join(t.TempDir(), "runner")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", runner, "../go/runner")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return runner
}

func readCases(t *testing.T) *suite {
	t.Helper()
	s, err := readSuite("cases.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestGo plays all cases through the Go client.
func TestGo(t *testing.T) {
	var out bytes.Buffer
	passed, err := readCases(t).play(t.Context(), &settings{command: []string{goRunner(t)}, timeout: 5 * time.Minute}, &out)
	if err != nil {
		t.Fatal(err)
	}
	for name, ok := range passed {
		if !ok {
			t.Errorf("%s failed:\n%s", name, out.String())
		}
	}
}

// TestMisbehaving: a runner that does not keep to the protocol passes nothing, and the driver goes on.
func TestMisbehaving(t *testing.T) {
	for how, complaint := range map[string]string{
		"empty":  "the answer has no responses.0.sessionId",
		"error":  "connect: answer.error",
		"text":   "something else than a JSON object",
		"list":   "something else than a JSON object",
		"die":    "the runner has ended",
		"silent": "has not answered within",
		"json":   "is not in proto3 JSON",
	} {
		t.Run(how, func(t *testing.T) {
			t.Setenv("POPGATE_CONFORMANCE_RUNNER", how)
			var out bytes.Buffer
			timeout := time.Minute
			if how == "silent" {
				timeout = 200 * time.Millisecond
			}
			set := &settings{command: []string{os.Args[0]}, timeout: timeout, only: "listings"}
			passed, err := readCases(t).play(t.Context(), set, &out)
			if err != nil || passed["listings"] || len(passed) != 1 || !strings.Contains(out.String(), complaint) {
				t.Errorf("%v %v: %s", passed, err, out.String())
			}
		})
	}
}

// TestRunnerEnd: how the process ends counts too.
func TestRunnerEnd(t *testing.T) {
	for how, complaint := range map[string]string{"status": "did not end with status 0", "twice": "lines more than requests"} {
		t.Run(how, func(t *testing.T) {
			t.Setenv("POPGATE_CONFORMANCE_RUNNER", how)
			r, err := startRunner(t.Context(), []string{os.Args[0]}, time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := r.ask(t.Context(), map[string]any{"op": "connect"}); err != nil {
				t.Error(err)
			}
			if err := r.stop(); err == nil || !strings.Contains(err.Error(), complaint) {
				t.Errorf("stop: %v, want %q", err, complaint)
			}
		})
	}
}

// TestServerLooks: what a server has got, and what is left on it, decides, whatever the runner says.
func TestServerLooks(t *testing.T) {
	runner := goRunner(t)
	for name, last := range map[string]step{
		"left":   {Left: map[string][]int{"mail": {1, 2}}},
		"sent":   {Sent: map[string]map[string]int{"mail": {"QUIT": 2}}},
		"token":  {Token: "none"},
		"echoed": {Echoed: []string{"Pop3Service/Stat"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := readCases(t)
			i := slices.IndexFunc(s.Cases, func(c *testCase) bool { return c.Name == "session-header" })
			s.Cases = s.Cases[i : i+1]
			s.Cases[0].Steps = append(s.Cases[0].Steps, last)
			passed, err := s.play(t.Context(), &settings{command: []string{runner}, timeout: time.Minute, patience: time.Millisecond}, io.Discard)
			if err != nil || passed["session-header"] {
				t.Errorf("%v, %v: it passed", passed, err)
			}
		})
	}
}

// TestStall: while a front stalls nothing comes through it to the client, and all of it does once no session has a maildrop.
func TestStall(t *testing.T) {
	gateway, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = gateway.Close() }()
	var busy atomic.Bool
	asked := make(chan struct{}, 1)
	front, err := startFront("stall", gateway.Addr().String(), func() bool {
		select {
		case asked <- struct{}{}:
		default:
		}
		return busy.Load()
	})
	if err != nil {
		t.Fatal(err)
	}
	defer front.close()
	client, err := net.Dial("tcp", front.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	server, err := gateway.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = server.Close() }()

	came := make(chan byte, 3)
	go func() {
		defer close(came)
		for octet := make([]byte, 1); ; came <- octet[0] {
			if _, err := io.ReadFull(client, octet); err != nil {
				return
			}
		}
	}()
	send := func(octet byte) {
		if _, err := server.Write([]byte{octet}); err != nil {
			t.Fatal(err)
		}
	}
	busy.Store(true)
	send('1')
	if octet := <-came; octet != '1' {
		t.Fatalf("%q came", octet)
	}
	front.stall()
	send('2')
	for range 2 { // it has 2, and holds it
		select {
		case <-asked:
		case octet := <-came:
			t.Fatalf("%q came while it stalls", octet)
		}
	}
	busy.Store(false)
	if octet := <-came; octet != '2' {
		t.Errorf("%q came", octet)
	}
	busy.Store(true) // another session
	send('3')
	if octet := <-came; octet != '3' {
		t.Errorf("%q came", octet)
	}
	_ = server.Close()
	for range came {
		t.Error("something else came")
	}
}

// TestInterrupted: a signal ends the driver and its runner.
func TestInterrupted(t *testing.T) {
	t.Setenv("POPGATE_CONFORMANCE_RUNNER", "silent")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := readCases(t).play(ctx, &settings{command: []string{os.Args[0]}, timeout: time.Minute}, io.Discard)
	if err == nil {
		t.Error("play went on")
	}
}

// TestCoverage: an RPC or a reason that is in no case is an error, and so is a reason that is said to be unreachable and is not.
func TestCoverage(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*suite)
		want   string
	}{
		"method":      {func(s *suite) { s.without("stls") }, "Pop3Service/Stls"},
		"reason":      {func(s *suite) { s.without("reason-timeout") }, "TIMEOUT"},
		"unreachable": {func(s *suite) { s.Unreachable["TIMEOUT"] = "no time" }, "TIMEOUT"},
		"unknown":     {func(s *suite) { s.Unreachable["NO_SUCH"] = "none" }, "NO_SUCH"},
		"twice":       {func(s *suite) { s.Cases = append(s.Cases, s.Cases[0]) }, "no name of its own"},
		"method name": {func(s *suite) { s.Cases[0].Steps[0].Ask["method"] = "Pop3Service/Nothing" }, "there is no method"},
	} {
		t.Run(name, func(t *testing.T) {
			s := readCases(t)
			tt.change(s)
			text, err := yaml.Marshal(s)
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(t.TempDir(), "cases.yaml")
			if err := os.WriteFile(file, text, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := readSuite(file); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
	}
}

// without takes a case away.
func (s *suite) without(name string) {
	s.Cases = slices.DeleteFunc(s.Cases, func(c *testCase) bool { return c.Name == name })
}

// TestTable: the table says what the results say, and -check does not let a case pass that failed, is missing or is gone.
func TestTable(t *testing.T) {
	s := &suite{Cases: []*testCase{{Name: "one"}, {Name: "two"}}, Unreachable: map[string]string{"INTERNAL": "a defect"}}
	for name, tt := range map[string]struct {
		passed map[string]bool
		row    string
		fails  bool
	}{
		"passed":  {map[string]bool{"one": true, "two": true}, "| two | ✓ |", false},
		"failed":  {map[string]bool{"one": true, "two": false}, "| two | ✗ |", true},
		"missing": {map[string]bool{"one": true}, "| two | – |", true},
		"gone":    {map[string]bool{"one": true, "two": true, "three": true}, "| two | ✓ |", true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "conformance")
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := writeResults(dir, "cobol", tt.passed); err != nil {
				t.Fatal(err)
			}
			all, err := readResults(dir)
			if err != nil || len(all) != 1 || all[0].language != "cobol" || !maps.Equal(all[0].passed, tt.passed) {
				t.Fatalf("%v, %v", all, err)
			}
			if err := s.table(dir, true); err == nil {
				t.Error("there is no table, and -check is content")
			}
			if err := s.table(dir, false); err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(filepath.Join(dir, "..", "CONFORMANCE.md"))
			if err != nil || !strings.Contains(string(text), tt.row) || !strings.Contains(string(text), "`INTERNAL`: a defect") {
				t.Errorf("%v: %s", err, text)
			}
			if err := s.table(dir, true); (err != nil) != tt.fails {
				t.Errorf("-check: %v", err)
			}
		})
	}
}
