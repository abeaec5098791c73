package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc"

	"github.com/popgate/popgate/cmd/popgate/internal/store"
	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3/pop3test"
)

// letters returns messages of 100 to 20,000 octets that are all different, and their SHA-256.
func letters(random *rand.Rand, count int) (messages []pop3test.Message, sums map[string]bool) {
	sums = map[string]bool{}
	for i := range count {
		text := fmt.Appendf(nil, "Subject: %d\r\n\r\n", i)
		for lines := random.IntN(250); lines >= 0; lines-- {
			text = fmt.Appendf(text, ".%078d\r\n", random.Uint64())
		}
		sum := sha256.Sum256(text)
		sums[hex.EncodeToString(sum[:])] = true
		messages = append(messages, pop3test.NewMessage(text))
	}
	return messages, sums
}

// fetchArgs are the arguments of popgate fetch from a POP3 server of the test, without a gateway.
func fetchArgs(srv *pop3test.Server, user, dir string, more ...string) []string {
	return append([]string{"fetch", "--direct", "--unsafe-plaintext", "pop://" + user + "@" + srv.Addr, dir}, more...)
}

// filed returns how often each message, by its SHA-256, is among the files that readers of a Maildir see.
func filed(t *testing.T, dir string) map[string]int {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "new", "*"))
	if err != nil {
		t.Fatal(err)
	}
	have := map[string]int{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(text)
		have[hex.EncodeToString(sum[:])]++
	}
	return have
}

// nothingLost checks that every message is at the server or in the Maildir, whole, and there once.
func nothingLost(t *testing.T, drop *pop3test.Maildrop, dir string, sums map[string]bool) {
	t.Helper()
	have := filed(t, dir)
	for sum, count := range have {
		if !sums[sum] {
			t.Errorf("a file is no message of the server's: half of one?")
		}
		if count > 1 {
			t.Errorf("a message is there %d times", count)
		}
	}
	missing := len(sums) - len(have)
	for _, m := range drop.Snapshot() {
		text, err := io.ReadAll(m.Open())
		if err != nil {
			t.Fatal(err)
		}
		if sum := sha256.Sum256(text); have[hex.EncodeToString(sum[:])] == 0 {
			missing--
		}
	}
	if missing != 0 {
		t.Errorf("%d messages are lost", missing)
	}
}

// allFetched checks that the Maildir has every message once, the server none, and that nothing is left in tmp.
func allFetched(t *testing.T, drop *pop3test.Maildrop, dir string, sums map[string]bool) {
	t.Helper()
	nothingLost(t, drop, dir, sums)
	if have := filed(t, dir); len(have) != len(sums) || len(drop.Snapshot()) > 0 {
		t.Errorf("%d of %d messages are stored, and %d are at the server", len(have), len(sums), len(drop.Snapshot()))
	}
	if left, _ := os.ReadDir(filepath.Join(dir, "tmp")); len(left) > 0 {
		t.Errorf("in tmp is %v", left)
	}
}

// spy is a POP3 server with the maildrop of alice, whose progress a test watches.
func spy(t *testing.T, drop *pop3test.Maildrop, heard func(line string)) *pop3test.Server {
	t.Helper()
	drop.Password = password
	srv := pop3test.NewUnstartedServer(map[string]*pop3test.Maildrop{"alice": drop})
	srv.Intercept = func(line string) (string, bool) { heard(line); return "", false }
	srv.Start()
	t.Cleanup(srv.Close)
	return srv
}

// TestFetchThatCannotStore takes the folder new away in the middle, which is as a disk that fails.
func TestFetchThatCannotStore(t *testing.T) {
	t.Setenv("POPGATE_PASSWORD", password)
	messages, sums := letters(rand.New(rand.NewPCG(1, 2)), 400)
	drop := pop3test.NewMaildrop(password, messages...)
	dir := t.TempDir()
	away := filepath.Join(t.TempDir(), "new")
	var once sync.Once
	srv := spy(t, drop, func(line string) {
		if line == "RETR 300" { // so that some are settled: 256 may be unsettled
			once.Do(func() { os.Rename(filepath.Join(dir, "new"), away) })
		}
	})
	var stdout, stderr output
	err := run(t.Context(), fetchArgs(srv, "alice", dir, "--delete", "--json"), &stdout, &stderr)
	if exitStatus(err) != statusPartial || !strings.Contains(err.Error(), "not stored, and left at the server: ") {
		t.Fatalf("got %v", err)
	}
	if !strings.Contains(stdout.String(), `"event":"failed"`) {
		t.Errorf("no message has failed:\n%s", &stdout)
	}
	os.Remove(filepath.Join(dir, "new"))
	if err := os.Rename(away, filepath.Join(dir, "new")); err != nil {
		t.Fatal(err)
	}
	nothingLost(t, drop, dir, sums)
	// A file that is renamed when the folder goes is there, but its name is not synced: it is neither told as stored nor deleted.
	told, deleted := strings.Count(stdout.String(), `"event":"stored"`), len(messages)-len(drop.Snapshot())
	if stored := len(filed(t, dir)); deleted == 0 || deleted != told || deleted > stored {
		t.Errorf("%d are stored, %d are told as stored, and %d deleted", stored, told, deleted)
	}
	if err := run(t.Context(), fetchArgs(srv, "alice", dir, "--delete"), &stdout, &stderr); err != nil {
		t.Fatal(err)
	}
	allFetched(t, drop, dir, sums)
}

// TestFetchInterrupted ends ctx in the middle, as SIGINT does: what is on its way is stored and committed, nothing else is asked for.
func TestFetchInterrupted(t *testing.T) {
	t.Setenv("POPGATE_PASSWORD", password)
	messages, sums := letters(rand.New(rand.NewPCG(1, 3)), 700)
	drop := pop3test.NewMaildrop(password, messages...)
	dir := t.TempDir()
	ctx, interrupt := context.WithCancel(t.Context())
	srv := spy(t, drop, func(line string) {
		if line == "RETR 30" {
			interrupt()
		}
	})
	var stdout, stderr output
	err := run(ctx, fetchArgs(srv, "alice", dir, "--delete"), &stdout, &stderr)
	if exitStatus(err) != statusPartial || !strings.Contains(err.Error(), "interrupted: ") {
		t.Fatalf("got %v", err)
	}
	nothingLost(t, drop, dir, sums)
	stored := len(filed(t, dir))
	if deleted := len(messages) - len(drop.Snapshot()); stored < 30 || stored > 30+2*unsettledMessages || stored != deleted {
		t.Errorf("%d are stored and %d deleted", stored, deleted)
	}
	if want := fmt.Sprintf("deleted %d at the server\n", stored); !strings.HasSuffix(stdout.String(), want) {
		t.Errorf("it says %q, want %q", &stdout, want)
	}
	if err := run(t.Context(), fetchArgs(srv, "alice", dir, "--delete"), &stdout, &stderr); err != nil {
		t.Fatal(err)
	}
	allFetched(t, drop, dir, sums)
}

// TestFetchInterruptedBeforeTheOffer ends ctx while the server lists: nothing is chosen any more, and nothing is wrong.
func TestFetchInterruptedBeforeTheOffer(t *testing.T) {
	t.Setenv("POPGATE_PASSWORD", password)
	for range 20 { // whether the gateway offers before it is told is chance
		messages, _ := letters(rand.New(rand.NewPCG(1, 8)), 3)
		drop := pop3test.NewMaildrop(password, messages...)
		ctx, interrupt := context.WithCancel(t.Context())
		srv := spy(t, drop, func(line string) {
			if line == "LIST" {
				interrupt()
			}
		})
		var stdout, stderr output
		err := run(ctx, fetchArgs(srv, "alice", t.TempDir(), "--delete"), &stdout, &stderr)
		if err == nil || !strings.Contains(err.Error(), "interrupted") || len(drop.Snapshot()) != 3 {
			t.Fatalf("got %v, and %d messages are left", err, len(drop.Snapshot()))
		}
		srv.Close()
	}
}

// offering is a context that ends when a wait for the next response begins, at which moment an offer comes.
type offering struct {
	context.Context

	interrupt context.CancelFunc
	responses chan *pb.CollectMessagesResponse
}

func (c *offering) Done() <-chan struct{} {
	c.interrupt()
	c.responses <- &pb.CollectMessagesResponse{Offer: &pb.Offer{Done: true}}
	return c.Context.Done()
}

// told is a stream that keeps what is sent.
type told struct {
	grpc.BidiStreamingClient[pb.CollectMessagesRequest, pb.CollectMessagesResponse]

	requests []*pb.CollectMessagesRequest
}

func (s *told) Send(req *pb.CollectMessagesRequest) error {
	s.requests = append(s.requests, req)
	return nil
}

// TestFetchInterruptedAtTheOffer: nothing is chosen of an offer that comes at the moment at which ctx ends.
func TestFetchInterruptedAtTheOffer(t *testing.T) {
	for range 50 { // which of the two is seen first is chance
		ctx, interrupt := context.WithCancel(t.Context())
		stream, responses := &told{}, make(chan *pb.CollectMessagesResponse, 1)
		f := &fetcher{store: &store.Store{}, report: newFetchReport(io.Discard, io.Discard, false), stream: stream, responses: responses}
		if err := f.take(f.next(&offering{ctx, interrupt, responses})); err != nil {
			t.Fatal(err)
		}
		if len(stream.requests) != 1 || stream.requests[0].GetStop() == nil {
			t.Fatalf("sent %v", stream.requests)
		}
	}
}

// TestFetchConnectionLost loses the connection to the server in the middle.
func TestFetchConnectionLost(t *testing.T) {
	t.Setenv("POPGATE_PASSWORD", password)
	messages, sums := letters(rand.New(rand.NewPCG(1, 4)), 50)
	drop := pop3test.NewMaildrop(password, messages...)
	whole := drop.Messages[45].Open // behind more than one response holds
	var healed atomic.Bool
	drop.Messages[45].Open = func() io.Reader {
		if healed.Load() {
			return whole()
		}
		return io.MultiReader(io.LimitReader(whole(), 50), broken{})
	}
	srv := spy(t, drop, func(string) {})
	dir := t.TempDir()
	var stdout, stderr output
	err := run(t.Context(), fetchArgs(srv, "alice", dir, "--delete"), &stdout, &stderr)
	if exitStatus(err) != statusPartial || !strings.Contains(err.Error(), "CONNECTION_LOST: ") {
		t.Fatalf("got %v", err)
	}
	healed.Store(true)
	stored := len(filed(t, dir)) // those that the gateway had handed out
	if stored == 0 || stored > 45 || len(drop.Snapshot()) != 50 {
		t.Errorf("%d are stored and %d at the server", stored, len(drop.Snapshot()))
	}
	if err := run(t.Context(), fetchArgs(srv, "alice", dir, "--delete"), &stdout, &stderr); err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(stdout.String(), fmt.Sprintf("; %d were there already; deleted 50 at the server\n", stored)) {
		t.Errorf("it says %q", &stdout)
	}
	allFetched(t, drop, dir, sums)
}

// broken is a message that breaks the connection.
type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("broken") }

// TestFetchRefusedInBetween: the login after the first batch is refused, as it is when a token has run out.
func TestFetchRefusedInBetween(t *testing.T) {
	t.Setenv("POPGATE_PASSWORD", password)
	messages, sums := letters(rand.New(rand.NewPCG(1, 6)), 501) // one more than a batch
	drop := pop3test.NewMaildrop(password, messages...)
	drop.OnLogin = func(login *pop3test.Login) {
		if login.Number == 2 {
			login.Refusal = "[AUTH] your token has run out"
		}
	}
	srv := spy(t, drop, func(string) {})
	dir := t.TempDir()
	var stdout, stderr output
	err := run(t.Context(), fetchArgs(srv, "alice", dir, "--delete"), &stdout, &stderr)
	if exitStatus(err) != statusPartial || !strings.Contains(err.Error(), "a login in between was refused: -ERR [AUTH] your token has run out\n") {
		t.Fatalf("got %v", err)
	}
	if left := len(drop.Snapshot()); left != 1 {
		t.Errorf("%d messages are left", left)
	}
	nothingLost(t, drop, dir, sums)
}

// TestFetchSignals: the first SIGINT ends a process when what is on its way is stored, the second at once.
func TestFetchSignals(t *testing.T) {
	t.Setenv("POPGATE_PASSWORD", password)
	for _, signals := range []int{1, 2} {
		messages, sums := letters(rand.New(rand.NewPCG(1, 7)), 20)
		drop := pop3test.NewMaildrop(password, messages...)
		whole, reached, goOn := drop.Messages[10].Open, make(chan struct{}), make(chan struct{})
		once := sync.OnceFunc(func() { close(reached) })
		drop.Messages[10].Open = func() io.Reader { once(); <-goOn; return whole() }
		srv := spy(t, drop, func(string) {})
		dir := t.TempDir()
		p := start(t, "popgate", fetchArgs(srv, "alice", dir, "--delete")...)
		<-reached
		p.signal(os.Interrupt)
		if signals == 1 {
			close(goOn)
		}
		var again sync.WaitGroup
		if signals == 2 {
			again.Go(func() { p.repeat(os.Interrupt) })
		}
		state := p.wait()
		again.Wait()
		switch {
		case signals == 1 && (state.ExitCode() > 0 && state.ExitCode() != statusPartial || len(drop.Snapshot()) > 0):
			t.Errorf("one signal: %v, and %d messages are left\n%s", state, len(drop.Snapshot()), &p.stderr)
		case signals == 2 && (state.ExitCode() != -1 || len(drop.Snapshot()) != 20):
			t.Errorf("two signals: %v, and %d messages are left\n%s", state, len(drop.Snapshot()), &p.stderr)
		}
		if signals == 2 {
			close(goOn)
		}
		nothingLost(t, drop, dir, sums)
	}
}

// TestFetchWithoutUniqueIDs: messages are known by their octets alone.
func TestFetchWithoutUniqueIDs(t *testing.T) {
	t.Setenv("POPGATE_PASSWORD", password)
	messages, sums := letters(rand.New(rand.NewPCG(1, 5)), 5)
	drop := pop3test.NewMaildrop(password, messages...)
	drop.Password = password
	srv := pop3test.NewUnstartedServer(map[string]*pop3test.Maildrop{"alice": drop})
	srv.Capabilities = []string{"USER", "TOP", "SASL PLAIN"}
	srv.Intercept = func(line string) (string, bool) { return "-ERR unknown\r\n", strings.HasPrefix(line, "UIDL") }
	srv.Start()
	t.Cleanup(srv.Close)
	dir := t.TempDir()
	for _, want := range []string{"stored 5 messages", "stored 0 messages, 0 octets; 5 were there already\n"} {
		var stdout, stderr output
		if err := run(t.Context(), fetchArgs(srv, "alice", dir), &stdout, &stderr); err != nil || !strings.HasPrefix(stdout.String(), want) {
			t.Errorf("%v: %s%s", err, &stdout, &stderr)
		}
		nothingLost(t, drop, dir, sums)
	}
}
