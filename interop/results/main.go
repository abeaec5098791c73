// Command results makes a table in Markdown of what the tests of interop/servers
// have reported:
//
//	go run ./interop/results DIR SERVER…
//
// DIR has a file SERVER.json of each server that was tested.
package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/popgate/popgate/interop/internal/results"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "results:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) < 2 {
		return errors.New("usage: results DIR SERVER…")
	}
	reports, err := results.Read(args[0])
	if err != nil {
		return err
	}
	_, err = os.Stdout.WriteString(results.Table(args[1:], reports))
	return err
}
