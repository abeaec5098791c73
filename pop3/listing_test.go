package pop3_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/popgate/popgate/pop3"
)

// listLines are lines of LIST and what can be read of them.
var listLines = []struct {
	line   string
	number uint32
	octets int64
}{

	{"1 120", 1, 120},
	{"1 0", 1, 0}, // of a deleted message, by servers that still list it
	{"1   120", 1, 120},
	{"  1 120  ", 1, 120},
	{"1\t120", 1, 120},
	{"007 008", 7, 8},
	{"1 120 extra words", 1, 120},
	{"1 2147483648", 1, 1 << 31},
	{"1 4294967296", 1, 1 << 32},
	{"1 9223372036854775807", 1, 1<<63 - 1},
	{"1 9223372036854775808", 1, -1},
	{"1 99999999999999999999", 1, -1},
	{"1 -1", 1, -1},
	{"1 +1", 1, -1},
	{"1 0x10", 1, -1},
	{"1 1_000", 1, -1},
	{"1 12a", 1, -1},
	{"1 \xff", 1, -1},
	{"1", 1, -1},
	{"1 ", 1, -1},
	{"4294967295 1", 1<<32 - 1, 1},
	{"4294967296 1", 0, -1},
	{"99999999999999999999 1", 0, -1},
	{"0 120", 0, -1},
	{"-1 120", 0, -1},
	{"+1 120", 0, -1},
	{"one 120", 0, -1},
	{"\x00 1", 0, -1},
	{"", 0, -1},
	{" ", 0, -1},
	{".1 120", 0, -1},
	{strings.Repeat("1", 8190), 0, -1},
}

// uidlLines are lines of UIDL.
var uidlLines = []struct {
	line   string
	number uint32
	id     string
}{

	{"1 whqtswO00WBw418f9t5JxYwZ", 1, "whqtswO00WBw418f9t5JxYwZ"},
	{"1   three-spaces", 1, "three-spaces"},
	{"1 ends  ", 1, "ends"},
	{"1", 1, ""},
	{"1 ", 1, ""},
	{"1 two words", 1, "two words"},
	{"1 " + strings.Repeat("x", 71), 1, strings.Repeat("x", 71)},
	{"1 " + strings.Repeat("x", 8000), 1, strings.Repeat("x", 8000)},
	{"1 ../../etc/passwd", 1, "../../etc/passwd"},
	{"1 \x1b[2J\xff\x00", 1, "\x1b[2J\xff\x00"},
	{"whqtswO00WBw418f9t5JxYwZ", 0, ""},
	{"0 x", 0, ""},
	{"4294967296 x", 0, ""},
}

// TestEntries: every line is an entry, whatever it holds; duplicates, gaps and disorder are the caller's to judge (B8, B9).
func TestEntries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var list, uidl strings.Builder
		for _, l := range listLines {
			list.WriteString(l.line + "\r\n")
		}
		for range 2 {
			for _, l := range uidlLines {
				uidl.WriteString(l.line + "\r\n")
			}
		}
		sent := "+OK 99999999999 messages\r\n" + stuffed(list.String()) + ".\r\n"
		c := greeted(t, nil, func(p *peer) { p.answer(sent, "+OK\r\n"+uidl.String()+".\r\n") })
		l, err := c.List(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		entries, err := readEntries(l)
		if err != nil || len(entries) != len(listLines) {
			t.Fatal(len(entries), err)
		}
		for i, want := range listLines {
			if e := entries[i]; e != (pop3.Entry{Line: want.line, Number: want.number, Octets: want.octets}) {
				t.Errorf("%.40q: %+v", want.line, e)
			}
		}
		if l, err = c.Uidl(t.Context()); err != nil {
			t.Fatal(err)
		}
		entries, err = readEntries(l)
		if err != nil || len(entries) != 2*len(uidlLines) || l.Octets() != int64(uidl.Len()) {
			t.Fatal(len(entries), l.Octets(), err)
		}
		for i, e := range entries {
			want := uidlLines[i%len(uidlLines)]
			if e != (pop3.Entry{Line: want.line, Number: want.number, Octets: -1, UniqueID: want.id}) {
				t.Errorf("%.40q: %+v", want.line, e)
			}
		}
	})
}

// stuffed returns lines with dot-stuffing.
func stuffed(lines string) string {
	var out strings.Builder
	for line := range strings.Lines(lines) {
		if line[0] == '.' {
			out.WriteByte('.')
		}
		out.WriteString(line)
	}
	return out.String()
}

// TestOne: the same for a single message.
func TestOne(t *testing.T) {
	for line, want := range map[string]pop3.Entry{
		"+OK 2 200":             {Line: "2 200", Number: 2, Octets: 200},
		"+OK  2  200 octets":    {Line: " 2  200 octets", Number: 2, Octets: 200},
		"+OK 2 4294967296":      {Line: "2 4294967296", Number: 2, Octets: 1 << 32},
		"+OK":                   {Octets: -1},
		"+OK abcdef":            {Line: "abcdef", Octets: -1}, // without the number
		"+OK message 2 has 200": {Line: "message 2 has 200", Octets: -1},
	} {
		synctest.Test(t, func(t *testing.T) {
			c := greeted(t, nil, func(p *peer) { p.answer(line+"\r\n", "+OK alive\r\n") })
			e, response, err := c.ListOne(t.Context(), 2)
			if e != want || response != line || err != nil {
				t.Errorf("%q: %+v, %q, %v", line, e, response, err)
			}
			wantAlive(t, c)
		})
	}
}

// TestStat: two numbers, or a *MalformedError that the connection survives (B8).
func TestStat(t *testing.T) {
	for line, want := range map[string]struct {
		messages uint32
		octets   int64
		ok       bool
	}{
		"+OK 2 320":                  {2, 320, true},
		"+OK 0 0":                    {0, 0, true},
		"+OK  2  320  more":          {2, 320, true},
		"+OK 4294967295 1":           {1<<32 - 1, 1, true},
		"+OK 2 9223372036854775807":  {2, 1<<63 - 1, true},
		"+OK 4294967296 1":           {},
		"+OK 2 9223372036854775808":  {},
		"+OK 99999999999999999999 1": {},
		"+OK -1 320":                 {},
		"+OK 2 -1":                   {},
		"+OK two 320":                {},
		"+OK 2":                      {},
		"+OK ":                       {},
		"+OK":                        {},
	} {
		synctest.Test(t, func(t *testing.T) {
			c := greeted(t, nil, func(p *peer) { p.answer(line+"\r\n", "+OK alive\r\n") })
			messages, octets, response, err := c.Stat(t.Context())
			malformed, bad := errors.AsType[*pop3.MalformedError](err)
			if messages != want.messages || octets != want.octets || want.ok != (err == nil) || bad == want.ok || response != line {
				t.Errorf("%q: %d, %d, %q, %v", line, messages, octets, response, err)
			}
			if bad && *malformed != (pop3.MalformedError{Command: "STAT", Response: line}) {
				t.Errorf("%+v", malformed)
			}
			wantAlive(t, c)
		})
	}
}

// TestLineLimits: a line of a listing has 8 KiB with its line end at most, and CAPA and LANG 256 lines.
func TestLineLimits(t *testing.T) {
	for _, call := range calls {
		if call.name != "List" && call.name != "Uidl" && call.name != "Capa" && call.name != "Languages" {
			continue
		}
		for _, more := range []int{0, 1} {
			inBubble(t, fmt.Sprintf("%s/length/%d", call.name, more), func(t *testing.T) {
				wantLimit(t, call, strings.Repeat("x", 8<<10-2+more)+"\r\n", more > 0)
			})
			if call.name[0] != 'C' && call.name != "Languages" {
				continue
			}
			inBubble(t, fmt.Sprintf("%s/lines/%d", call.name, more), func(t *testing.T) {
				wantLimit(t, call, strings.Repeat("x\r\n", 256+more), more > 0)
			})
		}
	}
}

func wantLimit(t *testing.T, call call, body string, over bool) {
	t.Helper()
	c := greeted(t, nil, func(p *peer) { p.answer("+OK\r\n"+body+".\r\n", "+OK alive\r\n") })
	err := call.do(t.Context(), c)
	if over {
		wantBroken(t, c, err, pop3.Protocol)
		return
	}
	if err != nil {
		t.Error(err)
	}
	wantAlive(t, c)
}

// TestListingLeft: leaving the loop keeps the connection in step; an error ends it.
func TestListingLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := greeted(t, nil, func(p *peer) { p.answer("+OK\r\n1 1\r\n2 2\r\n3 3\r\n.\r\n", "+OK alive\r\n") })
		l, err := c.List(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for e := range l.Entries() {
			if e.Number == 2 {
				break
			}
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		wantAlive(t, c)
	})
	synctest.Test(t, func(t *testing.T) {
		c := greeted(t, nil, func(p *peer) { p.answer("+OK\r\n1 1\r\n2") })
		l, err := c.List(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		entries, err := readEntries(l)
		if len(entries) != 1 {
			t.Error(entries)
		}
		wantBroken(t, c, err, pop3.ConnectionLost)
		if closed := l.Close(); !errors.Is(closed, err) { // it tells so again
			t.Error(closed)
		}
	})
}
