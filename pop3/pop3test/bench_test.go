package pop3test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
)

// line76 is a line as mail has it: 76 octets and CRLF.
var line76 = "Text, 76 columns wide, with a full stop here. And one more near the end it.\r\n"

// BenchmarkRetrieve measures one large message over loopback, read into
// nothing.
func BenchmarkRetrieve(b *testing.B) {
	const size = 256 << 20
	base64 := strings.Repeat("QUJD", 19) + "\r\n"
	for _, bench := range []struct{ name, line string }{
		{"text", line76}, {"base64", base64}, {"dots", ".\r\n"}, {"newlines", "\n"},
	} {
		b.Run(bench.name, func(b *testing.B) {
			data := bytes.Repeat([]byte(bench.line), size/len(bench.line))
			benchmarkDialogue(b, int64(len(data)), []Message{NewMessage(data)}, "RETR 1\r\n")
		})
	}
	b.Run("reader", func(b *testing.B) {
		data := bytes.Repeat([]byte(line76), size/len(line76))
		message := NewMessage(data)
		message.Open = func() io.Reader { return struct{ io.Reader }{bytes.NewReader(data)} }
		benchmarkDialogue(b, int64(len(data)), []Message{message}, "RETR 1\r\n")
	})
}

// BenchmarkPipelined measures 20,000 messages of 4 KiB, all asked for at once.
func BenchmarkPipelined(b *testing.B) {
	const count = 20_000
	data := []byte(strings.Repeat(line76, 4096/len(line76)))
	messages := make([]Message, count)
	var commands strings.Builder
	for i := range messages {
		messages[i] = NewMessage(data)
		fmt.Fprintf(&commands, "RETR %d\r\n", i+1)
	}
	benchmarkDialogue(b, count*int64(len(data)), messages, commands.String())
}

// benchmarkDialogue logs in, sends the commands and QUIT at once, and reads
// until the server closes.
func benchmarkDialogue(b *testing.B, size int64, messages []Message, commands string) {
	b.Helper()
	srv := NewServer(map[string]*Maildrop{"alice": NewMaildrop("secret", messages...)})
	defer srv.Close()
	b.SetBytes(size)
	for b.Loop() {
		conn, err := net.Dial("tcp", srv.Addr)
		if err != nil {
			b.Fatal(err)
		}
		go func() {
			w := bufio.NewWriter(conn)
			fmt.Fprintf(w, "USER alice\r\nPASS secret\r\n%sQUIT\r\n", commands)
			w.Flush()
		}()
		if n := count(conn); n < size {
			b.Fatalf("%d octets, want at least %d", n, size)
		}
		conn.Close()
	}
}

// count returns the number of octets until the end. (io.Discard reads 8 KiB at
// a time, which is slow.)
func count(conn net.Conn) (octets int64) {
	buf := make([]byte, 256<<10)
	for {
		n, err := conn.Read(buf)
		octets += int64(n)
		if err != nil {
			return octets
		}
	}
}

// BenchmarkStuff measures the stuffing alone.
func BenchmarkStuff(b *testing.B) {
	for _, line := range []string{line76, strings.Repeat("QUJD", 19) + "\r\n", ".\r\n", "\n", "a\r\n"} {
		b.Run(fmt.Sprintf("%.3q", line), func(b *testing.B) {
			data := bytes.Repeat([]byte(line), 8<<20/len(line))
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				s := newStuffer(bufio.NewWriterSize(io.Discard, writeBuffer))
				if _, err := s.Write(data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkFloor measures one write of a large slice over loopback.
func BenchmarkFloor(b *testing.B) {
	l := listenLoopback()
	defer l.Close()
	data := bytes.Repeat([]byte(line76), 256<<20/len(line76))
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			conn.Write(data)
			conn.Close()
		}
	}()
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			b.Fatal(err)
		}
		count(conn)
		conn.Close()
	}
}
