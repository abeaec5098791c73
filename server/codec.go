package server

import (
	"sync"

	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/proto" // registers the codec that is wrapped here
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// frame is a RetrResponse or TopResponse that is encoded by hand, so that the octets of a message go from the buffer they were
// read into to the transport without a copy. Fields of a protobuf message may come in any order, and parts of it may be joined.
type frame struct {
	head []byte // encoded fields before the data
	data mem.Buffer
	tail []byte // encoded fields after it
}

// dataField is the number of `data` in both messages.
const dataField = 2

// marshal returns the frame as gRPC sends it. The data's reference goes with it.
func (f *frame) marshal() mem.BufferSlice {
	head := f.head
	if f.data != nil {
		head = protowire.AppendTag(head, dataField, protowire.BytesType)
		head = protowire.AppendVarint(head, uint64(f.data.Len())) //nolint:gosec // a length is not negative
	}
	slice := mem.BufferSlice{mem.SliceBuffer(head)}
	if f.data != nil {
		slice = append(slice, f.data)
	}
	if len(f.tail) > 0 {
		slice = append(slice, mem.SliceBuffer(f.tail))
	}
	return slice
}

// codec is gRPC's codec for protobuf, which knows frames as well.
type codec struct{ encoding.CodecV2 }

func newCodec() codec { return codec{encoding.GetCodecV2("proto")} }

// Marshal implements encoding.CodecV2. Other messages get memory of their own size: the pool behind gRPC's codec would round a batch
// of a listing up to 1 MiB.
func (c codec) Marshal(v any) (mem.BufferSlice, error) {
	switch m := v.(type) {
	case *frame:
		return m.marshal(), nil
	case mem.BufferSlice: // encoded already
		return m, nil
	case proto.Message:
		data, err := proto.Marshal(m)
		return mem.BufferSlice{mem.SliceBuffer(data)}, err
	}
	return c.CodecV2.Marshal(v)
}

// partsField is the number of `parts` in FetchMessagesResponse and CollectMessagesResponse, and partDataField that of `data` in Part.
const (
	partsField    = 1
	partDataField = 3
)

// marshalParts encodes the parts of a response. Their data, which begin with data one behind the other, go from there to the transport
// without a copy; they are taken out of the parts. The caller's reference to data goes with what is returned.
func marshalParts(parts []*pb.Part, data mem.Buffer) (mem.BufferSlice, error) {
	slice := make(mem.BufferSlice, 0, 2*len(parts))
	head := make([]byte, 0, partOctets*len(parts))
	at := 0
	defer data.Free()
	for _, part := range parts {
		n := len(part.GetData())
		part.Data = nil
		size := proto.Size(part)
		if n > 0 {
			size += protowire.SizeTag(partDataField) + protowire.SizeBytes(n)
		}
		head = protowire.AppendTag(head[len(head):], partsField, protowire.BytesType)
		head = protowire.AppendVarint(head, uint64(size)) //nolint:gosec // a length is not negative
		var err error
		if head, err = (proto.MarshalOptions{UseCachedSize: true}).MarshalAppend(head, part); err != nil {
			slice.Free()
			return nil, err
		}
		if n > 0 {
			head = protowire.AppendTag(head, partDataField, protowire.BytesType)
			head = protowire.AppendVarint(head, uint64(n))
		}
		slice = append(slice, mem.SliceBuffer(head))
		if n > 0 {
			slice = append(slice, data.Slice(at, at+n))
			at += n
		}
	}
	return slice, nil
}

const (
	// frameSize is that of a buffer for message data. Larger frames gain little and cost memory a stream.
	frameSize = 256 << 10
	// frameFull is from where on a buffer is sent without another read.
	frameFull = 224 << 10
)

// framePool is a mem.BufferPool of buffers of frameSize. gRPC's own pools clear what they hand out.
type framePool struct{ pool sync.Pool }

var frames = &framePool{sync.Pool{New: func() any {
	b := make([]byte, frameSize)
	return &b
}}}

// Get implements mem.BufferPool.
func (p *framePool) Get(length int) *[]byte {
	b := p.pool.Get().(*[]byte)
	*b = (*b)[:length]
	return b
}

// Put implements mem.BufferPool.
func (p *framePool) Put(b *[]byte) {
	*b = (*b)[:cap(*b)]
	p.pool.Put(b)
}
