package mailbox

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// listingOf returns a listing of numbers from 1; a word is a unique-id, or one with its octets as in "a:10". "-" is a blank one.
func listingOf(words string) *Listing {
	l := &Listing{}
	for i, word := range strings.Fields(words) {
		id, octets, sized := strings.Cut(word, ":")
		if id == "-" {
			id = ""
		}
		l.add(uint32(i+1), id)
		l.octets[i] = 1
		if sized {
			_, _ = fmt.Sscan(octets, &l.octets[i])
		}
	}
	l.judge()
	return l
}

// TestPlan: what is delivered, skipped and left, and which of what was seen before a cursor still knows.
func TestPlan(t *testing.T) {
	for name, tc := range map[string]struct {
		listing string
		seen    string // what the cursor knows
		s       Selection
		done    string // in an earlier login, "" for nothing
		deliver string // message numbers
		skipped string
		left    int
		knows   string
	}{
		"nothing there":                 {"", "a", Selection{}, "", "", "", 0, ""},
		"nothing seen":                  {"a b", "", Selection{}, "", "1 2", "", 0, ""},
		"by the cursor":                 {"a b c", "b gone", Selection{}, "", "1 3", "", 0, "b"},
		"after the cursor":              {"a b c", "a", Selection{Seen: []string{"c", "gone"}}, "", "2", "", 0, "a c"},
		"all seen":                      {"a b", "a", Selection{Seen: []string{"a", "b", "b"}}, "", "", "", 0, "a b"},
		"duplicates are never seen":     {"a b a", "a b", Selection{Seen: []string{"a"}}, "", "1 3", "", 0, "b"},
		"blanks are never seen":         {"- b", "b", Selection{Seen: []string{""}}, "", "1", "", 0, "b"},
		"by name":                       {"a b c", "", Selection{UniqueIDs: []string{"c", "a", "gone", "a"}}, "", "1 3", "", 0, ""},
		"by name, though seen":          {"a b", "a", Selection{UniqueIDs: []string{"a"}}, "", "1", "", 0, "a"},
		"by name, twice there":          {"a b a", "", Selection{UniqueIDs: []string{"a"}}, "", "1 3", "", 0, ""},
		"by a blank name":               {"- b", "", Selection{UniqueIDs: []string{""}}, "", "", "", 0, ""},
		"by no name":                    {"a b", "", Selection{UniqueIDs: []string{}}, "", "", "", 0, ""},
		"all":                           {"a - a b", "b", Selection{All: true}, "", "1 2 3 4", "", 0, "b"},
		"all, after a login":            {"a b c c", "", Selection{All: true}, "a", "2 3 4", "", 0, ""},
		"by name, after a login":        {"a b c", "", Selection{UniqueIDs: []string{"a", "b"}}, "a", "2", "", 0, ""},
		"after a login":                 {"a b c", "b", Selection{}, "a", "3", "", 0, "b"},
		"as large as allowed":           {"a:10 b:11 c:-1", "", Selection{MaxOctets: 10}, "", "1 3", "2", 0, ""},
		"larger, seen":                  {"a:11 b:11", "a", Selection{MaxOctets: 10}, "", "", "2", 0, "a"},
		"no more than":                  {"a b c", "", Selection{MaxMessages: 2}, "", "1 2", "", 1, ""},
		"as many as there are":          {"a b c", "", Selection{MaxMessages: 3}, "", "1 2 3", "", 0, ""},
		"skipped ones do not count":     {"a:9 b c d", "b", Selection{MaxOctets: 5, MaxMessages: 1}, "", "3", "1", 1, "b"},
		"no more than, after a login":   {"a b c d", "", Selection{MaxMessages: 2}, "a", "2", "", 2, ""},
		"enough in the login before":    {"a b c d", "", Selection{MaxMessages: 1}, "a", "", "", 3, ""},
		"newest first":                  {"a:9 b c:9 d", "", Selection{NewestFirst: true, MaxOctets: 5}, "", "4 2", "3 1", 0, ""},
		"newest first, and no more":     {"a b c d", "c", Selection{NewestFirst: true, MaxMessages: 2}, "", "4 2", "", 1, "c"},
		"only what is still there":      {"c", "a b c d", Selection{}, "", "", "", 0, "c"},
		"a name that is seen elsewhere": {"A a", "a", Selection{}, "", "1", "", 0, "a"},
	} {
		t.Run(name, func(t *testing.T) {
			l := listingOf(tc.listing)
			seen := newCursor("alice")
			seen, err := parseCursor("alice", seen.encode(marksOf(seen, strings.Fields(tc.seen)...), nil))
			if err != nil {
				t.Fatal(err)
			}
			done := strings.Fields(tc.done)
			p := planOf(l, seen.marksOf(l), tc.s, seen, marksOf(seen, done...), len(done))
			if got := numbersOf(l, p.deliver); got != tc.deliver {
				t.Errorf("delivers %q, want %q", got, tc.deliver)
			}
			if got := numbersOf(l, p.skipped); got != tc.skipped || p.remaining != tc.left {
				t.Errorf("skips %q and leaves %d, want %q and %d", got, p.remaining, tc.skipped, tc.left)
			}
			knows(t, "alice", seen.encode(slices.Clone(p.marks), nil), strings.Fields(tc.knows)...)
		})
	}
}

func numbersOf(l *Listing, at []uint32) string {
	var numbers []string
	for _, i := range at {
		numbers = append(numbers, fmt.Sprint(l.numbers[i]))
	}
	return strings.Join(numbers, " ")
}

// TestProgress: what there is to do, in messages and in octets that are known.
func TestProgress(t *testing.T) {
	l := listingOf("a:10 b:-1 c:5 d:9223372036854775807")
	seen := newCursor("alice")
	for most, want := range map[int]Progress{3: {4, 3, 15}, 0: {4, 4, 9223372036854775807}} {
		if got := planOf(l, seen.marksOf(l), Selection{MaxMessages: most}, seen, nil, 0).progress(l); got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
}
