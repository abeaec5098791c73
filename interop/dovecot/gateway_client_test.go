package dovecot_test

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

// A transport is a way to call a gateway.
type transport interface {
	begin(ctx context.Context, g *gateway, rpc protoreflect.MethodDescriptor) (call, error)
}

// A call is one call of an RPC, of any of the four kinds.
type call interface {
	send(request proto.Message) error
	closeSend() error
	// receive returns the next response, io.EOF behind the last one, or the
	// status with which the call has failed.
	receive() (proto.Message, error)
	// metadata returns header and trailer after the end of the call.
	metadata() (header, trailer metadata.MD)
}

// overTransports runs a test over each transport.
func overTransports(t *testing.T, f func(t *testing.T, via transport)) {
	t.Run("stubs", func(t *testing.T) { f(t, stubs{}) })
	t.Run("grpcurl", func(t *testing.T) { f(t, findGrpcurl(t)) })
}

// sample returns what a transport has time for: all of it by the stubs, and
// the first, the middle and the last by grpcurl, where a call is a process.
func sample[T any](via transport, all []T) []T {
	if via == (stubs{}) {
		return all
	}
	return []T{all[0], all[len(all)/2], all[len(all)-1]}
}

// pop3Service is the descriptor of the contract.
var pop3Service = pb.File_popgate_v1_pop3_service_proto.Services().ByName("Pop3Service")

// A client calls a gateway, and keeps a list of what it has called.
type client struct {
	gateway *gateway
	via     transport
	driven  endings
	header  metadata.MD // of the last call
}

// endings are the ways in which calls have ended, by RPC: "OK" or the reason
// of the error.
type endings map[string]map[string]bool

func (e endings) add(rpc, ending string) {
	if e[rpc] == nil {
		e[rpc] = map[string]bool{}
	}
	e[rpc][ending] = true
}

func (e endings) String() string {
	var text []string
	for _, rpc := range slices.Sorted(maps.Keys(e)) {
		text = append(text, rpc+" ("+strings.Join(slices.Sorted(maps.Keys(e[rpc])), ", ")+")")
	}
	return strings.Join(text, ", ")
}

func newClient(g *gateway, via transport) *client {
	return &client{gateway: g, via: via, driven: endings{}}
}

// begin begins a call of an RPC of Pop3Service. It is cut off when the test
// ends.
func (c *client) begin(t *testing.T, rpc string) *watchedCall {
	t.Helper()
	method := pop3Service.Methods().ByName(protoreflect.Name(rpc))
	if method == nil {
		t.Fatalf("Pop3Service has no RPC %s", rpc)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	x, err := c.via.begin(ctx, c.gateway, method)
	if err != nil {
		t.Fatalf("%s: %v", rpc, err)
	}
	return &watchedCall{call: x, t: t, client: c, rpc: rpc}
}

// call calls an RPC that takes one request, which it is known by, and returns
// all of the responses.
func (c *client) call(t *testing.T, request proto.Message) ([]proto.Message, error) {
	t.Helper()
	rpc := strings.TrimSuffix(string(request.ProtoReflect().Descriptor().Name()), "Request")
	x := c.begin(t, rpc)
	x.mustSend(request)
	x.mustCloseSend()
	var responses []proto.Message
	for {
		response, err := x.receive()
		switch {
		case errors.Is(err, io.EOF):
			return responses, nil
		case err != nil:
			return responses, err
		}
		responses = append(responses, response)
	}
}

// A watchedCall notes how the call ends.
type watchedCall struct {
	call
	t      *testing.T
	client *client
	rpc    string
}

func (x *watchedCall) receive() (proto.Message, error) {
	response, err := x.call.receive()
	if err == nil {
		return response, nil
	}
	header, trailer := x.metadata()
	x.client.header = header
	if errors.Is(err, io.EOF) {
		x.client.driven.add(x.rpc, "OK")
		return nil, err
	}
	if info := infoOf(err); info != nil {
		x.client.driven.add(x.rpc, info.GetReason())
	}
	checkTrailer(x.t, x.rpc, err, trailer)
	return nil, err
}

func (x *watchedCall) mustSend(request proto.Message) {
	x.t.Helper()
	if err := x.send(request); err != nil {
		x.t.Fatalf("%s: sending a request: %v", x.rpc, err)
	}
}

func (x *watchedCall) mustCloseSend() {
	x.t.Helper()
	if err := x.closeSend(); err != nil {
		x.t.Fatalf("%s: ending the requests: %v", x.rpc, err)
	}
}

// mustReceive returns the next response, which has to come.
func (x *watchedCall) mustReceive() proto.Message {
	x.t.Helper()
	response, err := x.receive()
	if err != nil {
		x.t.Fatalf("%s: %v", x.rpc, err)
	}
	return response
}

// wantEnd expects the call to end with OK, and without another response.
func (x *watchedCall) wantEnd() {
	x.t.Helper()
	response, err := x.receive()
	if !errors.Is(err, io.EOF) {
		x.t.Fatalf("%s goes on with %v, error %v", x.rpc, response, err)
	}
}
