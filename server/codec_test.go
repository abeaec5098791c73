package server

import (
	"bytes"
	"crypto/sha256"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"sync"
	"testing"

	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3/pop3test"
)

// FuzzFrame: what a frame sends is what the message would be with all its fields, to a RetrResponse and a TopResponse alike.
func FuzzFrame(f *testing.F) {
	f.Add("+OK", []byte("a\r\n"), int64(3), uint32(7), true, []byte{1})
	f.Add("", []byte{}, int64(-1), uint32(0), false, []byte{})
	f.Add("+OK 120 octets", []byte(nil), int64(1<<40), uint32(1<<31), true, make([]byte, 32))
	f.Add("", make([]byte, 1<<17), int64(0), uint32(0), false, []byte(nil))
	f.Fuzz(func(t *testing.T, response string, data []byte, octets int64, crc uint32, agrees bool, digest []byte) {
		head := &pb.RetrResponse{Response: response}
		tail := &pb.RetrResponse{Octets: &octets, Crc32: &crc, SizeAgrees: &agrees, Sha256: digest}
		if octets < 0 {
			tail = &pb.RetrResponse{}
		}
		want := &pb.RetrResponse{}
		proto.Merge(want, head)
		proto.Merge(want, tail)
		want.Data = data
		fr := &frame{}
		var err error
		if fr.head, err = proto.Marshal(head); err != nil {
			t.Skip("no UTF-8")
		}
		if fr.tail, err = proto.Marshal(tail); err != nil {
			t.Fatal(err)
		}
		if len(data) > 0 {
			fr.data = mem.SliceBuffer(data)
		}
		slice, err := newCodec().Marshal(fr)
		if err != nil {
			t.Fatal(err)
		}
		defer slice.Free()
		got := &pb.RetrResponse{}
		if err := proto.Unmarshal(slice.Materialize(), got); err != nil {
			t.Fatal(err)
		}
		if !proto.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		if top := (&pb.TopResponse{}); octets < 0 {
			if err := proto.Unmarshal(slice.Materialize(), top); err != nil || top.GetResponse() != response || !bytes.Equal(top.GetData(), data) {
				t.Errorf("as TopResponse: %v, %v", top, err)
			}
		}
	})
}

// Other messages go as they do without the codec.
func TestCodecOfOthers(t *testing.T) {
	m := &pb.ListResponse{Response: "+OK", Entries: []*pb.ListEntry{{Line: "1 2"}}}
	c := newCodec()
	slice, err := c.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	defer slice.Free()
	got := &pb.ListResponse{}
	if err := c.Unmarshal(slice, got); err != nil || !proto.Equal(got, m) || c.Name() != "proto" {
		t.Errorf("%v, %v, %s", got, err, c.Name())
	}
	if _, err := c.Marshal("no message"); err == nil {
		t.Error("marshals a string")
	}
}

// A buffer goes back to the pool when all references are gone, and never before.
func TestFramePool(t *testing.T) {
	pool := &countingPool{framePool: &framePool{sync.Pool{New: frames.pool.New}}}
	b := pool.Get(frameSize)
	*b = (*b)[:7]
	fr := &frame{data: mem.NewBuffer(b, pool)}
	slice := fr.marshal()
	slice.Ref()
	slice.Free()
	if pool.puts != 0 {
		t.Fatal("the buffer is back while it is in use")
	}
	slice.Free()
	if pool.puts != 1 {
		t.Errorf("%d times back", pool.puts)
	}
	if again := pool.Get(frameSize); len(*again) != frameSize {
		t.Errorf("a buffer of %d octets", len(*again))
	}
}

type countingPool struct {
	*framePool
	puts int
}

func (p *countingPool) Put(b *[]byte) {
	p.puts++
	p.framePool.Put(b)
}

// addRandom adds random messages of the sizes that frames care about, and makes a maildrop of them for so many users.
func (m *mailbox) addRandom(users int) (messages [][]byte) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, size := range []int{0, 1, 100, frameFull - 2, frameFull, frameSize, 3 * frameSize} {
		data := make([]byte, size, size+2)
		for i := range data {
			data[i] = "abcdefghijklmnopqrstuvwxyz.\r\n\x00\xff"[random.IntN(31)]
		}
		data = append(data, "\r\n"...)
		messages = append(messages, data)
		m.drop.Add(pop3test.Message{Octets: int64(len(data)), Open: func() io.Reader { return bytes.NewReader(data) }})
	}
	m.Maildrops = map[string]*pop3test.Maildrop{}
	for i := range users {
		m.Maildrops[user(i)] = pop3test.NewMaildrop(password, m.drop.Snapshot()...)
	}
	return messages
}

// TestMessagesOfManySessions retrieves random messages by many sessions at once. A buffer that is used again before it is sent
// shows as octets of another message.
func TestMessagesOfManySessions(t *testing.T) {
	const sessions, rounds = 6, 2
	m := newMailbox(t, 0)
	want := m.addRandom(sessions)
	m.Start()
	g := newGateway(t, func(c *Config) { c.UnsafeAllowPlaintext = true })
	var all sync.WaitGroup
	for i := range sessions {
		all.Go(func() {
			id := g.openSession(t, plain(t, m.Addr))
			g.login(t, id, user(i), password)
			for round := range rounds {
				for n, data := range want {
					parts, err := collect(g.Retr(t.Context(), &pb.RetrRequest{
						SessionId: id, MessageNumber: uint32(n + 1), WantSha256: round%2 == 0, MaxOctets: new(int64(1 << 30)),
					}))
					if err != nil {
						t.Error(err)
						return
					}
					checkMessage(t, parts, data, round%2 == 0)
				}
			}
		})
	}
	all.Wait()
}

func user(i int) string { return string(rune('a' + i)) }

// checkMessage holds a stream to the contract: the octets, and what the first and the last part have and the others have not.
func checkMessage(t *testing.T, parts []*pb.RetrResponse, want []byte, sum bool) {
	t.Helper()
	var data []byte
	for i, part := range parts {
		data = append(data, part.GetData()...)
		if (part.GetResponse() != "") != (i == 0) || (part.Octets != nil) != (i == len(parts)-1) ||
			(part.Crc32 != nil) != (i == len(parts)-1) || len(part.GetData()) > frameSize {
			t.Errorf("part %d of %d: %q, %d octets, totals %v", i, len(parts), part.GetResponse(), len(part.GetData()), part.Octets)
		}
	}
	last := parts[len(parts)-1]
	if !bytes.Equal(data, want) {
		t.Errorf("%d octets are not the %d of the message", len(data), len(want))
	}
	digest := sha256.Sum256(want)
	if last.GetOctets() != int64(len(want)) || last.GetCrc32() != crc32.ChecksumIEEE(want) || !last.GetSizeAgrees() ||
		sum && !bytes.Equal(last.GetSha256(), digest[:]) || !sum && last.GetSha256() != nil {
		t.Errorf("totals %v", last)
	}
}
