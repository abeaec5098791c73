package server

import (
	"context"
	"errors"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3"
	engine "github.com/popgate/popgate/pop3/mailbox"
)

// job runs f with a mailbox when it is the call's turn: one call at a time for the same caller, host and user, and none beyond the
// limits of the target's host.
func (s *service) job(
	ctx context.Context, target *pb.Server, credentials *pb.Credentials, f func(context.Context, *engine.Mailbox) error,
) (err error) {
	if target.GetTls().GetInsecureSkipVerify() && !s.config.UnsafeAllowUnverifiedTLS {
		return unverifiedRefused("")
	}
	caller, host := callerOf(ctx), oneSpelling(target.GetHost())
	name := strings.Join([]string{host, credentials.GetUsername(), credentials.GetAuthorizationIdentity()}, "\x00")
	waits, begun := &waits{ctx: ctx}, time.Now()
	turn := s.registry.observer.waits(queueMailbox)
	leave, err := s.enter(ctx, caller, host, name)
	turn()
	waits.since(begun)
	if err != nil {
		return err
	}
	defer leave()
	told := accountOf(ctx)
	told.noteWait(waits.total)
	defer func(ctx context.Context) {
		if err == nil {
			told.tellWait(ctx)
		}
	}(ctx)
	done, err := s.mayLogIn(caller, host, credentials.GetUsername())
	if err != nil {
		return err
	}
	defer func() { done(err) }()
	defer s.registry.observer.works()()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(s.registry.jobs, func() { cancel(errDraining) })()
	last, over := s.registry.lastCalls()
	defer over()
	waited := true // for the first login
	err = f(ctx, &engine.Mailbox{
		Dial: until(last, func(ctx context.Context) (*pop3.Client, error) {
			if !waited {
				begun := time.Now()
				turn := s.registry.observer.waits(queueMailbox)
				err := s.login(ctx, caller, host)
				turn()
				waits.since(begun)
				if err != nil {
					return nil, gaveUp(ctx, err)
				}
			}
			waited = false
			return s.dial(ctx, target, s.jobLink(ctx, host))
		}),
		Credentials: credentialsOf(credentials),
		Name:        name,
	})
	if err != nil && errors.Is(context.Cause(ctx), errDraining) {
		return draining()
	}
	return mailboxError(err)
}

// lastCalls returns a context that ends when a replica that drains has no more time for calls. Not even what the caller cannot cancel
// outlasts it: a QUIT that is under way, and the login that looks what became of it.
func (r *registry) lastCalls() (last context.Context, over func()) {
	last, end := context.WithCancelCause(context.Background())
	stop := context.AfterFunc(r.jobs, func() { time.AfterFunc(lastCalls, func() { end(errDraining) }) })
	return last, func() {
		stop()
		end(nil)
	}
}

// until returns a dial that fails, and whose connections are closed, when last ends.
func until(last context.Context, dial func(context.Context) (*pop3.Client, error)) func(context.Context) (*pop3.Client, error) {
	return func(ctx context.Context) (*pop3.Client, error) {
		ctx, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		defer context.AfterFunc(last, func() { cancel(context.Cause(last)) })()
		client, err := dial(ctx)
		if err == nil {
			context.AfterFunc(last, func() { _ = client.Close() }) // it is given up
		}
		return client, err
	}
}

// jobLink returns a connection of a call of MailboxService that is yet to be made.
func (s *service) jobLink(ctx context.Context, host string) *link {
	l := s.registry.observer.link(host, true, nil)
	c := accountOf(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.connection = l.number
	return l
}

// mailboxError translates the errors that package mailbox has of its own.
func mailboxError(err error) error {
	switch {
	case errors.Is(err, engine.ErrTooLarge):
		return &fault{
			code: codes.ResourceExhausted, reason: pb.ErrorReason_ERROR_REASON_MESSAGE_TOO_LARGE,
			message: "the unique-ids of this maildrop take more than 256 MiB",
		}
	case errors.Is(err, engine.ErrUnsettled):
		return &fault{
			code: codes.FailedPrecondition, reason: pb.ErrorReason_ERROR_REASON_UNSETTLED,
			message: "a message was not settled in time, or none was chosen",
		}
	case errors.Is(err, engine.ErrUniqueIDsUnstable):
		return &fault{
			code: codes.FailedPrecondition, reason: pb.ErrorReason_ERROR_REASON_UNIQUE_IDS_UNSTABLE,
			message: "the server changes unique-ids from login to login",
		}
	case errors.Is(err, engine.ErrCommitUnknown):
		return &fault{
			code: codes.Unknown, reason: pb.ErrorReason_ERROR_REASON_COMMIT_UNKNOWN,
			message:  "QUIT was sent, and what became of the messages cannot be found out: log in again and look",
			metadata: map[string]string{"command": "QUIT", "outcome": pop3.Unknown.String()},
		}
	case errors.Is(err, errStalled):
		return streamStalled("")
	}
	return cursorError("cursor", err)
}

// cursorError translates what is wrong with a cursor in a field of the request.
func cursorError(field string, err error) error {
	switch {
	case errors.Is(err, engine.ErrCursorDamaged):
		return invalid(field, "is damaged")
	case errors.Is(err, engine.ErrCursorForeign):
		return invalid(field, "is that of another mailbox")
	}
	return err
}

// FetchMessages implements popgate.v1.MailboxService.
func (s *service) FetchMessages(req *pb.FetchMessagesRequest, stream grpc.ServerStreamingServer[pb.FetchMessagesResponse]) error {
	return s.job(stream.Context(), req.GetServer(), req.GetCredentials(), func(ctx context.Context, m *engine.Mailbox) error {
		command := "RETR"
		if req.HeaderLines != nil {
			command = "TOP"
		}
		sink := newSink(stream.SendMsg, command, s.config.Limits.MessageOctets)
		defer sink.close()
		summary, err := m.Fetch(ctx, fetchOf(req), sink)
		if err != nil {
			return err
		}
		return sink.summary(summary)
	})
}

// fetchOf translates a request, whose arguments are valid.
func fetchOf(req *pb.FetchMessagesRequest) engine.Fetch {
	f := engine.Fetch{HeaderLines: req.HeaderLines, OmitSHA256: req.GetOmitSha256()}
	f.All, f.Cursor, f.NewestFirst = req.GetAll(), req.GetCursor(), req.GetNewestFirst()
	f.MaxOctets, f.MaxMessages = req.GetMaxOctets(), int(req.GetMaxMessages())
	if ids := req.GetUniqueIds(); ids != nil {
		f.UniqueIDs = unescapeAll(ids.GetUniqueIds())
	}
	f.Seen = unescapeAll(req.GetSeenUniqueIds())
	return f
}

// DeleteMessages implements popgate.v1.MailboxService.
func (s *service) DeleteMessages(ctx context.Context, req *pb.DeleteMessagesRequest) (*pb.DeleteMessagesResponse, error) {
	resp := &pb.DeleteMessagesResponse{}
	err := s.job(ctx, req.GetServer(), req.GetCredentials(), func(ctx context.Context, m *engine.Mailbox) error {
		targets := make([]engine.Target, len(req.GetMessages()))
		for i, message := range req.GetMessages() {
			targets[i] = engine.Target{UniqueID: unescape(message.GetUniqueId()), Octets: message.Octets}
		}
		d, err := m.Delete(ctx, targets)
		if err != nil {
			return err
		}
		resp.Outcome, resp.Response = outcomeOf(d.Outcome), escape(d.Response)
		for i, target := range targets {
			resp.Messages = append(resp.Messages, &pb.DeletedMessage{
				UniqueId: escape(target.UniqueID), Outcome: fates[d.Fates[i]], Response: escape(d.Responses[i]),
			})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return resp, nil
}

var fates = map[engine.Fate]pb.DeleteOutcome{
	engine.Deleted:   pb.DeleteOutcome_DELETE_OUTCOME_DELETED,
	engine.Kept:      pb.DeleteOutcome_DELETE_OUTCOME_KEPT,
	engine.Lost:      pb.DeleteOutcome_DELETE_OUTCOME_UNKNOWN,
	engine.NotFound:  pb.DeleteOutcome_DELETE_OUTCOME_NOT_FOUND,
	engine.Ambiguous: pb.DeleteOutcome_DELETE_OUTCOME_AMBIGUOUS,
}
