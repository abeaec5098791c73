package main

import (
	goversion "go/version"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

// floors are the oldest versions without a known hole that concerns popgate (row I11 of docs/threats.md). They are raised by hand.
var floors = map[string]string{
	"google.golang.org/grpc":        "1.79.3",
	"go.opentelemetry.io/otel":      "1.44.0",
	"golang.org/x/net":              "0.62.0", // the current one when this was written
	"google.golang.org/protobuf":    "1.33.0", // CVE-2024-24786
	"github.com/go-jose/go-jose/v4": "4.0.5",  // CVE-2025-27144
}

// goFloor has the mend of CVE-2026-27145.
const goFloor = "go1.26.4"

func goMod(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// atLeast compares two versions of the shape 1.2.3.
func atLeast(got, floor string) bool {
	got, floor = "go"+got, "go"+floor // the standard library compares the versions of Go alone
	return goversion.IsValid(got) && goversion.IsValid(floor) && goversion.Compare(got, floor) >= 0
}

// TestVersionFloors: neither go.mod nor the Go that builds this is older than the last hole that is known.
func TestVersionFloors(t *testing.T) {
	text := goMod(t)
	for module, floor := range floors {
		required := regexp.MustCompile(`(?m)^\s+` + regexp.QuoteMeta(module) + ` v(\S+)`).FindStringSubmatch(text)
		if required == nil {
			t.Errorf("%s is not in go.mod", module)
		} else if !atLeast(required[1], floor) {
			t.Errorf("%s %s is older than %s", module, required[1], floor)
		}
	}
	toolchain := regexp.MustCompile(`(?m)^toolchain (go\S+)$`).FindStringSubmatch(text)
	if toolchain == nil || goversion.Compare(toolchain[1], goFloor) < 0 {
		t.Errorf("go.mod names the toolchain %v, older than %s", toolchain, goFloor)
	}
	if running := strings.Fields(runtime.Version())[0]; goversion.IsValid(running) && goversion.Compare(running, goFloor) < 0 {
		t.Errorf("this is %s, older than %s", running, goFloor)
	}
}

func TestAtLeast(t *testing.T) {
	for _, c := range []struct {
		got, floor string
		want       bool
	}{
		{"1.79.3", "1.79.3", true}, {"1.79.10", "1.79.9", true}, {"1.80.0", "1.79.3", true}, {"2.0.0", "1.79.3", true},
		{"1.79.2", "1.79.3", false}, {"1.9.9", "1.79.3", false}, {"0.57.9", "0.58.0", false}, {"", "0.58.0", false},
	} {
		if got := atLeast(c.got, c.floor); got != c.want {
			t.Errorf("%s at least %s: %v", c.got, c.floor, got)
		}
	}
}

// TestDependencyReasons: each direct dependency has a comment in go.mod that says what it is for.
func TestDependencyReasons(t *testing.T) {
	text := goMod(t)
	requires := regexp.MustCompile(`(?m)^(?:require)?\s+(\S+\.\S+/?\S*) v\S+(.*)$`).FindAllStringSubmatch(text, -1)
	direct := 0
	for _, r := range requires {
		comment := strings.TrimSpace(r[2])
		if comment == "// indirect" {
			continue
		}
		direct++
		if reason, ok := strings.CutPrefix(comment, "// "); !ok || len(reason) < 5 || strings.HasPrefix(reason, "indirect") {
			t.Errorf("%s has no reason", r[1])
		}
	}
	if direct < 15 {
		t.Errorf("only %d direct dependencies are found", direct)
	}
}
