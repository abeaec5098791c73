package main

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// front stands between client and gateway.
type front struct {
	addr  string
	cut   func()
	stall func()
	close func()
	relay *relay // nil where it passes octets on
}

// startFront starts what a gateway's specification asks for. busy reports whether a session has a maildrop.
func startFront(kind, to string, busy func() bool) (*front, error) {
	if kind == "" {
		return &front{addr: to, cut: func() {}, stall: func() {}, close: func() {}}, nil
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // loopback
	if err != nil {
		return nil, err
	}
	if kind == "cut" || kind == "stall" {
		c := &cutter{listener: listener, to: to, busy: busy, conns: map[net.Conn]bool{}}
		c.wg.Go(c.serve)
		return &front{addr: listener.Addr().String(), cut: c.cut, stall: c.stall, close: c.close}, nil
	}
	return startRelay(listener, to, kind == "damage")
}

// cutter passes octets on until it is told to cut all connections; the next ones work. Or it is told to stall: then it takes nothing
// from the gateway before no session has a maildrop, that is, before the gateway has given up what it was sending.
type cutter struct {
	listener net.Listener
	to       string
	busy     func() bool
	wg       sync.WaitGroup
	mu       sync.Mutex
	conns    map[net.Conn]bool
	closed   bool
	stalled  bool
}

func (c *cutter) serve() {
	for {
		caller, err := c.listener.Accept()
		if err != nil {
			return
		}
		gateway, err := net.Dial("tcp", c.to) //nolint:noctx // loopback
		if err != nil || !c.add(caller, gateway) {
			_ = caller.Close()
			continue
		}
		c.wg.Go(func() { pass(stallingConn{caller, c}, gateway) })
		c.wg.Go(func() { pass(gateway, caller) })
	}
}

func (c *cutter) add(conns ...net.Conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, conn := range conns {
		c.conns[conn] = true
		if c.closed {
			_ = conn.Close()
		}
	}
	return !c.closed
}

// pass copies one way; its end is the end of both.
func pass(to, from net.Conn) {
	_, _ = io.Copy(to, from) // how it ends says nothing new
	_ = to.Close()
	_ = from.Close()
}

func (c *cutter) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for conn := range c.conns {
		_ = conn.Close()
		delete(c.conns, conn)
	}
}

func (c *cutter) close() {
	_ = c.listener.Close()
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.cut()
	c.wg.Wait()
}

func (c *cutter) stall() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stalled = true
}

// stalls reports whether nothing goes on to the client now. It is over once it is over: the next session has a maildrop too.
func (c *cutter) stalls() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stalled = c.stalled && !c.closed && c.busy()
	return c.stalled
}

// stallingConn is a connection with a client, to which nothing is written while the cutter stalls.
type stallingConn struct {
	net.Conn

	cutter *cutter
}

func (s stallingConn) Write(p []byte) (int, error) {
	for s.cutter.stalls() {
		time.Sleep(time.Millisecond)
	}
	return s.Conn.Write(p)
}

const (
	sessionHeader = "pop3-session"
	routed        = ";routed" // what the relay adds to the header, as a proxy does that keeps the route in it
)

// relay passes calls on.
type relay struct {
	gateway *grpc.ClientConn
	damage  bool
	mu      sync.Mutex
	headers map[string][]string // by the method's name: the session headers that it came with
	tokens  []string            // of each call: the header authorization
}

func startRelay(listener net.Listener, to string, damage bool) (*front, error) {
	conn, err := grpc.NewClient(to, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithDisableServiceConfig())
	if err != nil {
		return nil, err
	}
	r := &relay{gateway: conn, damage: damage, headers: map[string][]string{}}
	server := grpc.NewServer(grpc.ForceServerCodec(frameCodec{}), grpc.UnknownServiceHandler(r.handle))
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	closeAll := func() {
		server.Stop()
		<-served //nolint:errcheck // it was asked to end
		_ = conn.Close()
	}
	return &front{addr: listener.Addr().String(), cut: func() {}, stall: func() {}, close: closeAll, relay: r}, nil
}

// handle passes one call on.
func (r *relay) handle(_ any, caller grpc.ServerStream) error {
	name, _ := grpc.MethodFromServerStream(caller)
	r.note(caller.Context(), name)
	ctx, cancel := context.WithCancel(caller.Context())
	defer cancel()
	call, err := r.gateway.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, name, grpc.ForceCodec(frameCodec{}))
	if err != nil {
		return err
	}
	go requests(caller, call)
	header, err := call.Header()
	if err != nil {
		return err
	}
	if id := header.Get(sessionHeader); len(id) == 1 {
		header.Set(sessionHeader, id[0]+routed)
	}
	if err := caller.SendHeader(header); err != nil {
		return err
	}
	defer func() { caller.SetTrailer(call.Trailer()) }()
	for {
		var response frame
		if err := call.RecvMsg(&response); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if r.damage {
			spoil(name, &response)
		}
		if err := caller.SendMsg(&response); err != nil {
			return err
		}
	}
}

// requests passes the caller's requests on, until the call is over.
func requests(caller grpc.ServerStream, call grpc.ClientStream) {
	for {
		var request frame
		if caller.RecvMsg(&request) != nil {
			_ = call.CloseSend() // which fails only where the call is over
			return
		}
		if call.SendMsg(&request) != nil {
			return
		}
	}
}

// spoil changes the last octet of a piece of a message.
func spoil(method string, response *frame) {
	piece := new(pb.RetrResponse)
	if method != pb.Pop3Service_Retr_FullMethodName || proto.Unmarshal(*response, piece) != nil || len(piece.GetData()) == 0 {
		return
	}
	piece.Data[len(piece.GetData())-1] ^= 1
	if spoilt, err := proto.Marshal(piece); err == nil {
		*response = spoilt
	}
}

func (r *relay) note(ctx context.Context, method string) {
	md, _ := metadata.FromIncomingContext(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.headers[method] = append(r.headers[method], md.Get(sessionHeader)...)
	r.tokens = append(r.tokens, strings.Join(md.Get("authorization"), ", "))
}

// authorized reports whether every call, one at least, had this authorization.
func (r *relay) authorized(header string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.tokens) > 0 && !slices.ContainsFunc(r.tokens, func(h string) bool { return h != header })
}

// echoed reports whether every call of a method, one at least, had this header.
func (r *relay) echoed(method, header string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	came := r.headers["/popgate.v1."+method]
	return len(came) > 0 && !slices.ContainsFunc(came, func(h string) bool { return h != header })
}

// frame is a message as it is on the wire.
type frame []byte

// frameCodec takes messages as they are.
type frameCodec struct{}

// Name implements encoding.Codec; it is the one that the messages are of.
func (frameCodec) Name() string { return "proto" }

// Marshal implements encoding.Codec.
func (frameCodec) Marshal(v any) ([]byte, error) { return *v.(*frame), nil }

// Unmarshal implements encoding.Codec.
func (frameCodec) Unmarshal(data []byte, v any) error {
	*v.(*frame) = slices.Clone(data)
	return nil
}
