package pop3_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/popgate/popgate/pop3"
)

// TestAttempts: what was tried, when, for how long, and what came of it; what Connect dials by a Dialer of its own is not told.
func TestAttempts(t *testing.T) {
	const ms = time.Millisecond
	for name, tc := range map[string]struct {
		network *network
		told    string
	}{
		"the first connects": {
			&network{v6: "2001:db8::1", lag6: 30 * ms, v4: "192.0.2.1", addresses: map[string]time.Duration{"2001:db8::1": 20 * ms}},
			"[2001:db8::1]:995 30+20 ok",
		},
		"one refuses, one is too slow, one connects": {
			&network{v6: "2001:db8::1 2001:db8::2", v4: "192.0.2.1", addresses: map[string]time.Duration{"2001:db8::1": -10 * ms, "2001:db8::2": 5 * ms}},
			"[2001:db8::1]:995 0+10 failed|192.0.2.1:995 10+255 beaten|[2001:db8::2]:995 260+5 ok",
		},
		"none answers": {&network{v6: errNoHost, v4: "192.0.2.1"}, "192.0.2.1:995 0+10000 late"},
		"no address":   {&network{v6: errNoHost, v4: errNoHost}, ""},
	} {
		inBubble(t, name, func(t *testing.T) {
			var told []string
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			ctx = pop3.WithAttempts(ctx, func(attempts []pop3.Attempt) {
				for _, a := range attempts {
					told = append(told, fmt.Sprintf("%s %d+%d %s", a.Address, a.Begun.Milliseconds(), a.Took.Milliseconds(), attemptWord(a.Err)))
				}
			})
			through := tc.network.connect
			dialer := &pop3.Dialer{Lookup: tc.network.lookup, Connect: func(ctx context.Context, network, address string) (net.Conn, error) {
				inner := &pop3.Dialer{Connect: through} // as a gateway has one for its proxy
				return inner.DialContext(ctx, network, address)
			}}
			conn, _ := dialer.DialContext(ctx, "tcp", "mail.example.test:995")
			if conn != nil {
				_ = conn.Close()
			}
			if got := strings.Join(told, "|"); got != tc.told {
				t.Errorf("got  %s\nwant %s", got, tc.told)
			}
		})
	}
}

func attemptWord(err error) string {
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, context.Canceled):
		return "beaten"
	case errors.Is(err, context.DeadlineExceeded):
		return "late"
	}
	return "failed"
}
