package servers_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/interop/internal/drive"
)

// wantStat expects an untouched maildrop of alice.
func (x *run) wantStat(s *drive.Session) {
	s.T.Helper()
	got := drive.Must[*pb.StatResponse](s, &pb.StatRequest{})
	var count, octets int64
	if _, err := fmt.Sscanf(x.seen.stat, "+OK %d %d", &count, &octets); err != nil {
		s.T.Fatalf("%q: %v", x.seen.stat, err)
	}
	sameSize := got.GetOctets() == octets || x.settled != nil
	if int64(got.GetMessageCount()) != count || !sameSize {
		s.T.Errorf("Stat gives %v, a direct connection %q", got, x.seen.stat)
	}
}

// checkMessages reads everything in a mode, and compares it with what a direct
// connection has got, which was compared with the seed where it can be.
func (x *run) checkMessages(t *testing.T, m mode) {
	s := x.mailbox(t, x.client(m), m, alice)
	within := func(f func(t *testing.T, s *drive.Session)) func(*testing.T) {
		return func(t *testing.T) { f(t, &drive.Session{Client: s.Client, T: t, Opened: s.Opened}) }
	}
	x.check(t, "messages: Stat, List and Uidl", m, within(x.listings))
	x.check(t, "messages: Retr", m, within(x.wholeMessages))
	x.check(t, "messages: Top", m, within(x.tops))
	s.WantQuit(pb.CommitOutcome_COMMIT_OUTCOME_NOTHING_MARKED)
	x.check(t, "messages: none", m, func(t *testing.T) { x.empty(t, m) })
}

// empty looks into bob's maildrop.
func (x *run) empty(t *testing.T, m mode) {
	s := x.mailbox(t, x.client(m), m, bob)
	if got := drive.Must[*pb.StatResponse](s, &pb.StatRequest{}); got.GetMessageCount() != 0 || got.GetOctets() != 0 {
		t.Errorf("Stat gives %v", got)
	}
	if list := listOf(s, nil); list != "" {
		t.Errorf("List gives %q", list)
	}
	if _, missing := x.refuses["Uidl"]; !missing && uidlOf(s, nil) != "" {
		t.Error("Uidl gives entries")
	}
	_, err := s.Call(&pb.RetrRequest{MessageNumber: 1})
	wantReason(t, "Retr of none", err, refused)
	s.WantQuit(pb.CommitOutcome_COMMIT_OUTCOME_NOTHING_MARKED)
}

func (x *run) listings(t *testing.T, s *drive.Session) {
	x.wantStat(s)
	if list := listOf(s, nil); list != x.seen.list && x.settled == nil {
		t.Errorf("List gives %q, a direct connection %q", list, x.seen.list)
	}
	for n, line := range lines(listOf(s, nil)) {
		if one := listOf(s, new(uint32(n))); one != line {
			t.Errorf("List %d gives %q, the listing %q", n, one, line)
		}
	}
	if _, missing := x.refuses["Uidl"]; missing {
		return
	}
	if uidl := uidlOf(s, nil); uidl != x.seen.uidl {
		t.Errorf("Uidl gives %q, a direct connection %q", uidl, x.seen.uidl)
	}
	for n, line := range lines(x.seen.uidl) {
		if one := uidlOf(s, new(uint32(n))); one != line {
			t.Errorf("Uidl %d gives %q, the listing %q", n, one, line)
		}
	}
}

// lines are the first, a middle and the last line of a listing, with their
// ends, by their places.
func lines(listing string) map[int]string {
	all := strings.SplitAfter(strings.TrimSuffix(listing, "\r\n"), "\r\n")
	some := map[int]string{}
	for _, n := range []int{1, (len(all) + 1) / 2, len(all)} {
		some[n] = strings.TrimSuffix(all[n-1], "\r\n") + "\r\n"
	}
	return some
}

// listOf returns the entries of List as read, which have to be as they came.
func listOf(s *drive.Session, number *uint32) string {
	s.T.Helper()
	var raw, read strings.Builder
	for _, r := range drive.MustAll[*pb.ListResponse](s, &pb.ListRequest{MessageNumber: number}) {
		for _, e := range r.GetEntries() {
			fmt.Fprintf(&raw, "%s\r\n", e.GetLine())
			fmt.Fprintf(&read, "%d %d\r\n", e.GetMessageNumber(), e.GetOctets())
		}
	}
	if raw.String() != read.String() {
		s.T.Errorf("List %v: lines %q, read as %q", number, raw.String(), read.String())
	}
	return read.String()
}

func uidlOf(s *drive.Session, number *uint32) string {
	s.T.Helper()
	var raw, read strings.Builder
	for _, r := range drive.MustAll[*pb.UidlResponse](s, &pb.UidlRequest{MessageNumber: number}) {
		for _, e := range r.GetEntries() {
			fmt.Fprintf(&raw, "%s\r\n", e.GetLine())
			fmt.Fprintf(&read, "%d %s\r\n", e.GetMessageNumber(), e.GetUniqueId())
		}
	}
	if raw.String() != read.String() {
		s.T.Errorf("Uidl %v: lines %q, read as %q", number, raw.String(), read.String())
	}
	return read.String()
}

// retrieve gets a message with everything that can be asked for.
func retrieve(s *drive.Session, number int) []byte {
	s.T.Helper()
	var listed int64
	for _, r := range drive.MustAll[*pb.ListResponse](s, &pb.ListRequest{MessageNumber: new(uint32(number))}) {
		for _, e := range r.GetEntries() {
			listed = e.GetOctets()
		}
	}
	parts := drive.MustAll[*pb.RetrResponse](s, &pb.RetrRequest{MessageNumber: uint32(number), MaxOctets: &listed, WantSha256: true})
	data := drive.Join(s.T, parts, true)
	last := parts[len(parts)-1]
	if last.SizeAgrees == nil || last.GetSizeAgrees() != (int64(len(data)) == listed) {
		s.T.Errorf("message %d: %d octets, listed %d, size_agrees %v", number, len(data), listed, last.SizeAgrees)
	}
	return data
}

func (x *run) wholeMessages(t *testing.T, s *drive.Session) {
	for i, m := range x.messages() {
		got, want := x.stable(retrieve(s, i+1)), x.stable(x.seen.messages[i])
		if !bytes.Equal(got, want) {
			t.Errorf("message %d (%s), by a direct connection: %s", i+1, m.Name, difference(got, want))
		}
		if want := x.seeded(m); want != nil && !bytes.Equal(got, want) {
			t.Errorf("message %d (%s), seeded: %s", i+1, m.Name, difference(got, want))
		}
	}
}

func (x *run) tops(t *testing.T, s *drive.Session) {
	for i := range x.messages() {
		for lines, seen := range map[uint32][]byte{0: x.seen.headers[i], 2: x.seen.tops[i]} {
			parts := drive.MustAll[*pb.TopResponse](s, &pb.TopRequest{MessageNumber: uint32(i + 1), Lines: lines, WantSha256: true})
			if got, want := x.stable(drive.Join(t, parts, true)), x.stable(seen); !bytes.Equal(got, want) {
				t.Errorf("Top %d %d, by a direct connection: %s", i+1, lines, difference(got, want))
			}
		}
	}
}

// utf8Messages reads all messages as they were seeded, those with octets above
// 127 too.
func (x *run) utf8Messages(t *testing.T) {
	s := x.open(t, x.client(implicit), implicit)
	drive.Must[*pb.Utf8Response](s, &pb.Utf8Request{})
	drive.Must[*pb.UserResponse](s, &pb.UserRequest{Username: alice.name})
	drive.Must[*pb.PassResponse](s, &pb.PassRequest{Password: alice.password})
	for i, m := range x.messages() {
		if got, want := retrieve(s, i+1), withEveryCR(m); !bytes.Equal(got, want) {
			t.Errorf("message %d (%s): %s", i+1, m.Name, difference(got, want))
		}
	}
	s.WantQuit(pb.CommitOutcome_COMMIT_OUTCOME_NOTHING_MARKED)
}
