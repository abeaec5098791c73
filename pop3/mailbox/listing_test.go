package mailbox

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/popgate/popgate/pop3"
)

// shown is a listing for a test's eyes: number, unique-id, kind and octets of each message, and the lines that cannot be read.
func shown(l *Listing) string {
	var lines []string
	for item := range l.Items() {
		if item.Number == 0 {
			lines = append(lines, fmt.Sprintf("%q", item.Line))
			continue
		}
		lines = append(lines, fmt.Sprintf("%d %s %c %d", item.Number, item.UniqueID, "UDM"[item.Kind], item.Octets))
	}
	return strings.Join(lines, "|")
}

// listed logs in and lists; a reply of entries in the table has none of its frame.
func listed(t *testing.T, uidl, sizes string, withoutIDs bool) (*Listing, error) {
	t.Helper()
	r := newRig(t)
	r.srv.Intercept = answering(map[string]string{"UIDL": framed(uidl), "LIST": framed(sizes)})
	c, _, err := r.login(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	return list(t.Context(), c, withoutIDs)
}

// framed makes a reply of entries that are parted by "|".
func framed(entries string) string {
	switch {
	case strings.HasPrefix(entries, "-ERR"):
		return entries
	case entries == "":
		return "+OK\r\n."
	}
	return "+OK\r\n" + strings.ReplaceAll(entries, "|", "\r\n") + "\r\n."
}

// TestListing: UIDL and LIST become one listing, however they look.
func TestListing(t *testing.T) {
	damaged, duplicate, missing := fmt.Sprint(ListingDamaged), fmt.Sprint(UniqueIDsDuplicate), fmt.Sprint(UniqueIDsMissing)
	for name, tc := range map[string]struct {
		uidl, list, want string
		octets           int64
		findings         string
	}{
		"empty":                    {"", "", "", 0, ""},
		"as it should be":          {"1 a|2 b", "1 10|2 20", "1 a U 10|2 b U 20", 30, ""},
		"gaps":                     {"3 a|70000 b", "3 10|70000 20", "3 a U 10|70000 b U 20", 30, ""},
		"UIDL unsorted":            {"3 c|1 a|2 b", "1 1|2 2|3 3", "1 a U 1|2 b U 2|3 c U 3", 6, ""},
		"LIST unsorted":            {"1 a|2 b|3 c", "3 3|1 1|2 2", "1 a U 1|2 b U 2|3 c U 3", 6, ""},
		"both unsorted":            {"2 b|1 a", "3 3|2 2|1 1", "1 a U 1|2 b U 2|3  M 3", 6, damaged + missing},
		"duplicates":               {"1 a|2 b|3 a|4 a", "1 1|2 1|3 1|4 1", "1 a D 1|2 b U 1|3 a D 1|4 a D 1", 4, duplicate},
		"blank":                    {"1|2 b|3 ", "1 1|2 2|3 3", "1  M 1|2 b U 2|3  M 3", 6, missing},
		"with blanks inside":       {"1 a b |2 a  c", "1 1|2 2", "1 a b U 1|2 a  c U 2", 3, ""},
		"LIST has one more":        {"1 a", "1 1|2 2", "1 a U 1|2  M 2", 3, damaged + missing},
		"LIST has more before":     {"3 c", "1 1|2 2|3 3|4 4", "1  M 1|2  M 2|3 c U 3|4  M 4", 10, damaged + missing},
		"LIST has one less":        {"1 a|2 b|3 c", "1 1|3 3", "1 a U 1|2 b U -1|3 c U 3", 4, damaged},
		"LIST is empty":            {"1 a", "", "1 a U -1", 0, damaged},
		"UIDL is empty":            {"", "1 1", "1  M 1", 1, missing},
		"damaged lines":            {"1 a|x|0 y||-1 z|2 b", "1 1|what?|2 2", `1 a U 1|2 b U 2|"x"|"0 y"|""|"-1 z"|"what?"`, 3, damaged},
		"no octets":                {"1 a|2 b", "1|2 many", "1 a U -1|2 b U -1", 0, damaged},
		"negative octets":          {"1 a", "1 -5", "1 a U -1", 0, damaged},
		"a number twice in UIDL":   {"1 a|1 b|2 c", "1 1|2 2", `1 a U 1|2 c U 2|"1 b"`, 3, damaged},
		"a number twice in LIST":   {"1 a|2 b", "1 1|1 5|2 2", `1 a U 1|2 b U 2|"1 5"`, 3, damaged},
		"twice in LIST alone":      {"1 a", "1 1|2 2|2 5", `1 a U 1|2  M 2|"2"`, 3, damaged + missing},
		"twice, without UIDL":      {"", "1 1|1 5", `1  M 1|"1"`, 1, damaged + missing},
		"a number of another size": {"1 a|4294967296 b", "1 1", `1 a U 1|"4294967296 b"`, 1, damaged},
		"octets without end": {
			"1 a|2 b", "1 9223372036854775807|2 9223372036854775807",
			"1 a U 9223372036854775807|2 b U 9223372036854775807", 9223372036854775807, "",
		},
	} {
		inBubble(t, name, func(t *testing.T) {
			l, err := listed(t, tc.uidl, tc.list, true)
			if err != nil {
				t.Fatal(err)
			}
			if got := shown(l); got != tc.want || l.Octets() != tc.octets {
				t.Errorf("%d octets, %s\nwant %d, %s", l.Octets(), got, tc.octets, tc.want)
			}
			found, count := "", 0
			for _, f := range []Finding{ListingDamaged, UniqueIDsDuplicate, UniqueIDsMissing} {
				for _, have := range l.Findings() {
					if have == f {
						found += fmt.Sprint(f)
						count++
					}
				}
			}
			if found != tc.findings || count != len(l.Findings()) {
				t.Errorf("findings %v, want %s", l.Findings(), tc.findings)
			}
		})
	}
}

// TestListingDamagedLines: no more than 1,000 lines that cannot be read are kept.
func TestListingDamagedLines(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		l, err := listed(t, strings.Repeat("x|", 1500)+"1 a", "1 1", false)
		if err != nil || len(l.damaged) != maxDamaged || l.Len() != 1 {
			t.Errorf("%v", err)
		}
	})
}

// TestListingErrors: what is no listing, and what of it is allowed.
func TestListingErrors(t *testing.T) {
	for name, tc := range map[string]struct {
		capabilities []string
		uidl, list   string
		withoutIDs   bool
		notOffered   bool   // the error says so
		response     string // of the refusal, "" for no error
	}{
		"no UIDL":                   {[]string{"USER"}, "-ERR what?", "1 1", false, true, "-ERR what?"},
		"no UIDL, allowed":          {[]string{"USER"}, "-ERR what?", "1 1", true, false, ""},
		"UIDL is listed":            {[]string{"USER", "UIDL"}, "-ERR not now", "1 1", false, false, "-ERR not now"},
		"UIDL is listed, without":   {[]string{"USER", "UIDL"}, "-ERR not now", "1 1", true, false, "-ERR not now"},
		"LIST is refused":           {[]string{"USER", "UIDL"}, "1 a", "-ERR never", true, false, "-ERR never"},
		"UIDL, though not in CAPA ": {[]string{"USER"}, "1 a", "1 1", false, false, ""},
	} {
		inBubble(t, name, func(t *testing.T) {
			r := newRig(t)
			r.srv.Capabilities = tc.capabilities
			r.srv.Intercept = answering(map[string]string{"UIDL": framed(tc.uidl), "LIST": framed(tc.list)})
			c, _, err := r.login(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			l, err := list(t.Context(), c, tc.withoutIDs)
			refused, ok := errors.AsType[*pop3.RefusedError](err)
			if tc.response == "" {
				if err != nil || l.Len() != 1 {
					t.Error(err)
				}
				return
			}
			if !ok || l != nil || refused.Response != tc.response || errors.Is(err, pop3.ErrNotOffered) != tc.notOffered {
				t.Errorf("%v, %v", l, err)
			}
		})
	}
}

// TestListingTooLarge: the unique-ids have a limit in all.
func TestListingTooLarge(t *testing.T) {
	for most, want := range map[int]error{9: nil, 8: ErrTooLarge} {
		inBubble(t, fmt.Sprint(most), func(t *testing.T) {
			r := newRig(t, "abc", "def", "ghi")
			c, _, err := r.login(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if err := new(Listing).readUIDL(t.Context(), c, most); !errors.Is(err, want) {
				t.Error(err)
			}
		})
	}
}

// TestListingCut: a listing that breaks off is none.
func TestListingCut(t *testing.T) {
	for name, replies := range map[string]map[string]string{
		"UIDL": {"UIDL": "+OK\r\n1 a"},
		"LIST": {"LIST": "+OK\r\n1 1"},
	} {
		inBubble(t, name, func(t *testing.T) {
			r := newRig(t, "a")
			r.srv.Intercept = answering(replies)
			sink := &recorder{}
			_, err := r.Fetch(t.Context(), Fetch{}, sink)
			if broken, ok := errors.AsType[*pop3.BrokenError](err); !ok || broken.Cause != pop3.Timeout || len(sink.events) > 0 {
				t.Errorf("%v, %v", err, sink.events)
			}
		})
	}
}
