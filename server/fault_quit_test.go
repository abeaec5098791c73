package server

import (
	"context"
	"testing"
	"testing/synctest"

	"google.golang.org/grpc/codes"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3/pop3test"
)

// TestQuitIsNotWritten has the QUIT line fail to go out. A part of it may be enough for a server, so it counts as sent.
func TestQuitIsNotWritten(t *testing.T) {
	for name, tt := range map[string]struct {
		part int
		want failure
	}{
		"nothing": {0, failure{codes.Unavailable, "CONNECTION_LOST", map[string]string{"command": "QUIT", "outcome": "NOT_COMMITTED"}}},
		"an octet": {1, failure{
			codes.Unknown, "COMMIT_UNKNOWN", map[string]string{"command": "QUIT", "outcome": "UNKNOWN", "cause": "CONNECTION_LOST"},
		}},
		"all but the LF": {len("QUIT\r"), failure{codes.Unknown, "COMMIT_UNKNOWN", map[string]string{"outcome": "UNKNOWN"}}},
	} {
		t.Run(name, func(t *testing.T) {
			script, err := pop3test.ParseScript("S: +OK ready\nC~ " + "QUIT\r\n"[:tt.part])
			if err != nil {
				t.Fatal(err)
			}
			r := newRig(t, nil, loopback(t))
			c := &cut{dialogue: &dialogue{mode: pb.TlsMode_TLS_MODE_PLAINTEXT, script: script}, last: &lastWrite{"QUIT\r\n", tt.part}}
			from := r.add(t.Context(), c)
			if err := from.open(); err != nil {
				t.Fatal(err)
			}
			wantFailure(t, "Quit", from.quit(), tt.want)
			tt.want.meta["replayed"] = "true"
			wantFailure(t, "Quit again", from.quit(), tt.want)
			if sent, _ := c.wire.state(); sent != "QUIT\r\n"[:tt.part] {
				t.Errorf("sent %q", sent)
			}
		})
	}
}

// TestQuitAfterCancel cancels a call whose reply comes all the same: what the server did counts in the outcome of Quit.
func TestQuitAfterCancel(t *testing.T) {
	dele := func(c *caller) error { return c.dele(1, nil) }
	for _, tt := range []struct {
		name, before, command, reply, last string
		call                               func(*caller) error
		want                               pb.CommitOutcome // where QUIT is answered +OK
	}{
		{"Dele", "", "C: DELE 1\n", "S: +OK", "S: +OK", dele, pb.CommitOutcome_COMMIT_OUTCOME_COMMITTED},
		{"Dele in vain", "", "C: DELE 1\n", "S: -ERR", "S: +OK", dele, pb.CommitOutcome_COMMIT_OUTCOME_NOTHING_MARKED},
		{"Rset", "C: DELE 1\nS: +OK\n", "C: RSET\n", "S: +OK", "S: +OK", (*caller).rset, pb.CommitOutcome_COMMIT_OUTCOME_NOTHING_MARKED},
		{"Rset in vain", "C: DELE 1\nS: +OK\n", "C: RSET\n", "S: -ERR", "S: +OK", (*caller).rset, pb.CommitOutcome_COMMIT_OUTCOME_COMMITTED},
		{"Pass", "", "C: PASS open sesame\n", "S: +OK", "S: -ERR some left", (*caller).pass, pb.CommitOutcome_COMMIT_OUTCOME_PARTIAL},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := hold(t, pb.TlsMode_TLS_MODE_PLAINTEXT, greeted.lines+"\n"+tt.before+tt.command, tt.reply+"\nC: QUIT\n"+tt.last)
				h.begin(t, []act{greeted})
				if tt.before != "" {
					if err := dele(h.later); err != nil {
						t.Fatal(err)
					}
				}
				wantFailure(t, tt.name, h.giveUp(t, tt.call, h.cancel), cancelled)
				close(h.goOn)
				resp, err := h.g.Quit(context.Background(), &pb.QuitRequest{SessionId: h.session})
				if tt.want == pb.CommitOutcome_COMMIT_OUTCOME_PARTIAL {
					wantFailure(t, "Quit", err, failure{codes.Aborted, "COMMIT_PARTIAL", map[string]string{"outcome": "PARTIAL"}})
				} else if err != nil || resp.GetOutcome() != tt.want {
					t.Errorf("Quit: %v, %v", resp, err)
				}
				h.later.over(t, h.cut)
			})
		})
	}
}
