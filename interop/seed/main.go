// Command seed fills the mail store of a real server for interoperability
// tests:
//
//	go run ./interop/seed DIR USER…
//
// It makes DIR/USER/Maildir with the messages of package seed for each user,
// and DIR/expected.json with what a client must receive. A user written as
// USER: gets an empty maildir.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/popgate/popgate/interop/internal/seed"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "seed:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) < 2 {
		return errors.New("usage: seed DIR USER…")
	}
	dir := args[0]
	if err := fill(dir, args[1:], seed.Messages()); err != nil {
		return err
	}
	return seed.WriteExpected(filepath.Join(dir, "expected.json"), seed.Expect(seed.Messages()))
}

// fill makes a maildir for each user. The first with messages gets files, the
// others get links to them.
func fill(dir string, users []string, messages []seed.Message) error {
	var written string
	for _, user := range users {
		name, empty := strings.CutSuffix(user, ":")
		maildir := filepath.Join(dir, name, "Maildir")
		var err error
		switch {
		case empty:
			err = seed.WriteMaildir(maildir, nil)
		case written == "":
			err, written = seed.WriteMaildir(maildir, messages), maildir
		default:
			err = seed.LinkMaildir(maildir, written, messages)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
