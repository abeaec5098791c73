package server

import (
	"crypto/tls"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
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

// TestGarbageInTLS has a server answer each command by octets that are no TLS.
func TestGarbageInTLS(t *testing.T) {
	config, ca := certificateFor(t, "pop3.example.test", time.Time{})
	r := newRig(t, []byte(ca), loopback(t))
	for _, col := range columns() {
		t.Run(col.name, func(t *testing.T) {
			c := &cut{dialogue: &dialogue{mode: pb.TlsMode_TLS_MODE_IMPLICIT}, serve: func(conn net.Conn) error {
				return garble(conn, config, col)
			}}
			from := r.add(t.Context(), c)
			from.server.Tls.ServerName = "pop3.example.test"
			for _, a := range col.before {
				if err := a.call(from); err != nil {
					t.Fatal(err)
				}
			}
			wantFailure(t, "the call", col.act.call(from), col.broken(codes.Unavailable, "CONNECTION_LOST"))
			from.over(t, c)
		})
	}
}

// garble plays the lines of a column up to its last command, and answers that in plaintext.
func garble(conn net.Conn, config *tls.Config, col column) error {
	defer conn.Close()
	if err := recite(tls.Server(conn, config), col.begin()); err != nil {
		return err
	}
	io.WriteString(conn, "+OK this is no TLS record\r\n")
	io.Copy(io.Discard, conn) // until the gateway hangs up; unread octets would reset the connection
	return nil
}
