package pop3test_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/popgate/popgate/pop3/pop3test"
)

// A server with one user, and a session by hand.
func ExampleServer() {
	drop := pop3test.NewMaildrop("secret", pop3test.NewMessage([]byte("Subject: hello\r\n\r\n.\r\n")))
	srv := pop3test.NewServer(map[string]*pop3test.Maildrop{"alice": drop})
	defer srv.Close()

	conn, err := net.Dial("tcp", srv.Addr)
	if err != nil {
		panic(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "USER alice\r\nPASS secret\r\nRETR 1\r\nDELE 1\r\nQUIT\r\n")
	replies := bufio.NewScanner(conn)
	replies.Scan() // the banner has a new msg-id every time
	for replies.Scan() {
		fmt.Println(replies.Text())
	}
	fmt.Println(len(drop.UniqueIDs()), "left")
	// Output:
	// +OK send PASS
	// +OK maildrop is open
	// +OK 21 octets
	// Subject: hello
	//
	// ..
	// .
	// +OK message 1 is deleted
	// +OK good-bye, 0 messages left
	// 0 left
}

// A server that says what a real one once said.
func ExampleScript() {
	script, err := pop3test.ParseScript(`
# A server that loses the number in its reply.
S: +OK ready
C: UIDL 1
S: +OK 6aea3c
CLOSE
`)
	if err != nil {
		panic(err)
	}
	here, there := net.Pipe()
	go script.Play(there)
	defer here.Close()
	replies := bufio.NewReader(here)
	for _, command := range []string{"", "UIDL 1\r\n"} {
		if command != "" {
			io.WriteString(here, command)
		}
		line, err := replies.ReadString('\n')
		fmt.Println(strings.TrimSpace(line), err)
	}
	// Output:
	// +OK ready <nil>
	// +OK 6aea3c <nil>
}

// testing.TB does for a ScriptServer.
var _ pop3test.TB = testing.TB(nil)
