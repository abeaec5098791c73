package drive

import (
	"context"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// A Transport is a way to call a gateway.
type Transport interface {
	Begin(ctx context.Context, g *Gateway, rpc protoreflect.MethodDescriptor) (Call, error)
}

// A Call is one call of an RPC, of any of the four kinds.
type Call interface {
	Send(request proto.Message) error
	CloseSend() error
	// Receive returns the next response, io.EOF behind the last one, or the
	// status with which the call has failed.
	Receive() (proto.Message, error)
	// Metadata returns header and trailer after the end of the call.
	Metadata() (header, trailer metadata.MD)
}

// Pop3Service is the descriptor of the contract.
var Pop3Service = pb.File_popgate_v1_pop3_service_proto.Services().ByName("Pop3Service")

// A Client calls a gateway, and keeps a list of what it has called.
type Client struct {
	Gateway *Gateway
	Via     Transport
	Driven  Endings
	Header  metadata.MD // of the last call
}

// Endings are the ways in which calls have ended, by RPC: "OK" or the reason
// of the error.
type Endings map[string]map[string]bool

func (e Endings) add(rpc, ending string) {
	if e[rpc] == nil {
		e[rpc] = map[string]bool{}
	}
	e[rpc][ending] = true
}

func (e Endings) String() string {
	var text []string
	for _, rpc := range slices.Sorted(maps.Keys(e)) {
		text = append(text, rpc+" ("+strings.Join(slices.Sorted(maps.Keys(e[rpc])), ", ")+")")
	}
	return strings.Join(text, ", ")
}

// NewClient returns a client of a gateway that has called nothing yet.
func NewClient(g *Gateway, via Transport) *Client {
	return &Client{Gateway: g, Via: via, Driven: Endings{}}
}

// Begin begins a call of an RPC of Pop3Service. It is cut off when the test
// ends.
func (c *Client) Begin(t *testing.T, rpc string) *WatchedCall {
	t.Helper()
	method := Pop3Service.Methods().ByName(protoreflect.Name(rpc))
	if method == nil {
		t.Fatalf("Pop3Service has no RPC %s", rpc)
	}
	ctx, cancel := context.WithTimeout(t.Context(), Patience)
	t.Cleanup(cancel)
	x, err := c.Via.Begin(ctx, c.Gateway, method)
	if err != nil {
		t.Fatalf("%s: %v", rpc, err)
	}
	return &WatchedCall{Call: x, T: t, client: c, rpc: rpc}
}

// Call calls an RPC that takes one request, which it is known by, and returns
// all of the responses.
func (c *Client) Call(t *testing.T, request proto.Message) ([]proto.Message, error) {
	t.Helper()
	rpc := strings.TrimSuffix(string(request.ProtoReflect().Descriptor().Name()), "Request")
	x := c.Begin(t, rpc)
	x.MustSend(request)
	x.MustCloseSend()
	var responses []proto.Message
	for {
		response, err := x.Receive()
		switch {
		case errors.Is(err, io.EOF):
			return responses, nil
		case err != nil:
			return responses, err
		}
		responses = append(responses, response)
	}
}

// A WatchedCall notes how the call ends.
type WatchedCall struct {
	Call

	T      *testing.T
	client *Client
	rpc    string
}

// Receive returns the next response or the end, which it notes.
func (x *WatchedCall) Receive() (proto.Message, error) {
	response, err := x.Call.Receive()
	if err == nil {
		return response, nil
	}
	header, trailer := x.Metadata()
	x.client.Header = header
	if errors.Is(err, io.EOF) {
		x.client.Driven.add(x.rpc, "OK")
		return nil, err
	}
	if info := InfoOf(err); info != nil {
		x.client.Driven.add(x.rpc, info.GetReason())
	}
	checkTrailer(x.T, x.rpc, err, trailer)
	return nil, err
}

// MustSend sends a request, which has to go out.
func (x *WatchedCall) MustSend(request proto.Message) {
	x.T.Helper()
	if err := x.Send(request); err != nil {
		x.T.Fatalf("%s: sending a request: %v", x.rpc, err)
	}
}

// MustCloseSend says that no more requests come.
func (x *WatchedCall) MustCloseSend() {
	x.T.Helper()
	if err := x.CloseSend(); err != nil {
		x.T.Fatalf("%s: ending the requests: %v", x.rpc, err)
	}
}

// MustReceive returns the next response, which has to come.
func (x *WatchedCall) MustReceive() proto.Message {
	x.T.Helper()
	response, err := x.Receive()
	if err != nil {
		x.T.Fatalf("%s: %v", x.rpc, err)
	}
	return response
}

// WantEnd expects the call to end with OK, and without another response.
func (x *WatchedCall) WantEnd() {
	x.T.Helper()
	response, err := x.Receive()
	if !errors.Is(err, io.EOF) {
		x.T.Fatalf("%s goes on with %v, error %v", x.rpc, response, err)
	}
}
