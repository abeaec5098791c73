package pop3_test

import (
	"context"
	"crypto/hmac"
	"crypto/md5"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/popgate/popgate/pop3"
	"github.com/popgate/popgate/pop3/pop3test"
)

// demoServer is a server with two messages for alice, and options to connect to it. A real server needs none of them.
func demoServer() (*pop3test.Server, *pop3.Options) {
	one := pop3test.NewMessage([]byte("Subject: one\r\n\r\nHello!\r\n"))
	two := pop3test.NewMessage([]byte("Subject: two\r\n\r\nHello again!\r\n"))
	one.UniqueID, two.UniqueID = "id-1", "id-2"
	srv := pop3test.NewUnstartedServer(map[string]*pop3test.Maildrop{"alice": pop3test.NewMaildrop("secret", one, two)})
	srv.Mechanisms = map[string]pop3test.Mechanism{"CRAM-MD5": cramMD5}
	srv.StartTLS()
	return srv, &pop3.Options{Mode: pop3.Implicit, TLS: &tls.Config{RootCAs: srv.CertPool(), MinVersion: tls.VersionTLS12}}
}

// open connects and logs in.
func open(ctx context.Context, address string, opts *pop3.Options) (*pop3.Client, error) {
	c, err := pop3.Dial(ctx, address, opts)
	if err != nil {
		return nil, err
	}
	if _, _, err := c.Auth(ctx, pop3.Credentials{Username: "alice", Password: "secret"}); err != nil {
		_ = c.Close()
		return nil, err
	}
	return c, nil
}

// check stands for what a program does about an error.
func check(err error) {
	if err != nil {
		panic(err)
	}
}

// New mail is what has a unique-id that was not there before. Close instead of Quit leaves everything as it was.
func Example() {
	srv, opts := demoServer()
	defer srv.Close()
	seen := map[string]bool{"id-1": true} // from the last time
	ctx := context.Background()

	c, err := pop3.Dial(ctx, srv.Addr, opts)
	check(err)
	defer c.Close()
	_, _, err = c.Auth(ctx, pop3.Credentials{Username: "alice", Password: "secret"})
	check(err)
	ids, err := c.Uidl(ctx)
	check(err)
	var fresh []uint32
	for entry, err := range ids.Entries() {
		check(err)
		if entry.Number > 0 && !seen[entry.UniqueID] {
			fresh = append(fresh, entry.Number)
		}
	}
	for _, number := range fresh {
		m, err := c.Retr(ctx, number)
		check(err)
		text, err := io.ReadAll(m)
		check(err)
		fmt.Printf("%q\n", text)
	}
	// Output: "Subject: two\r\n\r\nHello again!\r\n"
}

// A message goes to a file without ever being in memory as a whole. Only where io.Copy returns no error the file has all of it.
func ExampleClient_Retr() {
	srv, opts := demoServer()
	defer srv.Close()
	ctx := context.Background()
	c, err := open(ctx, srv.Addr, opts)
	check(err)
	defer c.Close()

	file, err := os.CreateTemp("", "example")
	check(err)
	defer os.Remove(file.Name())
	m, err := c.Retr(ctx, 1)
	check(err)
	octets, err := io.Copy(file, m)
	check(errors.Join(err, m.Close(), file.Close()))
	fmt.Println(m.Response(), "and", octets, "in the file")
	// Output: +OK 24 octets and 24 in the file
}

// A listing is read as it comes. What does not parse has number 0.
func ExampleListing_Entries() {
	srv, opts := demoServer()
	defer srv.Close()
	ctx := context.Background()
	c, err := open(ctx, srv.Addr, opts)
	check(err)
	defer c.Close()

	sizes, err := c.List(ctx)
	check(err)
	for entry, err := range sizes.Entries() {
		check(err)
		fmt.Println(entry.Number, entry.Octets)
	}
	// Output:
	// 1 24
	// 2 30
}

// DELE marks, and Quit removes what is marked. Its outcome tells for certain what became of it, or that nobody knows.
func ExampleClient_Quit() {
	srv, opts := demoServer()
	defer srv.Close()
	ctx := context.Background()
	c, err := open(ctx, srv.Addr, opts)
	check(err)
	defer c.Close()

	_, err = c.Dele(ctx, 1)
	check(err)
	outcome, _, err := c.Quit(ctx)
	switch outcome {
	case pop3.Committed, pop3.NothingMarked:
		fmt.Println("done:", outcome)
	case pop3.NotCommitted:
		fmt.Println("everything is still there:", err)
	case pop3.Partial, pop3.Unknown:
		fmt.Println("compare the unique-ids next time:", err)
	}
	fmt.Println(srv.Maildrops["alice"].UniqueIDs())
	// Output:
	// done: COMMITTED
	// [id-2]
}

// A mechanism that the package does not have is a function from challenges to responses, here CRAM-MD5 (RFC 2195).
func ExampleClient_AuthExchange() {
	srv, opts := demoServer()
	defer srv.Close()
	ctx := context.Background()
	c, err := pop3.Dial(ctx, srv.Addr, opts)
	check(err)
	defer c.Close()

	response, err := c.AuthExchange(ctx, "CRAM-MD5", nil, func(challenge pop3.Challenge) ([]byte, error) {
		if challenge.Raw {
			return nil, pop3.ErrCancelExchange
		}
		mac := hmac.New(md5.New, []byte("secret"))
		mac.Write(challenge.Data)
		return fmt.Appendf(nil, "alice %x", mac.Sum(nil)), nil
	})
	fmt.Println(response, err)
	// Output: +OK maildrop is open <nil>
}

// cramMD5 is the server's side of it.
func cramMD5(x *pop3test.Exchange) (string, error) {
	response, err := x.Challenge([]byte("<1896.697170952@postoffice.example.test>"))
	if err != nil {
		return "", err
	}
	password, _ := x.Password("alice")
	mac := hmac.New(md5.New, []byte(password))
	mac.Write([]byte("<1896.697170952@postoffice.example.test>"))
	if string(response) != fmt.Sprintf("alice %x", mac.Sum(nil)) {
		return "", errors.New("no")
	}
	return "alice", nil
}

// Many messages in one go cost one round trip, where the server can PIPELINING. One that is not there is no reason to stop.
func ExampleClient_RetrEach() {
	srv, opts := demoServer()
	defer srv.Close()
	ctx := context.Background()
	c, err := open(ctx, srv.Addr, opts)
	check(err)
	defer c.Close()

	for m, err := range c.RetrEach(ctx, []uint32{1, 7, 2}) {
		if m == nil {
			check(err) // the connection is lost
		}
		if err != nil {
			fmt.Println(m.Number, err)
			continue
		}
		octets, err := io.Copy(io.Discard, m)
		check(err)
		fmt.Println(m.Number, octets)
	}
	// Output:
	// 1 24
	// 7 pop3: RETR: "-ERR no such message"
	// 2 30
}

// Many commands of many kinds: each message that is kept is marked while the next ones are on their way.
func ExampleClient_Pipeline() {
	srv, opts := demoServer()
	defer srv.Close()
	ctx := context.Background()
	c, err := open(ctx, srv.Addr, opts)
	check(err)
	defer c.Close()

	requests := []pop3.Request{{Verb: "RETR", Number: 1}, {Verb: "RETR", Number: 2}}
	next := func() (r pop3.Request, ok bool) {
		if ok = len(requests) > 0; ok {
			r, requests = requests[0], requests[1:]
		}
		return r, ok
	}
	for m, err := range c.Pipeline(ctx, next) {
		check(err)
		octets, err := io.Copy(io.Discard, m)
		check(err)
		fmt.Println(m.Verb, m.Number, octets)
		if m.Verb == "RETR" {
			requests = append(requests, pop3.Request{Verb: "DELE", Number: m.Number})
		}
	}
	outcome, _, err := c.Quit(ctx)
	check(err)
	fmt.Println(outcome)
	// Output:
	// RETR 1 24
	// RETR 2 30
	// DELE 1 0
	// DELE 2 0
	// COMMITTED
}
