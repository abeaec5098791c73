package server

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// TestCancelOpenSession cancels it at each of its waits. No session and no connection is left.
func TestCancelOpenSession(t *testing.T) {
	for name, tt := range map[string]struct {
		mode  pb.TlsMode
		lines string
	}{
		"greeting":           {pb.TlsMode_TLS_MODE_PLAINTEXT, ""},
		"in the greeting":    {pb.TlsMode_TLS_MODE_PLAINTEXT, "S| +O"},
		"STLS":               {pb.TlsMode_TLS_MODE_STLS, askedForTLS},
		"handshake":          {pb.TlsMode_TLS_MODE_STLS, askedForTLS + "S: +OK"},
		"implicit handshake": {pb.TlsMode_TLS_MODE_IMPLICIT, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := hold(t, tt.mode, tt.lines, "")
				wantFailure(t, "OpenSession", h.giveUp(t, (*caller).open, h.cancel), cancelled)
				time.Sleep(drained)
				synctest.Wait()
				if _, closed := h.cut.wire.state(); !closed || h.registry.live != 0 {
					t.Errorf("closed: %v, sessions: %d", closed, h.registry.live)
				}
				close(h.goOn)
				h.later.over(t, h.cut)
			})
		})
	}
}

// TestCancelStls cancels it at each of its waits: a connection between plaintext and TLS is of no use.
func TestCancelStls(t *testing.T) {
	for name, lines := range map[string]string{"reply": "C: STLS", "in the reply": "C: STLS\nS| +O", "handshake": "C: STLS\nS: +OK"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := hold(t, pb.TlsMode_TLS_MODE_PLAINTEXT, greeted.lines+"\n"+lines, "")
				h.begin(t, []act{greeted})
				wantFailure(t, "Stls", h.giveUp(t, (*caller).stls, h.cancel), cancelled)
				wantFailure(t, "Noop", h.later.noop(), ended("CANCELLED"))
				close(h.goOn)
				h.later.over(t, h.cut)
			})
		})
	}
}

// TestCancelExchange has the caller of AuthExchange go away where it owes an answer. The server is told so.
func TestCancelExchange(t *testing.T) {
	for name, tt := range map[string]struct {
		answer string
		want   failure // of the next call; the zero value is success
	}{
		"-ERR":        {"S: -ERR as you wish\nC: NOOP\nS: +OK in step", failure{}},
		"+OK":         {"S: +OK logged in", ended("PROTOCOL_ERROR")},
		"a challenge": {"S: + dHdv", ended("PROTOCOL_ERROR")},
		"silence":     {"", ended("CANCELLED")},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				lines := "\nC: AUTH X-TWO aGVsbG8=\nS: + b25l\nC: *\n"
				r := newRig(t, nil, pipes)
				from, c := r.stage(t, pb.TlsMode_TLS_MODE_PLAINTEXT, []act{greeted}, lines+tt.answer)
				ctx, cancel := context.WithCancel(t.Context())
				stream, err := from.g.AuthExchange(ctx)
				if err != nil {
					t.Fatal(err)
				}
				stream.Send(&pb.AuthExchangeRequest{SessionId: from.session, Mechanism: "X-TWO", InitialResponse: []byte("hello")})
				if _, err := stream.Recv(); err != nil {
					t.Fatal(err)
				}
				cancel()
				synctest.Wait()
				err = from.noop()
				if tt.want.reason != "" {
					wantFailure(t, "Noop", err, tt.want)
				} else if err != nil || from.got != "+OK in step" {
					t.Errorf("Noop: %q, %v", from.got, err)
				}
				from.over(t, c)
			})
		})
	}
}
