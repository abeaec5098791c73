package mailbox

import (
	"cmp"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/popgate/popgate/pop3"
)

// liar is a server that lists PIPELINING and cannot do it.
type liar struct {
	ids    []string
	octets int // of each message by LIST; 0: the true ones
	// many answers lines that came in one segment, and says whether the connection lives; nil: like one by one.
	many func(l *liar, lines []string) (reply string, lives bool)

	retr   map[string]int // how often each was asked for, in the login
	got    []string       // of the last login
	marked int
}

// serve is the session.
func (l *liar) serve(conn net.Conn) {
	l.retr, l.got, l.marked = map[string]int{}, nil, 0
	segment := make([]byte, 8<<10)
	reply, lives := "+OK\r\n", true
	for {
		if _, err := conn.Write([]byte(reply)); err != nil || !lives {
			return
		}
		n, err := conn.Read(segment) // over a net.Pipe this is what the client wrote at once
		if err != nil {
			return
		}
		lines := strings.Split(strings.TrimSuffix(string(segment[:n]), "\r\n"), "\r\n")
		l.got = append(l.got, lines...)
		if len(lines) > 1 && l.many != nil {
			reply, lives = l.many(l, lines)
			continue
		}
		reply = l.answers(lines)
	}
}

func (l *liar) answers(lines []string) (replies string) {
	for _, line := range lines {
		replies += l.answer(line)
	}
	return replies
}

func (l *liar) answer(line string) string {
	verb, arg, _ := strings.Cut(line, " ")
	number := 0
	_, _ = fmt.Sscan(arg, &number)
	switch {
	case verb == "CAPA":
		return "+OK\r\nUIDL\r\nUSER\r\nPIPELINING\r\n.\r\n"
	case verb == "UIDL":
		return l.listing(func(id string) string { return id })
	case verb == "LIST" && arg == "":
		return l.listing(func(id string) string { return fmt.Sprint(cmp.Or(l.octets, len(text(id)))) })
	case verb == "LIST":
		return fmt.Sprintf("+OK %d %d\r\n", number, len(text(l.ids[number-1])))
	case verb == "RETR":
		l.retr[arg]++
		return "+OK\r\n" + stuffed(text(l.ids[number-1])) + ".\r\n"
	case verb == "TOP":
		return "+OK\r\nSubject: " + l.ids[number-1] + "\r\n\r\n.\r\n"
	case verb == "DELE":
		l.marked++
	}
	return "+OK\r\n"
}

func (l *liar) listing(value func(id string) string) string {
	reply := "+OK\r\n"
	for i, id := range l.ids {
		reply += fmt.Sprintf("%d %s\r\n", i+1, value(id))
	}
	return reply + ".\r\n"
}

func stuffed(message string) string { return strings.ReplaceAll(message, "\r\n.", "\r\n..") }

// The ways in which servers fail at PIPELINING.
var lies = map[string]func(l *liar, lines []string) (string, bool){
	// WildDuck, tcllib: the status line of the next reply comes before the end of the message.
	"overtakes": func(l *liar, lines []string) (string, bool) {
		first, overtaking := l.answer(lines[0]), l.answers(lines[1:])
		if body, ok := strings.CutSuffix(first, ".\r\n"); ok {
			return body + overtaking + ".\r\n", true
		}
		return overtaking + first, true
	},
	// o2.pl: what stands behind the first line is lost.
	"forgets":   func(l *liar, lines []string) (string, bool) { return l.answer(lines[0]), true },
	"hangs up":  func(l *liar, lines []string) (string, bool) { return l.answer(lines[0]), false },
	"is silent": func(*liar, []string) (string, bool) { return "", true },
	"repeats":   func(l *liar, lines []string) (string, bool) { return l.answer(lines[0]) + l.answer(lines[0]), true },
}

// lying returns a rig whose server is a liar.
func lying(t *testing.T, l *liar) *rig {
	t.Helper()
	r := newRig(t)
	r.serve = func(_ int, conn net.Conn) { l.serve(conn) }
	return r
}

// TestFetchLiar: a server that lists PIPELINING and cannot is logged in to once more, and each message comes exactly once.
func TestFetchLiar(t *testing.T) {
	for name, many := range lies {
		inBubble(t, name, func(t *testing.T) {
			l := &liar{ids: numbered(5), many: many}
			r := lying(t, l)
			sink := &recorder{}
			summary, err := r.Fetch(t.Context(), Fetch{}, sink)
			if err != nil {
				t.Error(err)
			}
			counts(t, summary, 5, 0, 0, 0, PipeliningBroken)
			// What was begun is void, and a server that is silent is waited for so long that a cursor is due.
			sink.events = slices.DeleteFunc(sink.events, func(e string) bool { return e == "begun 1" || e == "cursor" })
			sink.want(t, "progress|1 id-1|2 id-2|3 id-3|4 id-4|5 id-5")
			knows(t, "alice", sink.last(), numbered(5)...)
			if r.over.Wait(); r.dials != 2 || slices.Contains(l.got, "QUIT") {
				t.Errorf("%d logins, %q", r.dials, l.got)
			}
			again := &recorder{} // the host is remembered
			if summary, err = r.Fetch(t.Context(), Fetch{}, again); err != nil || r.dials != 3 || summary.Delivered != 5 || len(summary.Findings) > 0 {
				t.Errorf("%+v, %v after %d logins", summary, err, r.dials)
			}
		})
	}
}

// TestFetchLiarLate: a server that fails only after some messages. What was delivered does not come again where it has a unique-id of
// its own, counts against the greatest number of messages, and is known to the cursor.
func TestFetchLiarLate(t *testing.T) {
	for name, tc := range map[string]struct {
		ids    []string
		s      Selection
		events string
		counts [4]int
		found  []Finding
		knows  []string
	}{
		"all new": {
			numbered(4), Selection{}, "progress|1 id-1|begun 2|2 id-2|3 id-3|4 id-4|cursor", [4]int{4, 0, 0, 0},
			[]Finding{PipeliningBroken}, numbered(4),
		},
		"all":     {numbered(4), Selection{All: true}, "progress|1 id-1|begun 2|2 id-2|3 id-3|4 id-4|cursor", [4]int{4, 0, 0, 0}, []Finding{PipeliningBroken}, numbered(4)},
		"by name": {numbered(4), Selection{UniqueIDs: numbered(3)}, "progress|1 id-1|begun 2|2 id-2|3 id-3|cursor", [4]int{3, 0, 0, 0}, []Finding{PipeliningBroken}, numbered(3)},
		"no more than": {
			numbered(5), Selection{MaxMessages: 3}, "progress|1 id-1|begun 2|2 id-2|3 id-3|cursor", [4]int{3, 0, 0, 2},
			[]Finding{PipeliningBroken}, numbered(3),
		},
		"no more than, of duplicates": {
			[]string{"x", "x", "c", "d"}, Selection{MaxMessages: 3}, "progress|1 x|begun 2|1 x|2 x|cursor", [4]int{3, 0, 0, 2},
			[]Finding{UniqueIDsDuplicate, PipeliningBroken}, nil,
		},
	} {
		inBubble(t, name, func(t *testing.T) {
			l := &liar{ids: tc.ids}
			l.many = func(l *liar, lines []string) (string, bool) {
				if lines[0] == "RETR 1" { // the probe
					return l.answers(lines), true
				}
				return l.answer("RETR 2") + "what?\r\n", true
			}
			r := lying(t, l)
			sink := &recorder{}
			summary, err := r.Fetch(t.Context(), Fetch{Selection: tc.s}, sink)
			if err != nil {
				t.Error(err)
			}
			c := tc.counts
			counts(t, summary, c[0], c[1], c[2], c[3], tc.found...)
			sink.want(t, tc.events)
			knows(t, "alice", sink.last(), tc.knows...)
		})
	}
}

// TestFetchLiarTwice: a server that breaks off even one by one is not tried for ever.
func TestFetchLiarTwice(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		l := &liar{ids: numbered(2), many: lies["hangs up"]}
		r := lying(t, l)
		r.serve = func(login int, conn net.Conn) {
			if login == 1 {
				l.serve(conn)
			}
		}
		summary, err := r.Fetch(t.Context(), Fetch{}, &recorder{})
		if err == nil || r.dials < 2 || !slices.Contains(summary.Findings, PipeliningBroken) {
			t.Errorf("%+v, %v after %d logins", summary, err, r.dials)
		}
	})
}

// TestDeleteLiar: DELE too is sent one by one to a server that cannot do more, after another login; nothing is deleted twice.
func TestDeleteLiar(t *testing.T) {
	for name, many := range lies {
		inBubble(t, name, func(t *testing.T) {
			l := &liar{ids: numbered(3), many: many}
			r := lying(t, l)
			d, err := r.Delete(t.Context(), targets("id-1", "id-2", "id-3"))
			if r.over.Wait(); err != nil || d.Outcome != pop3.Committed || !slices.Equal(d.Fates, []Fate{Deleted, Deleted, Deleted}) {
				t.Errorf("%+v, %v", d, err)
			}
			if l.marked != 3 || r.dials > 2 || l.got[len(l.got)-1] != "QUIT" {
				t.Errorf("%d marked after %d logins, %q", l.marked, r.dials, l.got)
			}
		})
	}
}

// TestListLiar: headers too come one by one then, each once.
func TestListLiar(t *testing.T) {
	for name, many := range lies {
		inBubble(t, name, func(t *testing.T) {
			l := &liar{ids: numbered(3), many: many}
			r := lying(t, l)
			got, listing, err := r.listed(t, true)
			if err != nil || got != "1 Subject: id-1|2 Subject: id-2|3 Subject: id-3" || !slices.Equal(listing.Findings(), []Finding{PipeliningBroken}) {
				t.Errorf("%q, %v", got, err)
			}
			if r.over.Wait(); r.dials != 2 || slices.Contains(l.got, "QUIT") {
				t.Errorf("%d logins, %q", r.dials, l.got)
			}
		})
	}
}
