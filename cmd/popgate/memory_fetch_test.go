package main

import (
	"bytes"
	"fmt"
	"io"
	"testing"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3/pop3test"
)

// TestMemoryOfAFetch: 100,000 messages of 4 KiB in one call cost the gateway little.
func TestMemoryOfAFetch(t *testing.T) {
	const count = 100_000
	text := bytes.Repeat([]byte("a line of a message with 64 octets, its line end among all them\r\n"), 64)
	messages := make([]pop3test.Message, count)
	for i := range messages {
		messages[i] = pop3test.Message{
			UniqueID: fmt.Sprintf("000000016b03%08x", i), Octets: int64(len(text)), Open: func() io.Reader { return bytes.NewReader(text) },
		}
	}
	m := measure(t, messages...)
	if _, err := m.client.CloseSession(t.Context(), &pb.CloseSessionRequest{SessionId: m.session}); err != nil { // it holds the maildrop
		t.Fatal(err)
	}
	m.growsLittle(t, func() {
		stream, err := m.mailboxes.FetchMessages(t.Context(), &pb.FetchMessagesRequest{
			Server:      opening(m.srv).GetServer(),
			Credentials: &pb.Credentials{Username: "alice", Secret: &pb.Credentials_Password{Password: password}},
		})
		if err != nil {
			t.Fatal(err)
		}
		whole := 0
		var last *pb.FetchMessagesResponse
		each(t, stream, func(resp *pb.FetchMessagesResponse) {
			for _, part := range resp.GetParts() {
				if part.GetEnd() != nil {
					whole++
				}
			}
			last = resp
		})
		if whole != count+1 || last.GetSummary().GetDelivered() != count+1 {
			t.Errorf("%d messages whole, %v", whole, last.GetSummary())
		}
	})
}
