package main

import (
	"strings"
	"sync"
	"testing"

	"github.com/rivo/uniseg"

	"github.com/popgate/popgate/pop3/pop3test"
)

// TestListInTerminal: the table fits a window of 80 columns, and in a pipe it is none.
func TestListInTerminal(t *testing.T) {
	srv := mailbox(t, pop3test.SampleMaildrop())
	list := "popgate list --direct --unsafe-plaintext --header pop://alice@" + srv.Addr
	compareScreens(t, runsInTerminal(t, t.TempDir(), 80, list).shows(`(?m)^status \d+$`), `
NUMBER      OCTETS  DATE        FROM       SUBJECT              UNIQUE-ID
     1         686  2026-11-02  team@pop…  Welcome to your ma…  738f5481e5b320a9
     2         700  2026-11-03  zoe@exam…  Grüße aus Köln 📬    d61742a38cb69579
     3         663  2026-11-04  dot@exam…  Mind the dots        b2f3b0d032c53551
     4        1187  2026-11-05  bob@exam…  Five commands, as …  b24746388b2d92d1
     5       10443  2026-11-06  robot@ex…  One line, ten thou…  9596dcc38bb6b783
5 messages, 13679 octets
status 0
`)
	compareScreens(t, runsInTerminal(t, t.TempDir(), 80, list+" | cut -f 1,2").shows(`(?m)^status \d+$`), `
1       686
2       700
3       663
4       1187
5       10443
status 0
`)
}

func TestHeaderColumns(t *testing.T) {
	for width, want := range map[int][3]int{
		40: {10, 8, 8}, 80: {10, 9, 19}, 99: {10, 15, 32}, 100: {16, 22, 20}, 120: {16, 22, 40},
	} {
		date, sender, subject := (&tableLister{width: width}).headerColumns()
		if got := [3]int{date, sender, subject}; got != want {
			t.Errorf("in %d columns %d, want %d", width, got, want)
		}
	}
}

// TestFetchInTerminal: the bar stands in one line of 80 columns, with what is done, the rate and the time left, and goes at the end.
func TestFetchInTerminal(t *testing.T) {
	srv, release := holding(t, "RETR 4")
	p := runsInTerminal(t, t.TempDir(), 80, "popgate fetch --direct --unsafe-plaintext pop://alice@"+srv.Addr+" Mail")
	bar := p.shows(`(?m)^ *\d+% \|█* *\| \(.*/s\) \[\d+s:\d+s\]$`)
	if len(bar) != 1 || uniseg.StringWidth(bar[0]) > 80 {
		t.Errorf("the bar is %q", bar)
	}
	release()
	compareScreens(t, p.shows(`(?m)^status \d+$`), `
stored 5 messages, 13679 octets
status 0
`)
}

// TestFetchInTerminalRefused: what is told of a message stands in a line of its own, and nothing is left of the bar.
func TestFetchInTerminalRefused(t *testing.T) {
	p := runsInTerminal(t, t.TempDir(), 80, "popgate fetch --direct --unsafe-plaintext pop://alice@"+refusing(t).Addr+" Mail")
	compareScreens(t, p.shows(`(?m)^status \d+$`), `
popgate: d61742a38cb69579: the server refused it: -ERR message 2 \x1b[31mis broken
stored 4 messages, 12979 octets
popgate: messages that the server refused: 1
status 3
`)
}

// TestFetchInPipe: what is no terminal gets no bar, in a terminal too.
func TestFetchInPipe(t *testing.T) {
	srv := mailbox(t, pop3test.SampleMaildrop())
	p := runsInTerminal(t, t.TempDir(), 80, "popgate fetch --direct --unsafe-plaintext pop://alice@"+srv.Addr+" Mail >out 2>err; cat out; wc -c <err")
	compareScreens(t, p.shows(`(?m)^status \d+$`), `
stored 5 messages, 13679 octets
0
status 0
`)
}

func compareScreens(t *testing.T, got []string, want string) {
	t.Helper()
	if screen := strings.Join(got, "\n"); screen != strings.Trim(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", screen, want)
	}
}

// holding starts a POP3 server with the sample mailbox that does not answer a command before release.
func holding(t *testing.T, command string) (srv *pop3test.Server, release func()) {
	t.Helper()
	drop := pop3test.SampleMaildrop()
	drop.Password = password
	srv = pop3test.NewUnstartedServer(map[string]*pop3test.Maildrop{"alice": drop})
	hold := make(chan struct{})
	release = sync.OnceFunc(func() { close(hold) })
	srv.Intercept = func(line string) (string, bool) {
		if line == command {
			<-hold
		}
		return "", false
	}
	srv.Start()
	t.Cleanup(srv.Close)
	t.Cleanup(release)
	return srv, release
}
