package main

import (
	"flag"
	"path/filepath"
	"strconv"
	"testing"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

var idleSessions = flag.Int("sessions", 500, "how many idle sessions TestMemoryOfIdleSessions opens")

// TestMemoryOfIdleSessions tells what a session costs that does nothing: TLS to the POP3 server, TLS to the caller, who has one
// connection for all of them, or one for each.
func TestMemoryOfIdleSessions(t *testing.T) {
	program := toMeasure(t)
	for name, test := range map[string]struct {
		each  bool  // a connection for each session
		limit int64 // octets of resident memory a session
	}{
		"one connection":    {false, 32 << 10},
		"a connection each": {true, 80 << 10},
	} {
		t.Run(name, func(t *testing.T) {
			keys := folderOfKeys(t)
			mail := mailserver(t, keys, 1, 1).address()
			count := strconv.Itoa(*idleSessions + 100)
			gateway := start(t, program, "serve", "--listen", "127.0.0.1:0", "--drain", "0s", "--allow-target", mail,
				"--tls-cert", filepath.Join(keys, "cert.pem"), "--tls-key", filepath.Join(keys, "key.pem"), "--idle-timeout", "1h",
				"--max-sessions", count, "--max-sessions-per-host", count, "--max-sessions-per-caller", count, "--max-connections", count)
			address := gateway.address()
			shared := connectTLS(t, address, keys)
			one := func() *grpc.ClientConn {
				if test.each {
					return connectTLS(t, address, keys)
				}
				return shared
			}
			request := openingTLS(t, mail, keys)
			opens := func(sessions int) (ids []string) {
				t.Helper()
				ids = make([]string, sessions)
				var all errgroup.Group
				all.SetLimit(16)
				for i := range ids {
					conn := one()
					all.Go(func() error {
						opened, err := pb.NewPop3ServiceClient(conn).OpenSession(t.Context(), request)
						ids[i] = opened.GetSessionId()
						return err
					})
				}
				if err := all.Wait(); err != nil {
					t.Fatal(err)
				}
				return ids
			}
			opens(50) // what the process needs anyway
			before := gateway.memory(t, "VmRSS")
			ids := opens(*idleSessions)
			after := gateway.memory(t, "VmRSS")
			each := (after - before) / int64(*idleSessions)
			t.Logf("%d sessions: VmRSS %.1f MiB, then %.1f MiB: %.1f KiB a session",
				*idleSessions, float64(before)/mebi, float64(after)/mebi, float64(each)/(1<<10))
			if each > test.limit {
				t.Errorf("a session has %d octets, more than %d", each, test.limit)
			}
			for _, id := range []string{ids[0], ids[len(ids)-1]} {
				if _, err := pb.NewPop3ServiceClient(shared).GetWelcome(t.Context(), &pb.GetWelcomeRequest{SessionId: id}); err != nil {
					t.Error(err)
				}
			}
		})
	}
}
