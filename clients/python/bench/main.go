// Command bench is the POP3 server of bench.py: alice's mailbox on loopback, with as many messages of as many octets as its arguments
// say. It prints its address and serves until its standard input ends.
package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/popgate/popgate/pop3/pop3test"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("%d arguments in place of MESSAGES OCTETS", len(args))
	}
	count, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	octets, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	text := message(octets)
	messages := make([]pop3test.Message, count)
	for i := range messages {
		messages[i] = pop3test.Message{
			UniqueID: fmt.Sprintf("%08x", i), Octets: int64(len(text)), Open: func() io.Reader { return bytes.NewReader(text) },
		}
	}
	srv := pop3test.NewUnstartedServer(map[string]*pop3test.Maildrop{"alice": pop3test.NewMaildrop("secret", messages...)})
	srv.DiscardCommands = true
	srv.Start()
	defer srv.Close()
	if _, err := fmt.Fprintln(os.Stdout, "mailbox", srv.Addr); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// message makes a message in lines of 64 octets.
func message(octets int) []byte {
	const line = "a line of a message with 64 octets, its line end among all them\r\n"
	text := []byte("Subject: many\r\n\r\n")
	for len(text) < octets {
		text = append(text, line...)
	}
	return append(text[:octets-2], "\r\n"...)
}
