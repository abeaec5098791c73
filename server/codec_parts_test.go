package server

import (
	"fmt"
	"sync"
	"testing"

	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// FuzzParts: what marshalParts makes of parts is what they would be with their data, and of the same length, to a
// FetchMessagesResponse and a CollectMessagesResponse alike.
func FuzzParts(f *testing.F) {
	f.Add("id", []byte("a\r\n"), uint8(1), int64(3), []byte{1})
	f.Add("", []byte{}, uint8(1), int64(-1), []byte{})
	f.Add("0123456789", []byte("many octets, shared by some parts"), uint8(9), int64(1<<40), make([]byte, 32))
	f.Add("large", make([]byte, 1<<17), uint8(2), int64(0), []byte(nil))
	f.Fuzz(func(t *testing.T, id string, data []byte, count uint8, octets int64, digest []byte) {
		var parts []*pb.Part
		for i, at := 0, 0; i < int(count); i++ {
			end := at + (len(data)-at)*i/int(count) // some are empty
			part := &pb.Part{DeliveryId: uint64(i), Data: data[at:end]}
			if at = end; i%2 == 0 {
				part.Start = &pb.PartStart{UniqueId: id, ListedOctets: &octets}
			}
			if i%3 == 0 {
				part.End = &pb.PartEnd{Octets: octets, Sha256: digest}
			}
			parts = append(parts, part)
		}
		want := &pb.FetchMessagesResponse{}
		proto.Merge(want, &pb.FetchMessagesResponse{Parts: parts})
		slice, err := marshalParts(parts, mem.SliceBuffer(data))
		if err != nil {
			t.Skip("no UTF-8")
		}
		slice, err = newCodec().Marshal(slice)
		if err != nil {
			t.Fatal(err)
		}
		defer slice.Free()
		got, collected := &pb.FetchMessagesResponse{}, &pb.CollectMessagesResponse{}
		if err := proto.Unmarshal(slice.Materialize(), got); err != nil || !proto.Equal(got, want) || slice.Len() != proto.Size(want) {
			t.Errorf("%v: got %v of %d octets, want %v of %d", err, got, slice.Len(), want, proto.Size(want))
		}
		err = proto.Unmarshal(slice.Materialize(), collected)
		if want := (&pb.CollectMessagesResponse{Parts: want.GetParts()}); err != nil || !proto.Equal(collected, want) {
			t.Errorf("%v: got %v, want %v", err, collected, want)
		}
	})
}

// TestResponsesAlike: what a sink sends is right for both methods, as the fields that it has are the same in both.
func TestResponsesAlike(t *testing.T) {
	fetch := (&pb.FetchMessagesResponse{}).ProtoReflect().Descriptor().Fields()
	collect := (&pb.CollectMessagesResponse{}).ProtoReflect().Descriptor().Fields()
	kind := func(f protoreflect.FieldDescriptor) string {
		if f == nil {
			return "none"
		}
		of := ""
		if f.Message() != nil {
			of = string(f.Message().FullName())
		}
		return fmt.Sprint(f.Name(), f.Cardinality(), f.Kind(), f.HasPresence(), of)
	}
	for i := range fetch.Len() {
		field := fetch.Get(i)
		if got, want := kind(collect.ByNumber(field.Number())), kind(field); got != want {
			t.Errorf("field %d is %s, not %s", field.Number(), got, want)
		}
	}
}

// A buffer of parts goes back to the pool when all of them are sent, and never before.
func TestPartsBuffer(t *testing.T) {
	pool := &countingPool{framePool: &framePool{sync.Pool{New: frames.pool.New}}}
	for _, parts := range [][]*pb.Part{
		{{Data: make([]byte, 7)}},
		{{Data: make([]byte, 3)}, {}, {Data: make([]byte, 4)}},
		{{}},
	} {
		octets := 0
		for _, part := range parts {
			octets += len(part.GetData())
		}
		b := pool.Get(frameSize)
		*b = (*b)[:octets]
		before := pool.puts
		slice, err := marshalParts(parts, mem.NewBuffer(b, pool))
		if err != nil {
			t.Fatal(err)
		}
		if octets > 0 && pool.puts != before {
			t.Error("the buffer is back while it is in use")
		}
		slice.Free()
		if pool.puts != before+1 {
			t.Errorf("%d times back", pool.puts-before)
		}
	}
	b := pool.Get(frameSize)
	*b = (*b)[:1]
	bad := []*pb.Part{{Data: make([]byte, 1)}, {Start: &pb.PartStart{UniqueId: "\xff"}}}
	before := pool.puts
	if _, err := marshalParts(bad, mem.NewBuffer(b, pool)); err == nil || pool.puts != before+1 {
		t.Errorf("of a part that cannot be encoded: %v, %d times back", err, pool.puts-before)
	}
}
