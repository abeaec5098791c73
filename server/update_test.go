package server

import (
	"context"
	"maps"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3/pop3test"
)

// scripted makes a gateway dial a script, in plaintext and without sockets.
func scripted(t testing.TB, text string) func(*Config) {
	t.Helper()
	script, err := pop3test.ParseScript(text)
	if err != nil {
		t.Fatal(err)
	}
	return func(c *Config) {
		c.UnsafeAllowPlaintext = true
		c.dial = func(context.Context, string, string) (net.Conn, error) {
			client, server := net.Pipe()
			go func() {
				if err := script.Play(server); err != nil {
					t.Errorf("the server's script: %v", err)
				}
			}()
			return client, nil
		}
	}
}

const loggedIn = "S: +OK\nC: USER alice\nS: +OK\nC: PASS open sesame\nS: +OK\n"

func (g *gateway) quit(t testing.TB, id string) (*pb.QuitResponse, error) {
	t.Helper()
	return g.Quit(t.Context(), &pb.QuitRequest{SessionId: id})
}

// TestQuit holds each end of QUIT to the contract, and what the same Quit gets when it is repeated.
func TestQuit(t *testing.T) {
	for name, tt := range map[string]struct {
		script string
		login  bool
		dele   bool
		ok     *pb.QuitResponse
		err    failure
		after  string // outcome that other calls are told
	}{
		"committed": {
			loggedIn + "C: DELE 1\nS: +OK\nC: QUIT\nS: +OK bye\\x1b", true, true,
			&pb.QuitResponse{Response: `+OK bye\x1b`, Outcome: pb.CommitOutcome_COMMIT_OUTCOME_COMMITTED}, failure{}, "COMMITTED",
		},
		"nothing marked": {
			loggedIn + "C: QUIT\nS: +OK", true, false,
			&pb.QuitResponse{Response: "+OK", Outcome: pb.CommitOutcome_COMMIT_OUTCOME_NOTHING_MARKED}, failure{}, "NOTHING_MARKED",
		},
		"before login": {
			"S: +OK\nC: QUIT\nS: +OK", false, false,
			&pb.QuitResponse{Response: "+OK", Outcome: pb.CommitOutcome_COMMIT_OUTCOME_NOTHING_MARKED}, failure{}, "NOTHING_MARKED",
		},
		"refused before login": {
			"S: +OK\nC: QUIT\nS: -ERR stay", false, false, nil,
			failure{codes.FailedPrecondition, "COMMAND_REFUSED", map[string]string{
				"command": "QUIT", "response": "-ERR stay", "outcome": "NOT_COMMITTED",
			}}, "NOT_COMMITTED",
		},
		"partial": {
			loggedIn + "C: DELE 1\nS: +OK\nC: QUIT\nS: -ERR some messages not removed", true, true, nil,
			failure{codes.Aborted, "COMMIT_PARTIAL", map[string]string{
				"command": "QUIT", "outcome": "PARTIAL", "response": "-ERR some messages not removed",
			}}, "PARTIAL",
		},
		"partial for now": {
			loggedIn + "C: DELE 1\nS: +OK\nC: QUIT\nS: -ERR [SYS/TEMP] disk", true, true, nil,
			failure{codes.Aborted, "COMMIT_PARTIAL", map[string]string{
				"outcome": "PARTIAL", "responseCode": "SYS/TEMP",
			}}, "PARTIAL",
		},
		"cut": {
			loggedIn + "C: DELE 1\nS: +OK\nC: QUIT\nS| +OK b\nCLOSE", true, true, nil,
			failure{codes.Unknown, "COMMIT_UNKNOWN", map[string]string{
				"command": "QUIT", "outcome": "UNKNOWN", "cause": "CONNECTION_LOST",
			}}, "UNKNOWN",
		},
		"silence": {
			loggedIn + "C: DELE 1\nS: +OK\nC: QUIT\nS| +OK b", true, true, nil,
			failure{codes.Unknown, "COMMIT_UNKNOWN", map[string]string{
				"command": "QUIT", "outcome": "UNKNOWN", "cause": "TIMEOUT",
			}}, "UNKNOWN",
		},
		"no status": {
			loggedIn + "C: DELE 1\nS: +OK\nC: QUIT\nS: good-bye", true, true, nil,
			failure{codes.Unknown, "COMMIT_UNKNOWN", map[string]string{
				"command": "QUIT", "outcome": "UNKNOWN", "cause": "PROTOCOL_ERROR",
			}}, "UNKNOWN",
		},
		"lost before": {
			loggedIn + "C: DELE 1\nS: +OK\nCLOSE", true, true, nil,
			failure{codes.Unavailable, "CONNECTION_LOST", map[string]string{
				"command": "QUIT", "outcome": "NOT_COMMITTED",
			}}, "NOT_COMMITTED",
		},
		"out of turn before": {
			loggedIn + "C: DELE 1\nS: +OK\nS: +OK bye", true, true, nil,
			failure{codes.Aborted, "PROTOCOL_ERROR", map[string]string{
				"command": "QUIT", "outcome": "NOT_COMMITTED",
			}}, "NOT_COMMITTED",
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGateway(t, scripted(t, tt.script))
				id := g.openSession(t, anywhere())
				if tt.login {
					g.login(t, id, "alice", password)
				}
				if tt.dele {
					if _, err := g.Dele(t.Context(), &pb.DeleRequest{SessionId: id, MessageNumber: 1}); err != nil {
						t.Fatal(err)
					}
				}
				want, wantErr := tt.ok, tt.err
				for i := range 3 { // the second and third time nothing is sent: the script would complain
					got, err := g.quit(t, id)
					if want == nil {
						wantFailure(t, "Quit", err, wantErr)
						wantErr.meta = maps.Clone(wantErr.meta)
						wantErr.meta["replayed"] = "true"
						continue
					}
					if err != nil || !proto.Equal(got, want) {
						t.Errorf("Quit %d: %v, %v, want %v", i, got, err, want)
					}
					want = proto.CloneOf(want)
					want.Replayed = true
				}
				wantFailure(t, "another call", g.noop(t, id), failure{codes.FailedPrecondition, "SESSION_ENDED", map[string]string{
					"cause": "QUIT", "outcome": tt.after,
				}})
				if _, err := g.CloseSession(t.Context(), &pb.CloseSessionRequest{SessionId: id}); err != nil {
					t.Errorf("CloseSession: %v", err)
				}
				time.Sleep(g.config.Limits.Tombstone + time.Minute)
				_, err := g.quit(t, id)
				wantFailure(t, "after the tombstone", err, failure{codes.NotFound, "SESSION_NOT_FOUND", nil})
			})
		})
	}
}
