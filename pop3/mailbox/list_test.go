package mailbox

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/popgate/popgate/pop3"
	"github.com/popgate/popgate/pop3/pop3test"
)

// listed runs List and returns what it hands out: numbers with their headers, refusals, and lines that cannot be read.
func (r *rig) listed(t *testing.T, header bool) (string, *Listing, error) {
	t.Helper()
	var got []string
	l, err := r.List(t.Context(), header, func(item Item, header []byte, refused *pop3.RefusedError) error {
		switch {
		case item.Number == 0:
			got = append(got, item.Line)
		case refused != nil:
			got = append(got, fmt.Sprintf("%d %s", item.Number, refused.Response))
		case header == nil:
			got = append(got, fmt.Sprintf("%d %s %d", item.Number, item.UniqueID, item.Octets))
		default:
			got = append(got, fmt.Sprintf("%d %s", item.Number, strings.TrimSuffix(string(header), "\r\n\r\n")))
		}
		return nil
	})
	return strings.Join(got, "|"), l, err
}

// TestList: the messages, and the headers by TOP; QUIT ends the session only where nothing was read.
func TestList(t *testing.T) {
	for name, tc := range map[string]struct {
		header  bool
		replies map[string]string
		want    string
		quits   int
	}{
		"plain":            {false, nil, "1 a 41|2 b 41", 1},
		"damaged":          {false, map[string]string{"LIST": framed("1 1|what?|2 2")}, "1 a 1|2 b 2|what?", 1},
		"QUIT is refused":  {false, map[string]string{"QUIT": "-ERR no"}, "1 a 41|2 b 41", 1},
		"QUIT is lost":     {false, map[string]string{"QUIT": "+O"}, "1 a 41|2 b 41", 1},
		"headers":          {true, nil, "1 Subject: a|2 Subject: b", 0},
		"headers, damaged": {true, map[string]string{"UIDL": framed("1 a|2 b|what?")}, "1 Subject: a|2 Subject: b|what?", 0},
		"one is refused":   {true, map[string]string{"TOP 1 0": "-ERR no"}, "1 -ERR no|2 Subject: b", 0},
		"one is empty":     {true, map[string]string{"TOP 1 0": "+OK\r\n."}, "1 |2 Subject: b", 0},
	} {
		inBubble(t, name, func(t *testing.T) {
			r := newRig(t, "a", "b")
			r.srv.Intercept = answering(tc.replies)
			got, l, err := r.listed(t, tc.header)
			if r.over.Wait(); err != nil || got != tc.want || l.Len() != 2 || r.sent("QUIT") != tc.quits {
				t.Errorf("%q, %v, %d times QUIT", got, err, r.sent("QUIT"))
			}
		})
	}
}

// TestListErrors: a server without TOP is told at once, and one without UIDL has a listing all the same.
func TestListErrors(t *testing.T) {
	inBubble(t, "no TOP", func(t *testing.T) {
		r := newRig(t, "a")
		r.srv.Capabilities = []string{"USER", "UIDL"}
		r.srv.Intercept = answering(map[string]string{"TOP 1 0": "-ERR what?"})
		if got, _, err := r.listed(t, true); !errors.Is(err, pop3.ErrNotOffered) || got != "" {
			t.Errorf("%q, %v", got, err)
		}
	})
	inBubble(t, "no UIDL", func(t *testing.T) {
		r := newRig(t, "a")
		r.srv.Capabilities = []string{"USER"}
		r.srv.Intercept = answering(map[string]string{"UIDL": "-ERR what?"})
		if got, _, err := r.listed(t, false); err != nil || got != "1  41" {
			t.Errorf("%q, %v", got, err)
		}
	})
	for _, header := range []bool{false, true} {
		inBubble(t, "enough", func(t *testing.T) {
			r := newRig(t, "a", "b")
			r.srv.Faults = pop3test.Faults{Slice: 1, Delay: 100 * time.Millisecond}
			var stopped time.Time
			_, err := r.List(t.Context(), header, func(Item, []byte, *pop3.RefusedError) error {
				stopped = time.Now()
				return errSink
			})
			if !errors.Is(err, errSink) || time.Since(stopped) > 10*time.Millisecond {
				t.Errorf("%v after %v", err, time.Since(stopped))
			}
		})
	}
}

// TestListHeaderLimit: of a server that sends more than a header, no more than the limit is kept.
func TestListHeaderLimit(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		r := newRig(t, "a", "b")
		r.srv.Intercept = answering(map[string]string{"TOP 1 0": "+OK\r\n" + strings.Repeat("X: y\r\n", maxHeader) + "."})
		got, _, err := r.listed(t, true)
		if first, rest, _ := strings.Cut(got, "|"); err != nil || len(first) != len("1 ")+maxHeader || rest != "2 Subject: b" {
			t.Errorf("%d octets, %q, %v", len(first), rest, err)
		}
	})
}
