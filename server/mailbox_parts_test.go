package server

import (
	"bytes"
	"context"
	"crypto/sha256"
	"testing"

	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3"
	engine "github.com/popgate/popgate/pop3/mailbox"
	"github.com/popgate/popgate/pop3/pop3test"
)

// TestSinkBuffers: a buffer that is sent at once and then belongs to the pool again, where it is overwritten, is not overwritten before
// it is hashed.
func TestSinkBuffers(t *testing.T) {
	want := mail(8 << 20)
	m := newMailbox(t, 0)
	m.drop.Add(pop3test.NewMessage(want))
	m.Start()
	box := &engine.Mailbox{Dial: func(ctx context.Context) (*pop3.Client, error) {
		return pop3.Dial(ctx, m.Addr, &pop3.Options{Mode: pop3.Plaintext, UnsafeAllowPlaintext: true})
	}, Credentials: credentialsOf(alicesMailbox())}
	var got []byte
	var end *pb.PartEnd
	s := newSink(func(sent any) error {
		encoded, ok := sent.(mem.BufferSlice)
		if !ok {
			return nil
		}
		resp := &pb.FetchMessagesResponse{}
		if err := proto.Unmarshal(encoded.Materialize(), resp); err != nil {
			return err
		}
		for _, part := range resp.GetParts() {
			got, end = append(got, part.GetData()...), part.GetEnd()
		}
		encoded.Free()
		again := frames.Get(frameSize)
		clear(*again)
		frames.Put(again)
		return nil
	}, "RETR", 1<<30)
	defer s.close()
	if _, err := box.Fetch(t.Context(), engine.Fetch{}, s); err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(want); !bytes.Equal(got, want) || !bytes.Equal(end.GetSha256(), sum[:]) {
		t.Errorf("%d octets, %v", len(got), end)
	}
}
