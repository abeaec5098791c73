package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// shellVerb is a command of the shell.
type shellVerb struct {
	name, args, help string
	least, most      int  // how many words follow
	raw              bool // the last of most words is the rest of the line, as it stands
	run              func(ctx context.Context, s *shell, out io.Writer, args []string) error
}

// errLeave ends the shell.
var errLeave = errors.New("leave")

// errUnknown and errArguments are mistakes of who types.
var (
	errUnknown   = errors.New(`no such command; "help" lists them`)
	errArguments = errors.New("the arguments are wrong")
)

// shellVerbs are the commands, in the order of help.
var shellVerbs []shellVerb

func init() { //nolint:gochecknoinits // help refers to the table that it is part of
	shellVerbs = slices.Concat(sessionVerbs, loginVerbs, maildropVerbs)
}

var sessionVerbs = []shellVerb{
	{name: "help", help: "list the commands", run: func(_ context.Context, _ *shell, out io.Writer, _ []string) error {
		return printHelp(out)
	}},
	{name: "session", help: "print the session's id, for popgate watch", run: func(_ context.Context, s *shell, out io.Writer, _ []string) error {
		_, err := fmt.Fprintln(out, s.id)
		return err
	}},
	{name: "exit", help: "close the session, which removes nothing, and leave; so does the end of the input", run: func(context.Context, *shell, io.Writer, []string) error {
		return errLeave
	}},
	{name: "welcome", help: "print the greeting again", run: func(ctx context.Context, s *shell, out io.Writer, _ []string) error {
		resp, err := s.client.GetWelcome(ctx, &pb.GetWelcomeRequest{SessionId: s.id})
		if err == nil {
			_, err = fmt.Fprintln(out, resp.GetResponse())
		}
		return err
	}},
	{name: "capa", help: "ask what the server can do", run: func(ctx context.Context, s *shell, out io.Writer, _ []string) error {
		resp, err := call(ctx, s, "Capa", s.client.Capa, &pb.CapaRequest{SessionId: s.id})
		return printEach(out, err, resp.GetCapabilities())
	}},
	{name: "stls", help: "begin TLS", run: func(ctx context.Context, s *shell, out io.Writer, _ []string) error {
		resp, err := call(ctx, s, "Stls", s.client.Stls, &pb.StlsRequest{SessionId: s.id, Tls: s.tls})
		if err == nil {
			_, err = fmt.Fprintln(out, tlsText(resp.GetTls()))
		}
		return err
	}},
	{name: "utf8", help: "switch to UTF-8", run: func(ctx context.Context, s *shell, _ io.Writer, _ []string) error {
		_, err := call(ctx, s, "Utf8", s.client.Utf8, &pb.Utf8Request{SessionId: s.id})
		return err
	}},
	{name: "lang", args: "[TAG]", help: "list the languages, or choose one", most: 1, run: func(ctx context.Context, s *shell, out io.Writer, args []string) error {
		req := &pb.LangRequest{SessionId: s.id}
		if len(args) == 1 {
			req.Tag = &args[0]
		}
		resp, err := call(ctx, s, "Lang", s.client.Lang, req)
		return printEach(out, err, resp.GetLanguages())
	}},
}

var loginVerbs = []shellVerb{
	{name: "login", help: "log in as the command line says: by SASL, or else by USER and PASS", run: logIn},
	{name: "user", args: "NAME", help: "name the user", least: 1, most: 1, raw: true, run: func(ctx context.Context, s *shell, _ io.Writer, args []string) error {
		_, err := call(ctx, s, "User", s.client.User, &pb.UserRequest{SessionId: s.id, Username: args[0]})
		return err
	}},
	{name: "pass", args: "[PASSWORD]", help: "log in; a terminal asks for the password", most: 1, raw: true, run: func(ctx context.Context, s *shell, _ io.Writer, args []string) error {
		password, err := s.secretOf(ctx, args)
		if err != nil {
			return err
		}
		_, err = call(ctx, s, "Pass", s.client.Pass, &pb.PassRequest{SessionId: s.id, Password: password})
		return err
	}},
	{name: "apop", args: "NAME [SECRET]", help: "log in by a digest", least: 1, most: 2, raw: true, run: func(ctx context.Context, s *shell, _ io.Writer, args []string) error {
		secret, err := s.secretOf(ctx, args[1:])
		if err != nil {
			return err
		}
		_, err = call(ctx, s, "Apop", s.client.Apop, &pb.ApopRequest{SessionId: s.id, Username: args[0], Secret: secret})
		return err
	}},
	{name: "rpop", args: "NAME", help: "log in by trust between hosts", least: 1, most: 1, run: func(ctx context.Context, s *shell, _ io.Writer, args []string) error {
		_, err := call(ctx, s, "Rpop", s.client.Rpop, &pb.RpopRequest{SessionId: s.id, Username: args[0]})
		return err
	}},
	{name: "auth", args: "[MECHANISM]", help: "log in by SASL, as the user of the command line", most: 1, run: func(ctx context.Context, s *shell, _ io.Writer, args []string) error {
		return authenticate(ctx, s, strings.Join(args, ""))
	}},
}

var maildropVerbs = []shellVerb{
	{name: "stat", help: "count the messages", run: func(ctx context.Context, s *shell, out io.Writer, _ []string) error {
		resp, err := call(ctx, s, "Stat", s.client.Stat, &pb.StatRequest{SessionId: s.id})
		if err == nil {
			_, err = fmt.Fprintf(out, "%d messages, %d octets\n", resp.GetMessageCount(), resp.GetOctets())
		}
		return err
	}},
	{name: "list", args: "[N]", help: "list the octets of the messages, or of one", most: 1, run: func(ctx context.Context, s *shell, out io.Writer, args []string) error {
		number, err := optionalNumber(args)
		if err != nil {
			return err
		}
		return stream(ctx, s, "List", s.client.List, &pb.ListRequest{SessionId: s.id, MessageNumber: number}, func(r *pb.ListResponse) error {
			return printEach(out, nil, r.GetEntries())
		})
	}},
	{name: "uidl", args: "[N]", help: "list the unique-ids of the messages, or of one", most: 1, run: func(ctx context.Context, s *shell, out io.Writer, args []string) error {
		number, err := optionalNumber(args)
		if err != nil {
			return err
		}
		return stream(ctx, s, "Uidl", s.client.Uidl, &pb.UidlRequest{SessionId: s.id, MessageNumber: number}, func(r *pb.UidlResponse) error {
			return printEach(out, nil, r.GetEntries())
		})
	}},
	{name: "retr", args: "N", help: "retrieve a message", least: 1, most: 1, run: func(ctx context.Context, s *shell, out io.Writer, args []string) error {
		number, err := parseNumber(args[0])
		if err != nil {
			return err
		}
		return stream(ctx, s, "Retr", s.client.Retr, &pb.RetrRequest{SessionId: s.id, MessageNumber: number}, func(r *pb.RetrResponse) error {
			_, err := out.Write(r.GetData())
			return err
		})
	}},
	{name: "top", args: "N LINES", help: "retrieve the header and the first lines of a message", least: 2, most: 2, run: func(ctx context.Context, s *shell, out io.Writer, args []string) error {
		number, err1 := parseNumber(args[0])
		lines, err2 := parseNumber(args[1])
		if err := errors.Join(err1, err2); err != nil {
			return err
		}
		return stream(ctx, s, "Top", s.client.Top, &pb.TopRequest{SessionId: s.id, MessageNumber: number, Lines: lines}, func(r *pb.TopResponse) error {
			_, err := out.Write(r.GetData())
			return err
		})
	}},
	{name: "dele", args: "N [UNIQUE-ID]", help: "mark a message as deleted, if it has this unique-id", least: 1, most: 2, run: func(ctx context.Context, s *shell, _ io.Writer, args []string) error {
		number, err := parseNumber(args[0])
		if err != nil {
			return err
		}
		req := &pb.DeleRequest{SessionId: s.id, MessageNumber: number}
		if len(args) == 2 {
			req.IfUniqueId = &args[1]
		}
		_, err = call(ctx, s, "Dele", s.client.Dele, req)
		return err
	}},
	{name: "rset", help: "take all marks back", run: func(ctx context.Context, s *shell, _ io.Writer, _ []string) error {
		_, err := call(ctx, s, "Rset", s.client.Rset, &pb.RsetRequest{SessionId: s.id})
		return err
	}},
	{name: "noop", help: "do nothing", run: func(ctx context.Context, s *shell, _ io.Writer, _ []string) error {
		_, err := call(ctx, s, "Noop", s.client.Noop, &pb.NoopRequest{SessionId: s.id})
		return err
	}},
	{name: "quit", help: "end the session, and have the marked messages removed", run: func(ctx context.Context, s *shell, out io.Writer, _ []string) error {
		resp, err := call(ctx, s, "Quit", s.client.Quit, &pb.QuitRequest{SessionId: s.id})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(out, strings.TrimPrefix(resp.GetOutcome().String(), "COMMIT_OUTCOME_"))
		s.await(func() bool { return false })
		return err
	}},
}

// logIn logs in as the command line says.
func logIn(ctx context.Context, s *shell, _ io.Writer, _ []string) error {
	err := authenticate(ctx, s, "")
	if errorInfo(err).GetReason() != pb.ErrorReason_ERROR_REASON_NOT_SUPPORTED_BY_SERVER.String() {
		return err
	}
	who, _ := s.identity() // authenticate had it too
	password, byPassword := who.GetSecret().(*pb.Credentials_Password)
	if !byPassword || who.GetMechanism() != "" {
		return err
	}
	if _, err := call(ctx, s, "User", s.client.User, &pb.UserRequest{SessionId: s.id, Username: who.GetUsername()}); err != nil {
		return err
	}
	_, err = call(ctx, s, "Pass", s.client.Pass, &pb.PassRequest{SessionId: s.id, Password: password.Password})
	return err
}

// authenticate logs in by SASL, by the mechanism or that of the command line.
func authenticate(ctx context.Context, s *shell, mechanism string) error {
	if s.identity == nil {
		return errNobody
	}
	who, err := s.identity()
	if err != nil {
		return err
	}
	credentials := &pb.Credentials{
		Username: who.GetUsername(), Mechanism: either(mechanism, who.GetMechanism()), Secret: who.GetSecret(),
	}
	_, err = call(ctx, s, "Auth", s.client.Auth, &pb.AuthRequest{SessionId: s.id, Credentials: credentials})
	return err
}

// errNobody says that there is nobody to log in as.
var errNobody = errors.New("the command line named no user; log in by \"user\" and \"pass\"")

// printEach prints the lines of a listing, unless the call failed.
func printEach[T interface{ GetLine() string }](out io.Writer, err error, entries []T) error {
	for _, e := range entries {
		if err != nil {
			break
		}
		_, err = fmt.Fprintln(out, e.GetLine())
	}
	return err
}

func parseNumber(word string) (uint32, error) {
	n, err := strconv.ParseUint(word, 10, 32)
	if err != nil {
		return 0, fmt.Errorf("%q: %w", word, errArguments)
	}
	return uint32(n), nil
}

func optionalNumber(args []string) (*uint32, error) {
	if len(args) == 0 {
		return nil, nil //nolint:nilnil // absent means all
	}
	n, err := parseNumber(args[0])
	return &n, err
}

func printHelp(out io.Writer) error {
	for _, v := range shellVerbs {
		if _, err := fmt.Fprintf(out, "%-21s %s\n", v.name+" "+v.args, v.help); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintln(out, "COMMAND | PROGRAM     give what COMMAND prints to a command of your shell")
	return err
}
