package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/popgate/popgate/pop3/pop3test"
)

// TestFetchKilled kills popgate fetch --delete at seeded points, by octets that were handed out and commands that came, from the first
// command of the login to QUIT, which gets a fifth of them; half of all a little later, when the disk is busy.
func TestFetchKilled(t *testing.T) {
	t.Setenv("POPGATE_PASSWORD", password)
	const points, count, command = 100, 25, 2000 // a command weighs as much as so many octets
	const atQuit = 1 << 30                       // more than all before it
	drops := map[string]*pop3test.Maildrop{}
	var spent, limit atomic.Int64
	var kill atomic.Pointer[func()]
	spend := func(weight int) {
		if now := spent.Add(int64(weight)); now >= limit.Load() && now-int64(weight) < limit.Load() {
			(*kill.Load())()
		}
	}
	nobody := func() {}
	kill.Store(&nobody)
	srv := pop3test.NewUnstartedServer(drops)
	srv.DiscardCommands = true
	srv.Intercept = func(line string) (string, bool) {
		if spend(command); line == "QUIT" {
			spend(atQuit)
		}
		return "", false
	}
	all := map[string]map[string]bool{}
	for i := range points {
		user := fmt.Sprint("user", i)
		messages, sums := letters(rand.New(rand.NewPCG(2, uint64(i))), count)
		for k := range messages {
			open := messages[k].Open
			messages[k].Open = func() io.Reader {
				time.Sleep(time.Millisecond) // so that it does not come all at once
				return &metered{open(), spend}
			}
		}
		drops[user], all[user] = pop3test.NewMaildrop(password, messages...), sums
	}
	srv.Start()
	t.Cleanup(srv.Close)
	gateway := serves(t, towards(srv)...).address

	killed, during := 0, 0
	for i := range points {
		if testing.Short() && i%9 != 0 {
			continue
		}
		user, dir := fmt.Sprint("user", i), t.TempDir()
		random := rand.New(rand.NewPCG(3, uint64(i)))
		var octets int64
		for _, m := range drops[user].Messages {
			octets += m.Octets
		}
		args := fetchArgs(srv, user, dir, "--delete")
		if i%2 == 1 {
			args = append(args, "--direct=false", "--gateway", gateway)
		}
		delay := time.Duration(0)
		if i%4 >= 2 {
			delay = time.Duration(random.IntN(int(5 * time.Millisecond)))
		}
		spent.Store(0)
		limit.Store(random.Int64N(octets + (2*count+5)*command)) // listing, each RETR and DELE
		if i%5 == 0 {
			limit.Store(atQuit)
		}
		started := make(chan struct{})
		var p *process
		now := func() { <-started; time.Sleep(delay); p.cmd.Process.Kill() }
		kill.Store(&now)
		p = start(t, "popgate", args...)
		close(started)
		if state := p.wait(); !state.Success() {
			killed++
		}
		kill.Store(&nobody)
		eventually(t, func() error {
			if drops[user].InUse() {
				return errors.New("the maildrop is in use")
			}
			return nil
		})
		stored := len(filed(t, dir))
		if stored > 0 && stored < count {
			during++
		}
		nothingLost(t, drops[user], dir, all[user])
		var stdout, stderr bytes.Buffer
		again := func() error { return run(t.Context(), fetchArgs(srv, user, dir, "--delete"), &stdout, &stderr) }
		if err := whileInUse(again); err != nil {
			t.Errorf("point %d: the second run: %v", i, err)
		}
		allFetched(t, drops[user], dir, all[user])
		if t.Failed() {
			t.Fatalf("point %d, at %d octets, %d were stored", i, limit.Load(), stored)
		}
	}
	t.Logf("killed %d times, %d of them with some messages stored and others not", killed, during)
	if killed == 0 || during == 0 && !testing.Short() {
		t.Error("nothing was killed, or nothing in the middle")
	}
}

// whileInUse calls f, again and again while the maildrop is in use: a login that was under way at a kill may have come to its end later.
func whileInUse(f func() error) error {
	for end := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		err := f()
		call, ofCommand := errors.AsType[*callError](err)
		inUse := errorInfo(err).GetReason() == "ERROR_REASON_MAILBOX_IN_USE" || ofCommand && call.reason == "MAILBOX_IN_USE"
		if !inUse || time.Now().After(end) {
			return err
		}
	}
}

// metered is a message that tells what is read of it.
type metered struct {
	io.Reader

	spend func(int)
}

func (m *metered) Read(p []byte) (int, error) {
	n, err := m.Reader.Read(p[:min(len(p), 1024)])
	m.spend(n)
	return n, err
}
