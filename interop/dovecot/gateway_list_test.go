package dovecot_test

import (
	"fmt"
	"strings"
	"testing"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/interop/internal/drive"
)

// TestGatewayListings compares every listing with the seed, and the unique-ids
// with those of a raw connection.
func TestGatewayListings(t *testing.T) {
	s := loadSetup(t)
	user := s.account(t, "alice")
	d := openMaildrop(t, s, implicit, user.Name)
	uids := string(d.Multiline("UIDL"))
	d.Must("QUIT")
	var sizes strings.Builder
	for _, m := range s.Messages {
		fmt.Fprintf(&sizes, "%d %d\r\n", m.Number, m.Listed)
	}
	overTransports(t, func(t *testing.T, via drive.Transport) {
		for _, m := range gatewayModes {
			t.Run(string(m), func(t *testing.T) {
				opened := openMailbox(t, via, m, user)
				opened.wantStat(user)
				opened.checkList(nil, sizes.String())
				opened.checkUidl(nil, uids)
				for _, m := range sample(via, s.Messages) {
					opened.checkList(new(uint32(m.Number)), lineAt(sizes.String(), m.Number))
					opened.checkUidl(new(uint32(m.Number)), lineAt(uids, m.Number))
				}
				opened.Fails(&pb.ListRequest{MessageNumber: new(uint32(99))}, noSuchMessage("LIST"))
				opened.Fails(&pb.UidlRequest{MessageNumber: new(uint32(99))}, noSuchMessage("UIDL"))
				opened.wantNoop()
				opened.WantQuit(pb.CommitOutcome_COMMIT_OUTCOME_NOTHING_MARKED)
			})
		}
	})
}

// lineAt returns the line of a message in a listing, with its end.
func lineAt(listing string, number int) string {
	return strings.SplitAfter(listing, "\r\n")[number-1]
}

func (s *session) wantNoop() {
	s.T.Helper()
	if got := drive.Must[*pb.NoopResponse](s, &pb.NoopRequest{}).GetResponse(); got != "+OK" {
		s.T.Errorf("Noop gives %q", got)
	}
}

// checkList compares the sizes of all messages or of one.
func (s *session) checkList(number *uint32, want string) {
	s.T.Helper()
	var lines, fields strings.Builder
	response, octets := "", int64(-1)
	for _, r := range drive.MustAll[*pb.ListResponse](s, &pb.ListRequest{MessageNumber: number}) {
		response += r.GetResponse()
		if r.Octets != nil {
			octets = r.GetOctets()
		}
		for _, e := range r.GetEntries() {
			fmt.Fprintf(&lines, "%s\r\n", e.GetLine())
			fmt.Fprintf(&fields, "%d %d\r\n", e.GetMessageNumber(), e.GetOctets())
		}
	}
	s.checkListing("List", number, response, octets, lines.String(), fields.String(), want)
}

// checkUidl compares the unique-ids of all messages or of one.
func (s *session) checkUidl(number *uint32, want string) {
	s.T.Helper()
	var lines, fields strings.Builder
	response, octets := "", int64(-1)
	for _, r := range drive.MustAll[*pb.UidlResponse](s, &pb.UidlRequest{MessageNumber: number}) {
		response += r.GetResponse()
		if r.Octets != nil {
			octets = r.GetOctets()
		}
		for _, e := range r.GetEntries() {
			fmt.Fprintf(&lines, "%s\r\n", e.GetLine())
			fmt.Fprintf(&fields, "%d %s\r\n", e.GetMessageNumber(), e.GetUniqueId())
		}
	}
	s.checkListing("Uidl", number, response, octets, lines.String(), fields.String(), want)
}

// checkListing compares the lines of a listing and what was read from them.
// There are no octets of the listing where there is but one message.
func (s *session) checkListing(rpc string, number *uint32, response string, octets int64, lines, fields, want string) {
	s.T.Helper()
	begin, size := "+OK", int64(len(want))
	if number != nil {
		begin, size = "+OK "+strings.TrimSuffix(want, "\r\n"), -1
	}
	if lines != want || fields != want || octets != size || !strings.HasPrefix(response, begin) {
		s.T.Errorf("%s %v gives %q, %d octets, lines %q, fields %q, want %q", rpc, number, response, octets, lines, fields, want)
	}
}
