package server

import (
	"errors"
	"math"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
)

// TestGoodbye has a server say -ERR unasked, with and without the end of the connection behind it, before each command. Nothing is sent.
func TestGoodbye(t *testing.T) {
	pem := certificatePEM()
	for _, row := range []struct {
		name, lines string
		want        failure
	}{
		{"-ERR and the end", "S: -ERR idle for too long\nCLOSE", failure{
			codes.Unavailable, "CONNECTION_LOST", map[string]string{"response": "-ERR idle for too long"},
		}},
		{"-ERR", "S: -ERR idle for too long", failure{codes.Aborted, "PROTOCOL_ERROR", map[string]string{"response": ""}}},
		{"-ERR and more", "S: -ERR idle\nS: -ERR for too long\nCLOSE", failure{codes.Aborted, "PROTOCOL_ERROR", nil}},
		{"the end", "CLOSE", failure{codes.Unavailable, "CONNECTION_LOST", map[string]string{"response": ""}}},
	} {
		for mode, tls := range clearAndTLS {
			for _, col := range columns() {
				t.Run(row.name+" before "+col.name+" in "+mode, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						r := newRig(t, pem, pipes)
						from, c := r.stage(t, tls, col.before, "\n"+row.lines)
						wantFailure(t, "the call", col.act.call(from), row.want)
						again := ended(row.want.reason)
						if col.verb() == "QUIT" {
							again.meta["cause"] = "QUIT"
						}
						wantFailure(t, "Noop", from.noop(), again)
						from.over(t, c)
					})
				})
			}
		}
	}
}

// TestResetWhileIdle has a server reset the connection before each command. Nothing is sent, so QUIT has not been either.
func TestResetWhileIdle(t *testing.T) {
	config, ca := certificateFor(t, "pop3.example.test", time.Time{})
	r := newRig(t, []byte(ca), loopback(t))
	for mode, tls := range clearAndTLS {
		for _, col := range columns() {
			t.Run(mode+" "+col.name, func(t *testing.T) {
				goOn := make(chan struct{})
				c := &cut{dialogue: &dialogue{mode: tls}, serve: func(conn net.Conn) error {
					defer conn.Close()
					begin := strings.TrimSuffix(col.begin(), col.asked)
					err := recite(over(tls, conn, config), begin)
					<-goOn
					return errors.Join(err, conn.(interface{ NetConn() net.Conn }).NetConn().(*net.TCPConn).SetLinger(0))
				}}
				from := r.add(t.Context(), c)
				from.server.Tls.ServerName = "pop3.example.test"
				for _, a := range col.before {
					if err := a.call(from); err != nil {
						t.Fatal(err)
					}
				}
				sent, _ := c.wire.state()
				close(goOn)
				if err := <-c.played; err != nil {
					t.Error(err)
				}
				c.played <- nil // for over
				c.wire.await(t, math.MaxInt64)
				wantFailure(t, "the call", col.act.call(from), failure{
					codes.Unavailable, "CONNECTION_LOST", map[string]string{"outcome": "NOT_COMMITTED"},
				})
				if now, _ := c.wire.state(); now != sent {
					t.Errorf("sent %q", now[len(sent):])
				}
				from.over(t, c)
			})
		}
	}
}
