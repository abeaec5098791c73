// Command helper is what the private Debian of a real server needs besides
// the server, in one program without dependencies:
//
//	helper certificates DIR  makes a CA, and certificates of it
//	helper introspect FILE   says whose a bearer token is; FILE gets its URL
package main

import (
	"errors"
	"fmt"
	"os"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "helper:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 2 {
		switch args[0] {
		case "certificates":
			return makeCertificates(args[1])
		case "introspect":
			return introspect(args[1])
		}
	}
	return errors.New("usage: helper certificates DIR | introspect FILE")
}
