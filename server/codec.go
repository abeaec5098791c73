package server

import (
	"sync"

	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/proto" // registers the codec that is wrapped here
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
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
	case proto.Message:
		return marshal(m)
	}
	return c.CodecV2.Marshal(v)
}

// marshal encodes a message: into a buffer that is used again where it has the size of the parts of messages, which come all the time.
func marshal(m proto.Message) (mem.BufferSlice, error) {
	sized := proto.MarshalOptions{UseCachedSize: true}
	size := proto.Size(m)
	if size <= frameSize/2 || size > frameSize {
		data, err := sized.MarshalAppend(make([]byte, 0, size), m)
		return mem.BufferSlice{mem.SliceBuffer(data)}, err
	}
	buffer := frames.Get(frameSize)
	data, err := sized.MarshalAppend((*buffer)[:0], m)
	if err != nil {
		frames.Put(buffer)
		return nil, err
	}
	*buffer = data
	return mem.BufferSlice{mem.NewBuffer(buffer, frames)}, nil
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
