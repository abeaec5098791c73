package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3/pop3test"
)

// storer is a caller that stores messages and has them deleted: what is true of its store says whether mail is lost.
type storer struct {
	client    pb.Pop3ServiceClient
	mailboxes pb.MailboxServiceClient
	srv       *pop3test.Server
	user      string
	stored    map[string]bool // SHA-256 of each message that came whole
	quits     int             // Quit calls
}

func (c *storer) store(text []byte) {
	sum := sha256.Sum256(text)
	c.stored[hex.EncodeToString(sum[:])] = true
}

// step takes all messages command by command: each is retrieved, stored, and marked; Quit removes them.
func (c *storer) step(ctx context.Context) error {
	opened, err := c.client.OpenSession(ctx, opening(c.srv))
	if err != nil {
		return err
	}
	id := opened.GetSessionId()
	if _, err := c.client.User(ctx, &pb.UserRequest{SessionId: id, Username: c.user}); err != nil {
		return err
	}
	if _, err := c.client.Pass(ctx, &pb.PassRequest{SessionId: id, Password: password}); err != nil {
		return err
	}
	stat, err := c.client.Stat(ctx, &pb.StatRequest{SessionId: id})
	if err != nil {
		return err
	}
	for n := uint32(1); n <= stat.GetMessageCount(); n++ {
		text, err := retrieveText(ctx, c.client, id, n)
		if err != nil {
			return err
		}
		c.store(text)
		if _, err := c.client.Dele(ctx, &pb.DeleRequest{SessionId: id, MessageNumber: n}); err != nil {
			return err
		}
	}
	c.quits++
	_, err = c.client.Quit(ctx, &pb.QuitRequest{SessionId: id})
	return err
}

// retrieveText returns a message that is whole.
func retrieveText(ctx context.Context, client pb.Pop3ServiceClient, id string, number uint32) ([]byte, error) {
	stream, err := client.Retr(ctx, &pb.RetrRequest{SessionId: id, MessageNumber: number})
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	for {
		part, err := stream.Recv()
		if err == io.EOF {
			return text.Bytes(), nil
		}
		if err != nil {
			return nil, err
		}
		text.Write(part.GetData())
	}
}

// collect takes all messages in one CollectMessages, which commits in batches of five.
func (c *storer) collect(ctx context.Context) error {
	stream, err := c.mailboxes.CollectMessages(ctx)
	if err != nil {
		return err
	}
	_ = stream.Send(c.collection()) // where it fails, Recv says why
	var text bytes.Buffer
	for {
		resp, err := stream.Recv()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		for _, part := range resp.GetParts() {
			if part.GetStart() != nil {
				text.Reset()
			}
			text.Write(part.GetData())
			if part.GetFailure() != nil {
				return errors.New(part.GetFailure().String())
			}
			if part.GetEnd() != nil {
				c.store(text.Bytes())
				_ = stream.Send(&pb.CollectMessagesRequest{Request: &pb.CollectMessagesRequest_Settle{Settle: &pb.Settle{
					DeliveryIds: []uint64{part.GetDeliveryId()}, Disposition: pb.Disposition_DISPOSITION_DELETE,
				}}})
			}
		}
	}
}

func (c *storer) collection() *pb.CollectMessagesRequest {
	return &pb.CollectMessagesRequest{Request: &pb.CollectMessagesRequest_Open{Open: &pb.CollectOpen{
		Fetch: &pb.FetchMessagesRequest{
			Server:      opening(c.srv).GetServer(),
			Credentials: &pb.Credentials{Username: c.user, Secret: &pb.Credentials_Password{Password: password}},
			Selection:   &pb.FetchMessagesRequest_All{All: true},
		},
		CommitMessages: new(uint32(5)),
	}}}
}
