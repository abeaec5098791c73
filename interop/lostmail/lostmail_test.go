// Package lostmail tests that no mail is lost: callers collect from mailboxes
// whose messages are known, in processes of their own, through gateways in
// processes of their own, while chance breaks all of it.
//
//	go test -count=1 -timeout 1h ./interop/lostmail -run TestNoLostMail -v -sessions 20000 -messages 100000 -seed 1
//
// prints the counts, and writes the plan to a file that -plan names.
package lostmail

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

var (
	seed     = flag.Uint64("seed", 1, "what all chance comes from")
	sessions = flag.Int("sessions", 64, "how many sessions, beside one for each mailbox at the end")
	messages = flag.Int("messages", 320, "how many messages")
	planFile = flag.String("plan", "", "`file` to write the plan to")
	only     = flag.Int("mailbox", 0, "`number` of the only mailbox to run")
	keep     = flag.String("keep", "", "`folder` for the callers' journals, which are thrown away else")
	program  = flag.String("popgate", "", "`file` of the gateway, which is built else")
	parallel = flag.Int("mailboxes", 16, "how many mailboxes at the same time")
)

// gateways is how many there are: one that is killed ends the calls of its
// share of the mailboxes.
const gateways = 4

func TestMain(m *testing.M) {
	if dir := os.Getenv(callerVariable); dir != "" {
		if err := callerMain(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	flag.Parse()
	status := m.Run()
	if err := goleak.Find(); status == 0 && err != nil {
		fmt.Fprintln(os.Stderr, err)
		status = 1
	}
	os.Exit(status)
}

// TestNoLostMail runs a plan.
func TestNoLostMail(t *testing.T) {
	begun := time.Now()
	r := &run{plan: newPlan(*seed, *sessions, *messages), dir: *keep}
	if r.dir == "" {
		r.dir = t.TempDir()
	}
	if err := os.MkdirAll(r.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if *planFile != "" {
		if err := r.plan.write(*planFile); err != nil {
			t.Fatal(err)
		}
	}
	var err error
	if r.program, err = os.Executable(); err != nil {
		t.Fatal(err)
	}
	file := *program
	if file == "" {
		file = filepath.Join(t.TempDir(), "popgate")
		if err := buildGateway(file); err != nil {
			t.Fatal(err)
		}
	}
	verdicts, err := r.all(file)
	if err != nil {
		t.Error(err)
	}
	report(t, r.plan, verdicts, time.Since(begun))
}

// all runs the mailboxes.
func (r *run) all(file string) (verdicts []verdict, err error) {
	workers := make([]*worker, *parallel)
	var targets []string
	for i := range workers {
		address, err := freeAddress(fmt.Sprintf("127.0.1.%d", i+1))
		if err != nil {
			return nil, err
		}
		workers[i] = &worker{run: r, address: address}
		targets = append(targets, address)
	}
	var all []*gateway
	for range gateways {
		all = append(all, newGateway(file, targets))
	}
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		queue = make(chan *mailboxPlan)
	)
	for i, w := range workers {
		w.gateway = all[i%gateways]
		wg.Go(func() {
			for p := range queue {
				v, failed := w.mailbox(p)
				mu.Lock()
				verdicts, err = append(verdicts, v), errors.Join(err, failed)
				mu.Unlock()
			}
		})
	}
	for i := range r.plan.Mailboxes {
		if p := &r.plan.Mailboxes[i]; *only == 0 || *only == p.Number {
			queue <- p
		}
	}
	close(queue)
	wg.Wait()
	for _, g := range all {
		err = errors.Join(err, g.stop())
	}
	return verdicts, err
}

// report prints the counts, and fails for each defect.
func report(t *testing.T, p *plan, verdicts []verdict, took time.Duration) {
	t.Helper()
	counts := map[string]int{"lost": 0, "deleted without settlement": 0, "QUIT with an unsettled message": 0, "false report": 0}
	for _, v := range verdicts {
		for kind, n := range v.counts {
			counts[kind] += n
		}
		for _, wrong := range v.wrong {
			t.Error(wrong)
		}
	}
	for _, s := range p.Mailboxes {
		for _, s := range s.Sessions {
			for _, f := range s.Faults {
				counts["planned "+f.Kind]++
			}
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d: %d mailboxes, %d sessions, %d messages, in %s\n", p.Seed, len(p.Mailboxes), p.Sessions, p.Messages, took.Round(time.Second))
	for _, kind := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(&b, "%8d  %s\n", counts[kind], kind)
	}
	t.Log(b.String())
}
