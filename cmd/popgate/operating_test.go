package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestOperating runs docs/operating.md by the rules of README.md, with free ports in place of its own.
func TestOperating(t *testing.T) {
	for _, program := range []string{"openssl", "curl"} {
		if _, err := exec.LookPath(program); err != nil {
			missing(t, err)
		}
	}
	text, err := os.ReadFile(filepath.Join(checkout, "docs", "operating.md"))
	if err != nil {
		t.Fatal(err)
	}
	var ports []string
	for _, port := range []string{"9443", "9112"} {
		ports = append(ports, port, portOf(reserved(t)))
	}
	for _, problem := range checkReadme(t, strings.NewReplacer(ports...).Replace(string(text))) {
		t.Error("docs/operating.md:" + problem)
	}
}
