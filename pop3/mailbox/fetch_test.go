package mailbox

import (
	"crypto/sha256"
	"errors"
	"hash/crc32"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/popgate/popgate/pop3"
)

// fetch runs a Fetch that must not fail, and checks that it has deleted nothing.
func (r *rig) fetch(t *testing.T, what Fetch, sink *recorder) Summary {
	t.Helper()
	before := len(r.drop.Snapshot())
	summary, err := r.Fetch(t.Context(), what, sink)
	if err != nil {
		t.Error(err)
	}
	if r.over.Wait(); r.sent("QUIT") > 0 || r.sent("DELE") > 0 || len(r.drop.Snapshot()) != before {
		t.Error("QUIT or DELE was sent")
	}
	return summary
}

// counts checks a summary.
func counts(t *testing.T, got Summary, delivered, skipped, failed, remaining int, found ...Finding) {
	t.Helper()
	slices.Sort(got.Findings)
	if got.Delivered != delivered || got.Skipped != skipped || got.Failed != failed || got.Remaining != remaining || !slices.Equal(got.Findings, found) {
		t.Errorf("%+v", got)
	}
}

// TestFetch: everything comes, then only what is new, and the cursor shrinks with the maildrop.
func TestFetch(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		r := newRig(t, "a", "b", "c")
		first := &recorder{}
		counts(t, r.fetch(t, Fetch{}, first), 3, 0, 0, 0)
		first.want(t, "progress|1 a|2 b|3 c|cursor")
		if first.progress != (Progress{3, 3, int64(3 * len(text("a")))}) {
			t.Errorf("%+v", first.progress)
		}
		for i, d := range first.whole {
			sum := sha256.Sum256([]byte(text(d.UniqueID)))
			if agrees, known := d.SizeAgrees(); !agrees || !known || d.Octets() != int64(len(text(d.UniqueID))) ||
				d.CRC32() != crc32.ChecksumIEEE([]byte(text(d.UniqueID))) || !slices.Equal(d.SHA256(), sum[:]) || d.Position != i+1 {
				t.Errorf("%+v", d)
			}
		}
		knows(t, "alice", first.last(), "a", "b", "c")

		none := &recorder{}
		counts(t, r.fetch(t, Fetch{Selection: Selection{Cursor: first.last()}}, none), 0, 0, 0, 0)
		none.want(t, "progress|cursor")

		r.drop.Messages = r.drop.Messages[1:] // a is gone
		addTo(r.drop, "d")
		second := &recorder{}
		counts(t, r.fetch(t, Fetch{Selection: Selection{Cursor: none.last()}, OmitSHA256: true}, second), 1, 0, 0, 0)
		second.want(t, "progress|3 d|cursor")
		knows(t, "alice", second.last(), "b", "c", "d")
		if second.whole[0].SHA256() != nil {
			t.Error("SHA-256, though it is not wanted")
		}
	})
}

// TestFetchSelections: which messages come, in which order.
func TestFetchSelections(t *testing.T) {
	large := strings.Repeat("l", 100)
	for name, tc := range map[string]struct {
		s      Selection
		events string
		counts [4]int
		knows  []string
	}{
		"all":          {Selection{All: true}, "progress|1 a|2 twice|3 twice|4 " + large + "|5 e|cursor", [4]int{5, 0, 0, 0}, []string{"a", large, "e"}},
		"by name":      {Selection{UniqueIDs: []string{"e", "twice"}}, "progress|2 twice|3 twice|5 e|cursor", [4]int{3, 0, 0, 0}, []string{"e"}},
		"larger":       {Selection{MaxOctets: 100}, "progress|skipped 4|1 a|2 twice|3 twice|5 e|cursor", [4]int{4, 1, 0, 0}, []string{"a", "e"}},
		"no more than": {Selection{MaxMessages: 1}, "progress|1 a|cursor", [4]int{1, 0, 0, 4}, []string{"a"}},
		"newest first": {Selection{MaxMessages: 2, NewestFirst: true}, "progress|5 e|4 " + large + "|cursor", [4]int{2, 0, 0, 3}, []string{"e", large}},
	} {
		inBubble(t, name, func(t *testing.T) {
			r := newRig(t, "a", "twice", "twice", large, "e")
			sink := &recorder{}
			c := tc.counts
			counts(t, r.fetch(t, Fetch{Selection: tc.s}, sink), c[0], c[1], c[2], c[3], UniqueIDsDuplicate)
			sink.want(t, tc.events)
			knows(t, "alice", sink.last(), tc.knows...)
		})
	}
}

// TestFetchDuplicates: a unique-id that two messages have is never seen, whatever the caller says.
func TestFetchDuplicates(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		r := newRig(t, "a", "a", "b")
		first, second := &recorder{}, &recorder{}
		r.fetch(t, Fetch{}, first)
		r.fetch(t, Fetch{Selection: Selection{Cursor: first.last(), Seen: []string{"a", "b"}}}, second)
		second.want(t, "progress|1 a|2 a|cursor")
		if second.whole[0].Kind != Duplicate {
			t.Error("is not marked")
		}
		knows(t, "alice", second.last(), "b")
	})
}

// TestFetchResume: after a stream that broke, the old cursor and what came since give the rest.
func TestFetchResume(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		r := newRig(t, numbered(6)...)
		before := &recorder{}
		r.fetch(t, Fetch{Selection: Selection{MaxMessages: 1}}, before)
		broken := &recorder{at: "4 "}
		if _, err := r.Fetch(t.Context(), Fetch{Selection: Selection{Cursor: before.last()}}, broken); !errors.Is(err, errSink) {
			t.Error(err)
		}
		broken.want(t, "progress|2 id-2|3 id-3|4 id-4")
		rest := &recorder{}
		r.fetch(t, Fetch{Selection: Selection{Cursor: before.last(), Seen: []string{"id-2", "id-3"}}}, rest)
		rest.want(t, "progress|4 id-4|5 id-5|6 id-6|cursor")
		knows(t, "alice", rest.last(), numbered(6)...)
	})
}

// TestFetchCursors: a cursor that is none, or of another mailbox, is told before anything is sent.
func TestFetchCursors(t *testing.T) {
	other := newCursor("bob")
	for name, tc := range map[string]struct {
		cursor []byte
		want   error
	}{
		"damaged": {[]byte("what?"), ErrCursorDamaged}, "foreign": {other.encode(marksOf(other, "a"), nil), ErrCursorForeign},
	} {
		inBubble(t, name, func(t *testing.T) {
			r := newRig(t, "a")
			sink := &recorder{}
			if _, err := r.Fetch(t.Context(), Fetch{Selection: Selection{Cursor: tc.cursor}}, sink); !errors.Is(err, tc.want) || r.dials > 0 {
				t.Errorf("%v after %d connections", err, r.dials)
			}
		})
	}
}

// TestFetchRefused: a message that the server refuses does not hold up the others, and comes another time.
func TestFetchRefused(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		r := newRig(t, "a", "b", "c")
		r.srv.Intercept = answering(map[string]string{"RETR 2": "-ERR [SYS/TEMP] not now"})
		first := &recorder{}
		counts(t, r.fetch(t, Fetch{}, first), 2, 0, 1, 0)
		first.want(t, "progress|1 a|failed 2 -ERR [SYS/TEMP] not now|3 c|cursor")
		knows(t, "alice", first.last(), "a", "c")
		r.srv.Intercept = nil
		second := &recorder{}
		r.fetch(t, Fetch{Selection: Selection{Cursor: first.last()}}, second)
		second.want(t, "progress|2 b|cursor")
	})
}

// TestFetchHeaders: TOP in place of RETR. Where the server does not have it, that is the end, and not a failure of each message.
func TestFetchHeaders(t *testing.T) {
	lines := uint32(1)
	inBubble(t, "TOP", func(t *testing.T) {
		r := newRig(t, "a", "b")
		sink := &recorder{}
		counts(t, r.fetch(t, Fetch{HeaderLines: &lines}, sink), 2, 0, 0, 0)
		if want := "Subject: a\r\n\r\nbody of a\r\n"; sink.texts[0] != want || r.sent("RETR") > 0 {
			t.Errorf("%q", sink.texts[0])
		}
		if _, known := sink.whole[0].SizeAgrees(); known {
			t.Error("a part has no size")
		}
	})
	for name, tc := range map[string]struct {
		listed bool
		events string
	}{"refused": {true, "progress|failed 1 -ERR no|failed 2 -ERR no|cursor"}, "not offered": {false, "progress"}} {
		inBubble(t, name, func(t *testing.T) {
			r := newRig(t, "a", "b")
			r.srv.Intercept = answering(map[string]string{"TOP 1 1": "-ERR no", "TOP 2 1": "-ERR no"})
			if !tc.listed {
				r.srv.Capabilities = []string{"USER", "UIDL"}
			}
			sink := &recorder{}
			if _, err := r.Fetch(t.Context(), Fetch{HeaderLines: &lines}, sink); errors.Is(err, pop3.ErrNotOffered) == tc.listed {
				t.Error(err)
			}
			sink.want(t, tc.events)
		})
	}
}

// TestFetchCursorEvery: a cursor comes with every 1,000 messages, and holds what came before it.
func TestFetchCursorEvery(t *testing.T) {
	inBubble(t, "1,000 messages", func(t *testing.T) {
		ids := numbered(2500)
		r := newRig(t, ids...)
		sink := &recorder{}
		counts(t, r.fetch(t, Fetch{}, sink), 2500, 0, 0, 0)
		for i, n := range []int{1000, 2000, 2500} {
			if at := n + 1 + i; sink.events[at] != "cursor" {
				t.Errorf("event %d is %q", at, sink.events[at])
			}
			knows(t, "alice", sink.cursors[i], ids[:n]...)
		}
		if len(sink.cursors) != 3 {
			t.Errorf("%d cursors", len(sink.cursors))
		}
	})
	inBubble(t, "60 seconds", func(t *testing.T) {
		r := newRig(t, numbered(7)...)
		sink := &recorder{}
		sink.deliver = func(d *Delivery) error {
			time.Sleep(25 * time.Second)
			return sink.read(d)
		}
		r.fetch(t, Fetch{}, sink)
		sink.want(t, "progress|1 id-1|2 id-2|3 id-3|cursor|4 id-4|5 id-5|6 id-6|cursor|7 id-7|cursor")
		for i, n := range []int{3, 6, 7} {
			knows(t, "alice", sink.cursors[i], numbered(n)...)
		}
	})
}

// TestFetchFindings: what is said of a server.
func TestFetchFindings(t *testing.T) {
	for name, tc := range map[string]struct {
		capabilities []string
		octets       int64
		replies      map[string]string
		all          bool
		found        []Finding
	}{
		"none":               {[]string{"USER", "UIDL", "EXPIRE 31 USER"}, 0, nil, false, nil},
		"EXPIRE 0":           {[]string{"USER", "UIDL", "EXPIRE 0"}, 0, nil, false, []Finding{ExpireZero}},
		"EXPIRE NEVER":       {[]string{"USER", "UIDL", "EXPIRE NEVER"}, 0, nil, false, nil},
		"a size":             {[]string{"USER", "UIDL"}, 1, nil, false, []Finding{SizesWrong}},
		"without UIDL":       {[]string{"USER"}, 0, map[string]string{"UIDL": "-ERR what?"}, true, []Finding{UniqueIDsMissing}},
		"lists do not agree": {[]string{"USER", "UIDL"}, 0, map[string]string{"LIST": "+OK\r\n."}, false, []Finding{ListingDamaged}},
	} {
		inBubble(t, name, func(t *testing.T) {
			r := newRig(t, "a")
			r.srv.Capabilities = tc.capabilities
			r.srv.Intercept = answering(tc.replies)
			r.drop.Messages[0].Octets += tc.octets
			sink := &recorder{}
			counts(t, r.fetch(t, Fetch{Selection: Selection{All: tc.all}}, sink), 1, 0, 0, 0, tc.found...)
			if agrees, known := sink.whole[0].SizeAgrees(); known && agrees != (tc.octets == 0) {
				t.Error("the size agrees:", agrees)
			}
		})
	}
}

// TestFetchUIDLRefused: a server that lists UIDL and refuses it is not taken for one without, and all the mail is not delivered anew.
func TestFetchUIDLRefused(t *testing.T) {
	for _, all := range []bool{false, true} {
		inBubble(t, "", func(t *testing.T) {
			r := newRig(t, "a")
			r.srv.Intercept = answering(map[string]string{"UIDL": "-ERR [SYS/TEMP] not now"})
			sink := &recorder{}
			_, err := r.Fetch(t.Context(), Fetch{Selection: Selection{All: all}}, sink)
			if refused, ok := errors.AsType[*pop3.RefusedError](err); !ok || refused.NotOffered || len(sink.events) > 0 {
				t.Errorf("%v, %q", err, sink.events)
			}
		})
	}
}
