package main

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"reflect"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	popgate "github.com/popgate/popgate/clients/go"
)

func (r *runner) connect(q *request) error {
	r.close()
	options := &popgate.Options{Token: q.Token}
	if q.CAFile != "" {
		roots := x509.NewCertPool()
		text, err := os.ReadFile(q.CAFile)
		if err != nil {
			return err
		}
		roots.AppendCertsFromPEM(text)
		options.TLS = &tls.Config{RootCAs: roots, ServerName: q.ServerName, MinVersion: tls.VersionTLS12}
	}
	var err error
	r.client, err = popgate.Connect(q.Target, options)
	return err
}

func (r *runner) close() {
	if r.stream != nil {
		r.stream.cancel()
		r.stream = nil
	}
	if r.client != nil {
		_ = r.client.Close() // ends all calls
		r.client = nil
	}
	r.session = nil
}

// method finds a method of the generated stubs by a name such as Pop3Service/Retr.
func (r *runner) method(name string) (reflect.Value, error) {
	service, method, _ := strings.Cut(name, "/")
	stub := reflect.ValueOf(r.client.Pop3)
	if service == "MailboxService" {
		stub = reflect.ValueOf(r.client.Mailbox)
	}
	m := stub.MethodByName(method)
	if !m.IsValid() {
		return m, fmt.Errorf("no method %q", name)
	}
	return m, nil
}

// deadline gives a context the deadline of a request.
func deadline(ctx context.Context, q *request) (context.Context, context.CancelFunc) {
	if q.DeadlineMS > 0 {
		return context.WithTimeout(ctx, time.Duration(q.DeadlineMS)*time.Millisecond)
	}
	return context.WithCancel(ctx)
}

// call makes a unary or a server-streaming call by the generated stub.
func (r *runner) call(ctx context.Context, q *request) (answer, error) {
	method, err := r.method(q.Method)
	if err != nil {
		return nil, err
	}
	in := reflect.New(method.Type().In(1).Elem())
	if err := protojson.Unmarshal(q.Request, in.Interface().(proto.Message)); err != nil {
		return nil, err
	}
	ctx, cancel := deadline(metadata.NewOutgoingContext(ctx, metadata.New(q.Metadata)), q)
	defer cancel()
	var header metadata.MD
	out := method.Call([]reflect.Value{reflect.ValueOf(ctx), in, reflect.ValueOf(grpc.Header(&header))})
	c := &called{sum: sha256.New(), responses: []json.RawMessage{}}
	err, _ = reflect.TypeAssert[error](out[1])
	if err == nil {
		if m, unary := reflect.TypeAssert[proto.Message](out[0]); unary {
			err = c.add(m)
		} else {
			err = c.stream(out[0], q.CancelAfter, cancel)
			header, _ = out[0].Interface().(grpc.ClientStream).Header() // an error has been told
		}
	}
	return c.answer(header), popgate.AsError(err)
}

// called is what came of a call.
type called struct {
	responses []json.RawMessage
	octets    int
	sum       hash.Hash
}

// stream reads one to its end.
func (c *called) stream(stream reflect.Value, cancelAfter *int, cancel func()) error {
	for {
		if cancelAfter != nil && len(c.responses) == *cancelAfter {
			cancel()
		}
		out := stream.MethodByName("Recv").Call(nil)
		if err, _ := reflect.TypeAssert[error](out[1]); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if err := c.add(out[0].Interface().(proto.Message)); err != nil {
			return err
		}
	}
}

// add adds a response, and takes the data out of one of Retr and Top.
func (c *called) add(m proto.Message) error {
	fields := m.ProtoReflect().Descriptor().Fields()
	if data := fields.ByName("data"); data != nil && fields.ByName("crc32") != nil {
		octets := m.ProtoReflect().Get(data).Bytes()
		c.octets += len(octets)
		c.sum.Write(octets)
		m.ProtoReflect().Clear(data)
	}
	text, err := protojson.Marshal(m)
	c.responses = append(c.responses, text)
	return err
}

func (c *called) answer(header metadata.MD) answer {
	first := map[string]string{}
	for key, values := range header {
		first[key] = values[0]
	}
	return answer{"responses": c.responses, "octets": c.octets, "sha256": hex.EncodeToString(c.sum.Sum(nil)), "header": first}
}

// stream is a call that streams both ways.
type stream struct {
	grpc.ClientStream

	method reflect.Value // of the typed stream
	cancel context.CancelFunc
}

func (r *runner) openStream(ctx context.Context, q *request) error {
	method, err := r.method(q.Method)
	if err != nil {
		return err
	}
	ctx, cancel := deadline(ctx, q)
	out := method.Call([]reflect.Value{reflect.ValueOf(ctx)})
	if err, _ := reflect.TypeAssert[error](out[1]); err != nil {
		cancel()
		return popgate.AsError(err)
	}
	r.stream = &stream{out[0].Interface().(grpc.ClientStream), out[0], cancel}
	return nil
}

func (s *stream) send(q *request) error {
	send := s.method.MethodByName("Send")
	in := reflect.New(send.Type().In(0).Elem())
	if err := protojson.Unmarshal(q.Request, in.Interface().(proto.Message)); err != nil {
		return err
	}
	err, _ := reflect.TypeAssert[error](send.Call([]reflect.Value{in})[0])
	if errors.Is(err, io.EOF) {
		return nil // the call is over; receive says how
	}
	return popgate.AsError(err)
}

func (s *stream) receive() (answer, error) {
	out := s.method.MethodByName("Recv").Call(nil)
	if err, _ := reflect.TypeAssert[error](out[1]); errors.Is(err, io.EOF) {
		return answer{"end": true}, nil
	} else if err != nil {
		return nil, popgate.AsError(err)
	}
	text, err := protojson.Marshal(out[0].Interface().(proto.Message))
	return answer{"response": json.RawMessage(text)}, err
}
