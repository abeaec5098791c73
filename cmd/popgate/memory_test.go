package main

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"testing"
	"time"

	"google.golang.org/grpc"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3/pop3test"
)

const (
	mebi = 1 << 20
	// growthLimit is what a gateway's memory may grow by, whatever goes through.
	growthLimit = 16 * mebi
	// crowd is the number of messages of the large maildrop.
	crowd = 1_000_000
)

// repeated is a message of many equal blocks, which cost its server nothing.
type repeated struct {
	block []byte
	times int
}

// newRepeated returns a message of n MiB in lines, some of which begin with a dot.
func newRepeated(n int) *repeated {
	lines := bytes.Repeat([]byte("a line of a long message, 64 octets with its line end and all\r\n"), 1023)
	lines = append(lines, ".a line that begins with a dot, and is as long as all the rest\r\n"...)
	return &repeated{bytes.Repeat(lines, mebi/len(lines)), n}
}

func (r *repeated) octets() int64 { return int64(len(r.block)) * int64(r.times) }

func (r *repeated) WriteTo(w io.Writer) (n int64, err error) {
	for range r.times {
		k, err := w.Write(r.block)
		if n += int64(k); err != nil {
			return n, err
		}
	}
	return n, nil
}

// Read is never called: a pop3test.Server takes WriteTo.
func (*repeated) Read([]byte) (int, error) { return 0, errors.New("read, not written") }

func (r *repeated) crc32() uint32 {
	sum := crc32.NewIEEE()
	r.WriteTo(sum)
	return sum.Sum32()
}

func (r *repeated) message() pop3test.Message {
	return pop3test.Message{Octets: r.octets(), Open: func() io.Reader { return r }}
}

// measured is a gateway with a process of its own, built as for use.
type measured struct {
	*process
	srv       *pop3test.Server
	client    pb.Pop3ServiceClient
	mailboxes pb.MailboxServiceClient
	session   string
}

// measure starts a gateway and logs in to a maildrop, whose first message has 1 MiB and is retrieved.
func measure(t *testing.T, messages ...pop3test.Message) measured {
	t.Helper()
	program := toMeasure(t)
	first := newRepeated(1)
	srv := mailbox(t, pop3test.NewMaildrop("", append([]pop3test.Message{first.message()}, messages...)...))
	m := measured{process: start(t, program, append([]string{"serve", "--listen", "127.0.0.1:0"}, towards(srv)...)...), srv: srv}
	conn := connect(t, m.address())
	m.client, m.mailboxes = pb.NewPop3ServiceClient(conn), pb.NewMailboxServiceClient(conn)
	m.session = login(t, m.client, srv)
	m.retrieves(t, 1, first)
	return m
}

// peak returns the octets of memory that a process has had at most.
func (p *process) peak(t testing.TB) int64 {
	t.Helper()
	return p.memory(t, "VmHWM")
}

// memory returns a line of the process' status that tells of memory (proc_pid_status(5)), in octets.
func (p *process) memory(t testing.TB, name string) int64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	match := regexp.MustCompile(name + `:\s+(\d+) kB`).FindSubmatch(status)
	if match == nil {
		t.Fatalf("no %s in\n%s", name, status)
	}
	kibi, err := strconv.ParseInt(string(match[1]), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kibi << 10
}

// growsLittle fails the test if the gateway's memory grows too much while f runs.
func (m measured) growsLittle(t *testing.T, f func()) {
	t.Helper()
	before, began := m.peak(t), time.Now()
	f()
	after := m.peak(t)
	t.Logf("VmHWM %.1f MiB, then %.1f MiB: %+.1f MiB in %s",
		float64(before)/mebi, float64(after)/mebi, float64(after-before)/mebi, time.Since(began).Round(time.Millisecond))
	if after-before > growthLimit {
		t.Errorf("the gateway's memory grew by more than %d MiB", growthLimit/mebi)
	}
}

// retrieves retrieves a message and compares its octets and CRC-32.
func (m measured) retrieves(t *testing.T, number uint32, want *repeated) {
	t.Helper()
	stream, err := m.client.Retr(t.Context(), &pb.RetrRequest{SessionId: m.session, MessageNumber: number})
	if err != nil {
		t.Fatal(err)
	}
	var octets int64
	var sum uint32
	var last *pb.RetrResponse
	each(t, stream, func(part *pb.RetrResponse) {
		octets += int64(len(part.GetData()))
		sum = crc32.Update(sum, crc32.IEEETable, part.GetData())
		last = part
	})
	if octets != want.octets() || last.GetOctets() != octets {
		t.Errorf("%d octets and a claim of %d, want %d", octets, last.GetOctets(), want.octets())
	}
	if sum != want.crc32() || last.GetCrc32() != sum {
		t.Errorf("CRC-32 %08x and a claim of %08x, want %08x", sum, last.GetCrc32(), want.crc32())
	}
}

// each calls f with every message of a stream.
func each[T any](t *testing.T, stream grpc.ServerStreamingClient[T], f func(*T)) {
	t.Helper()
	for {
		part, err := stream.Recv()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		f(part)
	}
}

func TestMemoryOfALargeMessage(t *testing.T) {
	large := newRepeated(1024)
	m := measure(t, large.message())
	m.growsLittle(t, func() { m.retrieves(t, 2, large) })
}

func TestMemoryOfALargeMaildrop(t *testing.T) {
	messages := make([]pop3test.Message, crowd-1)
	for i := range messages {
		messages[i] = pop3test.Message{Octets: int64(i) + 2, Open: func() io.Reader { return new(bytes.Reader) }}
	}
	for name, list := range map[string]func(measured, *testing.T){"List": measured.lists, "Uidl": measured.listsUniqueIDs} {
		t.Run(name, func(t *testing.T) {
			m := measure(t, messages...)
			m.growsLittle(t, func() { list(m, t) })
		})
	}
}

// lists takes the whole listing of sizes, in which the message n > 1 has n octets.
func (m measured) lists(t *testing.T) {
	t.Helper()
	stream, err := m.client.List(t.Context(), &pb.ListRequest{SessionId: m.session})
	if err != nil {
		t.Fatal(err)
	}
	var count uint32
	each(t, stream, func(part *pb.ListResponse) {
		for _, e := range part.GetEntries() {
			count++
			if count > 1 && (e.GetMessageNumber() != count || e.GetOctets() != int64(count)) {
				t.Fatalf("entry %d: %v", count, e)
			}
		}
	})
	if count != crowd {
		t.Errorf("%d entries, want %d", count, crowd)
	}
}

// listsUniqueIDs takes the whole listing of unique-ids, all of which differ.
func (m measured) listsUniqueIDs(t *testing.T) {
	t.Helper()
	stream, err := m.client.Uidl(t.Context(), &pb.UidlRequest{SessionId: m.session})
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]struct{}, crowd)
	var count uint32
	each(t, stream, func(part *pb.UidlResponse) {
		for _, e := range part.GetEntries() {
			count++
			if e.GetMessageNumber() != count || e.GetUniqueId() == "" {
				t.Fatalf("entry %d: %v", count, e)
			}
			seen[e.GetUniqueId()] = struct{}{}
		}
	})
	if count != crowd || len(seen) != crowd {
		t.Errorf("%d entries with %d unique-ids, want %d", count, len(seen), crowd)
	}
}

// toMeasure returns the program for a test that measures it, built without what tests add to one.
func toMeasure(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("takes its time")
	}
	if runtime.GOOS != "linux" {
		t.Skip("reads /proc")
	}
	program, err := build(filepath.Join(checkout, "cmd/popgate"), ".", "popgate")
	if err != nil {
		t.Fatal(err)
	}
	return program
}
