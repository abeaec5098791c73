// Command runner is the Go client's runner of the conformance suite: see clients/conformance/README.md.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"google.golang.org/grpc/codes"

	popgate "github.com/popgate/popgate/clients/go"
)

func main() {
	if err := run(context.Background(), os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "runner:", err)
		os.Exit(1)
	}
}

// request is one line of the driver's, of all operations together.
type request struct {
	Op          string            `json:"op"`
	Target      string            `json:"target"`
	CAFile      string            `json:"ca_file"`
	ServerName  string            `json:"server_name"`
	Token       string            `json:"token"`
	Method      string            `json:"method"`
	Request     json.RawMessage   `json:"request"`
	Metadata    map[string]string `json:"metadata"`
	DeadlineMS  int               `json:"deadline_ms"`
	CancelAfter *int              `json:"cancel_after"`
	Server      json.RawMessage   `json:"server"`
	Username    string            `json:"username"`
	Password    string            `json:"password"`
	Number      uint32            `json:"number"`
	Open        json.RawMessage   `json:"open"`
	Settle      string            `json:"settle"`
	StopAt      int               `json:"stop_at"`
	FailAt      int               `json:"fail_at"`
}

// answer is an object of the protocol.
type answer = map[string]any

// runner is what lives from one request to the next.
type runner struct {
	client  *popgate.Client
	session *popgate.Session
	stream  *stream
}

// run answers requests until the end of the input.
func run(ctx context.Context, in io.Reader, out io.Writer) error {
	var r runner
	defer r.close()
	lines := bufio.NewReaderSize(in, 64<<10)
	encoder := json.NewEncoder(out)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) == 0 && errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		var q request
		if err := json.Unmarshal(line, &q); err != nil {
			return err
		}
		a, err := r.do(ctx, &q)
		if a == nil {
			a = answer{}
		}
		if err != nil {
			a["error"] = failure(err)
		}
		if err := encoder.Encode(a); err != nil {
			return err
		}
	}
}

func (r *runner) do(ctx context.Context, q *request) (answer, error) {
	switch q.Op {
	case "connect":
		return nil, r.connect(q)
	case "call":
		return r.call(ctx, q)
	case "open":
		return nil, r.openStream(ctx, q)
	case "send":
		return nil, r.stream.send(q)
	case "half_close":
		return nil, popgate.AsError(r.stream.CloseSend())
	case "cancel":
		r.stream.cancel()
		return answer{}, nil
	case "receive":
		return r.stream.receive()
	case "fetch":
		return r.fetch(ctx, q)
	case "collect":
		return r.collect(ctx, q)
	}
	if name, ok := strings.CutPrefix(q.Op, "session."); ok {
		return r.inSession(ctx, name, q)
	}
	return nil, fmt.Errorf("no operation %q", q.Op)
}

// failure tells an error as the protocol has it.
func failure(err error) answer {
	e, ok := errors.AsType[*popgate.Error](err)
	if !ok {
		e = &popgate.Error{Code: codes.Unknown, Message: err.Error()}
	}

	return answer{
		"code": spelled(e.Code), "reason": e.Reason, "command": e.Command, "response": e.Response, "response_code": e.ResponseCode,
		"cause": e.Cause, "outcome": e.Outcome, "retry_after_ms": e.RetryAfter.Milliseconds(), "text": e.Error(),
	}
}

// spelled writes a status code as gRPC's specification does: gRPC for Go says DeadlineExceeded, the others DEADLINE_EXCEEDED.
func spelled(code codes.Code) string {
	var out strings.Builder
	for i, letter := range code.String() {
		if i > 0 && letter >= 'A' && letter <= 'Z' {
			out.WriteByte('_')
		}
		out.WriteRune(letter)
	}
	if name := strings.ToUpper(out.String()); name != "CANCELED" {
		return name
	}
	return "CANCELLED"
}
