package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/popgate/popgate/pop3/pop3test"
)

// BenchmarkFetchBesideMpop compares popgate fetch --direct with mpop: 20,000 messages of 4 KiB into a new Maildir, each of them synced
// to the disk, from the same server. "popgate/mpop" is the ratio of their wall times: below 1 popgate is the faster one. For mpop the
// messages lose their carriage returns and get a field Received, and the Maildir's folders are not synced.
func BenchmarkFetchBesideMpop(b *testing.B) {
	if _, err := exec.LookPath("mpop"); err != nil {
		b.Skip(err)
	}
	const count = 20_000
	srv := manyMessages(b, count, 4<<10)
	dir := b.TempDir()
	config := filepath.Join(dir, "mpoprc")
	var own, other time.Duration
	for i := range b.N {
		mails, others := filepath.Join(dir, fmt.Sprint("popgate", i)), filepath.Join(dir, fmt.Sprint("mpop", i))
		own += timed(b, mails, count, exec.Command("popgate", "fetch", "--direct", "--unsafe-plaintext", "pop://alice@"+srv.Addr, mails))
		for _, folder := range []string{"cur", "new", "tmp"} { // which mpop wants to be there
			if err := os.MkdirAll(filepath.Join(others, folder), 0o700); err != nil {
				b.Fatal(err)
			}
		}
		text := fmt.Sprintf("account default\nhost 127.0.0.1\nport %s\nuser alice\npasswordeval echo %s\nauth user\ntls off\nkeep on\n"+
			"uidls_file %s.uidls\ndelivery maildir %s\n", portOf(srv.Addr), password, others, others)
		if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
			b.Fatal(err)
		}
		other += timed(b, others, count, exec.Command("mpop", "--quiet", "--file="+config))
	}
	b.ReportMetric(own.Seconds()/float64(b.N), "popgate-s")
	b.ReportMetric(other.Seconds()/float64(b.N), "mpop-s")
	b.ReportMetric(own.Seconds()/other.Seconds(), "popgate/mpop")
	b.ReportMetric(0, "ns/op") // of both, which says nothing
}

// timed runs a program, and tells how long it took to put so many messages into a Maildir.
func timed(b *testing.B, dir string, count int, cmd *exec.Cmd) time.Duration {
	b.Helper()
	cmd.Env = append(os.Environ(), "POPGATE_PASSWORD="+password)
	begin := time.Now()
	out, err := cmd.CombinedOutput()
	took := time.Since(begin)
	if err != nil {
		b.Fatalf("%s: %v\n%s", cmd, err, out)
	}
	files, err := os.ReadDir(filepath.Join(dir, "new"))
	if err != nil || len(files) != count {
		b.Fatalf("%s: %d messages, %v\n%s", cmd, len(files), err, out)
	}
	return took
}

// manyMessages starts a server with a mailbox of so many messages of so many octets.
func manyMessages(b *testing.B, count, octets int) *pop3test.Server {
	b.Helper()
	const line = "a line of a message with 64 octets, its line end among all them\r\n"
	const field = "Subject: many\r\n\r\n"
	text := append([]byte(field), bytes.Repeat([]byte(line), octets/len(line)+1)...)
	text = append(text[:octets-2:octets-2], "\r\n"...)
	messages := make([]pop3test.Message, count)
	for i := range messages {
		messages[i] = pop3test.Message{
			UniqueID: fmt.Sprintf("000000016b03%08x", i), Octets: int64(len(text)), Open: func() io.Reader { return bytes.NewReader(text) },
		}
	}
	srv := pop3test.NewServer(map[string]*pop3test.Maildrop{"alice": pop3test.NewMaildrop(password, messages...)})
	b.Cleanup(srv.Close)
	return srv
}
