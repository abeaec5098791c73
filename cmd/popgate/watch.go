package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/popgate/popgate/cmd/popgate/internal/terminal"
	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// watchConfig are the settings of popgate watch.
type watchConfig struct {
	gateway gatewayConfig
	level   uint32
	save    string
}

func watchCommand() *cobra.Command {
	var c watchConfig
	cmd := &cobra.Command{
		Use:   "watch SESSION",
		Short: "Watch the POP3 dialogue of a session",
		Long: `Watch the POP3 dialogue of a session of Pop3Service as it goes on: the time of each line, who sent it (C: the gateway, S: the POP3
server), and the line, escaped as \xNN where it is not printable. Secrets show as ***. SESSION is the session_id of OpenSession; - reads
it from standard input, and keeps it out of the process list. A session is seen only by the caller who opened it.

The watch ends with the session, or with Ctrl-C. It sends nothing, and does not keep an idle session alive. The session's debug level
stays as the watch has set it.

--save writes a transcript too, with the messages that are retrieved and without secrets. popgate demo --replay plays it as a server,
and pop3test.Replay does in a Go test. A file that is there already is never overwritten.

` + statusHelp + " Here: lines were lost.",
		Example: `  popgate watch - --save odd-server.txt
  popgate watch --level 1 --gateway popgate.internal.example:9110 --tls SESSION`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := sessionID(args[0], cmd.InOrStdin())
			if err != nil {
				return err
			}
			return watch(cmd.Context(), c, id, cmd.OutOrStdout())
		},
	}
	f := cmd.Flags()
	c.gateway.flags(f, "gateway")
	c.gateway.callerFlags(f)
	f.Uint32Var(&c.level, "level", 2, "what to show: 1 the commands, 2 every line both ways, messages too")
	f.StringVar(&c.save, "save", "", "`file` for a transcript")
	return cmd
}

// sessionID returns the argument, or where that is "-" the first line of standard input.
func sessionID(arg string, stdin io.Reader) (string, error) {
	if arg != "-" {
		return arg, nil
	}
	line, err := bufio.NewReader(stdin).ReadString('\n')
	if id := strings.TrimSpace(line); id != "" {
		return id, nil
	}
	return "", &usageError{fmt.Errorf("SESSION: nothing on standard input: %w", err)}
}

// dialogue is what a dialogue is written to.
type dialogue interface {
	line(l *pb.DebugLine)
	// note tells what is no line of the dialogue.
	note(text string)
	// end tells why the session has ended.
	end(cause pb.Cause)
	// flush returns the first error of what was written.
	flush() error
}

// watching is a watch that goes on.
type watching struct {
	client pb.Pop3ServiceClient
	id     string
	stream grpc.ServerStreamingClient[pb.WatchDebugResponse]
	shown  []dialogue
	lost   int64
}

// watch shows a session's dialogue until it ends or ctx does.
func watch(ctx context.Context, c watchConfig, id string, stdout io.Writer) error {
	if c.level < 1 || c.save != "" && c.level < 2 {
		return &usageError{fmt.Errorf("--level %d shows too little", c.level)}
	}
	if err := c.gateway.checkSecrets(); err != nil { // the session's id is one
		return err
	}
	conn, err := c.gateway.connect()
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // nothing is lost
	w := &watching{client: pb.NewPop3ServiceClient(conn), id: id, shown: []dialogue{&printedDialogue{bufio.NewWriter(stdout)}}}
	err = w.run(metadata.AppendToOutgoingContext(ctx, sessionHeader, id), c)
	if _, ofCall := status.FromError(err); ofCall && err != nil && ctx.Err() != nil {
		err = nil // to end it so is as good as any
	}
	if err != nil {
		return explained(err, c.gateway.address)
	}
	if w.lost > 0 {
		return &partialError{fmt.Errorf("lines that are lost: %d", w.lost)}
	}
	return nil
}

// sessionHeader is for a balancer between here and the gateway.
const sessionHeader = "pop3-session"

func (w *watching) run(ctx context.Context, c watchConfig) error {
	first, err := w.begin(ctx, c.level)
	if err != nil {
		return err
	}
	if c.save != "" {
		welcome, err := w.client.GetWelcome(ctx, &pb.GetWelcomeRequest{SessionId: w.id})
		if err != nil {
			return err
		}
		file, err := os.OpenFile(c.save, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return fmt.Errorf("--save: %w", err)
		}
		defer file.Close() //nolint:errcheck // flush has the error
		w.shown = append(w.shown, newTranscript(file, time.Now(), welcome.GetResponse()))
	}
	for resp := first; ; {
		if err := w.show(resp); err != nil {
			return err
		}
		if resp, err = w.stream.Recv(); err != nil {
			break
		}
	}
	if !errors.Is(err, io.EOF) {
		return errors.Join(err, w.flush())
	}
	for _, d := range w.shown {
		d.end(w.cause(ctx))
	}
	return w.flush()
}

// begin begins the watch and sets the level, in this order, and returns what came first.
func (w *watching) begin(ctx context.Context, level uint32) (*pb.WatchDebugResponse, error) {
	var err error
	if w.stream, err = w.client.WatchDebug(ctx, &pb.WatchDebugRequest{SessionId: w.id}); err != nil {
		return nil, err
	}
	first, err := w.stream.Recv()
	if err != nil {
		return nil, err
	}
	_, err = w.client.SetDebugLevel(ctx, &pb.SetDebugLevelRequest{SessionId: w.id, Level: level})
	return first, err
}

func (w *watching) show(resp *pb.WatchDebugResponse) error {
	lost := resp.GetLostLines() - w.lost
	w.lost = resp.GetLostLines()
	for _, d := range w.shown {
		for _, l := range resp.GetLines() {
			d.line(l)
		}
		if lost > 0 {
			d.note(fmt.Sprintf("lines that are lost here, or shortly before: %d", lost))
		}
	}
	return w.flush()
}

func (w *watching) flush() error {
	for _, d := range w.shown {
		if err := d.flush(); err != nil {
			return err
		}
	}
	return nil
}

// cause returns why the session has ended.
func (w *watching) cause(ctx context.Context) pb.Cause {
	_, err := w.client.GetWelcome(ctx, &pb.GetWelcomeRequest{SessionId: w.id})
	return pb.Cause(pb.Cause_value["CAUSE_"+errorInfo(err).GetMetadata()["cause"]])
}

// errorInfo returns what an error of a call says for programs, or nil.
func errorInfo(err error) *errdetails.ErrorInfo {
	for _, detail := range status.Convert(err).Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok {
			return info
		}
	}
	return nil
}

// causeName returns a cause as ErrorInfo has it.
func causeName(c pb.Cause) string { return strings.TrimPrefix(c.String(), "CAUSE_") }

// printedDialogue is a dialogue for a person.
type printedDialogue struct{ w *bufio.Writer }

func (d *printedDialogue) line(l *pb.DebugLine) {
	d.print(l.GetTime().AsTime(), mark(l)+" "+terminal.Plain(l.GetLine()))
}

// mark says who sent a line, as scripts of pop3test do.
func mark(l *pb.DebugLine) string {
	if l.GetDirection() == pb.DebugDirection_DEBUG_DIRECTION_SENT {
		return "C:"
	}
	return "S:"
}

func (d *printedDialogue) print(at time.Time, text string) {
	_, _ = fmt.Fprintln(d.w, at.Local().Format("15:04:05.000"), text) // flush has the error
}

func (d *printedDialogue) note(text string) { d.print(time.Now(), "# "+text) }

func (d *printedDialogue) end(cause pb.Cause) { d.note("the session has ended: " + causeName(cause)) }

func (d *printedDialogue) flush() error { return d.w.Flush() }
