package pop3test

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"
)

// TestPipe: a half ends by itself, the other goes on, and Close ends both.
func TestPipe(t *testing.T) {
	client, server := Pipe()
	defer client.Close()
	defer server.Close()
	if err := client.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if _, err := server.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("the server reads %v, want EOF", err)
	}
	if _, err := client.Write([]byte("x")); err == nil {
		t.Error("the half that has ended takes octets")
	}
	go func() {
		_, _ = io.WriteString(server, "later")
		_ = server.Close()
	}()
	if rest, err := io.ReadAll(client); err != nil || string(rest) != "later" {
		t.Errorf("the client reads %q, %v", rest, err)
	}
	if _, err := server.Read(make([]byte, 1)); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("the server reads %v after its Close", err)
	}
}

// TestPipeDeadlines: they hold for the half that they are set for.
func TestPipeDeadlines(t *testing.T) {
	past := time.Unix(1, 0)
	for name, tt := range map[string]struct {
		set         func(net.Conn, time.Time) error
		read, write bool
	}{
		"both":  {net.Conn.SetDeadline, true, true},
		"read":  {net.Conn.SetReadDeadline, true, false},
		"write": {net.Conn.SetWriteDeadline, false, true},
	} {
		client, server := Pipe()
		if err := tt.set(client, past); err != nil {
			t.Fatal(err)
		}
		go func() { // for the half that has no deadline
			_, _ = server.Read(make([]byte, 1))
			_, _ = server.Write([]byte("x"))
		}()
		if _, err := client.Write([]byte("x")); errors.Is(err, os.ErrDeadlineExceeded) != tt.write {
			t.Errorf("%s: Write: %v", name, err)
		}
		if tt.write {
			_ = client.SetWriteDeadline(time.Time{})
			_, _ = client.Write([]byte("x"))
		}
		if _, err := client.Read(make([]byte, 1)); errors.Is(err, os.ErrDeadlineExceeded) != tt.read {
			t.Errorf("%s: Read: %v", name, err)
		}
		_ = client.Close()
		_ = server.Close()
	}
}
