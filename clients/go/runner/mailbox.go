package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"

	popgate "github.com/popgate/popgate/clients/go"
	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// inSession does what a session's method does.
func (r *runner) inSession(ctx context.Context, name string, q *request) (answer, error) {
	switch name {
	case "open":
		server := new(pb.Server)
		if err := protojson.Unmarshal(q.Server, server); err != nil {
			return nil, err
		}
		session, err := r.client.Open(ctx, server)
		if err != nil {
			return nil, err
		}
		r.session = session
		return answer{"session_id": session.Opened.GetSessionId(), "response": session.Welcome()}, nil
	case "login":
		return nil, r.session.Login(ctx, q.Username, q.Password)
	case "retr":
		return r.retr(ctx, q.Number)
	case "dele":
		_, err := r.session.Dele(ctx, q.Number, "")
		return nil, err
	case "quit":
		done, err := r.session.Quit(ctx)
		return answer{"outcome": strings.TrimPrefix(done.GetOutcome().String(), "COMMIT_OUTCOME_")}, err
	case "close":
		return nil, r.session.Close(ctx)
	}
	return nil, fmt.Errorf("no operation session.%s", name)
}

func (r *runner) retr(ctx context.Context, number uint32) (answer, error) {
	reader, err := r.session.Retr(ctx, number)
	if err != nil {
		return nil, err
	}
	defer func() { _ = reader.Close() }() // it never fails
	sum := sha256.New()
	octets, err := io.Copy(sum, reader)
	if err != nil {
		return nil, err
	}
	return answer{"octets": octets, "sha256": hex.EncodeToString(sum.Sum(nil))}, nil
}

// described is a message as the protocol has it.
func described(m *popgate.Message) answer {
	sum := sha256.Sum256(m.Data)
	return answer{"number": m.Number, "unique_id": m.UniqueID, "octets": len(m.Data), "sha256": hex.EncodeToString(sum[:])}
}

func (r *runner) fetch(ctx context.Context, q *request) (answer, error) {
	request := new(pb.FetchMessagesRequest)
	if err := protojson.Unmarshal(q.Request, request); err != nil {
		return nil, err
	}
	messages := []answer{}
	fetch := r.client.Fetch(ctx, request)
	var failed error
	for m, err := range fetch.Messages() {
		if failed = err; err == nil {
			messages = append(messages, described(m))
		}
	}
	return answer{"messages": messages, "cursor": fetch.Cursor}, failed
}

var settlements = map[string]popgate.Settlement{"delete": popgate.Delete, "keep": popgate.Keep, "": popgate.ByHand}

func (r *runner) collect(ctx context.Context, q *request) (answer, error) {
	open := new(pb.CollectOpen)
	if err := protojson.Unmarshal(q.Open, open); err != nil {
		return nil, err
	}
	c := r.client.Collect(ctx, open, settlements[q.Settle])
	messages, err := loop(c, q)
	return answer{"messages": messages, "outcome": c.Outcome}, err
}

// loop is a loop over messages as a program would have it. An error of its own is a panic that somebody else recovers.
func loop(c *popgate.Collect, q *request) (messages []answer, err error) {
	messages = []answer{}
	defer func() {
		if own := recover(); own != nil { // of fail_at, which is swallowed
			err = c.Err()
		}
	}()
	for m, err := range c.Messages() {
		if err != nil {
			break
		}
		messages = append(messages, described(m))
		n := len(messages)
		if q.Settle == "" {
			c.Settle(m, [...]popgate.Settlement{popgate.Keep, popgate.Delete}[n%2])
		}
		if n == q.FailAt {
			panic("an error of the caller's own")
		}
		if n == q.StopAt {
			break
		}
	}
	return messages, c.Err()
}
