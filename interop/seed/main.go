// Command seed fills the mail store of a real server for interoperability
// tests:
//
//	go run ./interop/seed [-all] DIR USER…
//
// It makes DIR/USER/Maildir with the messages of package seed for each user,
// and DIR/expected.json with what a client must receive. A user written as
// USER: gets an empty maildir. With -all each user has the same messages in
// DIR/USER/mbox and DIR/USER/files too.
package main

import (
	"errors"
	"flag"
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
	flags := flag.NewFlagSet("seed", flag.ContinueOnError)
	all := flags.Bool("all", false, "make an mbox and a directory of files beside each maildir")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() < 2 {
		return errors.New("usage: seed [-all] DIR USER…")
	}
	dir, users := flags.Arg(0), flags.Args()[1:]
	if err := fill(dir, users, seed.Messages()); err != nil {
		return err
	}
	if *all {
		if err := fillOthers(dir, users, seed.Messages()); err != nil {
			return err
		}
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

// fillOthers makes an mbox and a directory of files for each user.
func fillOthers(dir string, users []string, messages []seed.Message) error {
	for _, user := range users {
		name, empty := strings.CutSuffix(user, ":")
		theirs := messages
		if empty {
			theirs = nil
		}
		if err := seed.WriteMbox(filepath.Join(dir, name, "mbox"), theirs); err != nil {
			return err
		}
		if err := seed.WriteFiles(filepath.Join(dir, name, "files"), theirs); err != nil {
			return err
		}
	}
	return nil
}
