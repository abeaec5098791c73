package dovecot_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/popgate/popgate/interop/internal/drive"
)

// grpcurl calls a gateway by the program of that name, which learns the
// contract from the gateway itself. The string is its file.
type grpcurl string

// findGrpcurl returns the transport, or skips the test where there is no
// grpcurl. In CI that is a failure.
func findGrpcurl(t *testing.T) grpcurl {
	t.Helper()
	loadSetup(t)
	file, err := locateGrpcurl()
	switch {
	case err == nil:
		return grpcurl(file)
	case os.Getenv("CI") == "true":
		t.Fatal(err)
	}
	t.Skip(err)
	return ""
}

// locateGrpcurl takes grpcurl from PATH, then as tools/install leaves it, and
// else builds the version that the checkout has pinned.
var locateGrpcurl = sync.OnceValues(func() (string, error) {
	for _, name := range []string{"grpcurl", checkout + "/.tools/grpcurl/bin/grpcurl", checkout + "/.tools/bin/grpcurl"} {
		if file, err := exec.LookPath(name); err == nil {
			return filepath.Abs(file)
		}
	}
	file, err := build("grpcurl", checkout+"/tools/grpcurl", "github.com/fullstorydev/grpcurl/cmd/grpcurl")
	if err != nil {
		return "", fmt.Errorf("there is no grpcurl in PATH or .tools (run tools/install grpcurl), and it cannot be built: %w", err)
	}
	return file, nil
})

func (file grpcurl) Begin(ctx context.Context, g *drive.Gateway, rpc protoreflect.MethodDescriptor) (drive.Call, error) {
	name := fmt.Sprintf("%s/%s", rpc.Parent().FullName(), rpc.Name())
	x := &grpcurlCall{
		rpc:     rpc,
		command: exec.CommandContext(ctx, string(file), "-plaintext", "-v", "-format-error", "-d", "@", g.Address, name),
	}
	x.command.Stderr = &x.stderr
	var err error
	if x.stdin, err = x.command.StdinPipe(); err != nil {
		return nil, err
	}
	stdout, err := x.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	x.stdout = bufio.NewReader(stdout)
	return x, x.command.Start()
}

// grpcurlCall is a running grpcurl. It reads requests as JSON from standard
// input. What it writes as it comes has a heading for each part.
type grpcurlCall struct {
	rpc             protoreflect.MethodDescriptor
	command         *exec.Cmd
	stdin           io.WriteCloser
	stdout          *bufio.Reader
	stderr          bytes.Buffer
	header, trailer metadata.MD
	end             error // set at the end
}

func (x *grpcurlCall) Send(request proto.Message) error {
	text, err := protojson.Marshal(request)
	if err != nil {
		return err
	}
	_, err = x.stdin.Write(append(text, '\n'))
	return err
}

func (x *grpcurlCall) CloseSend() error { return x.stdin.Close() }

func (x *grpcurlCall) Metadata() (header, trailer metadata.MD) { return x.header, x.trailer }

func (x *grpcurlCall) Receive() (proto.Message, error) {
	var part metadata.MD // that the line belongs to
	for x.end == nil {
		line, err := x.stdout.ReadString('\n')
		if err != nil {
			x.end = x.wait(err)
			break
		}
		switch line = strings.TrimSuffix(line, "\n"); line {
		case "Response headers received:":
			x.header = metadata.MD{}
			part = x.header
		case "Response trailers received:":
			x.trailer = metadata.MD{}
			part = x.trailer
			_ = x.stdin.Close() // the call is over, but grpcurl waits for it
		case "Response contents:":
			return x.response()
		default:
			if key, value, ok := strings.Cut(line, ": "); ok && part != nil {
				part.Append(key, value)
			}
		}
	}
	return nil, x.end
}

// response reads a response in JSON of many lines, of which only the last one
// is a brace alone.
func (x *grpcurlCall) response() (proto.Message, error) {
	var text bytes.Buffer
	for {
		line, err := x.stdout.ReadString('\n')
		if err != nil {
			return nil, fmt.Errorf("grpcurl breaks off inside a response: %q", text.String())
		}
		text.WriteString(line)
		if line == "}\n" || line == "{}\n" {
			break
		}
	}
	response, err := drive.NewResponse(x.rpc)
	if err != nil {
		return nil, err
	}
	return response, protojson.Unmarshal(text.Bytes(), response)
}

// wait returns how the call has ended, from what grpcurl says of it: its exit
// status is 64 and the gRPC code, and the whole status is on standard error.
func (x *grpcurlCall) wait(reading error) error {
	_ = x.stdin.Close()
	err := x.command.Wait()
	switch {
	case err == nil && errors.Is(reading, io.EOF):
		return io.EOF
	case err == nil:
		return reading
	}
	said := new(spb.Status)
	if protojson.Unmarshal(x.stderr.Bytes(), said) != nil || x.command.ProcessState.ExitCode() != 64+int(said.GetCode()) {
		return fmt.Errorf("grpcurl: %w: %s", err, x.stderr.String())
	}
	return status.ErrorProto(said)
}
