package mailbox

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

// settling settles each delivery as its unique-id begins: "d" to delete, "k" to keep, all else not at all.
func settling(c *caller, d *Delivery) error {
	switch d.UniqueID[0] {
	case 'd':
		return c.Settle(ToDelete, d.ID)
	case 'k':
		return c.Settle(ToKeep, d.ID)
	}
	return nil
}

// scenario is a job, and what becomes of it.
type scenario struct {
	ids    string
	setup  func(r *rig)
	what   Collect
	got    func(c *caller, d *Delivery) error // nil: settling
	events string
	left   string
	err    error
	found  []Finding
	knows  string // unique-ids that the last cursor knows
	logins int
}

func (s *scenario) run(t *testing.T) (*rig, *caller, Summary) {
	t.Helper()
	r := newRig(t, strings.Fields(s.ids)...)
	if s.setup != nil {
		s.setup(r)
	}
	c := &caller{got: s.got}
	if c.got == nil {
		c.got = settling
	}
	summary, err := r.collect(t, s.what, c)
	if r.over.Wait(); !errors.Is(err, s.err) || r.dials != s.logins {
		t.Errorf("%v after %d logins, want %v, %d", err, r.dials, s.err, s.logins)
	}
	if slices.Contains(s.found, UniqueIDsMissing) {
		c.whole = nil // their texts are not those of their unique-ids
	}
	c.want(t, s.events)
	if left := r.left(); left != s.left {
		t.Errorf("%s are left, want %s", left, s.left)
	}
	if !slices.Equal(summary.Findings, s.found) {
		t.Errorf("findings %v", summary.Findings)
	}
	if len(c.cursors) > 0 {
		knows(t, "alice", c.last(), strings.Fields(s.knows)...)
	} else if s.knows != "" {
		t.Error("no cursor")
	}
	return r, c, summary
}

func TestCollect(t *testing.T) {
	for name, s := range map[string]scenario{
		"all": {
			ids: "d1 d2 d3", events: "progress|1 d1|2 d2|3 d3|COMMITTED d1=deleted d2=deleted d3=deleted|cursor|progress|cursor", logins: 2,
		},
		"empty": {events: "progress|cursor", logins: 1},
		"batches": {
			ids: "d1 d2 d3 d4 d5", what: Collect{CommitMessages: 2}, logins: 4,
			events: "progress|1 d1|2 d2|COMMITTED d1=deleted d2=deleted|cursor|progress|1 d3|2 d4|COMMITTED d3=deleted d4=deleted|cursor|" +
				"progress|1 d5|COMMITTED d5=deleted|cursor|progress|cursor",
		},
		"a mix in batches": {
			ids: "k1 d2 k3 d4 d5", what: Collect{CommitMessages: 2}, logins: 4, left: "k1 k3", knows: "k1 k3",
			events: "progress|1 k1|2 d2|COMMITTED k1=kept d2=deleted|cursor|progress|2 k3|3 d4|COMMITTED k3=kept d4=deleted|cursor|" +
				"progress|3 d5|COMMITTED d5=deleted|cursor|progress|cursor",
		},
		"kept": {
			ids: "k1 k2", logins: 2, left: "k1 k2", knows: "k1 k2",
			events: "progress|1 k1|2 k2|NOTHING_MARKED k1=kept k2=kept|cursor|progress|cursor",
		},
		"refused RETR": {
			ids: "d1 d2 d3", logins: 2, left: "d2",
			setup:  func(r *rig) { r.srv.Intercept = answering(map[string]string{"RETR 2": "-ERR no"}) },
			events: "progress|1 d1|failed 2 -ERR no|3 d3|COMMITTED d1=deleted d3=deleted|cursor|progress|cursor",
		},
		"refused first": {
			ids: "x1 x2 x3 d4 d5", logins: 3, left: "x1 x2 x3", what: Collect{CommitMessages: 1},
			setup: func(r *rig) {
				r.srv.Intercept = answering(map[string]string{"RETR 1": "-ERR no", "RETR 2": "-ERR no", "RETR 3": "-ERR no"})
			},
			events: "progress|failed 1 -ERR no|failed 2 -ERR no|failed 3 -ERR no|4 d4|COMMITTED d4=deleted|cursor|" +
				"progress|4 d5|COMMITTED d5=deleted|cursor|progress|cursor",
		},
		"all refused": {
			ids: "d1 d2", logins: 1, left: "d1 d2",
			setup:  func(r *rig) { r.srv.Intercept = answering(map[string]string{"RETR 1": "-ERR no", "RETR 2": "-ERR no"}) },
			events: "progress|failed 1 -ERR no|failed 2 -ERR no|cursor",
		},
		"refused DELE": {
			ids: "d1 d2", logins: 2, left: "d2", knows: "d2",
			setup:  func(r *rig) { r.srv.Intercept = answering(map[string]string{"DELE 2": "-ERR no"}) },
			events: "progress|1 d1|2 d2|COMMITTED d1=deleted d2=kept|cursor|progress|cursor",
		},
		"too large": {
			ids: "d1 d2" + strings.Repeat("x", 60) + " d3", logins: 2, left: "d2" + strings.Repeat("x", 60),
			what:   Collect{Fetch: Fetch{Selection: Selection{MaxOctets: 100}}},
			events: "progress|skipped 2|1 d1|3 d3|COMMITTED d1=deleted d3=deleted|cursor|progress|cursor",
		},
		"only too large": {
			ids: "d1 d2", logins: 1, left: "d1 d2", what: Collect{Fetch: Fetch{Selection: Selection{MaxOctets: 1}}},
			events: "progress|skipped 1|skipped 2|cursor",
		},
		"no more than": {
			ids: "d1 k2 d3 d4", logins: 2, left: "k2 d4", knows: "k2",
			what:   Collect{Fetch: Fetch{Selection: Selection{MaxMessages: 3}}, CommitMessages: 2},
			events: "progress|1 d1|2 k2|COMMITTED d1=deleted k2=kept|cursor|progress|2 d3|COMMITTED d3=deleted|cursor|cursor",
		},
		"newest first": {
			ids: "d1 d2 d3", logins: 3, what: Collect{Fetch: Fetch{Selection: Selection{NewestFirst: true}}, CommitMessages: 2},
			events: "progress|3 d3|2 d2|COMMITTED d3=deleted d2=deleted|cursor|progress|1 d1|COMMITTED d1=deleted|cursor|progress|cursor",
		},
		"by name": {
			ids: "d1 d2 d3", logins: 1, left: "d2", what: Collect{Fetch: Fetch{Selection: Selection{UniqueIDs: []string{"d3", "d1", "d9"}}}},
			events: "progress|1 d1|3 d3|COMMITTED d1=deleted d3=deleted|cursor|cursor",
		},
		"seen": {
			ids: "d1 d2 d3", logins: 2, left: "d1 d2", knows: "d1 d2", what: Collect{Fetch: Fetch{Selection: Selection{Seen: []string{"d1", "d2"}}}},
			events: "progress|3 d3|COMMITTED d3=deleted|cursor|progress|cursor",
		},
		"no room but for one": {
			ids: "d1 d2 d3", logins: 2, what: Collect{MaxUnsettledOctets: 1},
			events: "progress|1 d1|2 d2|3 d3|COMMITTED d1=deleted d2=deleted d3=deleted|cursor|progress|cursor",
		},
		"not settled": {
			ids: "d1 x2 k3 d4", logins: 2, left: "x2 k3", knows: "k3", err: ErrUnsettled, what: Collect{CommitMessages: 4},
			events: "progress|1 d1|2 x2|3 k3|4 d4|cursor|COMMITTED d1=deleted k3=kept d4=deleted|cursor",
		},
		"none to delete, and one not settled": {
			ids: "x1 k2", logins: 1, left: "x1 k2", knows: "k2", err: ErrUnsettled,
			events: "progress|1 x1|2 k2|cursor|NOT_COMMITTED k2=kept|cursor",
		},
		"none settled": {ids: "x1 x2", logins: 1, left: "x1 x2", err: ErrUnsettled, events: "progress|1 x1|2 x2"},
		"not settled, and refused DELE": {
			ids: "d1 x2 d3", logins: 2, left: "d1 x2", knows: "d1", err: ErrUnsettled,
			setup:  func(r *rig) { r.srv.Intercept = answering(map[string]string{"DELE 1": "-ERR no"}) },
			events: "progress|1 d1|2 x2|3 d3|COMMITTED d1=kept d3=deleted|cursor",
		},
		"twice": {
			ids: "d1 d2 d2 k3", logins: 1, left: "k3", knows: "k3", found: []Finding{UniqueIDsDuplicate}, what: Collect{CommitMessages: 2},
			events: "progress|1 d1|2 d2|3 d2|4 k3|COMMITTED d1=deleted d2=deleted d2=deleted k3=kept|cursor|cursor",
		},
		"blank": {
			ids: "d1 d2", logins: 1, found: []Finding{UniqueIDsMissing}, what: Collect{CommitMessages: 1},
			setup:  func(r *rig) { r.srv.Intercept = answering(map[string]string{"UIDL": framed("1 |2 d2")}) },
			got:    func(c *caller, d *Delivery) error { return c.SettleThrough(ToDelete, d.ID) },
			events: "progress|1 |2 d2|COMMITTED =deleted d2=deleted|cursor|cursor",
		},
		"twice, and not settled": {
			ids: "d1 d2 d2 x3", logins: 2, left: "d2 d2 x3", err: ErrUnsettled, found: []Finding{UniqueIDsDuplicate},
			events: "progress|1 d1|2 d2|3 d2|4 x3|COMMITTED d1=deleted d2=kept d2=kept|cursor",
		},
		"LOGIN-DELAY": {
			ids: "d1 d2 d3", logins: 3, what: Collect{CommitMessages: 2}, setup: func(r *rig) { r.srv.LoginDelay = 10 * time.Second },
			events: "progress|1 d1|2 d2|COMMITTED d1=deleted d2=deleted|cursor|progress|1 d3|COMMITTED d3=deleted|cursor|progress|cursor",
		},
		"long LOGIN-DELAY": {
			ids: "d1 d2 d3", logins: 1, what: Collect{CommitMessages: 2}, setup: func(r *rig) { r.srv.LoginDelay = 300 * time.Second },
			events: "progress|1 d1|2 d2|3 d3|COMMITTED d1=deleted d2=deleted d3=deleted|cursor|cursor", found: []Finding{LoginDelay},
		},
		"no UIDL": {
			ids: "d1 d2 d3", logins: 1, what: Collect{Fetch: Fetch{Selection: Selection{All: true}}, CommitMessages: 2}, found: []Finding{UniqueIDsMissing},
			setup: func(r *rig) {
				r.srv.Intercept = answering(map[string]string{"UIDL": "-ERR what?"})
				r.srv.Capabilities = []string{"USER"}
			},
			got:    func(c *caller, d *Delivery) error { return c.SettleThrough(ToDelete, d.ID) },
			events: "progress|1 |2 |3 |COMMITTED =deleted =deleted =deleted|cursor|cursor",
		},
		"NOOP is refused": {
			ids: "x1", logins: 1, left: "x1", err: ErrUnsettled, events: "progress|1 x1",
			setup: func(r *rig) { r.srv.Intercept = answering(map[string]string{"NOOP": "-ERR what?"}) },
		},
	} {
		inBubble(t, name, func(t *testing.T) {
			begin := time.Now()
			r, c, _ := s.run(t)
			took := time.Since(begin).Truncate(time.Second)
			switch name {
			case "LOGIN-DELAY":
				if took != 20*time.Second {
					t.Errorf("it took %v", took)
				}
			case "NOOP is refused", "none settled":
				if r.sent("NOOP") < 19 || took != 10*time.Minute || r.sent("QUIT") > 0 {
					t.Errorf("%d NOOP in %v", r.sent("NOOP"), took)
				}
			case "refused DELE":
				if c.commits[0].Messages[1].Response != "-ERR no" || c.commits[0].Messages[0].Response != "" {
					t.Errorf("%+v", c.commits)
				}
			case "not settled":
				commands := strings.Join(r.srv.Commands(), " ")
				if second := commands[strings.LastIndex(commands, "UIDL"):]; strings.Contains(second, "RETR") || !strings.HasSuffix(second, "DELE 1 LIST 4 DELE 4 QUIT") {
					t.Error(second)
				}
			}
		})
	}
}
