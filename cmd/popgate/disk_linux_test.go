package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3/pop3test"
)

// TestNothingOnDisk: a gateway through which mail goes writes no file, has none open for writing, and leaves no core file (G5, G9).
func TestNothingOnDisk(t *testing.T) {
	program, err := build(checkout, "./cmd/popgate", "popgate-disk")
	if err != nil {
		t.Fatal(err)
	}
	srv := mailbox(t, pop3test.SampleMaildrop())
	empty := t.TempDir()
	for _, name := range []string{"TMPDIR", "HOME", "XDG_CACHE_HOME"} {
		t.Setenv(name, empty)
	}
	p := start(t, program, append([]string{"serve", "--listen", "127.0.0.1:0", "--log-level", "debug"}, towards(srv)...)...)
	client := pb.NewPop3ServiceClient(connect(t, p.address()))
	id := login(t, client, srv)
	if octets, err := retrieve(t.Context(), client, id, 1); err != nil || octets == 0 {
		t.Fatal(octets, err)
	}
	proc := fmt.Sprintf("/proc/%d/", p.cmd.Process.Pid)
	limits, err := os.ReadFile(proc + "limits")
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`Max core file size +0 +0 `).Match(limits) {
		t.Errorf("%s", limits)
	}
	files, err := filepath.Glob(proc + "fd/*")
	if err != nil || len(files) < 4 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		name, _ := os.Readlink(file)
		info, err := os.Stat(file)
		kernel := strings.HasPrefix(name, "/sys/") || strings.HasPrefix(name, "/proc/") || strings.HasPrefix(name, "anon_inode:")
		if err == nil && info.Mode().IsRegular() && !kernel {
			t.Errorf("%s is open", name)
		}
	}
	written, err := os.ReadFile(proc + "io")
	if err != nil || !strings.Contains(string(written), "\nwrite_bytes: 0\n") {
		t.Errorf("%s %v", written, err)
	}
	if _, err := client.Quit(t.Context(), &pb.QuitRequest{SessionId: id}); err != nil {
		t.Fatal(err)
	}
	p.signal(syscall.SIGTERM)
	p.wait()
	left, err := os.ReadDir(empty)
	if err != nil || len(left) > 0 {
		t.Error(left, err)
	}
}
