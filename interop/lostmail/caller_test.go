package lostmail

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"google.golang.org/genproto/googleapis/rpc/errdetails"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// callerVariable makes the test binary a caller, and names its folder.
const callerVariable = "LOSTMAIL_CALLER"

// sessionLimit is how long a call may take at most: longer than any wait that
// a plan can cause.
const sessionLimit = 2 * time.Minute

// callerMain reads tasks from standard input, one a line, and answers each.
func callerMain(dir string) error {
	journal, err := openJournal(dir)
	if err != nil {
		return err
	}
	memory, err := remember(dir)
	if err != nil {
		return err
	}
	in, out := bufio.NewScanner(os.Stdin), json.NewEncoder(os.Stdout)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		var t task
		if err := json.Unmarshal(in.Bytes(), &t); err != nil {
			return err
		}
		journal.session = t.Plan.Number
		if err := out.Encode(newCall(dir, journal, memory, t).run()); err != nil {
			return err
		}
	}
	return in.Err()
}

// call is a CollectMessages under way.
type call struct {
	task

	memory  *memory
	dir     string
	journal *journal
	chance  *rand.Rand
	cancel  context.CancelFunc
	stream  grpc.BidiStreamingClient[pb.CollectMessagesRequest, pb.CollectMessagesResponse]

	incoming   *incoming // the message that comes
	deliveries map[uint64]*delivery
	pending    []*delivery // to be settled
	left       bool        // a message is left unsettled
	halfClosed bool
	generation int // of the credentials
	offered    []*pb.ListedMessage
	steps      map[string]int
	result     result
}

// delivery is a stored message.
type delivery struct {
	id       uint64
	uniqueID string
	unique   bool
	sha      string
	keep     bool
	settled  bool
	kept     bool // and a commit has said so
}

func newCall(dir string, journal *journal, memory *memory, t task) *call {
	return &call{
		task: t, memory: memory, dir: dir, journal: journal, chance: rand.New(rand.NewPCG(t.Plan.Choices, 1)),
		deliveries: map[uint64]*delivery{}, generation: 1, steps: map[string]int{},
	}
}

// run makes the call.
func (c *call) run() result {
	c.journal.add(record{What: "begin", Steady: c.Steady})
	if !c.Steady {
		clear(c.memory.cursor)
	}
	ctx, cancel := context.WithTimeout(context.Background(), sessionLimit)
	defer cancel()
	c.cancel = cancel
	conn, err := grpc.NewClient(c.Gateway, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		panic(err)
	}
	defer conn.Close()
	if c.stream, err = pb.NewMailboxServiceClient(conn).CollectMessages(ctx); err == nil {
		c.send(&pb.CollectMessagesRequest{Request: &pb.CollectMessagesRequest_Open{Open: c.open()}})
		err = c.converse()
	}
	c.end(err)
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		c.wrongf("the call has not ended in %s", sessionLimit)
	}
	c.journal.add(record{What: "end", Outcome: c.result.Code + " " + c.result.Reason})
	return c.result
}

func (c *call) open() *pb.CollectOpen {
	fetch := &pb.FetchMessagesRequest{
		Server: &pb.Server{
			Host: c.Host, Port: &c.Port, Tls: &pb.TlsOptions{Mode: pb.TlsMode_TLS_MODE_PLAINTEXT}, IoTimeout: durationpb.New(time.Minute),
		},
		Credentials: c.credentials(), NewestFirst: c.Plan.NewestFirst,
	}
	if c.Plan.ShortTimeout {
		fetch.Server.IoTimeout = durationpb.New(400 * time.Millisecond)
	}
	if c.Plan.MaxOctets > 0 {
		fetch.MaxOctets = &c.Plan.MaxOctets
	}
	if c.Plan.MaxMessages > 0 {
		fetch.MaxMessages = &c.Plan.MaxMessages
	}
	switch c.Plan.Mode {
	case "cursor":
		fetch.Selection = &pb.FetchMessagesRequest_Cursor{Cursor: loadCursor(c.dir)}
	default: // with an offer too: a server without unique-ids will do
		fetch.Selection = &pb.FetchMessagesRequest_All{All: true}
	}
	timeout := time.Minute
	if c.Plan.AckTimeout {
		timeout = time.Second
	}
	return &pb.CollectOpen{
		Fetch: fetch, Offer: c.Plan.Mode == "offer", MaxUnsettledMessages: &c.Plan.Window, CommitMessages: &c.Plan.Batch,
		AckTimeout: durationpb.New(timeout),
	}
}

// credentials are those of the session, in their generation: the server knows
// by them whose login it is.
func (c *call) credentials() *pb.Credentials {
	token := tokenOf(c.Plan.Number, c.generation)
	return &pb.Credentials{Username: c.User, Mechanism: "XOAUTH2", Secret: &pb.Credentials_AccessToken{AccessToken: token}}
}

// quiet is how long nothing comes before the caller does what it has put off.
const quiet = 15 * time.Millisecond

// converse handles what comes, to the end of the stream.
func (c *call) converse() error {
	type event struct {
		resp *pb.CollectMessagesResponse
		err  error
	}
	events := make(chan event)
	done := make(chan struct{})
	defer close(done)
	go func() {
		for {
			resp, err := c.stream.Recv()
			select {
			case events <- event{resp, err}:
			case <-done:
				return
			}
			if err != nil {
				return
			}
		}
	}()
	timer := time.NewTimer(quiet)
	for {
		select {
		case e := <-events:
			if e.err != nil {
				return e.err
			}
			c.handle(e.resp)
			timer.Reset(quiet)
		case <-timer.C:
			c.settle()
			if c.left && !c.Plan.AckTimeout {
				c.halfClose()
			}
		}
	}
}

// send sends a request. Where the call is over, Recv says why.
func (c *call) send(req *pb.CollectMessagesRequest) {
	if !c.halfClosed {
		_ = c.stream.Send(req)
	}
}

func (c *call) halfClose() {
	if !c.halfClosed {
		c.halfClosed = true
		_ = c.stream.CloseSend()
	}
}

// end tells how the call has ended.
func (c *call) end(err error) {
	if err == io.EOF {
		err = nil
	}
	c.result.Code = status.Code(err).String()
	if err == nil {
		return
	}
	c.result.Text = err.Error()
	for _, detail := range status.Convert(err).Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok {
			c.result.Reason = info.GetReason()
		}
	}
}

// step counts what the caller does, and carries out the faults that were
// planned for then.
func (c *call) step(name string) {
	c.steps[name]++
	for _, f := range c.Plan.Faults {
		if f.Count != c.steps[name] {
			continue
		}
		switch {
		case f.Kind == killCaller && f.At == name:
			time.Sleep(time.Duration(c.chance.IntN(4)) * time.Millisecond) // what was sent may get away, or not
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		case f.Kind == cancelled && name == "stored":
			c.cancel()
		}
	}
}

// wrongf notes a defect of the gateway.
func (c *call) wrongf(format string, args ...any) {
	c.journal.add(record{What: "wrong", Wrong: fmt.Sprintf(format, args...)})
}
