package pop3_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/popgate/popgate/pop3"
	"github.com/popgate/popgate/pop3/pop3test"
)

// quirk is what servers do otherwise than the RFCs have it, and what comes of it.
type quirk struct {
	transcript string // of testdata/quirks, whose head tells who does so
	opts       *pop3.Options
	do         func(t *testing.T, c *pop3.Client)
}

// quirks are all rows of docs/quirks.md.
var quirks = slices.Concat(statusQuirks, capabilityQuirks, loginQuirks, listingQuirks, messageQuirks, updateQuirks)

// TestQuirks replays each transcript in one piece and one octet a read. Every octet that the client sends is compared.
func TestQuirks(t *testing.T) {
	for _, q := range quirks {
		script, err := pop3test.ReadScript(filepath.Join("testdata", "quirks", q.transcript+".txt"))
		if err != nil {
			t.Fatal(err)
		}
		replay(t, q.transcript, script, q.opts, q.do)
	}
}

// quirkLink is a link to a transcript.
var quirkLink = regexp.MustCompile("\\[`([a-z0-9-]+)`\\]\\(\\.\\./pop3/testdata/quirks/([a-z0-9-]+)\\.txt\\)")

// rowsOf returns the names of the transcripts in a table, and complains of rows without one.
func rowsOf(t *testing.T, table string) (names []string) {
	t.Helper()
	for line := range strings.Lines(table) {
		links := quirkLink.FindAllStringSubmatch(line, -1)
		head := strings.HasPrefix(line, "| quirk ") || strings.HasPrefix(line, "| --- ")
		if strings.HasPrefix(line, "| ") && len(links) == 0 && !head {
			t.Errorf("no transcript in %s", line)
		}
		for _, link := range links {
			if link[1] != link[2] {
				t.Errorf("%s leads to %s", link[1], link[2])
			}
			names = append(names, link[1])
		}
	}
	return names
}

// TestQuirksTold: the table of docs/quirks.md, the transcripts and the tests are the same. Every row of the table has a transcript, and
// every transcript a head that tells who does so.
func TestQuirksTold(t *testing.T) {
	table, err := os.ReadFile(filepath.Join("..", "docs", "quirks.md"))
	if err != nil {
		t.Fatal(err)
	}
	var there, tested []string
	files, err := filepath.Glob(filepath.Join("testdata", "quirks", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil || !strings.HasPrefix(string(text), "# ") {
			t.Errorf("%s: no head, %v", file, err)
		}
		there = append(there, strings.TrimSuffix(filepath.Base(file), ".txt"))
	}
	for _, q := range quirks {
		tested = append(tested, q.transcript)
	}
	sameNames(t, "docs/quirks.md", rowsOf(t, string(table)), there)
	sameNames(t, "TestQuirks", tested, there)
}

// sameNames checks that got has each name of want once, and no other.
func sameNames(t *testing.T, where string, got, want []string) {
	t.Helper()
	times := map[string]int{}
	for _, name := range got {
		times[name]++
		if !slices.Contains(want, name) {
			t.Errorf("%s has %s, of which there is no transcript", where, name)
		}
	}
	for _, name := range want {
		if times[name] != 1 {
			t.Errorf("%s has %s %d times", where, name, times[name])
		}
	}
}

// logIn is USER and PASS, which the server accepts.
func logIn(t *testing.T, c *pop3.Client) {
	t.Helper()
	if _, err := c.User(t.Context(), "alice"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Pass(t.Context(), "secret"); err != nil {
		t.Fatal(err)
	}
}

// refusal is what a server says no by.
func refusal(command, response string) pop3.RefusedError {
	return pop3.RefusedError{Command: command, Response: response}
}

// notOffered is a refusal of what the server does not have.
func notOffered(command, response string) pop3.RefusedError {
	return pop3.RefusedError{Command: command, Response: response, NotOffered: true}
}

// wantBody reads a message to its end.
func wantBody(t *testing.T, m *pop3.Message, err error, wanted string) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(m)
	want(t, string(body), err, wanted)
}

// wantPart reads a message that has no end, which is an error and never the whole message.
func wantPart(t *testing.T, c *pop3.Client, cause pop3.Cause, wanted string) {
	t.Helper()
	m, err := c.Retr(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(m)
	if string(body) != wanted {
		t.Errorf("%q, want %q", body, wanted)
	}
	wantBroken(t, c, err, cause)
}

// wantEntries reads a listing to its end.
func wantEntries(t *testing.T, l *pop3.Listing, err error, wanted ...pop3.Entry) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	entries, err := readEntries(l)
	if err != nil || !slices.Equal(entries, wanted) {
		t.Errorf("%+v, %v; want %+v", entries, err, wanted)
	}
}

// size is an entry of LIST.
func size(line string, number uint32, octets int64) pop3.Entry {
	return pop3.Entry{Line: line, Number: number, Octets: octets}
}

// id is an entry of UIDL.
func id(line string, number uint32, uniqueID string) pop3.Entry {
	return pop3.Entry{Line: line, Number: number, Octets: -1, UniqueID: uniqueID}
}

// wantLost checks that the next command finds the connection closed by the server, which said a last line or none.
func wantLost(t *testing.T, c *pop3.Client, response string) {
	t.Helper()
	_, err := c.Noop(t.Context())
	wantBroken(t, c, err, pop3.ConnectionLost)
	if dead, ok := errors.AsType[*pop3.BrokenError](err); ok && dead.Response != response {
		t.Errorf("%q, want %q", dead.Response, response)
	}
}
