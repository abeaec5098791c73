package lostmail

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestPlan: the same seed gives the same plan, another one another, and the
// numbers are those that were asked for.
func TestPlan(t *testing.T) {
	text := func(seed uint64) string {
		p := newPlan(seed, 501, 2003)
		sessions, arrive := 0, 0
		for _, box := range p.Mailboxes {
			sessions += len(box.Sessions)
			for _, s := range box.Sessions {
				arrive += len(s.Arrive)
			}
		}
		if sessions != 501 || arrive != 2003 {
			t.Errorf("%d sessions, %d messages", sessions, arrive)
		}
		b, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	first := text(1)
	if first != text(1) {
		t.Error("one seed, two plans")
	}
	if first == text(2) {
		t.Error("two seeds, one plan")
	}
	if a, b := contentOf(1, 2, 3, 500), contentOf(1, 2, 3, 500); string(a) != string(b) {
		t.Error("one seed, two messages")
	}
}

// facts are a session of an honest mailbox with three messages: 0 is settled
// for deletion and deleted, 1 is kept, 2 has not come.
func facts() evidence {
	p := &mailboxPlan{Number: 1, Kind: honest, Sessions: []sessionPlan{{Number: 1}, {Number: 2}}}
	e := evidence{plan: p, arrived: []known{{"a", 1}, {"b", 2}, {"c", 3}}, maildrop: []int{1, 2}}
	e.records = []record{
		{What: "stored", Time: 1, Session: 1, ID: 1, UniqueID: "id-0", Unique: true, SHA: "a", Octets: 1},
		{What: "stored", Time: 2, Session: 1, ID: 2, UniqueID: "id-1", Unique: true, SHA: "b", Octets: 2},
		{What: "settle", Time: 3, Session: 1, IDs: []uint64{1}},
		{What: "settle", Time: 4, Session: 1, IDs: []uint64{2}, Keep: true},
		{What: "commit", Time: 6, Session: 1, Fates: map[uint64]string{1: "DELETED", 2: "KEPT"}},
	}
	e.truth = []update{{time: 5, session: 1, retrieved: []int{0, 1}, removed: []int{0}}}
	for i := range p.Sessions {
		e.calls = append(e.calls, ending{sessionPlan: &p.Sessions[i], result: result{Code: "OK"}})
	}
	return e
}

// TestCheck spoils the facts, and looks for what the checker says to it.
func TestCheck(t *testing.T) {
	again := record{What: "stored", Time: 7, Session: 2, ID: 1, UniqueID: "id-0", Unique: true, SHA: "a", Octets: 1}
	for _, test := range []struct {
		name  string
		spoil func(e *evidence)
		want  string // the only defect, or ""
	}{
		{"nothing", func(*evidence) {}, ""},
		{"a message gone", func(e *evidence) { e.maildrop = []int{1} }, "lost"},
		{"a message left", func(e *evidence) { e.left = []int{2} }, "left"},
		{"other octets", func(e *evidence) { e.records[1].SHA = "x" }, "altered"},
		{"kept, and removed", func(e *evidence) { e.truth[0].removed = []int{0, 1} }, "deleted without settlement"},
		{"settled too late", func(e *evidence) { e.records[2].Time = 6 }, "deleted without settlement"},
		{"settled in another session", func(e *evidence) { e.truth[0].session = 2 }, "deleted without settlement"},
		{"not settled", func(e *evidence) { e.records[3].IDs = nil }, "QUIT with an unsettled message"},
		{"not stored", func(e *evidence) { e.truth[0].retrieved = []int{0, 1, 2} }, "QUIT with an unsettled message"},
		{"DELETED, and there", func(e *evidence) { e.records[4].Fates[2] = "DELETED" }, "false report"},
		{"KEPT, and gone", func(e *evidence) { e.records[4].Fates[1] = "KEPT" }, "false report"},
		{"UNKNOWN", func(e *evidence) { e.records[4].Fates[1] = "UNKNOWN" }, ""},
		{"the other's unique-id", func(e *evidence) { e.records[1].UniqueID = "id-2" }, "another's unique-id"},
		{"again though DELETED", func(e *evidence) { e.records = append(e.records, again) }, "delivered again though DELETED"},
		{"again after UNKNOWN", func(e *evidence) {
			e.records[4].Fates[1] = "UNKNOWN"
			e.records = append(e.records, again)
		}, ""},
		{"a failure without a cause", func(e *evidence) { e.calls[1].Code = "Unavailable" }, "a bad end"},
		{"a failure with one", func(e *evidence) { e.calls[1].Code, e.calls[1].disturbed = "Unavailable", true }, ""},
		{"a defect that a caller saw", func(e *evidence) { e.records = append(e.records, record{What: "wrong", Session: 1}) }, "noticed by a caller"},
		{"kept, at a server that removes it", func(e *evidence) {
			e.plan.Kind = gmail
			e.truth[0].removed = []int{0, 1}
		}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := facts()
			test.spoil(&e)
			wrong := strings.Join(check(e).wrong, "\n")
			if test.want == "" && wrong != "" || test.want != "" && !strings.Contains(wrong, "): "+test.want+": ") {
				t.Errorf("%q, want %q", wrong, test.want)
			}
		})
	}
}
