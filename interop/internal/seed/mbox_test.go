package seed_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/popgate/popgate/interop/internal/seed"
)

func TestMbox(t *testing.T) {
	messages := []seed.Message{
		{Stored: []byte("A: b\n\nFrom here\n>From there\nnot From\nno end")},
		{Stored: []byte("A: header only\n")},
	}
	const want = "From sender@example.test Mon Jan  1 00:00:00 2024\n" +
		"A: b\n\n>From here\n>>From there\nnot From\nno end\n\n" +
		"From sender@example.test Mon Jan  1 00:00:01 2024\n" +
		"A: header only\n\n\n"
	file := filepath.Join(t.TempDir(), "mbox")
	if err := seed.WriteMbox(file, messages); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != want {
		t.Errorf("the mbox is %q, error %v, want %q", got, err, want)
	}
}

func TestFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "files")
	if err := seed.WriteFiles(dir, []seed.Message{{Stored: []byte("first")}, {Stored: []byte("second")}}); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"01": "first", "02": "second"} {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != want {
			t.Errorf("%s is %q, error %v, want %q", name, got, err, want)
		}
	}
}
