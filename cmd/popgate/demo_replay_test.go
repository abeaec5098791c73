package main

import (
	"context"
	"strings"
	"testing"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3/pop3test"
)

// TestDemoReplays plays one of the transcripts of this repository to a client that does as it says, and to one that does not.
func TestDemoReplays(t *testing.T) {
	const file = checkout + "/pop3/testdata/quirks/dele-twice.txt"
	for name, test := range map[string]struct {
		deletes []uint32
		want    string
	}{
		"as it says": {[]uint32{1, 1, 2}, ""},
		"otherwise":  {[]uint32{1}, file + ": clients that did otherwise: 1"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var stdout, stderr output
			ended := make(chan error, 1)
			go func() {
				ended <- run(ctx, []string{"demo", "--replay", file, "--listen", "127.0.0.1:0", "--mailbox", "127.0.0.1:0"}, &stdout, &stderr)
			}()
			client := pb.NewPop3ServiceClient(connect(t, stdout.waitFor(t, `gateway  (\S+)`)))
			id := open(t, client, &pop3test.Server{Addr: stdout.waitFor(t, `mailbox  (\S+)`)})
			for _, n := range test.deletes {
				if _, err := client.Dele(ctx, &pb.DeleRequest{SessionId: id, MessageNumber: n}); n == 1 && err != nil {
					t.Fatal(err)
				}
			}
			if _, err := client.Noop(ctx, &pb.NoopRequest{SessionId: id}); (err != nil) != (test.want != "") {
				t.Error(err)
			}
			cancel()
			if err := <-ended; err == nil && test.want != "" || err != nil && err.Error() != test.want {
				t.Errorf("%v, want %q", err, test.want)
			}
			if complained := strings.Contains(stderr.String(), "the client sent"); complained != (test.want != "") {
				t.Errorf("standard error: %s", &stderr)
			}
		})
	}
}
