package mailbox

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/popgate/popgate/pop3"
	"github.com/popgate/popgate/pop3/pop3test"
)

// targets are messages to delete, whatever their octets.
func targets(ids ...string) (list []Target) {
	for _, id := range ids {
		list = append(list, Target{UniqueID: id})
	}
	return list
}

// TestDelete: what becomes of each message that is named.
func TestDelete(t *testing.T) {
	right, wrong := int64(len(text("a"))), int64(7)
	for name, tc := range map[string]struct {
		ids       string
		targets   []Target
		fates     []Fate
		responses []string // nil: none
		outcome   pop3.Outcome
		left      string
	}{
		"one":          {"a b c", targets("b"), []Fate{Deleted}, nil, pop3.Committed, "a c"},
		"all":          {"a b c", targets("c", "a", "b"), []Fate{Deleted, Deleted, Deleted}, nil, pop3.Committed, ""},
		"none":         {"a b", nil, nil, nil, pop3.NothingMarked, "a b"},
		"not there":    {"a b", targets("x", "a"), []Fate{NotFound, Deleted}, nil, pop3.Committed, "b"},
		"empty":        {"", targets("a"), []Fate{NotFound}, nil, pop3.NothingMarked, ""},
		"twice there":  {"a b a", targets("a", "b"), []Fate{Ambiguous, Deleted}, nil, pop3.Committed, "a a"},
		"named twice":  {"a b", targets("a", "a"), []Fate{Deleted, Deleted}, nil, pop3.Committed, "b"},
		"blank":        {"a b", targets("", "a"), []Fate{Ambiguous, Deleted}, nil, pop3.Committed, "b"},
		"right octets": {"a b", []Target{{"a", &right}}, []Fate{Deleted}, nil, pop3.Committed, "b"},
		"other octets": {"a b", []Target{{"a", &wrong}, {"b", nil}}, []Fate{Ambiguous, Deleted}, nil, pop3.Committed, "a"},
		"refused":      {"a refused c", targets("a", "refused", "c"), []Fate{Deleted, Kept, Deleted}, []string{"", "-ERR no", ""}, pop3.Committed, "refused"},
		"refused, named twice": {
			"a refused", targets("refused", "refused"), []Fate{Kept, Kept}, []string{"-ERR no", "-ERR no"}, pop3.NothingMarked, "a refused",
		},
	} {
		inBubble(t, name, func(t *testing.T) {
			r := newRig(t, strings.Fields(tc.ids)...)
			if at := slices.Index(strings.Fields(tc.ids), "refused"); at >= 0 {
				r.srv.Intercept = answering(map[string]string{"DELE 2": "-ERR no"})
			}
			d, err := r.Delete(t.Context(), tc.targets)
			if err != nil || !slices.Equal(d.Fates, tc.fates) || d.Outcome != tc.outcome || !strings.HasPrefix(d.Response, "+OK good-bye") {
				t.Errorf("%+v, %v", d, err)
			}
			if tc.responses == nil {
				tc.responses = make([]string, len(tc.targets))
			}
			if !slices.Equal(d.Responses, tc.responses) {
				t.Errorf("%q", d.Responses)
			}
			if left := strings.Join(r.drop.UniqueIDs(), " "); left != tc.left || r.sent("QUIT") != 1 || r.sent("RETR")+r.sent("TOP") > 0 {
				t.Errorf("%q are left", left)
			}
		})
	}
}

// TestDeleteBlank: a message without a unique-id is not deleted by the lack of it.
func TestDeleteBlank(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		r := newRig(t, "a", "b")
		r.srv.Intercept = answering(map[string]string{"UIDL": framed("1 |2 b")})
		if d, err := r.Delete(t.Context(), targets("", "b")); err != nil || !slices.Equal(d.Fates, []Fate{Ambiguous, Deleted}) || len(r.drop.Messages) != 1 {
			t.Errorf("%+v, %v", d, err)
		}
	})
}

// ends are the ways in which the reply to QUIT can leave it open what was deleted.
var ends = map[string]struct {
	reply    string // "" for none, "close" for the end of the connection
	outcome  pop3.Outcome
	response string
}{
	"-ERR":     {"-ERR some messages not removed", pop3.Partial, "-ERR some messages not removed"},
	"silent":   {"", pop3.Unknown, ""},
	"hangs up": {"close", pop3.Unknown, ""},
	"half":     {"+O", pop3.Unknown, ""},
}

// quitting returns a rig whose server answers QUIT so; later serves the logins after it.
func quitting(t *testing.T, reply string, onQuit func(), later func(conn net.Conn), ids ...string) *rig {
	t.Helper()
	r := newRig(t, ids...)
	r.serve = func(login int, conn net.Conn) {
		if login > 1 {
			later(conn)
			return
		}
		first := &pop3test.Server{Maildrops: r.srv.Maildrops, Intercept: func(line string) (string, bool) {
			if line != "QUIT" {
				return "", false
			}
			onQuit()
			switch reply {
			case "close":
				_ = conn.Close()
			case "-ERR some messages not removed":
				return reply + "\r\n", true
			}
			return reply, true
		}}
		first.ServeConn(conn)
	}
	return r
}

// TestDeleteLook: where QUIT does not tell, another login shows what is gone.
func TestDeleteLook(t *testing.T) {
	const named = "a b" // of "a b c d"
	for name, tc := range map[string]struct {
		now   string            // the unique-ids of the other login
		spoil map[string]string // replies of it
		fates []Fate
	}{
		"all gone":           {"c d", nil, []Fate{Deleted, Deleted}},
		"one gone":           {"b c d", nil, []Fate{Deleted, Kept}},
		"none gone":          {"a b c d", nil, []Fate{Kept, Kept}},
		"empty":              {"", nil, []Fate{Deleted, Deleted}},
		"one known is left":  {"new d newer", nil, []Fate{Deleted, Deleted}},
		"only ours is left":  {"a", nil, []Fate{Kept, Deleted}},
		"all others":         {"v w x y", nil, []Fate{Lost, Lost}},
		"twice":              {"a a c", nil, []Fate{Lost, Deleted}},
		"others, twice":      {"c c", nil, []Fate{Lost, Lost}},
		"blank":              {"c", map[string]string{"UIDL": framed("1 ")}, []Fate{Lost, Lost}},
		"damaged":            {"c", map[string]string{"UIDL": framed("1 c|what?")}, []Fate{Lost, Lost}},
		"damaged, and ours":  {"c", map[string]string{"UIDL": framed("1 c|what?|3 b")}, []Fate{Lost, Kept}},
		"only damaged":       {"", map[string]string{"UIDL": framed("what?")}, []Fate{Lost, Lost}},
		"UIDL is refused":    {"c", map[string]string{"UIDL": "-ERR no"}, []Fate{Lost, Lost}},
		"UIDL breaks off":    {"c", map[string]string{"UIDL": "+OK\r\n1 c"}, []Fate{Lost, Lost}},
		"in use":             {"c", map[string]string{"AUTH PLAIN AGFsaWNlAHNlY3JldA==": "-ERR [IN-USE] wait"}, []Fate{Lost, Lost}},
		"nobody is there":    {"", map[string]string{"": "close"}, []Fate{Lost, Lost}},
		"LIST has more":      {"c", map[string]string{"LIST": framed(fmt.Sprintf("1 %d|2 2", len(text("c"))))}, []Fate{Deleted, Deleted}},
		"others took them":   {"a b", map[string]string{"LIST": framed("1 1|2 2")}, []Fate{Lost, Lost}},
		"another took one":   {"a b", map[string]string{"LIST": framed(fmt.Sprintf("1 1|2 %d", len(text("b"))))}, []Fate{Lost, Kept}},
		"LIST alone has one": {"", map[string]string{"LIST": framed("1 1")}, []Fate{Lost, Lost}},
	} {
		for how, end := range ends {
			inBubble(t, name+"/"+how, func(t *testing.T) {
				second := &pop3test.Server{Maildrops: map[string]*pop3test.Maildrop{"alice": dropOf(strings.Fields(tc.now)...)}}
				second.Intercept = answering(tc.spoil)
				r := quitting(t, end.reply, func() {}, func(conn net.Conn) {
					if tc.spoil[""] == "" {
						second.ServeConn(conn)
					}
				}, "a", "b", "c", "d")
				d, err := r.Delete(t.Context(), append(targets(strings.Fields(named)...), targets("gone")...))
				if err != nil || !slices.Equal(d.Fates, append(tc.fates, NotFound)) || d.Outcome != end.outcome || d.Response != end.response {
					t.Errorf("%+v, %v", d, err)
				}
				tries := 1
				if name == "in use" { // the session before may still hold it
					tries = 6
				}
				if r.over.Wait(); slices.Contains(second.Commands(), "QUIT") || r.dials != 1+tries {
					t.Errorf("%d logins, %q", r.dials, second.Commands())
				}
			})
		}
	}
}

// TestDeleteLookWaits: the session whose QUIT came to nothing may hold the maildrop for a while.
func TestDeleteLookWaits(t *testing.T) {
	inBubble(t, "in use twice", func(t *testing.T) {
		refusals := 2
		second := &pop3test.Server{Maildrops: map[string]*pop3test.Maildrop{"alice": dropOf("b")}, Intercept: func(line string) (string, bool) {
			if !strings.HasPrefix(line, "AUTH") || refusals == 0 {
				return "", false
			}
			refusals--
			return "-ERR [IN-USE] wait\r\n", true
		}}
		r := quitting(t, "close", func() {}, func(conn net.Conn) { second.ServeConn(conn) }, "a", "b")
		begin := time.Now()
		d, err := r.Delete(t.Context(), targets("a"))
		if err != nil || !slices.Equal(d.Fates, []Fate{Deleted}) || r.dials != 4 {
			t.Errorf("%+v, %v, %d logins", d, err, r.dials)
		}
		if took := time.Since(begin).Truncate(time.Second); took != 3*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

// TestDeleteBroken: a connection that is lost before QUIT deletes nothing, and is an error.
func TestDeleteBroken(t *testing.T) {
	for _, line := range []string{"UIDL", "LIST", "DELE 1", "DELE 2"} {
		for how, reply := range map[string]string{"silent": "", "hangs up": "close", "half": "+O"} {
			inBubble(t, line+"/"+how, func(t *testing.T) {
				r := newRig(t, "a", "b")
				r.serve = func(_ int, conn net.Conn) {
					srv := &pop3test.Server{Maildrops: r.srv.Maildrops, Capabilities: []string{"USER", "UIDL"}}
					srv.Intercept = func(got string) (string, bool) {
						if got == line && reply == "close" {
							_ = conn.Close()
						}
						return strings.TrimSuffix(reply, "close"), got == line
					}
					srv.ServeConn(conn)
				}
				d, err := r.Delete(t.Context(), targets("a", "b"))
				_, broken := errors.AsType[*pop3.BrokenError](err)
				if !broken || slices.Contains(d.Fates, Deleted) || d.Outcome != pop3.NotCommitted || r.dials != 1 {
					t.Errorf("%+v, %v", d, err)
				}
				if r.over.Wait(); len(r.drop.Snapshot()) != 2 {
					t.Error("messages are gone")
				}
			})
		}
	}
}

// TestDeleteCancelled: before QUIT is written the end of the context deletes nothing, even where every DELE was answered.
func TestDeleteCancelled(t *testing.T) {
	for _, at := range []string{"+OK message 1 is deleted", "+OK message 2 is deleted"} {
		inBubble(t, at, func(t *testing.T) {
			r := newRig(t, "a", "b", "c")
			ctx, cancel := contextOf(t)
			r.opts.Trace = pop3.NewTrace(func(e pop3.Event) {
				if e.Line == at {
					cancel()
				}
			})
			r.opts.Trace.SetLevel(pop3.TraceLines)
			d, err := r.Delete(ctx, targets("a", "b"))
			if !errors.Is(err, context.Canceled) || !slices.Equal(d.Fates, []Fate{Kept, Kept}) || d.Outcome != pop3.NotCommitted {
				t.Errorf("%+v, %v", d, err)
			}
			if r.over.Wait(); len(r.drop.Snapshot()) != 3 || r.sent("QUIT") > 0 {
				t.Error("messages are gone")
			}
		})
	}
}

// TestDeleteCancelledLate: once QUIT is written the end of the context does not matter; what became of the messages is found out.
func TestDeleteCancelledLate(t *testing.T) {
	inBubble(t, "answered", func(t *testing.T) {
		r := newRig(t, "a", "b")
		ctx, cancel := contextOf(t)
		r.srv.Intercept = func(line string) (string, bool) {
			if line == "QUIT" {
				cancel()
			}
			return "", false
		}
		if d, err := r.Delete(ctx, targets("a")); err != nil || d.Fates[0] != Deleted || d.Outcome != pop3.Committed {
			t.Errorf("%+v, %v", d, err)
		}
	})
	inBubble(t, "lost", func(t *testing.T) {
		ctx, cancel := contextOf(t)
		var r *rig
		r = quitting(t, "close", cancel, func(conn net.Conn) { r.srv.ServeConn(conn) }, "a", "b")
		if d, err := r.Delete(ctx, targets("a")); err != nil || d.Fates[0] != Kept || d.Outcome != pop3.Unknown {
			t.Errorf("%+v, %v", d, err)
		}
	})
}

// TestDeleteWithoutUIDL: without unique-ids nothing can be deleted by them.
func TestDeleteWithoutUIDL(t *testing.T) {
	for _, listed := range []bool{false, true} {
		inBubble(t, "", func(t *testing.T) {
			r := newRig(t, "a")
			r.srv.Intercept = answering(map[string]string{"UIDL": "-ERR what?"})
			if !listed {
				r.srv.Capabilities = []string{"USER"}
			}
			_, err := r.Delete(t.Context(), targets("a"))
			if refused, ok := errors.AsType[*pop3.RefusedError](err); !ok || errors.Is(refused, pop3.ErrNotOffered) == listed || r.sent("DELE")+r.sent("QUIT") > 0 {
				t.Error(err)
			}
		})
	}
}
