// Command conformance plays what every client has to do through a client, and compares: see README.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"time"
)

// settings are the command line.
type settings struct {
	dir      string // the folder of this program: its cases, and the results
	language string
	only     string
	table    bool
	check    bool
	figures  bool
	timeout  time.Duration
	command  []string
	patience time.Duration // how long to wait for what has to be seen on a server; 0 is the default
}

func main() {
	var s settings
	flag.StringVar(&s.dir, "dir", "clients/conformance", "`folder` of cases.yaml and the results")
	flag.StringVar(&s.language, "language", "", "`name` of the client; its result is written to results/NAME.json")
	flag.StringVar(&s.only, "run", "", "play only cases whose name matches this `pattern` (as file names do), and write no result")
	flag.BoolVar(&s.table, "table", false, "write clients/CONFORMANCE.md from the results")
	flag.BoolVar(&s.check, "check", false, "with -table: compare it in place of writing it, and fail where a client fails a case")
	flag.BoolVar(&s.figures, "figures", false, "print how fast a message of 256 MiB comes, and what memory it takes (Linux)")
	flag.DurationVar(&s.timeout, "timeout", 5*time.Minute, "how long one answer may take")
	flag.Parse()
	s.command = flag.Args()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := s.run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "conformance:", err)
		os.Exit(1)
	}
}

func (s *settings) run(ctx context.Context) error {
	suite, err := readSuite(filepath.Join(s.dir, "cases.yaml"))
	if err != nil {
		return err
	}
	switch {
	case s.table:
		return suite.table(s.dir, s.check)
	case len(s.command) == 0:
		return errors.New("give the command of a runner behind --")
	case s.figures:
		s.only = "memory"
	case s.language == "" && s.only == "":
		return errors.New("give -language")
	}
	passed, err := suite.play(ctx, s, os.Stdout)
	if err != nil {
		return err
	}
	if s.only == "" {
		if err := writeResults(s.dir, s.language, passed); err != nil {
			return err
		}
	}
	failed := 0
	for _, ok := range passed {
		if !ok {
			failed++
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d cases failed", failed, len(passed))
	}
	return nil
}
