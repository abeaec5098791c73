package pop3_test

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/popgate/popgate/pop3"
)

// said returns a client whose server says a greeting and then these octets, in slices of one size.
func said(octets []byte, slice uint8) (*pop3.Client, *fixedConn) {
	conn := &fixedConn{left: slices.Concat([]byte("+OK\r\n"), octets), slice: int(slice) + 1, byLine: true}
	return pop3.New(conn, plaintext), conn
}

// seedLines adds what servers say in the transcripts of testdata, each line and each listing.
func seedLines(f *testing.F, add func(octets []byte)) {
	f.Helper()
	files, err := filepath.Glob("testdata/quirks/*.txt")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		var listing []byte
		for line := range strings.Lines(string(text)) {
			if octets, ok := strings.CutPrefix(strings.TrimRight(line, "\n"), "S: "); ok {
				add([]byte(octets))
				listing = append(listing, octets+"\r\n"...)
			}
		}
		add(listing)
	}
}

// plainLines reads lines up to one that is a dot, one octet after the other. ok says that there was that dot.
func plainLines(octets []byte) (lines []string, ok bool) {
	var line []byte
	for _, o := range octets {
		if o != '\n' {
			line = append(line, o)
			continue
		}
		text := string(line)
		line = nil
		if text != "" && text[len(text)-1] == '\r' {
			text = text[:len(text)-1]
		}
		if text == "." {
			return lines, true
		}
		if strings.HasPrefix(text, "..") {
			text = text[1:]
		}
		lines = append(lines, text)
	}
	return lines, false
}

// FuzzCapabilities: a list of capabilities is what a plain reader makes of it, and what it means is made of its own words.
func FuzzCapabilities(f *testing.F) {
	f.Add([]byte("TOP\r\nSASL PLAIN\r\nLOGIN-DELAY 900 USER\r\nEXPIRE 0\r\nIMPLEMENTATION x y\r\n.\r\n"), uint8(0))
	f.Add([]byte("EXPIRENEVER\nUTF8 USER\n..\n.\n"), uint8(9))
	seedLines(f, func(octets []byte) { f.Add(octets, uint8(3)) })
	f.Fuzz(func(t *testing.T, octets []byte, slice uint8) {
		c, _ := said(slices.Concat([]byte("+OK\r\n"), octets), slice)
		got, _, err := c.Capa(context.Background())
		want, whole := plainLines(octets)
		if err != nil {
			if tooLong := slices.ContainsFunc(want, func(s string) bool { return len(s) > 8000 }); whole && len(want) <= 256 && !tooLong {
				t.Fatalf("%q: %v", octets, err)
			}
			return
		}
		if lines := linesOf(got); !whole || !slices.Equal(lines, want) {
			t.Fatalf("%q is %q, want %q", octets, lines, want)
		}
		e := pop3.ExtensionsOf(got)
		if e.LoginDelay < 0 || len(e.SASL) > len(octets) || !bytes.Contains(octets, []byte(e.Implementation)) && !strings.HasPrefix(e.Implementation, ".") {
			t.Fatalf("%q means %+v", octets, e)
		}
	})
}

func linesOf(capabilities []pop3.Capability) (lines []string) {
	for _, capability := range capabilities {
		lines = append(lines, capability.Line)
	}
	return lines
}

// entryPattern is an entry of LIST or UIDL with its number, by regular expression.
var entryPattern = regexp.MustCompile(`(?s)^[ \t]*0*([1-9][0-9]{0,9})(?:[ \t](.*))?$`)

// plainEntry reads a line of LIST or UIDL.
func plainEntry(line string, uidl bool) pop3.Entry {
	e := pop3.Entry{Line: line, Octets: -1}
	m := entryPattern.FindStringSubmatch(line)
	if m == nil {
		return e
	}
	number, err := strconv.ParseUint(m[1], 10, 32)
	if err != nil {
		return e
	}
	e.Number = uint32(number)
	if uidl {
		e.UniqueID = strings.Trim(m[2], " \t")
		return e
	}
	if words := strings.Fields(m[2]); len(words) > 0 && strings.Trim(words[0], "0123456789") == "" {
		if octets, err := strconv.ParseInt(words[0], 10, 64); err == nil {
			e.Octets = octets
		}
	}
	return e
}

// FuzzListing: LIST and UIDL give a plain reader's entries, each with its whole line, and as many octets as there were.
func FuzzListing(f *testing.F) {
	f.Add([]byte("1 120\r\n2 -1\r\n 003   99999999999999999999\r\n.\r\n"), false, uint8(0))
	f.Add([]byte("1 whqtswO00WBw418f9t5JxYwZ\r\n2 \r\n0 x\r\n4294967296 y\r\n.\r\n"), true, uint8(5))
	seedLines(f, func(octets []byte) { f.Add(octets, len(octets)%2 == 0, uint8(3)) })
	f.Fuzz(func(t *testing.T, octets []byte, uidl bool, slice uint8) {
		c, _ := said(slices.Concat([]byte("+OK\r\n"), octets), slice)
		list := c.List
		if uidl {
			list = c.Uidl
		}
		l, err := list(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		entries, err := readEntries(l)
		want, whole := plainLines(octets)
		if err == nil && !whole || err != nil && whole && !slices.ContainsFunc(want, func(s string) bool { return len(s) > 8000 }) {
			t.Fatalf("%q: %v", octets, err)
		}
		for i, e := range entries {
			if e != plainEntry(want[i], uidl) {
				t.Fatalf("%q is %+v, want %+v", want[i], e, plainEntry(want[i], uidl))
			}
		}
		if err == nil && len(entries) != len(want) {
			t.Fatalf("%d entries, want %d", len(entries), len(want))
		}
	})
}

// FuzzStat: two numbers in their ranges, or a *MalformedError; never other numbers.
func FuzzStat(f *testing.F) {
	for _, line := range []string{"2 320", "", "-1 5", "4294967295 9223372036854775807", "4294967296 1", "1 99999999999999999999", " 1\t2\v3", "1,2"} {
		f.Add([]byte(line), uint8(0))
	}
	seedLines(f, func(octets []byte) { f.Add(bytes.TrimPrefix(octets, []byte("+OK ")), uint8(1)) })
	f.Fuzz(func(t *testing.T, text []byte, slice uint8) {
		if bytes.IndexByte(text, '\n') >= 0 || len(text) > 2000 {
			return
		}
		c, _ := said(slices.Concat([]byte("+OK "), text, []byte("\r\n")), slice)
		messages, octets, _, err := c.Stat(context.Background())
		var number, size uint64
		words := append(strings.Fields(string(text)), "", "")
		fits := strings.Trim(words[0]+words[1], "0123456789") == ""
		if fits {
			var err1, err2 error
			number, err1 = strconv.ParseUint(words[0], 10, 32)
			size, err2 = strconv.ParseUint(words[1], 10, 63)
			fits = err1 == nil && err2 == nil
		}
		switch _, malformed := errors.AsType[*pop3.MalformedError](err); {
		case err != nil && !malformed:
			t.Fatalf("%q: %v", text, err)
		case err == nil && (!fits || uint64(messages) != number || uint64(octets) != size):
			t.Fatalf("%q is %d and %d", text, messages, octets)
		case err != nil && fits:
			t.Fatalf("%q: %v", text, err)
		}
	})
}

var (
	strictStamp = regexp.MustCompile(`^[^<]*(<[!-;=?A-~]+@[!-;=?A-~]+>)`)
	anyStamp    = regexp.MustCompile(`(?s)^[^<]*(<.*>)`)
)

// FuzzGreeting: the digest of APOP is over the time stamp that a regular expression finds, and without one nothing is sent.
func FuzzGreeting(f *testing.F) {
	for _, stamp := range append(badTimestamps, "<1@b>", "x <a@b> <c@d>") {
		f.Add([]byte(stamp), false, uint8(0))
		f.Add([]byte(stamp), true, uint8(4))
	}
	seedLines(f, func(octets []byte) { f.Add(octets, false, uint8(1)) })
	f.Fuzz(func(t *testing.T, text []byte, lenient bool, slice uint8) {
		if bytes.IndexByte(text, '\n') >= 0 || len(text) > 2000 || bytes.HasSuffix(text, []byte("\r")) {
			return
		}
		conn := &fixedConn{left: slices.Concat([]byte("+OK "), text, []byte("\r\n+OK\r\n")), slice: int(slice) + 1, byLine: true}
		c := pop3.New(conn, &pop3.Options{UnsafeAllowPlaintext: true, AllowAnyTimestamp: lenient})
		pattern := strictStamp
		if lenient {
			pattern = anyStamp
		}
		want := ""
		if m := pattern.FindSubmatch(text); m != nil && (lenient || len(m[1]) <= 255) {
			sum := md5.Sum(append(slices.Clone(m[1]), "secret"...))
			want = "APOP u " + hex.EncodeToString(sum[:]) + "\r\n"
		}
		_, err := c.Apop(context.Background(), "u", "secret")
		if conn.sent.String() != want || errors.Is(err, pop3.ErrNotOffered) != (want == "") {
			t.Fatalf("%q: sent %q, want %q; %v", text, conn.sent.String(), want, err)
		}
	})
}

// FuzzChallenge: whatever a server says in an exchange, each answer is one line of base64 or "*", there are at most 8 rounds in each
// form, and a mechanism that has the server prove itself ends in no login.
func FuzzChallenge(f *testing.F) {
	all := []pop3.Credentials{
		with(alice, "SCRAM-SHA-256"), with(alice, "SCRAM-SHA-1"), with(alice, "CRAM-MD5"), with(alice, "PLAIN"), with(alice, "LOGIN"),
		with(token, "OAUTHBEARER"), with(token, "XOAUTH2"), {External: true, Mechanism: "EXTERNAL"}, {Mechanism: "ANONYMOUS"},
	}
	for i := range all {
		f.Add([]byte("+ \r\n+ eA==\r\n+ !\r\n+OK\r\n"), uint8(i), uint8(0))
		f.Add([]byte("+\r\n+ aT0x\r\n-ERR syntax\r\n+ \r\n+ ej0x\r\n+OK\r\n"), uint8(i), uint8(3))
		f.Add([]byte("+ cj14LHM9eCxpPTQwOTY=\r\n+ dj14\r\n+OK in\r\n"), uint8(i), uint8(200))
	}
	seedLines(f, func(octets []byte) { f.Add(octets, uint8(len(octets)), uint8(3)) })
	f.Fuzz(func(t *testing.T, octets []byte, which, slice uint8) {
		cr := all[int(which)%len(all)]
		c, conn := said(octets, slice)
		_, _, err := c.Auth(context.Background(), cr)
		if strings.HasPrefix(cr.Mechanism, "SCRAM") && (err == nil || c.State() != pop3.Authorization) {
			t.Fatalf("%q: logged in by %s", octets, cr.Mechanism)
		}
		lines := strings.SplitAfter(conn.sent.String(), "\r\n")
		if len(lines) > 2*9+3 {
			t.Fatalf("%q: %d lines", octets, len(lines))
		}
		for i, line := range lines {
			text, ended := strings.CutSuffix(line, "\r\n")
			_, err := base64.StdEncoding.DecodeString(text)
			if ended != (i < len(lines)-1) || err != nil && text != "*" && !strings.HasPrefix(text, "AUTH "+cr.Mechanism) {
				t.Fatalf("%q: sent %q", octets, line)
			}
		}
	})
}
